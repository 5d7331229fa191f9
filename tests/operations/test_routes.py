"""`/operations`: who may look, settle and approve; pages, filters, and what is not there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.limits import RIGHTS, Right
from app.observe import Seen
from app.operations.operation import Operation
from app.operations.records import get
from app.operations.routes import operations_routes
from app.settings import CallerSettings, Door, Settings, ShopSettings, digest
from app.shops import Caller, Shops
from app.store.sqlite import SqliteStore, StoreError
from integrations.errors import ConflictError, NotFoundError
from tests.operations.made import AT, PERSON, made, noted, put
from tests.store.stage import Inline, opened

pytestmark = pytest.mark.anyio

KEYS = {"plain": "key-of-a-plain-one", "reader": "key-of-a-reader-1", "lead": "key-of-a-lead-0001"}
ABSENT = f"op_{99:032x}"


class Judges:
    """Stands in for the engine: remembers what it was asked, or refuses."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.asked: list[tuple[Any, ...]] = []
        self.refusal: Exception | None = None

    async def settle(
        self, caller: Caller, operation_id: str, outcome: str, evidence: str, rivo_id: int | None
    ) -> Operation:
        self.asked.append(("settle", caller.name, operation_id, outcome, evidence, rivo_id))
        return await self._found(operation_id)

    async def approve(self, caller: Caller, operation_id: str) -> Operation:
        self.asked.append(("approve", caller.name, operation_id))
        return await self._found(operation_id)

    async def _found(self, operation_id: str) -> Operation:
        if self.refusal is not None:
            raise self.refusal
        found = await self.store.read(lambda tx: get(tx, operation_id))
        if found is None:
            raise NotFoundError("There is no operation with this id.")
        return found


class SeenFirst:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["seen"] = self.seen = Seen(request_id="request-1")
        await self.app(scope, receive, send)


class Stage:
    """The routes over a store, with three callers in one shop and a lead in another."""

    def __init__(self, store: SqliteStore) -> None:
        shops = Shops(lambda _: None)  # type: ignore[arg-type, return-value]
        shops.use(Settings(shops=(shop("acme"), shop("other"))))
        self.store = store
        self.judges = Judges(store)
        routes = operations_routes(shops=shops, store=store, judges=self.judges)
        self.app = Starlette(routes=routes, middleware=[Middleware(SeenFirst)])
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app), base_url="http://service.test"
        )

    async def ask(
        self, path: str = "", who: str = "reader", method: str = "GET", **options: Any
    ) -> httpx.Response:
        key = KEYS.get(who, who)
        headers = {"authorization": f"Bearer {key}"}
        return await self.http.request(method, f"/operations{path}", headers=headers, **options)

    async def put(self, *operations: Operation) -> None:
        await self.store.write(lambda tx: put(tx, *operations))

    async def ids(self, **filters: Any) -> list[int]:
        answer = await self.ask(params=filters)
        assert 200 == answer.status_code, answer.text
        return [int(each["id"][3:], 16) for each in answer.json()["operations"]]


def shop(name: str) -> ShopSettings:
    rights: dict[str, frozenset[Right]] = {
        "plain": frozenset(),
        "reader": frozenset({"read_operations"}),
        "lead": RIGHTS,
    }
    doors: dict[str, Door] = {"plain": "gorgias"}
    return ShopSettings(
        name=name,
        rivo_api_key=f"rivo-key-of-{name}",
        callers=tuple(
            CallerSettings(
                name=who,
                door=doors.get(who, "actions"),
                digests=(digest(key if name == "acme" else f"{key}-{name}"),),
                actions=frozenset(),
                rights=rights[who],
            )
            for who, key in KEYS.items()
        ),
    )


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with opened(executor=Inline()) as store:
        yield Stage(store)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    told: dict[str, Any] = answer.json()
    assert (status, code) == (answer.status_code, told["code"]), answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    return told


