"""Upstream and its budget: what is counted when, who goes first, what is never sent."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import stamina

from integrations.budget import Budget, Leaving, Priority
from integrations.errors import HeldBackError, NotSentError
from integrations.rivo_sandbox.limit import Limit
from integrations.upstream import Upstream, make_client
from integrations.wire import Leaves
from tests.app.loop import SkippingLoop, seconds

BASE = "https://upstream.test/v1"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Rivo(httpx.AsyncBaseTransport):
    """Answers what `says` tells it after 140 ms, 200 by default; knows when it was asked what."""

    def __init__(
        self, says: Callable[[int], httpx.Response] = lambda _: httpx.Response(200)
    ) -> None:
        self.says = says
        self.asked: list[tuple[float, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((seconds(), request.url.path.rpartition("/")[2]))
        number = len(self.asked)
        await asyncio.sleep(0.14)
        return self.says(number)


def connect(rivo: Rivo, *, most: int | None = 15, connections: int = 10) -> Upstream:
    stamina.instrumentation.set_on_retry_hooks([])
    return Upstream(
        make_client(base_url=BASE, headers={}, transport=rivo),
        name="shop",
        clock=seconds,
        budget=Budget(clock=seconds, most=most, connections=connections),
        chance=lambda: 0.5,
    )


def in_virtual_time(play: Callable[[], Any]) -> Any:
    """Run on a loop whose time jumps."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(play())


def test_calls_leave_by_what_they_are_for() -> None:
    async def play() -> list[str]:
        rivo = Rivo()
        upstream = connect(rivo, most=1)
        order = [Priority.EXPORT, Priority.REFRESH, Priority.SETTLE, Priority.READ, Priority.WRITE]
        calls = [
            upstream.call("GET", [each.name], seconds=30, priority=each)
            for each in [*order, *order]
        ]
        await asyncio.gather(*calls)
        return [path for _, path in rivo.asked]

    first, *rest = in_virtual_time(play)
    assert "EXPORT" == first
    assert ["WRITE", "WRITE", "READ", "READ"] == rest[:4]


def test_reads_go_behind_writes_where_nobody_says_what_they_are_for() -> None:
    async def play() -> list[str]:
        rivo = Rivo()
        upstream = connect(rivo, most=1)
        first = asyncio.create_task(upstream.read(["first"], seconds=9))
        await asyncio.sleep(0)
        reads = [asyncio.create_task(upstream.read(["read"], seconds=9)) for _ in range(2)]
        await asyncio.sleep(0)
        await upstream.call("POST", ["write"], seconds=9)
        await asyncio.gather(first, *reads)
        return [path for _, path in rivo.asked]

    assert ["first", "write", "read", "read"] == in_virtual_time(play)


@pytest.mark.parametrize(("method", "least"), [("POST", 1.2), ("PUT", 1.2), ("GET", 0.5)])
def test_what_waited_too_long_to_be_answered_in_time_is_not_sent(method: str, least: float) -> None:
    async def play() -> tuple[float, int]:
        rivo = Rivo()
        upstream = connect(rivo, most=None, connections=1)
        holding = asyncio.create_task(upstream._budget.enter(Priority.READ, deadline=math.inf))
        await holding
        began = seconds()
        with pytest.raises(HeldBackError):
            await upstream.call(method, ["x"], seconds=2.5)
        return seconds() - began, len(rivo.asked)

    waited, asked = in_virtual_time(play)
    assert (round(2.5 - least, 2), 0) == (round(waited, 2), asked)


def test_what_is_held_back_is_not_asked_for_a_second_time() -> None:
    async def play() -> float:
        upstream = connect(Rivo(), most=15)
        upstream._budget.too_many(9.0)
        began = seconds()
        with pytest.raises(HeldBackError):
            await upstream.read(["x"], seconds=4)
        return seconds() - began

    assert 0.0 == in_virtual_time(play)


def test_a_429_holds_back_all_calls_of_the_shop_until_it_is_over() -> None:
    async def play() -> list[float]:
        def says(number: int) -> httpx.Response:
            return httpx.Response(429 if number == 1 else 200, headers={"retry-after": "2"})

        rivo = Rivo(says)
        upstream, began = connect(rivo), seconds()
        assert 429 == (await upstream.call("POST", ["x"], seconds=2.5)).status
        with pytest.raises(NotSentError):
            await upstream.call("POST", ["x"], seconds=2.5)  # could wait 1.3 seconds, not 2
        await upstream.call("GET", ["x"], seconds=3)
        return [round(at - began, 1) for at, _ in rivo.asked]

    assert [0.0, 2.1] == in_virtual_time(play)


