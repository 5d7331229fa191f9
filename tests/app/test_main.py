"""The composition root: what is made of the settings, and handed down."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.environment import load
from app.main import create_app, sandbox_world
from app.observe import make_log
from integrations.upstream import Upstream
from tests.app.serving import ENVIRON, SARAH, Service
from tests.store.stage import Inline

pytestmark = pytest.mark.anyio

TWO = """
[shops.acme]
rivo_api_key = "rivo-key-of-acme"
[shops.acme.callers.one]
door = "actions"
actions = ["*"]
secret_file = "acme"
[shops.other]
rivo_api_key = "rivo-key-of-other"
[shops.other.callers.one]
door = "actions"
actions = ["*"]
secret_file = "other"
"""


@pytest.mark.parametrize(("fresh", "asked"), [("0", 3), ("30", 1), ("9.5", 2)])
async def test_a_read_is_remembered_as_long_as_it_is_told(fresh: str, asked: int) -> None:
    service = Service({**ENVIRON, "FRESH_SECONDS": fresh})
    for _ in range(3):
        await service.act("get_customer", customer_email=SARAH)
        await asyncio.sleep(5)

    assert asked == len(service.sandbox.requests)


async def test_rivo_is_asked_where_it_is_said_to_be() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"data": []})

    url = "http://localhost:9000/somewhere/v1/"
    service = Service(
        {**ENVIRON, "RIVO_API_URL": url}, transport=lambda _: httpx.MockTransport(answer)
    )
    await service.act("list_rewards")

    assert str(asked[0].url).startswith("http://localhost:9000/somewhere/v1/rewards?")
    assert ENVIRON["RIVO_API_KEY"] == asked[0].headers["authorization"]


async def test_in_the_sandbox_each_shop_has_a_demo_shop_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("config.toml", TWO), ("acme", "key-of-acme"), ("other", "key-of-other")):
        (tmp_path / name).write_text(text)
    app = create_app(
        load({"CONFIG": "config.toml", "DATABASE_URL": "sqlite://"}, sandbox=True),
        log=make_log(io.BytesIO(), level="info", form="json"),
        world=replace(sandbox_world(), executor=Inline),
    )
    await app.state.store.open()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

        async def ask(shop: str, action: str, **inputs: Any) -> dict[str, Any]:
            headers = {"x-api-key": f"key-of-{shop}"}
            answer = await client.post(f"/actions/{action}", headers=headers, json=inputs)
            assert answer.status_code in (200, 201), answer.text
            told: dict[str, Any] = answer.json()["customer"]
            return told

        given = await ask("acme", "create_points_event", customer_email=SARAH, points_amount=1)
        other = await ask("other", "get_customer", customer_email=SARAH)

    assert (151, 150) == (given["points_tally"], other["points_tally"])
    assert not (tmp_path / "data").exists()


async def test_what_is_under_way_ends_before_the_connections_are_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends: list[str] = []
    close = Upstream.close

    async def closing(self: Upstream) -> None:
        await close(self)
        ends.append("closed")

    async def slowly(_: object) -> None:
        await asyncio.sleep(1)
        ends.append("answered")

    monkeypatch.setattr(Upstream, "close", closing)
    service = Service(delay=slowly)
    async with service.app.router.lifespan_context(service.app):
        asking = asyncio.create_task(service.act("list_vip_tiers"))
        await asyncio.sleep(0.5)
    answer = await asking

    assert 200 == answer.status_code
    assert ["answered", "closed"] == ends


@pytest.mark.parametrize(("sandbox", "running"), [(True, 0), (False, 1)])
async def test_nothing_is_told_on_tickets_of_what_is_done_in_a_demo_shop(
    sandbox: bool, running: int
) -> None:
    there = {"GORGIAS_DOMAIN": "acme", "GORGIAS_USER": "we@acme.example", "GORGIAS_API_KEY": "k"}
    service = Service(settings=load({**ENVIRON, **there}, sandbox=sandbox))

    async with service.app.router.lifespan_context(service.app):
        names = [getattr(t.get_coro(), "__qualname__", "") for t in asyncio.all_tasks()]

    assert running == names.count("NoteWriter.run")
