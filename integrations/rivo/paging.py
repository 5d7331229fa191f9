"""Pages of Rivo's lists: asked for, walked, and checked against what was asked.

Rivo ignores filters and orders that it does not know (contract, trap 10), so every row is looked
at here as well. Source: https://developer-docs.rivo.io/reference/pagination
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from integrations.actions import Answer
from integrations.errors import InputError, RefusedError
from integrations.rivo.client import Rivo
from integrations.rivo.filters import moment_of
from integrations.rivo.found import Found
from integrations.rivo.resource import Resource

MOST_PAGES: Final = 4
PER_PAGE: Final = 25
WHOLE_PAGE: Final = 250
LAST_PAGE: Final = 500
NEVER: Final = datetime.min.replace(tzinfo=UTC)
ORDER: Final = {"sort[order_type]": "applied_at", "sort[order_direction]": "desc"}


class NextPage(msgspec.Struct, omit_defaults=True, frozen=True, kw_only=True):
    """What to send back for the next page: `page, per_page` or `since_id, limit`."""

    page: int | None = None
    per_page: int | None = None
    since_id: int | None = None
    limit: int | None = None


class ListAnswer(Answer, kw_only=True):
    """What every list ends with; `complete` is false where it was cut short or its order unsure."""

    count: int
    next: NextPage | None
    complete: bool
    as_of: str
    stale: bool


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that match what was asked, and the state they are true for."""

    rows: list[Resource]
    next: NextPage | None
    complete: bool
    in_order: bool
    as_of: str
    stale: bool

    def ending(self) -> dict[str, Any]:
        """Return what a list answer ends with."""
        return {
            "count": len(self.rows),
            "next": self.next,
            "complete": self.complete,
            "as_of": self.as_of,
            "stale": self.stale,
        }

    def full(self) -> list[dict[str, object]]:
        """Return the rows for `shape=full`."""
        return [row.full() for row in self.rows]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A list of Rivo's and what is wanted of it.

    `filters` are sent because the contract proves their names, `guesses` although it does not: a
    store that refuses one is asked without, once and for all. `matches` looks at each row.
    `newest_first` sorts by `applied_at`; `who` is as in `Rivo.get`.
    """

    path: tuple[str, ...]
    who: str | None
    filters: Mapping[str, str] = {}
    guesses: Mapping[str, str] = {}
    matches: Callable[[Resource], bool] = lambda _: True
    newest_first: bool = False
    optional: bool = False


def paging(
    page: int | None, per_page: int | None, since_id: int | None, limit: int | None
) -> NextPage:
    """Read the paging inputs; InputError where the two kinds are mixed."""
    if since_id is None and limit is None:
        return NextPage(page=page or 1, per_page=per_page or PER_PAGE)
    if page is not None or per_page is not None:
        field = "page" if page is not None else "per_page"
        raise InputError(field, expected="left out where since_id or limit is given", given="both")
    return NextPage(since_id=since_id or 0, limit=limit or PER_PAGE)


async def walk(rivo: Rivo, listing: Listing, page: NextPage, *, wanted: int = 1) -> Rows:
    """Read pages from `page` on until `wanted` rows match, the list ends, or four are read."""
    rows: list[Resource] = []
    pages: list[Found] = []
    arrived: list[Resource] = []
    following: NextPage | None = page
    while following is not None and len(rows) < wanted and len(pages) < MOST_PAGES:
        found = await _page(rivo, listing, following)
        pages.append(found)
        fresh = found.rows
        arrived += fresh
        rows += [row for row in fresh if listing.matches(row)]
        following = _next(found, following, fresh)
    is_sendable = following is None or (following.page or 1) <= LAST_PAGE
    in_order = True
    if listing.newest_first and page.page is not None:
        rows.sort(key=_applied_at, reverse=True)
        has_all = page.page == 1 and following is None
        in_order = has_all or _descends(arrived)
    return Rows(
        rows=rows,
        next=following if is_sendable else None,
        complete=in_order and is_sendable and (following is None or len(rows) >= wanted),
        in_order=in_order,
        as_of=min(found.as_of for found in pages),
        stale=any(found.stale for found in pages),
    )


async def whole(rivo: Rivo, listing: Listing) -> Rows:
    """Read a whole list, as far as four pages of 250 carry; nobody pages through it."""
    start = NextPage(page=1, per_page=WHOLE_PAGE)
    found = await walk(rivo, listing, start, wanted=MOST_PAGES * WHOLE_PAGE)
    return msgspec.structs.replace(found, next=None, complete=found.complete and found.next is None)


async def newest(rivo: Rivo, listing: Listing, count: int) -> Rows:
    """Read the newest `count` rows, also where the store ignores the order: then from the end."""
    start = NextPage(page=1, per_page=max(count, PER_PAGE))
    first = await walk(rivo, listing, start, wanted=count)
    if not first.in_order:
        last = _last_page(await _page(rivo, listing, start))
        ends = NextPage(page=1, per_page=WHOLE_PAGE)
        if last is not None and last > 1:
            ends = NextPage(page=last - 1, per_page=start.per_page)
        first = await walk(rivo, listing, ends, wanted=MOST_PAGES * WHOLE_PAGE)
    return msgspec.structs.replace(first, rows=first.rows[:count])


async def _page(rivo: Rivo, listing: Listing, page: NextPage) -> Found:
    """Ask with everything that may help; what the store refuses is left out from then on.

    First the filters are left out, then the order; what made the difference is remembered, but for
    a filter of which Rivo did not like the value.
    """
    order = ORDER if listing.newest_first and page.page is not None else {}
    guesses = {f"filters[{name}]": value for name, value in listing.guesses.items()}
    order, guesses = _not_refused(rivo, listing, order), _not_refused(rivo, listing, guesses)
    refusals: list[RefusedError] = []
    for left_out, unproven in (({}, guesses | order), (guesses, order), (order, {})):
        if refusals and not left_out:
            continue
        try:
            found = await _ask(rivo, listing, page, unproven)
        except RefusedError as refusal:
            refusals.append(refusal)
            continue
        if refusals and (left_out is order or "valid value" not in refusals[-1].message):
            rivo.learnt.update((_key(listing, name), "refused") for name in left_out)
        return found
    raise refusals[-1]


def _not_refused(rivo: Rivo, listing: Listing, params: Mapping[str, str]) -> dict[str, str]:
    return {n: v for n, v in params.items() if _key(listing, n) not in rivo.learnt}


async def _ask(rivo: Rivo, listing: Listing, page: NextPage, unproven: Mapping[str, str]) -> Found:
    proven = [(f"filters[{name}]", value) for name, value in listing.filters.items()]
    position = [
        (f"pagination[{name}]", str(value))
        for name, value in msgspec.structs.asdict(page).items()
        if value is not None
    ]
    params = [*proven, *unproven.items(), *position]
    return await rivo.get(*listing.path, params=params, who=listing.who, optional=listing.optional)


def _key(listing: Listing, name: str) -> str:
    return f"{'/'.join(listing.path)} {name}"


def _next(found: Found, page: NextPage, rows: list[Resource]) -> NextPage | None:
    """Find the page after this one in any of the forms in which Rivo may say that there is one."""
    links = _links(found)
    if not rows:
        return None
    if page.since_id is None:
        if links.get("next") is None:
            return None
        return NextPage(page=(page.page or 1) + 1, per_page=page.per_page)
    since = links.get("next_since_id")
    if "next_since_id" not in links and len(rows) >= (page.limit or PER_PAGE):
        since = rows[-1].id
    if not isinstance(since, int) or since <= page.since_id:
        return None
    return NextPage(since_id=since, limit=page.limit)


def _last_page(found: Found) -> int | None:
    """Find the number of the last page in its address."""
    last = unquote(str(_links(found).get("last")))
    number = re.search(r"pagination\[page\]=(\d{1,3})(?:&|$)", last)
    return int(number[1]) if number else None


def _links(found: Found) -> Mapping[str, Any]:
    links = found.body.get("links") if isinstance(found.body, dict) else None
    return links if isinstance(links, dict) else {}


def _applied_at(row: Resource) -> datetime:
    return moment_of(row, "applied_at") or NEVER


def _descends(rows: list[Resource]) -> bool:
    return all(a >= b for a, b in pairwise(map(_applied_at, rows)))
