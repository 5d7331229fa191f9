"""Pages of Rivo's lists: every row once, in order, and an honest word about what is missing."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.errors import InputError, RefusedError, UnavailableError
from integrations.rivo.client import BASE_URL
from integrations.rivo.identities import EVERYONE
from integrations.rivo.paging import Listing, NextPage, Rows, newest, paging, walk, whole
from integrations.rivo.resource import Resource
from tests.rivo.stage import Stage, listed, row

pytestmark = pytest.mark.anyio

ROWS = Listing(path=("rows",), who=EVERYONE)
EVENTS = Listing(path=("rows",), who=EVERYONE, newest_first=True)
FIRST = NextPage(page=1, per_page=25)
START = NextPage(since_id=0, limit=25)
SORT = "sort[order_type]=applied_at&sort[order_direction]=desc"
NO_SORT = {"error": "sort[order_type] does not have a valid value"}
NO_FILTER = {"error": "filters[source] is invalid"}
NO_VALUE = {"error": "source does not have a valid value"}


def ids(found: Rows) -> list[int | None]:
    return [each.id for each in found.rows]


def event(number: int, day: int | None = None) -> dict[str, object]:
    """An event applied on a day of November; by default on the day of its number."""
    return row(number, applied_at=f"2026-11-{number if day is None else day:02}T00:00:00Z")


def even(each: Resource) -> bool:
    return each.id is not None and each.id % 2 == 0


class Store:
    """A store whose list pages as the contract says; `ends` is how it says so (U8)."""

    def __init__(
        self, rows: list[dict[str, Any]], *, ends: str = "null", sorts: bool = True
    ) -> None:
        self.rows = rows
        self.ends = ends
        self.sorts = sorts
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = dict(parse_qsl(request.url.query.decode()))
        self.asked.append(asked)
        paged = self._cursor(asked) if "pagination[limit]" in asked else self._offset(asked)
        return httpx.Response(200, json=paged)

    def _offset(self, asked: dict[str, str]) -> dict[str, object]:
        page, size = int(asked["pagination[page]"]), int(asked["pagination[per_page]"])
        rows = self.rows
        if self.sorts and "sort[order_type]" in asked:
            rows = sorted(rows, key=lambda r: r["attributes"].get("applied_at", ""), reverse=True)
        last = max(1, -(-len(rows) // size))
        links: dict[str, object] = {"self": _address(page, size), "last": _address(last, size)}
        if page < last:
            links["next"] = _address(page + 1, size)
        elif self.ends == "null":
            links["next"] = None
        return {"data": rows[(page - 1) * size : page * size], "links": links}

    def _cursor(self, asked: dict[str, str]) -> dict[str, object]:
        since, limit = int(asked["pagination[since_id]"]), int(asked["pagination[limit]"])
        later = sorted((r for r in self.rows if r["id"] > since), key=lambda r: r["id"])
        rows = later[:limit]
        links: dict[str, object] = {"since_id": since, "limit": limit}
        if len(later) > limit:
            links["next_since_id"] = rows[-1]["id"]
        elif self.ends == "null":
            links["next_since_id"] = None
        elif self.ends == "self":
            links = {"self": "x"}
        return {"data": rows, "links": links}


def _address(page: int, size: int) -> str:
    return f"{BASE_URL}/rows?pagination%5Bpage%5D={page}&pagination[per_page]={size}"


def serve(stage: Stage, store: Store) -> Store:
    stage.router.get(name="rows", url__startswith=f"{BASE_URL}/rows").mock(side_effect=store)
    return store


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ((None, None, None, None), NextPage(page=1, per_page=25)),
        ((3, None, None, None), NextPage(page=3, per_page=25)),
        ((None, 10, None, None), NextPage(page=1, per_page=10)),
        ((None, None, 7, None), NextPage(since_id=7, limit=25)),
        ((None, None, None, 10), NextPage(since_id=0, limit=10)),
    ],
    ids=["nothing", "page", "per_page", "since_id", "limit"],
)
def test_the_paging_inputs_are_of_one_kind(
    given: tuple[int | None, int | None, int | None, int | None], read: NextPage
) -> None:
    assert read == paging(*given)


@pytest.mark.parametrize(
    ("given", "field"),
    [((1, None, 0, None), "page"), ((None, 5, None, 5), "per_page"), ((1, 5, 0, 5), "page")],
    ids=["page and since_id", "per_page and limit", "all"],
)
def test_mixed_paging_is_refused(
    given: tuple[int | None, int | None, int | None, int | None], field: str
) -> None:
    with pytest.raises(InputError, match="left out where since_id or limit is given") as caught:
        paging(*given)

    assert field == caught.value.field


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.integers(0, 60),
    per_page=st.integers(1, 12),
    ends=st.sampled_from(["null", "absent", "self"]),
    by_cursor=st.booleans(),
    matches=st.sampled_from([lambda _: True, even, lambda r: r.id == 17]),
)
async def test_walking_the_pages_visits_every_matching_row_once(
    stage: Stage, *, count: int, per_page: int, ends: str, by_cursor: bool, matches: Any
) -> None:
    rows = [row(n + 1) for n in range(count)]
    expected = [n + 1 for n in range(count) if matches(Resource.of(rows[n]))]
    stage.rivo.fresh_seconds = 0  # nothing is remembered from one example to the next
    serve(stage, Store(rows, ends=ends))
    listing = Listing(path=("rows",), who=EVERYONE, matches=matches)
    following: NextPage | None = NextPage(page=1, per_page=per_page)
    if by_cursor:
        following = NextPage(since_id=0, limit=per_page)
    visited: list[int | None] = []
    complete = []

    while following is not None:
        found = await walk(stage.rivo, listing, following)
        visited += ids(found)
        complete.append(found.complete)
        following = found.next

    assert expected == visited
    assert complete[-1]


@pytest.mark.parametrize("ends", ["null", "absent"])
async def test_offset_pages_follow_each_other_to_the_end(stage: Stage, ends: str) -> None:
    store = serve(stage, Store([row(n) for n in range(1, 6)], ends=ends))
    pages = []
    following: NextPage | None = NextPage(page=1, per_page=2)

    while following is not None:
        found = await walk(stage.rivo, ROWS, following)
        pages.append((ids(found), found.complete))
        following = found.next

    assert [([1, 2], True), ([3, 4], True), ([5], True)] == pages
    assert ["1", "2", "3"] == [asked["pagination[page]"] for asked in store.asked]


@pytest.mark.parametrize("ends", ["null", "absent", "self"])
async def test_a_cursor_walks_by_id_to_the_end(stage: Stage, ends: str) -> None:
    store = serve(stage, Store([row(n) for n in (40, 10, 30, 20)], ends=ends))
    pages = []
    following: NextPage | None = NextPage(since_id=0, limit=2)

    while following is not None:
        found = await walk(stage.rivo, EVENTS, following)
        pages.append((ids(found), found.complete, found.in_order))
        following = found.next

    assert [([10, 20], True, True), ([30, 40], True, True)] == [p for p in pages if p[0]]
    assert all("sort[order_type]" not in asked for asked in store.asked)


@pytest.mark.parametrize(
    "links",
    [
        {"next_since_id": None},
        {"next_since_id": 1},
        {"next_since_id": "soon"},
        {"self": "x"},
        {"next_since_id": 0},
    ],
    ids=str,
)
async def test_a_cursor_never_goes_round_in_circles(stage: Stage, links: dict[str, object]) -> None:
    body = {"data": [row(1)], "links": links}
    stage.on("GET", "/rows", body, body)

    found = await walk(stage.rivo, ROWS, NextPage(since_id=1, limit=1), wanted=9)

    assert found.next is None
    assert 1 == len(stage.sent)


@pytest.mark.parametrize("body", [[row(1)], {"data": [row(1)]}, {"data": [row(1)], "links": []}])
async def test_a_list_without_links_has_no_next_page(stage: Stage, body: object) -> None:
    stage.on("GET", "/rows", body)

    found = await walk(stage.rivo, ROWS, FIRST)

    assert ([1], None, True) == (ids(found), found.next, found.complete)


async def test_no_rows_are_the_end_whatever_the_links_say(stage: Stage) -> None:
    stage.on("GET", "/rows", {"data": [], "links": {"next": "x"}})

    assert (await walk(stage.rivo, ROWS, FIRST)).next is None


async def test_pages_without_a_match_are_walked_on_but_four_at_most(stage: Stage) -> None:
    only = Listing(path=("rows",), who=EVERYONE, matches=lambda r: r.id == 9)
    store = serve(stage, Store([row(n) for n in range(1, 11)]))

    missed = await walk(stage.rivo, only, NextPage(page=1, per_page=2))
    found = await walk(stage.rivo, only, NextPage(page=5, per_page=2))

    assert ([], NextPage(page=5, per_page=2), False) == (ids(missed), missed.next, missed.complete)
    assert ([9], None, True) == (ids(found), found.next, found.complete)
    assert 5 == len(store.asked)


async def test_the_page_after_the_last_that_rivo_serves_is_missing(stage: Stage) -> None:
    stage.on("GET", "/rows", *[listed(row(1), next="x")] * 2)

    last = await walk(stage.rivo, ROWS, NextPage(page=500, per_page=1))
    before = await walk(stage.rivo, ROWS, NextPage(page=499, per_page=1))

    assert (None, False) == (last.next, last.complete)
    assert (NextPage(page=500, per_page=1), True) == (before.next, before.complete)


async def test_a_list_is_as_old_as_its_oldest_page(stage: Stage) -> None:
    serve(stage, Store([row(1), row(2)]))
    await walk(stage.rivo, ROWS, NextPage(page=2, per_page=1))
    stage.clock.seconds += 20

    both = await walk(stage.rivo, ROWS, NextPage(page=1, per_page=1), wanted=2)

    assert "2026-11-21T12:00:00.000Z" == both.as_of


async def test_newest_first_is_asked_for_and_checked(stage: Stage) -> None:
    store = serve(stage, Store([event(1), event(3), event(2)]))

    found = await walk(stage.rivo, EVENTS, NextPage(page=1, per_page=2))

    assert ([3, 2], True, True) == (ids(found), found.in_order, found.complete)
    assert ("applied_at", "desc") == (
        store.asked[0]["sort[order_type]"],
        store.asked[0]["sort[order_direction]"],
    )


async def test_a_page_in_another_order_is_sorted_and_called_incomplete(stage: Stage) -> None:
    serve(stage, Store([event(1), event(2), event(3)], sorts=False))

    first = await walk(stage.rivo, EVENTS, NextPage(page=1, per_page=2))
    last = await walk(stage.rivo, EVENTS, NextPage(page=2, per_page=2))

    assert ([2, 1], False, False) == (ids(first), first.in_order, first.complete)
    assert ([3], True) == (ids(last), last.in_order), "one row alone is in order"


async def test_the_last_page_of_another_order_is_incomplete_as_well(stage: Stage) -> None:
    serve(stage, Store([event(n) for n in range(1, 5)], sorts=False))

    last = await walk(stage.rivo, EVENTS, NextPage(page=2, per_page=2))

    assert ([4, 3], None, False) == (ids(last), last.next, last.complete)


async def test_pages_that_descend_each_but_not_together_are_not_in_order(stage: Stage) -> None:
    only = Listing(path=("rows",), who=EVERYONE, newest_first=True, matches=lambda r: r.id == 4)
    stage.on(
        "GET", "/rows", listed(event(2), event(1), next="x"), listed(event(4), event(3), next="x")
    )

    found = await walk(stage.rivo, only, NextPage(page=1, per_page=2))

    assert ([4], False) == (ids(found), found.complete)


async def test_a_whole_list_is_sorted_here_whatever_its_order(stage: Stage) -> None:
    serve(stage, Store([event(1), row(9), event(3), event(2)], sorts=False))

    found = await walk(stage.rivo, EVENTS, FIRST)

    assert ([3, 2, 1, 9], True) == (ids(found), found.complete)


async def test_times_with_and_without_milliseconds_are_in_one_order(stage: Stage) -> None:
    times = ["2026-11-01T10:00:00.500Z", "2026-11-01T10:00:00Z", "2026-11-01T11:59:59+02:00"]
    rows = [row(n, applied_at=time) for n, time in enumerate(times)]
    stage.on("GET", "/rows", listed(*rows, next="x"))

    found = await walk(stage.rivo, EVENTS, FIRST)

    assert ([0, 1, 2], True) == (ids(found), found.in_order)


async def test_an_order_that_the_store_refuses_is_not_asked_for_again(stage: Stage) -> None:
    bad = httpx.Response(400, json=NO_SORT)
    stage.on("GET", "/rows", bad, listed(event(1), event(2), next="x"), listed(event(3)))

    found = await walk(stage.rivo, EVENTS, NextPage(page=1, per_page=2), wanted=3)

    assert [
        f"GET /rows {SORT}&pagination[page]=1&pagination[per_page]=2",
        "GET /rows pagination[page]=1&pagination[per_page]=2",
        "GET /rows pagination[page]=2&pagination[per_page]=2",
    ] == stage.sent
    assert ([3, 2, 1], True) == (ids(found), found.complete)


GUESSED = Listing(path=("rows",), who=EVERYONE, guesses={"source": "manual"}, newest_first=True)


async def test_a_filter_that_the_store_refuses_is_not_sent_again_and_the_order_stays(
    stage: Stage,
) -> None:
    bad = httpx.Response(400, json=NO_FILTER)
    stage.on("GET", "/rows", bad, listed(event(2), event(1), next="x"), listed(event(1)))

    await walk(stage.rivo, GUESSED, NextPage(page=1, per_page=2))
    await walk(stage.rivo, GUESSED, NextPage(page=2, per_page=2))

    paged = "pagination[page]=1&pagination[per_page]=2"
    assert [
        f"GET /rows filters[source]=manual&{SORT}&{paged}",
        f"GET /rows {SORT}&{paged}",
        f"GET /rows {SORT}&{paged.replace('page]=1', 'page]=2')}",
    ] == stage.sent


async def test_both_are_learnt_where_both_are_refused(stage: Stage) -> None:
    bad = httpx.Response(422, json={"errors": ["unknown parameter"]})
    stage.on("GET", "/rows", bad, bad, *[listed(event(1))], bad, *[listed(event(1))] * 2)

    for page in (1, 2, 3):
        await walk(stage.rivo, GUESSED, NextPage(page=page, per_page=2))

    asked = [("filters" in line, "sort" in line) for line in stage.sent]
    first = [(True, True), (False, True), (False, False)]
    assert [*first, (True, False), (False, False), (False, False)] == asked


async def test_a_value_that_rivo_does_not_like_costs_the_filter_nothing(stage: Stage) -> None:
    bad = httpx.Response(400, json=NO_VALUE)
    stage.on("GET", "/rows", bad, listed(event(1)), listed(event(1)))

    await walk(stage.rivo, GUESSED, NextPage(page=1, per_page=2))
    await walk(stage.rivo, GUESSED, NextPage(page=2, per_page=2))

    assert [True, False, True] == ["filters[source]" in line for line in stage.sent]
    assert {} == stage.rivo.learnt


async def test_what_one_list_refuses_another_is_still_asked(stage: Stage) -> None:
    other = Listing(path=("others",), who=EVERYONE, newest_first=True)
    stage.on("GET", "/rows", httpx.Response(400, json=NO_SORT), listed())
    stage.on("GET", "/others", listed())

    await walk(stage.rivo, EVENTS, FIRST)
    await walk(stage.rivo, other, FIRST)

    assert "sort" in stage.sent[-1]


async def test_what_is_learnt_holds_for_later_requests_of_the_shop(stage: Stage) -> None:
    stage.on("GET", "/rows", httpx.Response(400, json=NO_SORT), listed(), listed())

    await walk(stage.rivo.until(2_000), EVENTS, FIRST)
    await walk(stage.rivo.until(2_000), EVENTS, NextPage(page=2, per_page=25))

    assert 3 == len(stage.sent)


async def test_a_list_that_is_refused_without_guesses_is_refused(stage: Stage) -> None:
    proven = Listing(path=("rows",), who=EVERYONE, filters={"used": "true"})
    stage.on("GET", "/rows", httpx.Response(400, json={"error": "used is invalid"}))

    with pytest.raises(RefusedError, match="used is invalid"):
        await walk(stage.rivo, proven, FIRST)

    assert 1 == len(stage.sent)


async def test_a_list_that_is_refused_either_way_is_refused_and_nothing_learnt(
    stage: Stage,
) -> None:
    stage.on("GET", "/rows", *[httpx.Response(422, json={"error": "no such customer"})] * 3)

    with pytest.raises(RefusedError, match="no such customer"):
        await walk(stage.rivo, GUESSED, FIRST)

    assert 3 == len(stage.sent)
    assert {} == stage.rivo.learnt


async def test_a_whole_list_is_walked_in_the_largest_pages(stage: Stage) -> None:
    store = serve(stage, Store([row(n) for n in range(1, 502)]))

    found = await whole(stage.rivo, ROWS)

    assert (501, None, True) == (len(found.rows), found.next, found.complete)
    assert ["250"] * 3 == [asked["pagination[per_page]"] for asked in store.asked]


@pytest.mark.parametrize("matches", [lambda _: True, even], ids=["all", "half"])
async def test_a_list_past_a_thousand_rows_is_not_called_complete(
    stage: Stage, matches: Any
) -> None:
    store = serve(stage, Store([row(n) for n in range(1, 1002)]))

    found = await whole(stage.rivo, Listing(path=("rows",), who=EVERYONE, matches=matches))

    assert (None, False) == (found.next, found.complete)
    assert 4 == len(store.asked)


async def test_exactly_a_thousand_rows_are_complete(stage: Stage) -> None:
    serve(stage, Store([row(n) for n in range(1, 1001)]))

    assert (await whole(stage.rivo, ROWS)).complete


async def test_the_newest_come_from_the_first_page_of_a_store_that_sorts(stage: Stage) -> None:
    store = serve(stage, Store([event(1, n % 28 + 1) for n in range(60)]))

    found = await newest(stage.rivo, EVENTS, 10)

    assert 10 == len(found.rows)
    assert 1 == len(store.asked)


async def test_the_newest_come_from_the_end_of_a_store_that_does_not_sort(stage: Stage) -> None:
    rows = [
        row(n, applied_at=f"2026-{n // 28 + 1:02}-{n % 28 + 1:02}T00:00:00Z") for n in range(60)
    ]
    store = serve(stage, Store(rows, sorts=False))

    found = await newest(stage.rivo, EVENTS, 25)

    assert list(range(59, 34, -1)) == ids(found)
    assert ["1", "2", "3"] == [asked["pagination[page]"] for asked in store.asked]


async def test_without_the_number_of_the_last_page_the_list_is_walked(stage: Stage) -> None:
    first = listed(*[event(n) for n in range(1, 26)], next="x")
    rest = listed(*[event(n) for n in range(1, 29)])
    stage.on("GET", "/rows", first, rest)

    found = await newest(stage.rivo, EVENTS, 3)

    assert [28, 27, 26] == ids(found)
    assert stage.sent[1].endswith("pagination[page]=1&pagination[per_page]=250")


async def test_a_page_that_fails_fails_the_walk(stage: Stage) -> None:
    stage.on("GET", "/rows", listed(row(1), next="x"), httpx.ReadTimeout)

    with pytest.raises(UnavailableError):
        await walk(stage.rivo, ROWS, NextPage(page=1, per_page=1), wanted=2)
