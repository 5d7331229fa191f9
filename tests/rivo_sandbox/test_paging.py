"""Paging: every row exactly once, whichever way it is asked for."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.rivo_sandbox import Answer, Customer, Received, Sandbox, Shop
from tests.rivo_sandbox.stage import ROOT, Stage, rows, switched

pytestmark = pytest.mark.anyio

PEOPLE = st.lists(st.integers(1, 10**15), unique=True, max_size=60)
SIZES = st.integers(1, 300)


def shop_of(ids: list[int]) -> Shop:
    return Shop(customers=tuple(Customer(id=id_, email=f"{id_}@example.com") for id_ in ids))


def ask(sandbox: Sandbox, query: str) -> dict[str, object]:
    answer: Answer = sandbox.answer(
        Received(
            method="GET",
            path="/merchant_api/v1/customers",
            query=query,
            headers=(("authorization", "sandbox-key"), ("host", "developer-api.rivo.io")),
            body=b"",
        )
    )
    assert 200 == answer.status
    found: dict[str, object] = msgspec.json.decode(answer.body)
    return found


def ids_of(page: dict[str, object]) -> list[int]:
    data = page["data"]
    assert isinstance(data, list)
    return [row["id"] for row in data]


def sandbox_of(ids: list[int]) -> Sandbox:
    clock = Stage().clock
    return Sandbox(shop_of(ids), clock=clock, requests_per_second=None)


@given(ids=PEOPLE, size=SIZES)
def test_offset_pages_hold_every_row_once(ids: list[int], size: int) -> None:
    sandbox = sandbox_of(ids)
    seen: list[int] = []
    last = ""
    url: str | None = f"{ROOT}/customers?pagination[per_page]={size}"
    while url is not None:
        page = ask(sandbox, urlsplit(url).query)
        links = page["links"]
        assert isinstance(links, dict)
        seen += ids_of(page)
        last, url = links["last"], links["next"]

    assert sorted(ids) == seen
    assert (
        str(-(-max(len(ids), 1) // min(size, 250)))
        == dict(parse_qsl(urlsplit(last).query))["pagination[page]"]
    )


@given(ids=PEOPLE, size=SIZES)
def test_cursor_pages_hold_every_row_once(ids: list[int], size: int) -> None:
    sandbox = sandbox_of(ids)
    seen: list[int] = []
    since: int | None = 0
    while since is not None:
        page = ask(sandbox, f"pagination[since_id]={since}&pagination[limit]={size}")
        links = page["links"]
        assert isinstance(links, dict)
        seen += ids_of(page)
        since = links["next_since_id"]

    assert sorted(ids) == seen


async def test_pages_have_twenty_five_rows_and_at_most_two_hundred_and_fifty() -> None:
    stage = Stage(shop_of(list(range(1, 301))))

    sizes = [
        len(rows(await stage.query("customers", params)))
        for params in (
            {},
            {"pagination[limit]": "300"},
            {"pagination[since_id]": "0"},
            {"pagination[per_page]": "300"},
        )
    ]

    assert [25, 250, 25, 250] == sizes


async def test_a_cursor_beside_per_page_is_forgotten(stage: Stage) -> None:
    answer = await stage.query(
        "customers", {"pagination[since_id]": "7429975104825", "pagination[per_page]": "5"}
    )

    assert 5 == len(rows(answer))
    assert "last" in answer.json()["links"]


async def test_a_cursor_ignores_the_sort(stage: Stage) -> None:
    answer = await stage.query(
        "points_events",
        {
            "pagination[limit]": "250",
            "sort[order_type]": "applied_at",
            "sort[order_direction]": "desc",
        },
    )

    ids = [row["id"] for row in answer.json()["data"]]
    assert sorted(ids) == ids


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("page", "501", "does not have a valid value"),
        ("page", "0", "does not have a valid value"),
        ("page", "two", "is invalid"),
        ("per_page", "0", "does not have a valid value"),
        ("per_page", "-1", "does not have a valid value"),
        ("limit", "0", "does not have a valid value"),
        ("since_id", "-1", "does not have a valid value"),
        ("since_id", "1.5", "is invalid"),
    ],
)
async def test_wrong_pages_are_refused(stage: Stage, name: str, value: str, problem: str) -> None:
    answer = await stage.query("customers", {f"pagination[{name}]": value})

    expected = {"error": f"pagination[{name}] {problem}"}
    assert (400, expected) == (answer.status_code, answer.json())


async def test_a_page_after_the_last_is_empty(stage: Stage) -> None:
    answer = await stage.query("customers", {"pagination[page]": "500"})

    assert [] == rows(answer)
    assert answer.json()["links"]["next"] is None


async def test_links_keep_what_was_asked_for(stage: Stage) -> None:
    answer = await stage.query(
        "points_events",
        {"filters[customer_identifier]": "maya.chen@example.com", "pagination[per_page]": "2"},
    )

    assert (
        f"{ROOT}/points_events?pagination[page]=2&pagination[per_page]=2"
        "&filters[customer_identifier]=maya.chen%40example.com"
    ) == answer.json()["links"]["next"]


async def test_a_stranger_has_no_rows() -> None:
    stranger = {"filters[customer_identifier]": "nobody@example.com"}
    empty = await Stage().query("points_events", stranger)
    missing = await Stage(switches=switched(unknown_customer_list="404")).query(
        "points_events", stranger
    )

    assert [] == rows(empty)
    assert (404, {"error": "Could not find a customer with that identifier."}) == (
        missing.status_code,
        missing.json(),
    )


@pytest.mark.parametrize(
    ("links", "offset", "cursor"),
    [
        ("null", {"self", "next", "last"}, {"since_id", "limit", "next_since_id"}),
        ("absent", {"self", "last"}, {"since_id", "limit"}),
        ("self_only", {"self", "next", "last"}, {"self"}),
    ],
)
async def test_the_last_page_says_so_in_its_way(
    links: str, offset: set[str], cursor: set[str]
) -> None:
    stage = Stage(switches=switched(last_links=links))

    last = await stage.query("customers", {})
    end = await stage.query("customers", {"pagination[limit]": "15"})
    more = await stage.query("customers", {"pagination[limit]": "14"})
    first = await stage.query("customers", {"pagination[per_page]": "14"})

    assert offset == last.json()["links"].keys()
    assert cursor == end.json()["links"].keys()
    assert more.json()["links"]["next_since_id"]
    assert first.json()["links"]["next"]