PATHS = [
    ("GET", ""),
    ("GET", f"/{ABSENT}"),
    ("POST", f"/{ABSENT}/settle"),
    ("POST", f"/{ABSENT}/approve"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_who_has_no_key_is_told_how_to_prove_it(stage: Stage, method: str, path: str) -> None:
    answer = await stage.ask(path, who="nobody", method=method)

    problem(answer, 401, "unauthorized")
    assert 'Bearer realm="rivo-helpdesk"' == answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("method", "path", "who", "words"),
    [
        ("GET", "", "plain", "look at operations"),
        ("GET", f"/{ABSENT}", "plain", "look at operations"),
        ("POST", f"/{ABSENT}/settle", "reader", "settle operations"),
        ("POST", f"/{ABSENT}/approve", "reader", "approve operations"),
    ],
)
async def test_who_has_no_right_is_refused_before_anything_is_looked_at(
    stage: Stage, method: str, path: str, who: str, words: str
) -> None:
    told = problem(await stage.ask(path, who=who, method=method), 403, "not_allowed")

    assert f"This key may not {words}." == told["error"]
    assert [] == stage.judges.asked


async def test_a_key_comes_as_x_api_key_too(stage: Stage) -> None:
    answer = await stage.http.get("/operations", headers={"x-api-key": KEYS["reader"]})

    assert 200 == answer.status_code


async def test_nothing_is_an_empty_page(stage: Stage) -> None:
    answer = await stage.ask()

    assert {"operations": [], "count": 0, "next": None} == answer.json()
    assert "application/json" == answer.headers["content-type"]


async def test_pages_go_on_where_the_last_one_ended(stage: Stage) -> None:
    """Also where two were asked for at the same time."""
    await stage.put(*(made(n, created_at=AT + n // 2) for n in range(1, 8)))
    pages, following = [], {"limit": "3"}
    for _ in range(3):
        told = (await stage.ask(params=following)).json()
        pages.append([int(each["id"][3:], 16) for each in told["operations"]])
        assert len(pages[-1]) == told["count"]
        following = told["next"]

    assert [[7, 6, 5], [4, 3, 2], [1]] == pages
    assert following is None


async def test_a_full_last_page_is_the_last(stage: Stage) -> None:
    await stage.put(made(1), made(2))

    assert None is (await stage.ask(params={"limit": "2"})).json()["next"]


async def test_filters_choose(stage: Stage) -> None:
    await stage.put(
        made(1, state="unknown", applied=None, caller="button", ticket_id="7"),
        made(2, customer="7294851236742", customer_id="7294851236742"),
        made(3, agent="jo@support.example.com", action="create_referral"),
        made(4, state="rejected", late_at=AT),
    )
    chosen = {
        (name, value): await stage.ids(**{name: value})
        for name, value in (
            ("state", "unknown"),
            ("state", "Succeeded"),
            ("customer_email", PERSON.upper()),
            ("customer_email", "7294851236742"),
            ("agent_email", "Jo@support.example.com"),
            ("agent_email", "Unknown"),
            ("caller", "button"),
            ("action", "create_referral"),
            ("ticket_id", "7"),
            ("late", "true"),
            ("late", "false"),
            ("state", ""),
        )
    }

    assert {
        ("state", "unknown"): [1],
        ("state", "Succeeded"): [],
        ("customer_email", PERSON.upper()): [4, 3, 1],
        ("customer_email", "7294851236742"): [2],
        ("agent_email", "Jo@support.example.com"): [3],
        ("agent_email", "Unknown"): [4, 2, 1],
        ("caller", "button"): [1],
        ("action", "create_referral"): [3],
        ("ticket_id", "7"): [1],
        ("late", "true"): [4],
        ("late", "false"): [4, 3, 2, 1],
        ("state", ""): [4, 3, 2, 1],
    } == chosen


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("state", "done", "state must be one of accepted, "),
        ("action", "get_customer", "action must be one of create_points_event, "),
        ("customer_email", "nobody", "customer_email must be an e-mail address or a Shopify"),
        ("agent_email", "nobody", "agent_email must be an e-mail address, or unknown; got"),
        ("limit", "0", "limit must be a whole number from 1 to 200; got '0'."),
        ("limit", "201", "limit must be a whole number from 1 to 200; got '201'."),
        ("late", "perhaps", "late must be true or false; got 'perhaps'."),
        ("before", "yesterday", "before must be the `before` of an earlier answer's `next`;"),
        ("before", "17-op_x", "before must be the `before` of an earlier answer's `next`;"),
        ("status", "unknown", "status must be a known input (did you mean state?)"),
    ],
)
async def test_a_wrong_filter_is_named(stage: Stage, name: str, value: str, words: str) -> None:
    told = problem(await stage.ask(params={name: value}), 422, "invalid_input")

    assert name == told["field"]
    assert told["error"].startswith(words), told["error"]


async def test_one_is_shown_with_its_history(stage: Stage) -> None:
    one = made(1, state="succeeded", applied=True)
    back = made(2, state="succeeded", applied=True, action="reverse_points_event", reverses=one.id)

    def job(tx: Any) -> None:
        put(tx, one, back)
        noted(tx, one, 1, "accepted", "reader")
        noted(tx, back, 2, "accepted", "reader")
        noted(tx, one, 3, "succeeded", None)

    await stage.store.write(job)
    told = (await stage.ask(f"/{one.id}")).json()
    listed = (await stage.ask()).json()["operations"]

    assert [
        {"at": "2026-11-03T12:00:02.250Z", "event": "accepted", "by": "reader"},
        {"at": "2026-11-03T12:00:04.250Z", "event": "succeeded", "by": None},
    ] == told.pop("history")
    assert (back.id, one.id) == (told["reversed_by"], listed[0]["reverses"])
    assert told == listed[1]


@pytest.mark.parametrize("path", [ABSENT, "op_1", "nonsense", "%ff", "op_" + "A" * 32])
async def test_what_is_not_there_is_not_found(stage: Stage, path: str) -> None:
    for method, more, options in (
        ("GET", "", {}),
        ("POST", "/settle", {"json": {"outcome": "applied", "evidence": "seen"}}),
        ("POST", "/approve", {}),
    ):
        answer = await stage.ask(f"/{path}{more}", who="lead", method=method, **options)

        assert "There is no operation with this id." == (problem(answer, 404, "not_found")["error"])


async def test_another_shops_operation_is_not_there(stage: Stage) -> None:
    await stage.put(made(1, shop="other"), made(2))
    elsewhere = f"{KEYS['lead']}-other"

    assert [2] == await stage.ids()
    assert 404 == (await stage.ask(f"/{made(1).id}", who="lead")).status_code
    assert 200 == (await stage.ask(f"/{made(1).id}", who=elsewhere)).status_code


async def test_settling_hands_over_what_was_found_out(stage: Stage) -> None:
    await stage.put(made(1, state="needs_review", applied=None))
    path = f"/{made(1).id}/settle"
    given = {"outcome": "Applied", "evidence": " Seen in Rivo. ", "rivo_id": "79096412"}
    answer = await stage.ask(path, who="lead", method="POST", json=given)
    await stage.ask(path, who="lead", method="POST", data={**given, "rivo_id": "None"})

    assert (200, made(1).id) == (answer.status_code, answer.json()["id"])
    assert "history" in answer.json()
    assert [
        ("settle", "lead", made(1).id, "applied", "Seen in Rivo.", 79096412),
        ("settle", "lead", made(1).id, "applied", "Seen in Rivo.", None),
    ] == stage.judges.asked


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "outcome"),
        ({"outcome": "applied"}, "evidence"),
        ({"outcome": "applied", "evidence": " "}, "evidence"),
        ({"outcome": "yes", "evidence": "seen"}, "outcome"),
        ({"outcome": "applied", "evidence": "x" * 256}, "evidence"),
        ({"outcome": "applied", "evidence": "seen", "rivo_id": "0"}, "rivo_id"),
        ({"outcome": "applied", "evidence": "seen", "rivo": "1"}, "rivo"),
    ],
)
async def test_a_settlement_that_lacks_something_is_refused(
    stage: Stage, given: dict[str, str], field: str
) -> None:
    await stage.put(made(1, state="needs_review", applied=None))
    answer = await stage.ask(f"/{made(1).id}/settle", who="lead", method="POST", json=given)

    assert field == problem(answer, 422, "invalid_input")["field"]
    assert [] == stage.judges.asked


