"""What we remember of reads: fresh for a while, then shown while it is looked up anew.

A remembered read is the other system's body, byte for byte, and the time for which it is true. Its
tags say whom or what it concerns. What becomes of it:

    fresh      it is the answer
    stale      it is the answer, said to be stale, and one look is taken in the background
    known      it is looked up anew, with everybody waiting; where that fails it may be shown
    outdated   as known, because somebody says that something has changed (a webhook): but at most
               once in `again_seconds`; in between it is the answer, said to be stale
    dropped    it is forgotten: we changed something ourselves, and nothing older is shown again

Time leads from fresh to stale to known; `outdate` and `drop` of one of its tags lead from any state
to the last two; a new read, that began later, makes it fresh. Who may not be shown anything stale
(whatever decides a write) finds what is fresh, or waits.

A read under way is shared by all who come meanwhile: a flight. It has the tags of whom it was asked
about. Dropped, it goes on for those who wait, fills nothing, and nobody joins it; outdated, what it
brings is outdated as well. Other customers' news does not touch it.

For a while after a drop a read may still show what was before. One that shows the change is fresh
at once, one that surely lacks it is given to those who wait and not kept, and where nothing can
tell it is kept until that while is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Collection, Hashable
from typing import Final

from cachetools import TLRUCache

from integrations.news import News, Proof, Standing, shown, touching
from integrations.remembered import Asked, Entry, Fetch, Flight, Recalled, Remembered

OVERHEAD: Final = 1_500  # bytes an entry costs besides its body, measured in `test_memory.py`


class Memory:
    """The remembered reads of one shop.

    `clock` gives seconds that only go forward; `max_bytes` bounds bodies and bookkeeping together,
    and so the number of entries; what was used longest ago goes first. After being fresh a read is
    stale for `stale_seconds`, and known for `last_known_seconds` in all, if that is longer. For
    `settle_seconds` after a drop a read may still show what was before.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        max_bytes: int = 64_000_000,
        stale_seconds: float = 0.0,
        last_known_seconds: float = 0.0,
        settle_seconds: float = 5.0,
        again_seconds: float = 5.0,
    ) -> None:
        self.max_bytes = max_bytes
        self._clock = clock
        self._stale_seconds = stale_seconds
        self._last_known_seconds = last_known_seconds
        self._again_seconds = again_seconds
        self._entries: TLRUCache[Hashable, Entry, float] = TLRUCache(
            maxsize=max_bytes,
            ttu=lambda _key, entry, _now: entry.kept_until,
            timer=clock,
            getsizeof=lambda entry: len(entry.read.body) + OVERHEAD,
        )
        self._news = News(settle_seconds=settle_seconds)
        self._flights: dict[Hashable, Flight] = {}
        self._serials = itertools.count(1)
        self._running: set[asyncio.Task[Recalled]] = set()
        self.hits = 0
        self.stales = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """How many bytes are kept, bookkeeping included."""
        return int(self._entries.currsize)

    async def read(
        self,
        key: Hashable,
        fetch: Fetch,
        *,
        tags: frozenset[str],
        fresh_seconds: float,
        seconds: float,
        may_be_stale: bool = False,
    ) -> Recalled:
        """Return the remembered read, else the one that `fetch` brings, shared with all who wait.

        `tags` name whom it is asked about (none: what no news touches), `seconds` is how long this
        caller waits (TimeoutError after that; the read itself goes on). What `fetch` raises is
        raised for everybody who waits, and nothing is remembered.
        """
        now = self._clock()
        entry = self._find(key)
        if entry is not None and not entry.outdated and now < entry.fresh_until:
            self.hits += 1
            return Recalled(entry.read, stale=False, serial=entry.serial)
        if entry is not None and may_be_stale and self._is_stale(entry, now):
            self.stales += 1
            if not entry.outdated and key not in self._flights:
                self._take_off(key, fetch, tags, fresh_seconds, background=True)
            return Recalled(entry.read, stale=True)
        self.misses += 1
        if seconds <= 0:
            raise TimeoutError
        flight = self._flights.get(key)
        asked = flight.asked if flight else None
        standing = self._news.since(asked.number, asked.tags) if asked else Standing.DROPPED
        is_old = standing is Standing.OUTDATED
        if is_old and flight and not (may_be_stale and self._is_just_asked(flight.asked, now)):
            flight = None
        if flight is None or standing is Standing.DROPPED:
            looks = is_old or (entry is not None and entry.outdated)
            flight = self._take_off(key, fetch, tags, fresh_seconds, looks=looks)
            is_old = False
        recalled = await asyncio.wait_for(asyncio.shield(flight.task), seconds)
        return Recalled(recalled.read, stale=True) if is_old else recalled

    @property
    def news(self) -> int:
        """A number that changes whenever what is fresh may have ended before its time."""
        return self._news.number

    def fresh_until(self, key: Hashable, serial: int) -> float:
        """Return until when the read of this serial is fresh, if no news comes."""
        entry = self._find(key)
        is_it = entry is not None and entry.serial == serial and not entry.outdated
        return entry.fresh_until if entry is not None and is_it else float("-inf")

    def last_known(self, key: Hashable) -> Remembered | None:
        """Return what was read last, however old; for when nothing newer can be had."""
        entry = self._find(key)
        return entry.read if entry is not None else None

    def forget(self, key: Hashable) -> None:
        """Forget one read: it was asked for again, and is known to be no more."""
        if self._entries.pop(key, None) is not None:
            self._news.number += 1

    def distrust(self, key: Hashable) -> None:
        """Show one read no more before it was asked for again, unless that fails."""
        if (entry := self._find(key)) is not None:
            entry.fresh_until = float("-inf")
            self._news.number += 1

    def drop(self, tags: Collection[str], *, proof: Proof | None = None) -> None:
        """Forget what concerns any of the tags: we changed it.

        `proof` tells whether a read shows the change; without it nothing can.
        """
        self._news.drop(tags, at=self._clock(), proof=proof)

    def outdate(self, tags: Collection[str]) -> None:
        """Look again at what concerns any of the tags, when it is asked for next."""
        self._news.outdate(tags)

    def is_settled(self, tags: Collection[str]) -> bool:
        """Say whether what is read now about all of the tags shows every drop."""
        return not self._news.unsettled(tags, at=self._clock())

    async def close(self) -> None:
        """Wait for the reads that are under way; each ends by its own deadline."""
        await asyncio.gather(*self._running, return_exceptions=True)

    def _is_stale(self, entry: Entry, now: float) -> bool:
        """Say whether an entry that is not fresh may be shown without waiting."""
        if entry.outdated:
            return self._is_just_asked(entry.asked, now)
        return now < entry.fresh_until + self._stale_seconds

    def _is_just_asked(self, asked: Asked, now: float) -> bool:
        """Say whether it was asked because of news, so lately that more news has to wait."""
        return asked.looks and now < asked.at + self._again_seconds

    def _take_off(
        self,
        key: Hashable,
        fetch: Fetch,
        tags: frozenset[str],
        fresh_seconds: float,
        *,
        looks: bool = False,
        background: bool = False,
    ) -> Flight:
        at = self._clock()
        looks = looks or bool(self._news.unsettled(tags, at=at))
        asked = Asked(key, tags, fresh_seconds, at, self._news.number, looks)
        task = asyncio.create_task(self._fly(asked, fetch, background=background))
        flight = self._flights[key] = Flight(asked, task)
        self._running.add(task)
        task.add_done_callback(lambda _: self._land(flight))
        return flight

    async def _fly(self, asked: Asked, fetch: Fetch, *, background: bool) -> Recalled:
        read = await fetch(background)
        unsettled = touching(asked.key, self._news.unsettled(read.tags, at=asked.at))
        is_shown = shown(asked.key, read.body, unsettled)
        if is_shown is False:
            return Recalled(read, stale=True)
        now = self._clock()
        fresh_until = now + asked.fresh_seconds
        kept_until = max(fresh_until + self._stale_seconds, now + self._last_known_seconds)
        if is_shown is None:
            fresh_until = kept_until = min(fresh_until, self._news.settles(unsettled[0]))
        entry = Entry(read, asked, fresh_until, kept_until, asked.number, next(self._serials))
        self._keep(entry)
        return Recalled(read, stale=False, serial=entry.serial)

    def _keep(self, entry: Entry) -> None:
        """Keep what was read, unless it was dropped meanwhile or something newer is there."""
        if self._news.since(entry.checked, entry.read.tags) is Standing.DROPPED:
            return
        before = self._find(entry.asked.key)
        is_newer = before is None or before.asked.number <= entry.asked.number
        if is_newer and self._clock() < entry.kept_until:
            with contextlib.suppress(ValueError):  # larger than the memory
                self._entries[entry.asked.key] = entry

    def _find(self, key: Hashable) -> Entry | None:
        """Find what is kept, unless it was dropped; an index by tags would cost more to keep."""
        try:
            entry = self._entries[key]
        except KeyError:
            return None
        if entry.checked != self._news.number:
            standing = self._news.since(entry.checked, entry.read.tags)
            if standing is Standing.DROPPED:
                del self._entries[key]
                return None
            entry.outdated = entry.outdated or standing is Standing.OUTDATED
            entry.checked = self._news.number
        return entry

    def _land(self, flight: Flight) -> None:
        self._running.discard(flight.task)
        if self._flights.get(flight.asked.key) is flight:
            del self._flights[flight.asked.key]
        if not flight.task.cancelled():
            flight.task.exception()  # seen by those who waited; nobody may be left to
