"""SQLite: one thread that writes, one commit for all that waits, durable when it answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from app.store.migrations import MIGRATIONS

T = TypeVar("T")
Transaction = sqlite3.Connection
"""What a job is handed: it calls `execute`, never commits, and returns values, not cursors."""

MEMORY: Final = ":memory:"
BUSY_SECONDS: Final = 2.0
OF_THE_JOB: Final = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG}
"""What SQLite refuses because of what it was asked; anything else is the database's failure."""


class StoreError(Exception):
    """The database cannot be used: nothing of the job was kept.

    Where the disk failed in the middle of a commit nobody knows, and a restart may show it.
    """


class _Ended(NamedTuple):
    """How a job ended: its value, or what it raised."""

    value: Any = None
    error: Exception | None = None


_Job = Callable[[Transaction], Any]


class _Waiting(NamedTuple):
    """A job, whether it has to survive a power cut, and who waits for it."""

    job: _Job
    durable: bool
    future: asyncio.Future[_Ended]


class SqliteStore:
    """A database file, or ":memory:".

    Everything that touches it runs on `executor`, which has one thread or runs inline. Methods
    belong to one event loop.
    """

    def __init__(self, path: str | Path, *, executor: Executor) -> None:
        self._path = path
        self._executor = executor
        self._connection: Transaction | None = None
        self._closing = False
        self._readable = self._writable = True
        self._pending: list[_Waiting] = []
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def usable(self) -> bool:
        """Whether it could be used when somebody last did; no read makes up for a failed write."""
        return self._readable and self._writable

    async def open(self) -> None:
        """Connect and migrate; StoreError where it cannot be, or was made by a newer program."""
        self._closing = False
        _value_of(await self._submit(self._connect))

    async def write(self, job: Callable[[Transaction], T], *, durable: bool = True) -> T:
        """Run a job in a transaction and return its value once that is durable.

        `durable=False` is for what may be lost in a power cut (not in a crash of the process) as
        long as nothing durable follows it. All that waits shares one commit. What the job raises is
        raised here, and its changes alone are rolled back; StoreError where the database fails. A
        cancelled caller cuts nothing.
        """
        if self._closing:
            raise StoreError("The database is closed.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Ended] = loop.create_future()
        self._pending.append(_Waiting(job, durable, future))
        if self._idle.is_set():
            self._idle.clear()
            # Not at once: whoever else writes in this turn of the loop shares the commit.
            loop.call_soon(self._flush)
        value: T = _value_of(await future)
        return value

    async def read(self, job: Callable[[Transaction], T]) -> T:
        """Run a job that only looks, at one committed state; RuntimeError where it changed any."""
        if self._closing:
            raise StoreError("The database is closed.")
        ended: _Ended = await self._submit(self._look, job)
        self._readable = not isinstance(ended.error, StoreError)
        value: T = _value_of(ended)
        return value

    async def try_again(self) -> None:
        """Write something if that last failed; StoreError where it still does."""
        if not self._writable:
            await self.write(_write_anything)

    async def close(self) -> None:
        """Refuse what is new, finish what waits, and leave the database in one file."""
        self._closing = True
        await self._idle.wait()
        _value_of(await self._submit(self._disconnect))

    def _flush(self) -> None:
        batch, self._pending = self._pending, []
        durable = any(each.durable for each in batch)
        try:
            jobs = [each.job for each in batch]
            running = self._executor.submit(self._commit, jobs, durable=durable)
        except RuntimeError:  # it was shut down
            running = Future()
            running.cancel()
        # A callback and not a task: nobody can cancel it between a commit and those who wait.
        loop = asyncio.get_running_loop()
        running.add_done_callback(
            lambda done: loop.call_soon_threadsafe(self._flushed, batch, done)
        )

    def _flushed(self, batch: list[_Waiting], running: Future[list[_Ended]]) -> None:
        if running.cancelled() or running.exception():
            ended = [_lost("no writer") for _ in batch]
        else:
            ended = running.result()
        self._writable = not isinstance(ended[0].error, StoreError)
        self._readable |= self._writable
        for waiting, each in zip(batch, ended, strict=True):
            if not waiting.future.done():  # cancelled
                waiting.future.set_result(each)
        if self._pending:
            self._flush()
        else:
            self._idle.set()

    def _submit(self, work: Callable[..., Any], *given: Any) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        try:
            return loop.run_in_executor(self._executor, work, *given)
        except RuntimeError:  # it was shut down
            refused = loop.create_future()
            refused.set_exception(StoreError("The database is closed."))
            return refused

    # On the executor's thread.

    def _connect(self) -> _Ended:
        try:
            if str(self._path) != MEMORY:
                make_private(Path(self._path))
            self._connection = sqlite3.connect(
                self._path,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,  # the executor sees to it
                cached_statements=256,
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            _migrate(self._connection)
        except (sqlite3.Error, OSError, StoreError) as error:
            self._disconnect()
            return _Ended(error=error) if isinstance(error, StoreError) else _lost(_name(error))
        return _Ended()

    def _disconnect(self) -> _Ended:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()  # the last one out moves what is in the log to the file
        return _Ended()

    def _commit(self, jobs: list[_Job], *, durable: bool = True) -> list[_Ended]:
        tx = self._connection
        if tx is None:
            return [_lost("not open") for _ in jobs]
        try:
            if not durable:
                tx.execute("PRAGMA synchronous = NORMAL")
            tx.execute("BEGIN IMMEDIATE")
            ended = [_alone(tx, jobs[0])] if len(jobs) == 1 else [_attempt(tx, job) for job in jobs]
            if tx.in_transaction:
                tx.execute("COMMIT")
        except sqlite3.Error as error:
            return [_lost(_name(error)) for _ in jobs]
        finally:
            _roll_back(tx)
            if not durable:
                tx.execute("PRAGMA synchronous = FULL")
        return ended

    def _look(self, job: _Job) -> _Ended:
        tx = self._connection
        if tx is None:
            return _lost("not open")
        before = tx.total_changes
        try:
            tx.execute("BEGIN")
            ended = _Ended(job(tx))
        except Exception as error:  # noqa: BLE001 -- the caller's to see
            return _lost(_name(error)) if _is_unusable(error) else _Ended(error=error)
        finally:
            _roll_back(tx)
        if tx.total_changes != before:
            return _Ended(error=RuntimeError("A read changed something: nothing of it was kept."))
        return ended


def _value_of(ended: _Ended) -> Any:
    if ended.error is not None:
        raise ended.error
    return ended.value


def _alone(tx: Transaction, job: _Job) -> _Ended:
    """Run the only job of a transaction, which ends with it where it raises."""
    try:
        return _Ended(job(tx))
    except Exception as error:
        if _is_unusable(error):
            raise
        _roll_back(tx)
        return _Ended(error=error)


def _attempt(tx: Transaction, job: _Job) -> _Ended:
    """Run one job of a batch; what it raises undoes its own changes, unless the database failed."""
    tx.execute("SAVEPOINT job")
    try:
        ended = _Ended(job(tx))
    except Exception as error:
        if _is_unusable(error):
            raise
        tx.execute("ROLLBACK TO job")
        ended = _Ended(error=error)
    tx.execute("RELEASE job")
    return ended


def _roll_back(tx: Transaction) -> None:
    if tx.in_transaction:
        with contextlib.suppress(sqlite3.Error):
            tx.execute("ROLLBACK")


def _write_anything(tx: Transaction) -> None:
    """Write what is there already; with nothing to write a full disk would not show."""
    (version,) = tx.execute("PRAGMA user_version").fetchone()
    tx.execute(f"PRAGMA user_version = {version}")


def _is_unusable(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF not in OF_THE_JOB


def _lost(why: str) -> _Ended:
    return _Ended(error=StoreError(f"The database cannot be used ({why})."))


def _name(error: Exception) -> str:
    """Name an error without its message, which may hold SQL or a path."""
    return str(getattr(error, "sqlite_errorname", type(error).__name__))


def make_private(path: Path) -> None:
    """Make folder and file for this user alone; what is there already stays as it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Never open a file that is there: closing it would drop every lock this process has on it.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _migrate(tx: Transaction) -> None:
    """Run the scripts that are missing, each with its number in one transaction."""
    while (version := int(tx.execute("PRAGMA user_version").fetchone()[0])) < len(MIGRATIONS):
        script = f"{MIGRATIONS[version]}; PRAGMA user_version = {version + 1};"
        try:
            tx.executescript(f"BEGIN IMMEDIATE; {script} COMMIT;")
        except sqlite3.Error:
            _roll_back(tx)
            if version == int(tx.execute("PRAGMA user_version").fetchone()[0]):
                raise  # not just somebody else who was quicker
    if version > len(MIGRATIONS):
        raise StoreError(
            f"The database is of version {version}, and this program knows {len(MIGRATIONS)}: "
            "a newer one has used it."
        )
