"""Writes that Rivo will have done only some time after it was asked."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from integrations.rivo_sandbox.received import Received


class LateWrite(Struct, frozen=True):
    """A write that waits: when it is done, and how much of its note is kept then."""

    due: datetime
    received: Received
    note_length: int | None


class LateWrites:
    """The writes that wait, handed out in the order in which they are due."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, LateWrite]] = []
        self._count = itertools.count()

    @property
    def due(self) -> datetime | None:
        """When the next one is due; None where none waits."""
        return self._waiting[0][0] if self._waiting else None

    def add(self, write: LateWrite) -> None:
        """Let a write wait."""
        heapq.heappush(self._waiting, (write.due, next(self._count), write))

    def take(self, now: datetime) -> Iterator[LateWrite]:
        """Hand out, and forget, all that are due by now."""
        while self._waiting and self._waiting[0][0] <= now:
            yield heapq.heappop(self._waiting)[2]
