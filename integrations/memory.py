"""What we remember of reads: fresh for a while, last known for longer, asked for once by all.

A remembered read is the other system's body, byte for byte, and the time for which it is true.
Tags say whom or what it concerns; dropping a tag forgets everything that concerns it, also as last
known: what a write has changed is not shown again as what was there before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable
from typing import Final

import msgspec
from cachetools import TLRUCache, TTLCache

OVERHEAD: Final = 2_000  # bytes an entry costs besides its body, measured in `test_memory.py`


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """One read: its body, the time for which it is true, and whom it concerns."""

    body: bytes
    as_of: str
    tags: frozenset[str] = frozenset()


class _Entry(msgspec.Struct, frozen=True):
    """A read as it is kept: fresh until, and gone at, these times of the clock."""

    read: Remembered
    fresh_until: float
    kept_until: float


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
        self._unsettled: TTLCache[str, None] = TTLCache(100_000, settle_seconds, timer=clock)
        self._tagged: dict[str, set[Hashable]] = {}
        self._flights: dict[Hashable, _Flight] = {}
        self._noted = 0
        self._drops = 0
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
        try:
            entry = self._entries[key]
        except KeyError:
            entry = None
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
        entry = self._entries.get(key)
        return entry.read if entry else None

    def forget(self, key: Hashable) -> None:
        """Forget one read: it was asked for again, and is known to be no more."""
        self._entries.pop(key, None)

    def drop(self, tags: Collection[str]) -> None:
        """Forget what concerns any of the tags, and let no read that has begun fill the memory."""
        self._drops += 1
        for tag in tags:
            self._unsettled[tag] = None
            for key in self._tagged.pop(tag, ()):
                self._entries.pop(key, None)
        self._flights = {key: f for key, f in self._flights.items() if f.lasting}

    def is_settled(self, tags: Collection[str]) -> bool:
        """Say whether what is read now about all of the tags shows every drop."""
        return not any(tag in self._unsettled for tag in tags)

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
            self._keep(key, _Entry(read, now + fresh_seconds, now + kept_seconds))
        return read

    def _keep(self, key: Hashable, entry: _Entry) -> None:
        if len(entry.read.body) + OVERHEAD > self._entries.maxsize:
            return
        self._entries[key] = entry
        for tag in entry.read.tags:
            self._tagged.setdefault(tag, set()).add(key)
        # Entries expire and are evicted without a word: the index is pruned once it outgrew them.
        self._noted += len(entry.read.tags)
        if self._noted > 8 * len(self._entries) + 1_000:
            alive = {tag: keys & self._entries.keys() for tag, keys in self._tagged.items()}
            self._tagged = {tag: keys for tag, keys in alive.items() if keys}
            self._noted = sum(map(len, self._tagged.values()))

    def _land(self, key: Hashable, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if not flight.task.cancelled():
            flight.task.exception()  # seen by those who waited; nobody may be left to
