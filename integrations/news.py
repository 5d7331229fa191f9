"""What has changed, by whom or what it concerns: so that what was read before is not taken for new.

News has a number. What was read at the number n is judged by what came after n about any of its
tags: dropped (something is different, we changed it ourselves) or outdated (somebody says that
something may be different).
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Hashable, Sequence
from typing import Final, Protocol

import msgspec

MOST_TAGS: Final = 100_000
"""Of so many tags the news is known; what was read before the others' counts as dropped."""


class Proof(Protocol):
    """What a change of ours left behind, by which a read shows that it is one after it."""

    def touches(self, key: Hashable) -> bool:
        """Say whether the change may be in what is read under a key at all."""
        ...

    def shows(self, key: Hashable, body: bytes) -> bool | None:
        """Say whether a read shows the change; None where it cannot tell."""
        ...


class Standing(enum.IntEnum):
    """How a read stands to what has come since it began; the worst of all its tags counts."""

    SAME = 0
    OUTDATED = 1
    DROPPED = 2


class Drop(msgspec.Struct, frozen=True):
    """A change of ours: its number, its time, and what proves that a read is one after it."""

    number: int
    at: float
    proof: Proof | None


class _Of(msgspec.Struct):
    """The last news of one tag: the last drop, with those before it that have not settled."""

    drops: tuple[Drop, ...] = ()
    outdated: int = 0


class News:
    """The news of one shop.

    For `settle_seconds` after a drop a read may still show what was before it.
    """

    def __init__(self, *, settle_seconds: float) -> None:
        self.number = 0
        self._settle_seconds = settle_seconds
        self._tags: dict[str, _Of] = {}  # those heard of last at the end
        self._forgotten = 0

    def __len__(self) -> int:
        return len(self._tags)

    def drop(self, tags: Collection[str], *, at: float, proof: Proof | None) -> None:
        """Take in a change of ours at the time `at`."""
        self.number += 1
        drop = Drop(self.number, at, proof)
        for tag in tags:
            news = self._of(tag)
            news.drops = (*(each for each in news.drops if self.settles(each) > at), drop)
        self._forget()

    def outdate(self, tags: Collection[str]) -> None:
        """Take in that somebody says that something has changed."""
        self.number += 1
        for tag in tags:
            self._of(tag).outdated = self.number
        self._forget()

    def since(self, number: int, tags: Collection[str]) -> Standing:
        """Say how what was read at a number stands now."""
        if tags and number < self._forgotten:
            return Standing.DROPPED
        standing = Standing.SAME
        for tag in tags:
            news = self._tags.get(tag)
            if news is None:
                continue
            if news.drops and news.drops[-1].number > number:
                return Standing.DROPPED
            if news.outdated > number:
                standing = Standing.OUTDATED
        return standing

    def unsettled(self, tags: Collection[str], *, at: float) -> list[Drop]:
        """Return the drops that what began at the time `at` may not show, newest first."""
        found = {
            each.number: each
            for tag in tags
            if (news := self._tags.get(tag)) is not None
            for each in news.drops
            if self.settles(each) > at
        }
        return [found[number] for number in sorted(found, reverse=True)]

    def settles(self, drop: Drop) -> float:
        """Return the time from which every read shows a drop."""
        return drop.at + self._settle_seconds

    def _of(self, tag: str) -> _Of:
        news = self._tags[tag] = self._tags.pop(tag) if tag in self._tags else _Of()
        return news

    def _forget(self) -> None:
        while len(self._tags) > MOST_TAGS:
            gone = self._tags.pop(next(iter(self._tags)))
            dropped = gone.drops[-1].number if gone.drops else 0
            self._forgotten = max(self._forgotten, dropped, gone.outdated)


def touching(key: Hashable, drops: Sequence[Drop]) -> list[Drop]:
    """Leave out the drops that cannot be in what is read under a key."""
    return [drop for drop in drops if drop.proof is None or drop.proof.touches(key)]


def shown(key: Hashable, body: bytes, drops: Sequence[Drop]) -> bool | None:
    """Say whether a read shows drops, the newest of which is first; None where nothing tells.

    What shows the newest shows those before it as well: it was made on top of them.
    """
    told = [drop.proof.shows(key, body) if drop.proof else None for drop in drops]
    if not told or told[0] is not None:
        return told[0] if told else True
    return False if False in told else None
