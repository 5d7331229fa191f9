"""A change in Rivo is followed, in one process as people run it: announced, and looked up again."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from app.environment import load
from app.main import create_app
from app.observe import make_log
from app.sandboxed.merchant import PATH
from tests.rivo_sandbox.stage import SARAH
from tests.store.stage import Inline

pytestmark = pytest.mark.anyio

EMAIL = "sarah.martinez@example.com"
GIVE = {"do": "adjust", "customer": SARAH, "amount": "40"}


@pytest.fixture
async def http(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A service that runs with --sandbox, its agents and its merchant."""
    monkeypatch.setattr("app.main.ThreadPoolExecutor", lambda *_, **__: Inline())
    settings = msgspec.structs.replace(load({}, sandbox=True), database=":memory:")
    app = create_app(settings, log=make_log(io.BytesIO(), level="info", form="json"))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://127.0.0.1",
            headers={"x-api-key": "demo"},
        ) as client,
    ):
        yield client


async def points(http: httpx.AsyncClient) -> int:
    answer = await http.get("/actions/get_customer", params={"customer_email": EMAIL})
    tally: int = answer.json()["customer"]["points_tally"]
    return tally


async def give(http: httpx.AsyncClient, **more: Any) -> None:
    answer = await http.post(PATH, json=GIVE | more)
    assert 303 == answer.status_code, answer.text


async def test_what_the_merchant_changes_is_seen_without_waiting_for_it_to_grow_stale(
    http: httpx.AsyncClient,
) -> None:
    before = await points(http)
    await give(http)
    await asyncio.sleep(0.1)  # the loop's turns, in which it is announced

    assert "taken (200)" in (await http.get(PATH)).text
    assert before + 40 == await points(http)


async def test_what_is_announced_to_nobody_is_not_known_before_rivo_is_asked_again(
    http: httpx.AsyncClient,
) -> None:
    before = await points(http)
    await give(http, bulk=True)
    await asyncio.sleep(0.1)

    assert "Nothing yet." in (await http.get(PATH)).text
    assert before == await points(http)
