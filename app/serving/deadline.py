"""A deadline that is moved at no cost: one timer for a connection, instead of one a request."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable


class Deadline:
    """When something must have happened, or else `missed` is called.

    The timer is left where it is as long as it rings early enough: it looks then where the deadline
    is by now.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, missed: Callable[[], None]) -> None:
        self._loop = loop
        self._missed = missed
        self._at = math.inf
        self._rings_at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Move it to so many seconds from now."""
        self._at = self._loop.time() + seconds
        if self._at < self._rings_at:
            self._wind()

    def clear(self) -> None:
        """Wait for nothing."""
        self._at = math.inf

    def stop(self) -> None:
        """Wait for nothing any more, and leave no timer behind."""
        self._at, self._rings_at = math.inf, -math.inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wind(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = self._at
        self._timer = self._loop.call_at(self._at, self._ring)

    def _ring(self) -> None:
        self._timer, self._rings_at = None, math.inf
        if self._at == math.inf:
            return
        if self._loop.time() < self._at:
            self._wind()
            return
        self._at = math.inf
        self._missed()
