"""Lists as Rivo pages them: by offset, or by a cursor over ids.

`pagination[since_id]` and `pagination[limit]` choose the cursor, whose rows come by id and ignore
the sort. `since_id` beside `per_page` silently is offset paging.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from integrations.rivo_sandbox.answers import Answer, json_answer
from integrations.rivo_sandbox.call import Call

DEFAULT_ROWS = 25
MOST_ROWS = 250
LAST_PAGE = 500
DIRECTIONS = ("asc", "desc")


class HasId(Protocol):
    """A row of a list."""

    @property
    def id(self) -> int:
        """The id by which rows are paged."""


Row = TypeVar("Row", bound=HasId)
Sorts = Mapping[str, Callable[[Row], Any]]


def listing(
    call: Call,
    rows: Iterable[Row],
    *,
    show: Callable[[Row], Mapping[str, Any]],
    sorts: Sorts[Row] | None = None,
    cursor: bool = True,
) -> Answer:
    """Answer one page of the rows; refuses the query if anything in it was wrong."""
    order = _order(call, sorts or {})
    by_id = sorted(rows, key=lambda row: row.id)
    if cursor and _asks_for_cursor(call):
        return _cursor_page(call, by_id, show)
    return _offset_page(call, order(by_id), show)


def whole(call: Call, rows: list[dict[str, Any]]) -> Answer:
    """Answer a list that Rivo does not page, in the order in which it lies there."""
    links: dict[str, Any] = {"self": call.url, "next": None, "last": call.url}
    if call.switches.last_links == "absent":
        del links["next"]
    return json_answer(200, {"data": rows, "links": links})


def _asks_for_cursor(call: Call) -> bool:
    asked = "pagination[since_id]" in call.query or "pagination[limit]" in call.query
    return asked and "pagination[per_page]" not in call.query


def _order(call: Call, sorts: Sorts[Row]) -> Callable[[list[Row]], list[Row]]:
    name = None
    if sorts:
        name = call.query.choice("sort[order_type]", sorts)
    direction = call.query.choice("sort[order_direction]", DIRECTIONS) or "asc"
    if name is None:
        return list
    value = sorts[name]

    def order(rows: list[Row]) -> list[Row]:
        # Rows without a value come first in ascending order, as databases without a say have it.
        empty = [row for row in rows if value(row) is None]
        filled = sorted(
            (row for row in rows if value(row) is not None), key=lambda row: (value(row), row.id)
        )
        return [*empty, *filled] if direction == "asc" else [*reversed(filled), *empty]

    return order


def _cursor_page(call: Call, rows: list[Row], show: Callable[[Row], Mapping[str, Any]]) -> Answer:
    since = call.query.integer("pagination[since_id]", least=0) or 0
    limit = call.query.integer("pagination[limit]", least=1) or DEFAULT_ROWS
    call.query.done()
    limit = min(limit, MOST_ROWS)
    later = [row for row in rows if row.id > since]
    page = later[:limit]
    links: dict[str, Any] = {"since_id": since, "limit": limit, "next_since_id": None}
    if len(later) > limit:
        links["next_since_id"] = page[-1].id
    elif call.switches.last_links == "absent":
        del links["next_since_id"]
    elif call.switches.last_links == "self_only":
        cursor = {"pagination[since_id]": str(since), "pagination[limit]": str(limit)}
        links = {"self": _link(call, cursor)}
    return json_answer(200, {"data": [show(row) for row in page], "links": links})


def _offset_page(call: Call, rows: list[Row], show: Callable[[Row], Mapping[str, Any]]) -> Answer:
    number = call.query.integer("pagination[page]", least=1, most=LAST_PAGE) or 1
    size = call.query.integer("pagination[per_page]", least=1) or DEFAULT_ROWS
    call.query.done()
    size = min(size, MOST_ROWS)
    last = max(1, -(-len(rows) // size))

    def link(page: int) -> str:
        return _link(call, {"pagination[page]": str(page), "pagination[per_page]": str(size)})

    links: dict[str, Any] = {"self": link(number), "next": None, "last": link(last)}
    if number < last:
        links["next"] = link(number + 1)
    elif call.switches.last_links == "absent":
        del links["next"]
    page = rows[(number - 1) * size : number * size]
    return json_answer(200, {"data": [show(row) for row in page], "links": links})


def _link(call: Call, paging: Mapping[str, str]) -> str:
    others = {
        name: call.query.text(name) or ""
        for name in call.query
        if not name.startswith("pagination[")
    }
    pairs = [f"{name}={quote(value, safe='')}" for name, value in {**paging, **others}.items()]
    return f"{call.url}?{'&'.join(pairs)}"
