"""The store that both instances share: a migrated template copied in memory, jobs run inline."""

from __future__ import annotations

import asyncio
import functools
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

from app.store.migrations import MIGRATIONS
from app.store.sqlite import SqliteStore

T = TypeVar("T")
Gate = Callable[[str], Awaitable[None]]
SHOP = "shop"
FAR = 1e11
"""A time that never comes."""
LISTS = ("points_events", "points_redemptions", "referrals")


class Inline(Executor):
    """Stands for the writer's thread; `Shared` does without."""

    def submit(self, *args: Any, **kwargs: Any) -> Any:  # pragma: no cover
        """Refuse."""
        raise AssertionError("nothing is handed to the executor")


class Shared(SqliteStore):
    """One database in memory for all instances; `proven`: its lists have shown rows of ours."""

    def __init__(self, *, proven: bool) -> None:
        super().__init__(":memory:", executor=Inline())
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(_template(proven))
        connection.row_factory = sqlite3.Row
        self._connection = connection
        self.changed: list[Callable[[], None]] = []
        """Whom to tell of every commit."""

    async def write(self, job: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """Run a job in a transaction of its own; who is cancelled meanwhile cuts nothing."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        loop.call_soon(self._do, job, future)
        ended = await future
        if ended.error is not None:
            raise ended.error
        value: T = ended.value
        return value

    def _do(self, job: Callable[[sqlite3.Connection], Any], future: asyncio.Future[Any]) -> None:
        (ended,) = self._commit([job])
        for tell in self.changed:
            tell()
        if not future.done():
            future.set_result(ended)

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job that only looks."""
        await asyncio.sleep(0)
        ended = self._look(job)
        if ended.error is not None:
            raise ended.error
        value: T = ended.value
        return value

    def next_due(self) -> float:
        """Say when the settler has something to do next, in epoch seconds."""
        assert self._connection is not None
        row = self._connection.execute(
            "SELECT MIN(at) FROM (SELECT MAX(due_at, lease_until) AS at FROM operations "
            "WHERE due_at IS NOT NULL UNION ALL "
            "SELECT lease_until FROM operations WHERE state = 'sending')"
        ).fetchone()
        return FAR if row[0] is None else min(float(row[0]), FAR)

    def is_moving(self) -> bool:
        """Say whether the service itself still has to find something out."""
        assert self._connection is not None
        found = self._connection.execute(
            "SELECT 1 FROM operations WHERE state IN ('sending', 'unknown') "
            "OR (state = 'accepted' AND approved_by IS NOT NULL) LIMIT 1"
        )
        return found.fetchone() is not None

    def drop(self) -> None:
        """Close the database."""
        self._disconnect()


class Shelf:
    """The store as one instance has it: its points of death stand around each job."""

    def __init__(self, shared: Shared, gate: Gate) -> None:
        self._shared = shared
        self._gate = gate

    async def open(self) -> None:
        """Nothing: the schedule opened it."""

    async def close(self) -> None:
        """Nothing: the schedule closes it."""

    async def write(self, job: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """Run a job that writes."""
        await self._gate("commit")
        value = await self._shared.write(job, durable=durable)
        await self._gate("committed")
        return value

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job that reads."""
        await self._gate("read")
        return await self._shared.read(job)


@functools.cache
def _template(proven: bool) -> bytes:
    """Make a database once: migrated, and with what its lists have shown."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for script in MIGRATIONS:
        connection.executescript(script)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    for name in LISTS if proven else ():
        connection.execute("INSERT INTO shown (shop, list, at) VALUES (?, ?, 0)", (SHOP, name))
    return connection.serialize()
