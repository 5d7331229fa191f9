"""A list is walked by its ids to the end; a walk that was not whole proves nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from integrations.errors import (
    NotAvailableError,
    NotConfiguredError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from integrations.rivo import Rivo
from integrations.rivo.finding import newest_id, reads_back, rows_after, unsure
from integrations.rivo.writing import ReadBack, Sent
from tests.rivo.keeping import REFERENCE
from tests.rivo.stage import SARAH, Stage, row

pytestmark = pytest.mark.anyio

END = {"since_id": 0, "limit": 250, "next_since_id": None}
MORE = {"since_id": 0, "limit": 250, "next_since_id": 2}
SELF = {"self": "x"}
GET = "GET /points_events filters[customer_identifier]=sarah.martinez@example.com&"


def page(*ids: int, links: Any) -> dict[str, Any]:
    return {"data": [row(each) for each in ids], "links": links}


@pytest.mark.parametrize(
    ("pages", "ids", "cursors"),
    [
        ([page(links=END)], [], [0]),
        ([page(1, 2, links=END)], [1, 2], [0]),
        ([page(1, 2, links=MORE), page(3, links=END)], [1, 2, 3], [0, 2]),
        ([page(1, 2, links=MORE | {"next_since_id": 9}), page(3, links=END)], [1, 2, 3], [0, 2]),
        ([page(1, links={"since_id": 0}), page(links=SELF)], [1], [0, 1]),
        ([page(1, links=SELF), page(4, links=SELF), page(links=SELF)], [1, 4], [0, 1, 4]),
        ([{"data": [row(1)]}, {"data": []}], [1], [0, 1]),
        ([[row(1)], []], [1], [0, 1]),
        ([page(1, links="odd"), page(links="odd")], [1], [0, 1]),
    ],
    ids=[
        "nothing",
        "one page",
        "two pages",
        "a cursor that would skip rows",
        "no word of a next page",
        "only self",
        "no links",
        "bare rows",
        "odd links",
    ],
)
async def test_a_list_is_walked_to_its_end_however_rivo_says_that_it_is(
    stage: Stage, pages: list[Any], ids: list[int], cursors: list[int]
) -> None:
    stage.on("GET", "/points_events", *pages)

    walked = await rows_after(stage.rivo, "points_events", 0, customer=SARAH)

    assert walked.complete
    assert ids == [each.id for each in walked.rows]
    assert [
        f"{GET}pagination[since_id]={cursor}&pagination[limit]=250" for cursor in cursors
    ] == stage.sent


@pytest.mark.parametrize(
    "body",
    [
        page(2, 1, links=END),
        page(1, 1, links=END),
        page(0, 1, links=END),
        {"data": [row(1), {"id": None, "attributes": {"id": None}}], "links": END},
        {"data": [row(1), "odd"], "links": END},
        page(links=MORE),
    ],
    ids=["falling", "twice", "not above", "no id", "no row", "empty with more"],
)
async def test_a_walk_that_may_have_missed_a_row_is_not_whole(stage: Stage, body: Any) -> None:
    stage.on("GET", "/points_events", body)

    walked = await rows_after(stage.rivo, "points_events", 0)

    assert not walked.complete


async def test_a_store_that_ignores_the_cursor_is_noticed(stage: Stage) -> None:
    stage.on("GET", "/points_events", *[page(1, 2, links=MORE)] * 2)

    walked = await rows_after(stage.rivo, "points_events", 0)

    assert (False, 2) == (walked.complete, len(stage.sent))


async def test_a_walk_is_not_endless(stage: Stage) -> None:
    stage.on("GET", "/points_events", *[page(n, links=SELF) for n in range(1, 99)])

    walked = await rows_after(stage.rivo, "points_events", 0)

    assert (False, 40) == (walked.complete, len(stage.sent))


@pytest.mark.parametrize(
    ("pages", "newest"),
    [
        ([page(links=END)], 0),
        ([page(3, 7, links=END)], 7),
        ([page(3, links=SELF), page(7, links=SELF), page(links=SELF)], 7),
        ([page(n, links=SELF) for n in range(1, 6)], None),
        ([page(7, 3, links=END)], None),
        ([httpx.ReadTimeout], None),
        ([httpx.Response(404, json={"error": "Could not find a customer."})], None),
        ([httpx.Response(422, json={"error": "no"})], None),
    ],
    ids=["none", "one page", "pages", "too many", "in no order", "down", "nobody", "refused"],
)
async def test_the_newest_row_is_known_surely_or_not_at_all(
    stage: Stage, pages: list[Any], newest: int | None
) -> None:
    stage.on("GET", "/points_redemptions", *pages)

    assert newest == await newest_id(stage.rivo, "points_redemptions", customer=SARAH)


@pytest.mark.parametrize(
    ("error", "evidence"),
    [
        (NotFoundError("sarah@example.com?"), "Rivo knows no such customer or resource."),
        (OutcomeUnknownError("odd"), "What Rivo shows was not understood."),
        (RefusedError("sarah@example.com"), "Rivo does not show it (refused_by_rivo)."),
        (
            NotAvailableError("no"),
            "Rivo does not show it (not_available_on_this_store).",
        ),
    ],
    ids=lambda value: value.__class__.__name__ if isinstance(value, Exception) else "",
)
async def test_what_tells_nothing_ends_in_review_without_anybodys_address(
    stage: Stage, error: Exception, evidence: str
) -> None:
    @reads_back
    async def find(rivo: Rivo, _sent: Sent) -> ReadBack:
        assert not rivo.remembers
        raise error

    assert unsure(evidence) == await find(stage.rivo, Sent(reference=REFERENCE, inputs={}))


@pytest.mark.parametrize("error", [UnavailableError("down"), NotConfiguredError("key")])
async def test_only_what_a_later_look_may_better_passes(stage: Stage, error: Exception) -> None:
    @reads_back
    async def find(_rivo: Rivo, _sent: Sent) -> ReadBack:
        raise error

    with pytest.raises(type(error)):
        await find(stage.rivo, Sent(reference=REFERENCE, inputs={}))
