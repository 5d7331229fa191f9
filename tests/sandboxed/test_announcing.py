"""What a demo shop announces is brought to our own door, again until it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.environment import load
from app.sandboxed.announcing import Told
from app.sandboxed.shops import Sandboxes
from integrations.rivo_sandbox import Sandbox, Switches
from tests.app.loop import seconds
from tests.rivo_sandbox.stage import SARAH

pytestmark = pytest.mark.anyio

BEGAN = datetime(2026, 11, 22, 9, tzinfo=UTC)
SHOP = load({"DATABASE_URL": "sqlite://"}, sandbox=True).shops[0]


class Door:
    """Stands in for our door for webhooks: notes what comes, and answers as it is told."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.came: list[tuple[float, str, dict[str, str], bytes]] = []
        self.hangs = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self.came.append((seconds() - 1000, request.url.path, dict(request.headers), body))
        if self.hangs:
            await asyncio.sleep(60)
        status = self.answers.pop(0) if self.answers else 204
        if status == 0:
            raise ConnectionResetError
        await Response(status_code=status)(scope, receive, send)

    @property
    def topics(self) -> list[str]:
        return [headers["rivo-webhook-topic"] for _, _, headers, _ in self.came]

    @property
    def times(self) -> list[float]:
        return [round(at - self.came[0][0], 3) for at, *_ in self.came]


def now() -> datetime:
    return BEGAN + timedelta(seconds=seconds())


@asynccontextmanager
async def bringing(
    door: Door, shop: Any = SHOP, **switches: str
) -> AsyncIterator[tuple[Sandbox, Callable[[], list[Told]]]]:
    """Open a demo shop whose announcements go to a door."""
    sandboxes = Sandboxes(now=now, sleep=asyncio.sleep)
    sandboxes.transport(shop)
    sandbox = sandboxes.of(shop.name)
    sandbox.switches = msgspec.convert(switches, Switches)
    running = asyncio.create_task(sandboxes.courier.run(door))
    yield sandbox, lambda: list(sandboxes.courier.told.get(shop.name, ()))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_announcement_is_brought_signed_and_in_order() -> None:
    door = Door()
    async with bringing(door) as (sandbox, told):
        sandbox.give(SARAH, points=40)
        assert [(0, False), (0, False)] == [(each.tries, each.taken) for each in told()]
        await asyncio.sleep(1)

        assert ["points_event/created", "loyalty_profile/updated"] == door.topics
        assert {"/rivo/webhooks/sandbox"} == {path for _, path, _, _ in door.came}
        assert all("rivo-webhook-signature" in headers for _, _, headers, _ in door.came)
        bodies = [msgspec.json.decode(body) for *_, body in door.came]
        assert [40, None] == [body.get("points_diff") for body in bodies]
        assert [(1, True, None, "sarah.martinez@example.com")] * 2 == [
            (each.tries, each.taken, each.due, each.about) for each in told()
        ]


@pytest.mark.parametrize("failure", [503, 0])
async def test_what_is_not_taken_is_brought_again_later(failure: int) -> None:
    door = Door(failure, 204, failure)
    async with bringing(door) as (sandbox, told):
        sandbox.give(SARAH, points=40)
        await asyncio.sleep(1)
        first = told()[0]

        assert (1, failure or 500, False) == (first.tries, first.status, first.taken)
        assert first.due is not None
        await asyncio.sleep(60)

    assert [0, 0, 10, 30] == door.times
    ids = [headers["rivo-webhook-id"] for _, _, headers, _ in door.came]
    assert ids[0] == ids[2] == ids[3] != ids[1]
    assert [3, 1] == [each.tries for each in told()]


async def test_after_five_tries_it_is_given_up() -> None:
    door = Door(*[503] * 20)
    async with bringing(door) as (sandbox, told):
        sandbox.move(SARAH, 552289)
        await asyncio.sleep(1000)

        assert [0, 10, 30, 70, 150] == door.times
        assert (5, 503, None, False) == (
            told()[0].tries,
            told()[0].status,
            told()[0].due,
            told()[0].taken,
        )


async def test_what_is_announced_late_holds_nothing_else_up() -> None:
    door = Door()
    async with bringing(door, webhook_order="out_of_order") as (sandbox, _):
        sandbox.give(SARAH, points=40)
        await asyncio.sleep(20)

    assert ["loyalty_profile/updated", "points_event/created"] == door.topics
    assert [0, 5] == door.times


async def test_who_does_not_answer_is_not_waited_for_for_ever() -> None:
    door = Door()
    door.hangs = True
    async with bringing(door, webhook_retry="none") as (sandbox, told):
        sandbox.move(SARAH, 552289)
        await asyncio.sleep(11)

        assert (1, None, None) == (told()[0].tries, told()[0].status, told()[0].due)


async def test_bulk_changes_are_brought_to_nobody() -> None:
    door = Door()
    async with bringing(door) as (sandbox, told):
        sandbox.give(SARAH, points=40, announced=False)
        await asyncio.sleep(1)

        assert ([], []) == (told(), door.came)


async def test_a_shop_without_a_secret_announces_nothing() -> None:
    door = Door()
    async with bringing(door, msgspec.structs.replace(SHOP, webhook_secrets=())) as (sandbox, told):
        sandbox.give(SARAH, points=40)
        await asyncio.sleep(1)

        assert ([], []) == (told(), door.came)


async def test_nothing_is_left_running_when_it_ends() -> None:
    door, before = Door(*[503] * 20), asyncio.all_tasks()
    async with bringing(door) as (sandbox, _):
        sandbox.give(SARAH, points=40)
        await asyncio.sleep(1)
        assert 3 == len(asyncio.all_tasks() - before)

    assert before == asyncio.all_tasks()
