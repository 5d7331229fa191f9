"""The lock: one process at a time, for as long as that lives, and a wait that tests need not do."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store.lock import DatabaseLockedError, FileLock
from app.store.sqlite import StoreError

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


class Time:
    """A clock that goes on by sleeping alone."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


async def locked(path: Path, *, seconds: float = 15.0, given: Time | None = None) -> FileLock:
    given = given or Time()
    lock = FileLock()
    await lock.acquire(path, seconds=seconds, sleep=given.sleep, clock=given.clock)
    return lock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "rivo.db"


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start another process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.acting", "hold", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "locked\n" == process.stdout.readline()
        yield process
        process.kill()


async def test_who_comes_second_waits_15_seconds_and_gives_up(path: Path) -> None:
    first = await locked(path)
    given = Time()
    began = time.monotonic()
    with pytest.raises(DatabaseLockedError) as caught:
        await locked(path, given=given)
    took = time.monotonic() - began
    first.release()

    assert [0.25] * 60 == given.slept
    assert took < 5
    assert (
        f"Another process has the database {path}: only one at a time can use a SQLite file."
    ) == str(caught.value)


async def test_who_comes_second_has_it_as_soon_as_it_is_free(path: Path) -> None:
    first = await locked(path)
    given = Time()

    async def sleep(seconds: float) -> None:
        await given.sleep(seconds)
        if len(given.slept) == 3:
            first.release()

    second = FileLock()
    await second.acquire(path, seconds=15, sleep=sleep, clock=given.clock)
    second.release()

    assert [0.25] * 3 == given.slept


async def test_a_free_one_is_taken_without_waiting(path: Path) -> None:
    given = Time()
    for _ in range(3):
        lock = await locked(path, given=given, seconds=0)
        lock.release()

    assert [] == given.slept


async def test_another_process_keeps_it_and_its_death_frees_it(
    path: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(DatabaseLockedError):
        await locked(path)
    holder.kill()
    holder.wait()

    (await locked(path, seconds=0)).release()


async def test_who_is_cancelled_while_waiting_holds_nothing(path: Path) -> None:
    first = await locked(path)
    waiting = asyncio.create_task(
        FileLock().acquire(
            path, seconds=15, sleep=lambda _: asyncio.Event().wait(), clock=lambda: 0
        )
    )
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    first.release()

    (await locked(path, seconds=0)).release()


async def test_the_lock_file_is_for_this_user_alone_and_stays(path: Path) -> None:
    lock = await locked(path)
    lock.release()
    lock.release()

    file = path.with_name("rivo.db.lock")
    assert (0o700, 0o600) == (mode(path.parent), mode(file))


def inside(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_memory_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        await locked(Path(":memory:"), seconds=0)

    assert [] == inside(tmp_path)


async def test_a_place_without_room_for_a_lock_is_said_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        await locked(tmp_path / ("x" * 300))

    assert "The lock of the database cannot be used (File name too long)." == str(caught.value)


async def test_a_file_system_without_locks_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(StoreError) as caught:
        await locked(path)

    assert "The lock of the database cannot be used (No locks available)." == str(caught.value)
