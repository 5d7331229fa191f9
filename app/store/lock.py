"""One process at a time may use a database file."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from app.store.sqlite import MEMORY, StoreError, make_private

AGAIN_SECONDS: Final = 0.25


class DatabaseLockedError(StoreError):
    """Another process has the database, and kept it for as long as we waited."""


class FileLock:
    """A lock on `<database>.lock`, which ends with the process that holds it, however it ends."""

    def __init__(self) -> None:
        self._file: int | None = None

    async def acquire(
        self,
        path: str | Path,
        *,
        seconds: float,
        sleep: Callable[[float], Awaitable[object]],
        clock: Callable[[], float],
    ) -> None:
        """Lock the database at `path`, trying for so many seconds; ":memory:" needs no lock.

        DatabaseLockedError where another process holds it for all that time, StoreError where the
        lock file cannot be made.
        """
        if str(path) == MEMORY:
            return
        file = _opened(Path(f"{path}.lock"))
        try:
            end = clock() + seconds
            while not _locked(file):
                if clock() >= end:
                    raise DatabaseLockedError(
                        f"Another process has the database {path}: "
                        "only one at a time can use a SQLite file."
                    )
                await sleep(AGAIN_SECONDS)
        except BaseException:
            os.close(file)
            raise
        self._file = file

    def release(self) -> None:
        """Let others have it; nothing where it is not held."""
        # The file stays: who removed it could remove the one that another has just locked.
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _opened(path: Path) -> int:
    try:
        make_private(path)
        return os.open(path, os.O_RDWR)
    except OSError as error:
        raise _unusable(error) from None


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise _unusable(error) from None
    return True


def _unusable(error: OSError) -> StoreError:
    return StoreError(f"The lock of the database cannot be used ({error.strerror}).")
