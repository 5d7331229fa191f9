"""Secrets and e-mails planted wherever something comes in are found nowhere that others look."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import msgspec
import pytest

from app.announcing import TRIGGERS
from app.limits import RIGHTS, Limits
from app.operations.looking import FILTERS
from app.operations.routes import SETTLEMENT
from app.settings import CallerSettings, Door, Settings, ShopSettings, TriggerSettings
from integrations.actions import CONTEXT
from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, Received, demo_shop
from tests.app.loop import seconds
from tests.app.needs import made_ready
from tests.app.serving import MAYA, NOW, SARAH, Service
from tests.app.test_shops import needed
from tests.delivery.asking import signed
from tests.often import often

pytestmark = pytest.mark.anyio

CANARY = "c4n4ry"
DOORS: tuple[Door, ...] = ("actions", "gorgias")
PAGES = ("/", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics", "/actions", "/gorgias")
WRITES = [name for name, action in ACTIONS.items() if action.writes]


class Heard(logging.Handler):
    """Keeps whatever the standard library's loggers say, at every level, with tracebacks."""

    def __init__(self) -> None:
        super().__init__(level=0)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter("%(name)s %(message)s").format(record))


@pytest.fixture
def heard() -> Iterator[Heard]:
    root, handler = logging.getLogger(), Heard()
    level = root.level
    root.addHandler(handler)
    root.setLevel(0)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def settings() -> Settings:
    """Make two shops, each with a caller at both doors who may do everything."""
    return Settings(
        secret_key=b"for-hashes",
        metrics_digests=(),
        shops=tuple(
            ShopSettings(
                name=name,
                rivo_api_key=f"{CANARY}-key-of-{name}",
                callers=tuple(
                    CallerSettings(
                        name=f"{door}-caller",
                        door=door,
                        digests=(sha256(f"{CANARY}-{door}-{name}".encode()).digest(),),
                        actions=frozenset(ACTIONS),
                        limits=Limits(),
                        rights=RIGHTS,
                    )
                    for door in DOORS
                ),
                webhook_secrets=(f"{CANARY}-rivo-of-{name}",),
                triggers=tuple(
                    TriggerSettings(
                        trigger=trigger,
                        url=f"https://hooks.example.com/{CANARY}/{name}?token={CANARY}",
                        secrets=(f"{CANARY}-mesa-of-{name}",),
                    )
                    for trigger in TRIGGERS
                ),
            )
            for name in ("acme", "other")
        ),
    )


def key(door: str, shop: str = "acme") -> str:
    return f"{CANARY}-{door}-{shop}"


class Field:
    """One service, what was planted in it, and where nothing of that may be found."""

    def __init__(self, heard: Heard, capsys: pytest.CaptureFixture[str], **options: Any) -> None:
        self.heard = heard
        self.capsys = capsys
        self.service = Service(settings=settings(), level="debug", **options)
        self.planted = 0
        self.looked = 0

    async def plant(
        self, door: str, path: str, *, method: str = "POST", **options: Any
    ) -> httpx.Response:
        self.planted += 1
        own = key(door if door in DOORS else "actions")
        return await self.service.ask(method, f"/{door}/{path}", key=own, **options)

    async def operations(self, shop: str = "acme") -> list[httpx.Response]:
        """Ask for all the operations that this shop's own may look at, page by page."""
        answers, query = [], "limit=200"
        while True:
            path = f"/operations?{query}"
            answers.append(await self.service.ask("GET", path, key=key("actions", shop)))
            more = answers[-1].json()["next"]
            if more is None:
                return answers
            query = "&".join(f"{name}={value}" for name, value in more.items())

    async def look(self) -> None:
        """Look at everything that somebody else may see: the other shop, the pages, the logs."""
        paths = (*PAGES, "/operations")
        answers = [await self.service.ask("GET", path, key=None) for path in paths]
        newest = (await self.operations())[0].json()["operations"]
        for each in newest[:1]:
            for method, path in (("GET", ""), ("POST", "/settle"), ("POST", "/approve")):
                body = {"outcome": "applied", "evidence": "Seen."} if path == "/settle" else {}
                url, other = f"/operations/{each['id']}{path}", key("actions", "other")
                answers.append(await self.service.ask(method, url, key=other, json=body))
                assert 404 == answers[-1].status_code
        answers += [
            await self.service.ask(
                "POST", f"/{door}/{action}", key=key(door, "other"), json=needed(action)
            )
            for door in DOORS
            for action in ACTIONS
        ]
        answers += await self.operations("other")
        self.looked += len(answers)
        found = [answer.text for answer in answers if CANARY in answer.text.casefold()]
        said = [line for line in self.heard.lines if CANARY in line.casefold()]
        logged = self.service.out.getvalue().decode().casefold()
        printed = "".join(self.capsys.readouterr()).casefold()

        assert [] == found
        assert [] == said
        assert logged.count("\n") >= self.planted + len(answers)
        assert CANARY not in logged
        assert CANARY not in printed


