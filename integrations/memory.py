"""What we remember of reads: fresh for a while, last known for longer, asked for once by all.

A remembered read is the other system's body, byte for byte, and the time for which it is true.
Tags say whom or what it concerns; dropping a tag forgets everything that concerns it, also as last
known: what a write has changed is not shown again as what was there before it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Hashable
from typing import Final

import msgspec
from cachetools import TLRUCache

OVERHEAD: Final = 1_500  # bytes an entry costs besides its body, measured in `test_memory.py`
MOST_DROPPED: Final = 100_000
"""So many tags are known to be dropped; what was read before the others were is forgotten."""


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """One read: its body, the time for which it is true, and whom it concerns."""

    body: bytes
    as_of: str
    tags: frozenset[str] = frozenset()


class _Entry(msgspec.Struct):
    """A read as it is kept: fresh until, and gone at, these times of the clock.

    It is known to be older than no drop up to the number `checked`.
    """

    read: Remembered
    fresh_until: float
    kept_until: float
    checked: int


class _Drop(msgspec.Struct, frozen=True):
    """When a tag was dropped last: the number of the drop, and the time of the clock."""

    number: int
    at: float


class _Flight(msgspec.Struct, frozen=True):
    """A read under way: those who come meanwhile wait for it instead of asking again."""

    task: asyncio.Task[Remembered]
    lasting: bool


class Memory:
    """The remembered reads of one shop.

    `clock` gives seconds that only go forward; `max_bytes` bounds bodies and bookkeeping together,
    and so also the number of entries (each counts as at least `OVERHEAD` bytes); what was used
    longest ago goes first. A read is known for `last_known_seconds` if it is not fresh for longer.
    For `settle_seconds` after a drop a read may still show what was before: it is shared, not kept.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        max_bytes: int = 64_000_000,
        last_known_seconds: float = 0.0,
        settle_seconds: float = 5.0,
    ) -> None:
        self._clock = clock
        self._last_known_seconds = last_known_seconds
        self._entries: TLRUCache[Hashable, _Entry, float] = TLRUCache(
            maxsize=max_bytes,
            ttu=lambda _key, entry, _now: entry.kept_until,
            timer=clock,
            getsizeof=lambda entry: len(entry.read.body) + OVERHEAD,
        )
        self._settle_seconds = settle_seconds
        self._flights: dict[Hashable, _Flight] = {}
        self._dropped: dict[str, _Drop] = {}  # those dropped last at the end
        self._drops = 0
        self._forgotten_drops = 0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def read(
        self,
        key: Hashable,
        fetch: Callable[[], Awaitable[Remembered]],
        *,
        fresh_seconds: float,
        seconds: float,
        lasting: bool = False,
    ) -> Remembered:
        """Return the remembered read, else the one that `fetch` brings, shared with all who wait.

        `seconds` is how long this caller waits (TimeoutError after that; the read itself goes on).
        `lasting` marks what no write changes: it is kept when others are dropped. What `fetch`
        raises is raised for everybody who waits, and nothing is remembered.
        """
        entry = self._find(key)
        if entry is not None and self._clock() < entry.fresh_until:
            self.hits += 1
            return entry.read
        self.misses += 1
        if seconds <= 0:
            raise TimeoutError
        flight = self._flights.get(key)
        if flight is None:
            task = asyncio.create_task(self._fetch(key, fetch, fresh_seconds, lasting=lasting))
            flight = self._flights[key] = _Flight(task, lasting)
            task.add_done_callback(lambda _: self._land(key, flight))
        return await asyncio.wait_for(asyncio.shield(flight.task), seconds)

    def last_known(self, key: Hashable) -> Remembered | None:
        """Return what was read last, however old; for when nothing newer can be had."""
        entry = self._find(key)
        return entry.read if entry is not None else None

    def forget(self, key: Hashable) -> None:
        """Forget one read: it was asked for again, and is known to be no more."""
        self._entries.pop(key, None)

    def drop(self, tags: Collection[str]) -> None:
        """Forget what concerns any of the tags, and let no read that has begun fill the memory."""
        self._drops += 1
        drop = _Drop(self._drops, self._clock())
        for tag in tags:
            self._dropped.pop(tag, None)
            self._dropped[tag] = drop
        while len(self._dropped) > MOST_DROPPED:
            self._forgotten_drops = self._dropped.pop(next(iter(self._dropped))).number
        self._flights = {key: f for key, f in self._flights.items() if f.lasting}

    def is_settled(self, tags: Collection[str]) -> bool:
        """Say whether what is read now about all of the tags shows every drop."""
        since = self._clock() - self._settle_seconds
        return not any((drop := self._dropped.get(tag)) and drop.at > since for tag in tags)

    async def close(self) -> None:
        """Wait for the reads that are under way; each ends by its own deadline."""
        await asyncio.gather(*(f.task for f in self._flights.values()), return_exceptions=True)

    async def _fetch(
        self,
        key: Hashable,
        fetch: Callable[[], Awaitable[Remembered]],
        fresh_seconds: float,
        *,
        lasting: bool,
    ) -> Remembered:
        drops = self._drops
        read = await fetch()
        is_true = lasting or (drops == self._drops and self.is_settled(read.tags))
        kept_seconds = max(fresh_seconds, self._last_known_seconds)
        if is_true and kept_seconds > 0:
            now = self._clock()
            with contextlib.suppress(ValueError):  # larger than the memory
                self._entries[key] = _Entry(
                    read, now + fresh_seconds, now + kept_seconds, self._drops
                )
        return read

    def _find(self, key: Hashable) -> _Entry | None:
        """Find what is kept, unless it was dropped; an index by tags would cost more to keep."""
        try:
            entry = self._entries[key]
        except KeyError:
            return None
        if entry.checked != self._drops:
            if self._is_dropped(entry):
                self.forget(key)
                return None
            entry.checked = self._drops
        return entry

    def _is_dropped(self, entry: _Entry) -> bool:
        tags = entry.read.tags
        return (bool(tags) and entry.checked < self._forgotten_drops) or any(
            (drop := self._dropped.get(tag)) and drop.number > entry.checked for tag in tags
        )

    def _land(self, key: Hashable, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if not flight.task.cancelled():
            flight.task.exception()  # seen by those who waited; nobody may be left to
