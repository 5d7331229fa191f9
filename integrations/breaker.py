"""Whether the other side works: it is left alone while it fails, and asked whether it is back."""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from integrations.errors import HeldBackError

OVER_SECONDS: Final = 10.0
LEAST_CALLS: Final = 10
PROBES: Final = 3
PROBE_SECONDS: Final = 2.0
HALF_OPEN_SECONDS: Final = 4.5
"""From one probe's start to the next: what is well again is noticed within five seconds."""
FAILING: Final = "The other side is failing; it is left alone for a moment."


class State(enum.StrEnum):
    """Closed: requests pass. Open: none does. Half open: only our own probes do."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """One upstream's breaker; `probe` asks for something harmless and says whether that went well.

    It opens where at least half of ten or more calls in ten seconds failed, and says so to
    `opened`. Then it asks itself: once, and if that goes well, twice more; when all went well it
    closes. Nobody who calls is a probe, so recovery is noticed without any. `clock` gives seconds
    that only go forward.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        probe: Callable[[], Awaitable[bool]],
        opened: Callable[[], None] = lambda: None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.state = State.CLOSED
        self.times_opened = 0
        self.refused = 0
        self._clock = clock
        self._probe = probe
        self._opened = opened
        self._sleep = sleep
        self._calls: deque[tuple[float, bool]] = deque()
        self._half_open_at = 0.0
        self._recovering: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Let a request pass, or raise HeldBackError at once."""
        if self.state is not State.CLOSED:
            self.refused += 1
            left = self._half_open_at - self._clock()
            raise HeldBackError(FAILING, retry_after=max(left, 1.0))

    def count(self, *, failed: bool) -> None:
        """Count one call that has ended; what ends late, while it is open, does not count."""
        if self.state is not State.CLOSED:
            return
        now = self._clock()
        self._calls.append((now, failed))
        while self._calls[0][0] <= now - OVER_SECONDS:
            self._calls.popleft()
        failures = sum(failed for _, failed in self._calls)
        if failed and len(self._calls) >= LEAST_CALLS and failures * 2 >= len(self._calls):
            self._open()

    async def close(self) -> None:
        """Ask no more."""
        if self._recovering is not None:
            self._recovering.cancel()
            await asyncio.wait({self._recovering})

    def _open(self) -> None:
        self.state = State.OPEN
        self.times_opened += 1
        self._calls.clear()
        self._half_open_at = self._clock() + HALF_OPEN_SECONDS
        self._recovering = asyncio.create_task(self._recover(), name="breaker")
        self._opened()

    async def _recover(self) -> None:
        while self.state is not State.CLOSED:
            await self._sleep(max(self._half_open_at - self._clock(), 0.0))
            self.state = State.HALF_OPEN
            self._half_open_at = self._clock() + HALF_OPEN_SECONDS
            self.state = State.CLOSED if await self._is_well() else State.OPEN

    async def _is_well(self) -> bool:
        try:
            if not await self._probe():
                return False
            return all(await asyncio.gather(*(self._probe() for _ in range(PROBES - 1))))
        except Exception:  # noqa: BLE001 -- or it would never be asked again
            return False
