"""What was made of remembered reads, kept as long as each of them is still what would be found.

To put an answer together and encode it costs more than everything else about a warm read. So it is
kept beside the reads that it was made of: while all of them are fresh it is the answer, byte for
byte; when one of them is not any more it is made anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable
from typing import Final

import msgspec
from cachetools import TLRUCache

from integrations.memory import OVERHEAD, Memory

MOST_SECONDS: Final = 60.0
"""What an answer says of the present (which codes have expired) is no older, whatever is fresh."""


class Used:
    """What a request has read so far: how often it asked, and what it got that is fresh.

    Reads are named by key and serial: their bodies are the memory's alone.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.got: list[tuple[Hashable, int]] = []


class _View(msgspec.Struct):
    """What was made, of which reads, and until when that holds if no news comes.

    The news up to the number `checked` is reckoned with.
    """

    value: object
    size: int
    reads: list[tuple[Hashable, int]]
    ends: float
    until: float
    checked: int


class Views:
    """The answers made of one shop's remembered reads; what was used longest ago goes first."""

    def __init__(self, memory: Memory, *, clock: Callable[[], float], max_bytes: int) -> None:
        self._memory = memory
        self._clock = clock
        self._views: TLRUCache[Hashable, _View, float] = TLRUCache(
            maxsize=max_bytes,
            ttu=lambda _key, view, _now: view.ends,
            timer=clock,
            getsizeof=lambda view: view.size,
        )

    def __len__(self) -> int:
        return len(self._views)

    def find(self, key: Hashable) -> object | None:
        """Return what is kept, unless a read that it was made of is not fresh any more."""
        view = self._views.get(key)
        if view is None:
            return None
        if view.checked != self._memory.news:
            view.until, view.checked = self._until(view), self._memory.news
        if self._clock() < view.until:
            self._memory.hits += 1
            return view.value
        self._views.pop(key)
        return None

    def keep(self, key: Hashable, value: object, *, size: int, used: Used) -> None:
        """Keep what was made of these reads; `size` in bytes, without the bookkeeping.

        What was made without all that was asked for, or of what is not fresh, is not kept.
        """
        if not used.got or used.asked != len(used.got):
            return
        ends = self._clock() + MOST_SECONDS
        view = _View(value, size + OVERHEAD, used.got, ends, 0.0, self._memory.news)
        view.until = self._until(view)
        if self._clock() < view.until:
            with contextlib.suppress(ValueError):  # larger than all that is kept
                self._views[key] = view

    def _until(self, view: _View) -> float:
        return min(view.ends, *(self._memory.fresh_until(*each) for each in view.reads))
