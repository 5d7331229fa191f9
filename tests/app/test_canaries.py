"""Secrets and e-mails planted wherever something comes in are found nowhere that others look."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import msgspec
import pytest

from app.settings import CallerSettings, Settings, ShopSettings
from integrations.actions import CONTEXT
from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, Received, demo_shop
from tests.app.serving import MAYA, NOW, SARAH, Service
from tests.app.test_shops import needed

pytestmark = pytest.mark.anyio

CANARY = "c4n4ry"
PAGES = ("/", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics", "/actions", "/gorgias")


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
                    )
                    for door in ("actions", "gorgias")
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
        return await self.service.ask(method, f"/{door}/{path}", key=key(door), **options)

    async def look(self) -> None:
        """Look at everything that somebody else may see: the other shop, the pages, the logs."""
        answers = [await self.service.ask("GET", path, key=None) for path in PAGES]
        answers += [
            await self.service.ask(
                "POST", f"/{door}/{action}", key=key(door, "other"), json=needed(action)
            )
            for door in ("actions", "gorgias")
            for action in ACTIONS
        ]
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
    """n = every input of every action, by both doors, with a secret, an e-mail, and a nest."""
    field = Field(heard, capsys)
    for name, action in ACTIONS.items():
        for each in (*action.inputs, *CONTEXT):
            for value in (f"{CANARY}-secret", f"{CANARY}@example.com", {CANARY: [CANARY]}):
                for door in ("actions", "gorgias"):
                    await field.plant(door, name, json={**needed(name), each.name: value})
        for door in ("actions", "gorgias"):
            await field.plant(door, name, json={**needed(name), f"{CANARY}_name": 1})
            await field.plant(door, f"{name}?{CANARY}={CANARY}")
            await field.plant(door, f"{name}?x={CANARY}", method="GET")
            await field.plant(door, name, data={CANARY: CANARY, "shape": CANARY})
            await field.plant(door, name, content=f'{{"{CANARY}":')
            await field.plant(door, name, content=CANARY * 20_000)
            await field.plant(door, name, content=CANARY, headers={"content-type": CANARY})
    await field.look()

    inputs = sum(len(action.inputs) + len(CONTEXT) for action in ACTIONS.values())
    assert 25 * 14 + inputs * 6 == field.planted > 1900
    assert 58 == field.looked


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


@pytest.mark.parametrize("action", ACTIONS)
async def test_nothing_of_what_rivo_says_is_seen_by_others(
    heard: Heard, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    said: list[Fault] = []

    def fault(received: Received) -> Fault | None:
        return said[0] if received.header("authorization") == f"{CANARY}-key-of-acme" else None

    field = Field(heard, capsys, faults=fault)
    for each in SAID:
        said[:] = [each]
        for door in ("actions", "gorgias"):
            answer = await field.plant(door, action, json=needed(action))
            shop_key = f"{CANARY}-key-of"
            assert shop_key not in answer.text
    await field.look()

    assert 2 * (14 * 6 + 4) == 2 * len(SAID) == field.planted


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
        for door in ("actions", "gorgias")
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
