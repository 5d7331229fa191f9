"""What the tests of kills start as a process: it holds a lock, or writes until it is killed."""

from __future__ import annotations

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from app.store.lock import FileLock
from app.store.sqlite import SqliteStore
from tests.store.stage import add

TOGETHER = 7


async def hold(path: str) -> None:
    """Lock the database, say so, and keep it."""
    await FileLock().acquire(path, seconds=0, sleep=asyncio.sleep, clock=time.monotonic)
    say("locked")
    await asyncio.Event().wait()


async def write(path: str) -> None:
    """Write rows from several tasks for ever, and say the name of each once it is acknowledged."""
    store = SqliteStore(path, executor=ThreadPoolExecutor(1))
    await store.open()
    await asyncio.gather(*(write_rows(store, task) for task in range(TOGETHER)))


async def write_rows(store: SqliteStore, task: int) -> None:
    number = 0
    while True:
        say(await store.write(add(f"{task}-{number}")))
        number += 1


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run({"hold": hold, "write": write}[sys.argv[1]](sys.argv[2]))
