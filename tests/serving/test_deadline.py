"""A deadline: missed when it is, moved at no cost, and gone without a trace."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.serving.deadline import Deadline
from tests.app.loop import seconds

pytestmark = pytest.mark.anyio


class Watched:
    """A deadline that notes when it was missed, and how many timers it took."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self.began = seconds()
        self.missed: list[float] = []
        self.timers = 0
        call_at = loop.call_at

        def counted(*given: Any, **context: Any) -> asyncio.TimerHandle:
            self.timers += 1
            return call_at(*given, **context)

        self.deadline = Deadline(loop, lambda: self.missed.append(seconds() - self.began))
        monkeypatch.setattr(loop, "call_at", counted)


@pytest.fixture
async def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


async def test_it_is_missed_once(watched: Watched) -> None:
    watched.deadline.set(5)
    await asyncio.sleep(20)

    assert [5] == watched.missed


async def test_it_moves_in_both_directions(watched: Watched) -> None:
    watched.deadline.set(10)
    watched.deadline.set(2)
    await asyncio.sleep(1)
    watched.deadline.set(6)
    await asyncio.sleep(20)

    assert [7] == watched.missed


async def test_to_move_it_takes_no_timer(watched: Watched) -> None:
    for _ in range(1000):
        watched.deadline.set(10)
        await asyncio.sleep(0.01)
    await asyncio.sleep(20)

    assert pytest.approx([19.99]) == watched.missed
    assert 2 == watched.timers - 1001  # those of sleeping do not count


async def test_what_is_cleared_or_stopped_is_not_missed(watched: Watched) -> None:
    watched.deadline.set(5)
    watched.deadline.clear()
    await asyncio.sleep(10)
    watched.deadline.set(5)
    watched.deadline.stop()
    await asyncio.sleep(10)
    timers = watched.timers
    watched.deadline.set(5)
    assert timers == watched.timers
    await asyncio.sleep(10)

    assert [] == watched.missed
