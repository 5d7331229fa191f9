"""A store as these tests open it: with a thread or inline, and its statements written down."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from app.store.sqlite import MEMORY, SqliteStore, Transaction


class Inline(Executor):
    """Does at once what it is given; `held` keeps it back until `go`."""

    def __init__(self) -> None:
        self.held: list[Callable[[], object]] | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            future.set_result(fn(*args, **kwargs))

        if self.held is None:
            run()
        else:
            self.held.append(run)
        return future

    def go(self) -> None:
        """Do what was held back, and the rest at once again."""
        held, self.held = self.held or [], None
        for run in held:
            run()


class Gone(Executor):
    """Takes everything, and comes to nothing."""

    def __init__(self, ending: BaseException | None) -> None:
        self.ending = ending

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.ending is None:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_exception(self.ending)
        return future


@contextlib.asynccontextmanager
async def opened(
    path: str | Path = MEMORY, *, executor: Executor | None = None
) -> AsyncIterator[SqliteStore]:
    """Open a store, and close it in the end; on a thread of its own unless an executor is given."""
    with contextlib.ExitStack() as stack:
        store = SqliteStore(path, executor=executor or stack.enter_context(ThreadPoolExecutor(1)))
        await store.open()
        try:
            yield store
        finally:
            await store.close()


async def traced(store: SqliteStore) -> list[str]:
    """Write down every statement that the store runs from now on."""
    lines: list[str] = []
    await store.read(lambda tx: tx.set_trace_callback(lines.append))
    lines.clear()
    return lines


def add(name: str) -> Callable[[Transaction], str]:
    """Make a job that adds a row and returns its name; the same one twice is an IntegrityError."""

    def job(tx: Transaction) -> str:
        tx.execute("INSERT INTO shown VALUES ('acme', ?, 1)", (name,))
        return name

    return job


def names(tx: Transaction) -> list[str]:
    """Look, as a job, which rows are there, in the order in which they came."""
    return [row["list"] for row in tx.execute("SELECT list FROM shown ORDER BY rowid")]