def test_the_second_attempt_needs_a_share_of_its_own() -> None:
    async def play() -> list[float]:
        rivo = Rivo(lambda number: httpx.Response(503 if number == 1 else 200))
        upstream, began = connect(rivo, most=1), seconds()
        await upstream.read(["x"], seconds=4)
        return [round(at - began, 1) for at, _ in rivo.asked]

    assert [0.0, 1.1] == in_virtual_time(play)


def test_callers_that_come_and_go_never_exceed_the_limit_and_leave_nothing_behind() -> None:
    async def play() -> tuple[list[float], Any]:
        dice = random.Random(3)
        rivo = Rivo()
        upstream = connect(rivo)

        async def one() -> None:
            await asyncio.sleep(dice.uniform(0, 100))
            method = dice.choice(["GET", "POST"])
            call = asyncio.create_task(upstream.call(method, ["x"], seconds=dice.uniform(0.3, 4)))
            if dice.random() < 0.4:
                await asyncio.sleep(dice.uniform(0, 1.5))
                call.cancel()
            await asyncio.wait({call})

        await asyncio.gather(*(one() for _ in range(3_000)))
        await asyncio.sleep(10)
        return [at for at, _ in rivo.asked], upstream.state().budget

    asked, state = in_virtual_time(play)
    limit = Limit(15)
    assert len(asked) > 1_000
    assert all(limit.admits(NOON + timedelta(seconds=at), kind="rolling") for at in asked)
    assert (0, 0, 0) == (state.used, state.waiting, state.under_way)


# When a request leaves.


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request on a kept connection."""
    while await reader.readline():
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    writer.close()


@asynccontextmanager
async def over_sockets(budget: Budget) -> AsyncIterator[Upstream]:
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        client = make_client(base_url=f"http://{host}:{port}", headers={})
        upstream = Upstream(client, name="test", clock=time.monotonic, budget=budget)
        yield upstream
        await upstream.close()


@pytest.mark.anyio
async def test_a_request_has_left_when_its_connection_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: list[str] = []
    connecting, left = Budget.connecting, Budget.left

    def connects(self: Budget, leaving: Leaving) -> None:
        events.append("connecting")
        connecting(self, leaving)

    def leaves(self: Budget, leaving: Leaving) -> None:
        events.append("left")
        left(self, leaving)

    monkeypatch.setattr(Budget, "connecting", connects)
    monkeypatch.setattr(Budget, "left", leaves)
    budget = Budget(clock=time.monotonic, most=15)
    began = time.monotonic()
    async with over_sockets(budget) as upstream:
        first = await upstream.call("GET", ["x"], seconds=5)
        await upstream.call("POST", ["x"], form=[("a", "b")], seconds=5)

    assert ["left", "connecting", "left"] == events[:3]  # the last word counts
    assert ["left", "left"] == events[3:]
    assert began < first.left < time.monotonic()
    assert 2 == budget.state().used


@pytest.mark.anyio
async def test_what_found_nobody_there_counts_all_the_same_until_the_window_is_over() -> None:
    budget = Budget(clock=time.monotonic, most=15)
    client = make_client(base_url="http://127.0.0.1:1", headers={})
    upstream = Upstream(client, name="test", clock=time.monotonic, budget=budget)

    with pytest.raises(NotSentError):
        await upstream.call("POST", ["x"], seconds=5)

    state = budget.state()
    assert (1, 0) == (state.used, state.under_way)
    assert all(each.at < math.inf for each in budget._left)
    await upstream.close()


@pytest.mark.anyio
async def test_a_request_that_still_connects_is_in_every_window() -> None:
    now = 1000.0
    budget = Budget(clock=lambda: now, most=1)
    leaving = await budget.enter(Priority.READ, deadline=now + 2)
    hear = Leaves(budget, leaving)
    await hear("connection.connect_tcp.started", {})
    now += 50

    assert 1 == budget.state().used
    await hear("connection.connect_tcp.complete", {})
    await hear("http11.send_request_headers.started", {})
    assert now == leaving.at
    now += 1.1
    assert 0 == budget.state().used