async def test_nothing_of_any_input_is_seen_by_others(
    heard: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    """n = every input of every action, by the doors in turn or both, with three kinds of value."""
    field = Field(heard, capsys)
    at_once = often(suite=1, commit=len(DOORS))
    turns = itertools.cycle(DOORS)
    for name, action in ACTIONS.items():
        fit = await made_ready(field.service, name, key=key("actions"))
        for each in (*action.inputs, *CONTEXT):
            for value in (f"{CANARY}-secret", f"{CANARY}@example.com", {CANARY: [CANARY]}):
                for door in itertools.islice(turns, at_once):
                    await field.plant(door, name, json={**fit, each.name: value})
        for door in DOORS:
            await field.plant(door, name, json={**fit, f"{CANARY}_name": 1})
            await field.plant(door, f"{name}?{CANARY}={CANARY}")
            await field.plant(door, f"{name}?x={CANARY}", method="GET")
            await field.plant(door, name, data={CANARY: CANARY, "shape": CANARY})
            await field.plant(door, name, content=f'{{"{CANARY}":')
            await field.plant(door, name, content=CANARY * 20_000)
            await field.plant(door, name, content=CANARY, headers={"content-type": CANARY})
    await field.look()

    inputs = sum(len(action.inputs) + len(CONTEXT) for action in ACTIONS.values())
    assert 26 * 14 + inputs * 3 * at_once == field.planted > 1000
    assert 9 + 3 + 2 * 26 + 1 == field.looked


async def test_nothing_of_what_is_asked_of_operations_is_seen_by_others(
    heard: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    """n = every filter, every input of a settlement, and every path below, three values each."""
    lost = [Fault(kind="lost")]
    field = Field(heard, capsys, faults=lambda got: lost[0] if lost and got.form else None)
    answer = await field.plant("actions", "create_points_event", json=needed("create_points_event"))
    id_ = answer.json()["operation"]["id"]
    lost.clear()
    for value in (f"{CANARY}-secret", f"{CANARY}@example.com", f"4-{CANARY}"):
        for name in (*FILTERS, CANARY):
            await field.plant("operations", f"?{name}={value}".strip("/"), method="GET")
        for path in (value, f"{value}/settle", f"{id_}/{value}", f"{id_}?{value}={value}"):
            await field.plant("operations", path, method="GET")
            await field.plant("operations", path, json={CANARY: value})
        for name in (*SETTLEMENT, CANARY):
            body = {"outcome": "applied", name: value}
            await field.plant("operations", f"{id_}/settle", json=body)
            await field.plant("operations", f"{id_}/approve", json=body)
    told = await field.plant("operations", id_, method="GET")
    await field.look()

    assert 1 + 3 * (len(FILTERS) + 1 + 2 * 4 + 2 * (len(SETTLEMENT) + 1)) + 1 == field.planted
    assert ("succeeded", [f"{CANARY}-secret"]) == (told.json()["state"], told.json()["evidence"])


HEADERS = (
    "accept",
    "accept-language",
    "authorization",
    "content-type",
    "cookie",
    "forwarded",
    "host",
    "idempotency-key",
    "origin",
    "referer",
    "traceparent",
    "user-agent",
    "via",
    "x-api-key",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-real-ip",
    "x-unknown",
)


async def test_nothing_of_any_header_or_path_is_seen_by_others(
    heard: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    field = Field(heard, capsys)
    for path in ("actions/get_customer", "actions/nowhere", "gorgias/get_sidebar", "nowhere", ""):
        for name in HEADERS:
            for value in (f"{CANARY}-secret", f"Bearer {CANARY}", f"{CANARY}@example.com"):
                field.planted += 1
                await field.service.ask(
                    "GET", f"/{path}?customer_email={SARAH}", key=None, headers={name: value}
                )
        # A request id is kept and told: only what cannot be one is replaced.
        await field.service.ask("GET", f"/{path}", headers={"x-request-id": f"{CANARY}@x.example"})
        await field.service.ask("GET", f"/{path}/{CANARY}@example.com")
        await field.service.ask("GET", f"/{CANARY}/{path}?{CANARY}")
        field.planted += 3
    await field.look()

    assert 5 * (18 * 3 + 3) == field.planted


BODIES = (
    f'{{"error":"{CANARY}@example.com: secret {CANARY}"}}',
    f'{{"message":"{CANARY}"}}',
    f'{{"errors":["{CANARY}"]}}',
    f"<html>{CANARY}</html>",
    json.dumps({"data": {"id": CANARY, "attributes": {CANARY: CANARY}}}),
    json.dumps({"data": [{"id": 1, "attributes": {"email": [CANARY]}}]}),
)
SAID = (
    *(
        Fault(
            kind="status",
            status=status,
            body=body.encode(),
            headers=(("x-note", CANARY), ("retry-after", CANARY), ("location", f"/{CANARY}")),
        )
        for status in (200, 201, 202, 301, 400, 401, 403, 404, 405, 409, 422, 429, 500, 503)
        for body in BODIES
    ),
    Fault(kind="lost", error=lambda: httpx.ReadError(f"{CANARY}@example.com")),
    Fault(kind="lost", error=lambda: httpx.ConnectError(CANARY)),
    Fault(kind="lost", error=lambda: ValueError(CANARY)),
    Fault(kind="hang"),
)


class Saying:
    """What acme's Rivo says to everything, or to writes alone; nothing wrong at first."""

    def __init__(self) -> None:
        self.all: Fault | None = None
        self.writes: Fault | None = None

    def __call__(self, received: Received) -> Fault | None:
        if received.header("authorization") != f"{CANARY}-key-of-acme":
            return None
        return self.all or (self.writes if received.method != "GET" else None)


@pytest.mark.parametrize("action", ACTIONS)
async def test_nothing_of_what_rivo_says_is_seen_by_others(
    heard: Heard, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    """By the doors in turn, a third of what Rivo may say for each action; for a commit, all of it.

    Each write is one of its own.
    """
    rivo = Saying()
    field = Field(heard, capsys, faults=rivo)
    fit = await made_ready(field.service, action, key=key("actions"))
    at_once = often(suite=1, commit=len(DOORS))
    turns = itertools.cycle(DOORS)
    every = often(suite=3, commit=1)
    said = SAID[list(ACTIONS).index(action) % every :: every]
    for number, each in enumerate(said):
        rivo.all = each
        for door in itertools.islice(turns, at_once):
            headers = {"idempotency-key": f"time {number}"}
            answer = await field.plant(door, action, json=fit, headers=headers)
            assert f"{CANARY}-key-of" not in answer.text
    await field.look()

    assert at_once * len(said) == field.planted
    assert 14 * 6 + 4 == len(SAID)


@pytest.mark.parametrize("action", WRITES)
async def test_nothing_that_is_read_back_of_a_write_is_seen_by_others(
    heard: Heard, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    """A lost write is looked for while Rivo says all kinds of things, and answered after that.

    Of what Rivo said nothing is in the evidence either, which the shop's own may read.
    """
    rivo = Saying()
    field = Field(heard, capsys, faults=rivo)
    settler = field.service.app.state.settler
    notes = dict.fromkeys(("internal_note", "external_note"), f"{CANARY} for it")
    who = {"agent_email": f"{CANARY}@example.com", "agent_name": CANARY, "reason": CANARY}
    fit = await made_ready(field.service, action, key=key("actions"))
    fit |= who | {name: note for name, note in notes.items() if name in ACTIONS[action].known}
    for applied in (True, False):
        rivo.writes = Fault(kind="lost", applied=applied)
        for number in range(3):
            headers = {"idempotency-key": f"{CANARY} {applied} {number}"}
            await field.plant("actions", action, json=fit, headers=headers)
    open_before = (await field.operations())[0].text.count('"state":"unknown"')
    for each in SAID:
        rivo.all = each
        await asyncio.sleep(600)
        await settler.once()
    rivo.all = None
    for _ in range(3):
        await asyncio.sleep(600)
        await settler.once()
    (listed,) = await field.operations()
    evidence = [each["evidence"] for each in listed.json()["operations"]]
    headers = {"idempotency-key": f"{CANARY} True 0"}
    again = await field.plant("actions", action, json=fit, headers=headers)
    await field.look()

    assert open_before > 0
    assert 0 == listed.text.count('"state":"unknown"')
    assert CANARY not in json.dumps(evidence)
    assert ("true", True) == (again.headers["idempotent-replayed"], again.status_code <= 202)
    assert f"{CANARY}-key-of" not in again.text + listed.text


async def test_nothing_that_goes_on_in_the_background_is_logged_with_a_name(
    heard: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    rivo = Saying()
    field = Field(heard, capsys, faults=rivo)
    async with field.service.app.router.lifespan_context(field.service.app):
        rivo.writes = Fault(kind="lost")
        for number, value in enumerate((f"{CANARY}-secret", f"{CANARY}@example.com")):
            who = {"agent_email": f"{CANARY}@example.com", "agent_name": value, "reason": value}
            given = {"customer_email": MAYA, "points_amount": 1, "internal_note": value, **who}
            headers = {"idempotency-key": f"{CANARY} {number}"}
            await field.plant("actions", "create_points_event", json=given, headers=headers)
        await asyncio.sleep(200)
        await field.look()
    events = {line["event"] for line in field.service.lines()}

    assert {"operation.sending", "operation.unknown", "audit.head"} <= events
    assert events & {"operation.rejected", "operation.needs_review"}


REFUSALS = (
    httpx.Response(500, text=CANARY, headers={"x-note": CANARY, "retry-after": CANARY}),
    httpx.Response(302, headers={"location": f"https://hooks.example.com/{CANARY}"}),
    httpx.ConnectError(f"{CANARY}.example.com"),
    httpx.ReadTimeout(CANARY),
    httpx.RemoteProtocolError(CANARY),
    ValueError(CANARY),
)


class Refusing(httpx.AsyncBaseTransport):
    """A receiver of triggers that never says yes, each time in another way."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.told.append(str(request.url))
        answer = REFUSALS[len(self.told) % len(REFUSALS)]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


ANNOUNCED: tuple[bytes, ...] = (
    *(
        json.dumps({"id": number, "points_diff": 5, "customer": who, **more}).encode()
        for number, who in enumerate(
            ({"id": 7, "email": f"{CANARY}@example.com"}, {"id": CANARY, "name": CANARY}, CANARY)
        )
        for more in ({"title": CANARY}, {"internal_note": CANARY}, {"points_diff": CANARY}, {})
    ),
    json.dumps({"id": CANARY, CANARY: [CANARY], "event_type": f"{CANARY}!"}).encode(),
    f'["{CANARY}"]'.encode(),
    f'{{"{CANARY}":'.encode(),
    b"[" * 3_000 + CANARY.encode(),
)


async def test_nothing_of_webhooks_or_of_where_triggers_go_is_seen_by_others(
    heard: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    """n = every body, under its topic and an odd one, signed rightly and in three wrong ways."""
    began = seconds()
    receiver = Refusing()
    field = Field(heard, capsys, triggers=receiver)
    own = f"{CANARY}-rivo-of-acme"
    statuses: Counter[int] = Counter()
    for number, body in enumerate(ANNOUNCED):
        for topic in ("points_event/created", f"{CANARY}@example.com"):
            at = NOW + timedelta(seconds=seconds() - began)
            name = f"{CANARY}-{number}-{topic}"
            right = signed(body, at=at, name=name, topic=topic, secret=own)
            tries = [
                ("/rivo/webhooks", right),
                ("/rivo/webhooks/acme", right),
                ("/rivo/webhooks/other", right),
                (f"/rivo/webhooks/{CANARY}", right),
                ("/rivo/webhooks", {**right, "rivo-webhook-signature": CANARY}),
                ("/rivo/webhooks", {**right, "rivo-webhook-timestamp": CANARY}),
            ]
            for path, headers in tries:
                field.planted += 1
                answer = await field.service.ask(
                    "POST", path, key=None, content=body, headers=headers
                )
                statuses[answer.status_code] += 1
                assert CANARY not in answer.text
    for _ in range(9):
        await field.service.app.state.deliverer.once()
        await asyncio.sleep(50_000)
    await field.look()
    events = Counter(line["event"] for line in field.service.lines())

    assert {200: 2 * 2 * 16, 401: 4 * 2 * 16} == statuses
    assert 16 == len(ANNOUNCED)
    assert 2 * 2 * 16 == events["webhook.taken"]
    assert 0 < events["trigger.dead"] * 7 == events["trigger.put_off"]
    assert 8 * events["trigger.dead"] == len(receiver.told)
    assert all(f"/{CANARY}/acme?token={CANARY}" in url for url in receiver.told)


async def test_what_rivo_keeps_of_its_staff_is_told_to_nobody(
    heard: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    """An operator's address in an internal note is in no answer, of any shape, to anybody."""
    shop = demo_shop(NOW)
    note = f"given by {CANARY}.operator@example.com"
    events = tuple(msgspec.structs.replace(e, internal_note=note) for e in shop.points_events)
    field = Field(heard, capsys, shop=msgspec.structs.replace(shop, points_events=events))
    answers = [
        await field.plant(door, name, json={**inputs, "shape": shape})
        for door in DOORS
        for shape in ("flat", "full")
        for name, inputs in (
            ("list_points_events", {}),
            ("list_customer_points_events", {"customer_email": MAYA}),
            ("get_sidebar", {"customer_email": MAYA}),
            (
                "create_points_event",
                {"customer_email": MAYA, "points_amount": 1, "internal_note": note},
            ),
        )
    ]
    await field.look()

    assert 16 == len(answers)
    assert [] == [a.text for a in answers if "operator@" in a.text or a.status_code > 201]


async def test_the_canary_sings() -> None:
    """These tests can fail: what is answered to the caller itself does hold what it sent."""
    service = Service(settings=settings())
    told = await service.act("list_customers", key=key("actions"), page="x-c4n4ryx")

    assert CANARY in told.text