async def test_approving_takes_no_input(stage: Stage) -> None:
    await stage.put(made(1, state="awaiting_approval"))
    path = f"/{made(1).id}/approve"
    approved = await stage.ask(path, who="lead", method="POST")
    refused = await stage.ask(path, who="lead", method="POST", json={"by": "me"})

    assert (200, made(1).id) == (approved.status_code, approved.json()["id"])
    assert (
        "by must be a known input (there is none); got an unknown name."
        == (problem(refused, 422, "invalid_input")["error"])
    )
    assert [("approve", "lead", made(1).id)] == stage.judges.asked


async def test_what_may_not_be_judged_is_a_conflict(stage: Stage) -> None:
    await stage.put(made(1))
    stage.judges.refusal = ConflictError("This operation cannot be approved.")

    answer = await stage.ask(f"/{made(1).id}/approve", who="lead", method="POST")

    assert "This operation cannot be approved." == problem(answer, 409, "conflict")["error"]


async def test_a_store_that_is_away_is_a_passing_trouble(stage: Stage) -> None:
    stage.judges.refusal = StoreError("gone")
    await stage.store.close()

    for path, method in (("", "GET"), (f"/{ABSENT}/approve", "POST")):
        answer = await stage.ask(path, who="lead", method=method)

        problem(answer, 503, "unavailable")
        assert "1" == answer.headers["retry-after"]


async def test_a_key_in_the_wrong_place_is_not_repeated(stage: Stage) -> None:
    answer = await stage.ask(params={"state": KEYS["reader"], "limit": "5"})

    problem(answer, 422, "invalid_input")
    assert KEYS["reader"][:8] not in answer.text


async def test_only_the_documented_methods_are_there(stage: Stage) -> None:
    statuses = [
        (await stage.ask(path, who="lead", method=method)).status_code
        for path, method in (("", "POST"), (f"/{ABSENT}", "DELETE"), (f"/{ABSENT}/settle", "GET"))
    ]

    assert [405, 405, 405] == statuses


async def test_a_body_that_is_none_is_refused(stage: Stage) -> None:
    answer = await stage.ask(
        f"/{ABSENT}/settle", who="lead", method="POST", content=msgspec.json.encode([1])
    )

    assert "body" == problem(answer, 422, "invalid_input")["field"]
