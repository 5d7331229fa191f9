"""What a memory holds: reads as they came, what is known of each, and those under way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable

import msgspec


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """One read: its body, the time for which it is true, and whom it concerns."""

    body: bytes
    as_of: str
    tags: frozenset[str] = frozenset()


class Recalled(msgspec.Struct, frozen=True):
    """A read as it is answered; `stale` where there is, or may be, something newer.

    If it is kept, it is under the number `serial`.
    """

    read: Remembered
    stale: bool
    serial: int = 0


Fetch = Callable[[bool], Awaitable[Remembered]]
"""Reads anew; in the background (True) nobody waits for it."""


class Entry(msgspec.Struct):
    """A read as it is kept: fresh until, and gone at, these times of the clock.

    The news up to the number `checked` is reckoned with.
    """

    read: Remembered
    asked: Asked
    fresh_until: float
    kept_until: float
    checked: int
    serial: int
    outdated: bool = False


class Asked(msgspec.Struct, frozen=True):
    """What a read is about, and when it began: the time, and the number of the last news.

    `looks` says that there was news, and so a reason to ask.
    """

    key: Hashable
    tags: frozenset[str]
    fresh_seconds: float
    at: float
    number: int
    looks: bool


class Flight(msgspec.Struct, frozen=True):
    """A read under way: those who come meanwhile wait for it instead of asking again."""

    asked: Asked
    task: asyncio.Task[Recalled]
