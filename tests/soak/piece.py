"""One piece of a soak: seeds in their order until the time is over, and the line it leaves."""

from __future__ import annotations

import platform
import subprocess
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from tests.soak.figures import bound, load

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = ROOT / "tests/results"
CHUNK: Final = 10
SHOWN_FAILURES: Final = 20

Failure = tuple[int, str]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What one piece leaves behind; `seeds` are the first and the last, both tried."""

    figure: str
    at: str
    commit: str
    seeds: tuple[int, int]
    n: int
    failed: int
    failures: list[Failure]
    seconds: float
    python: str
    bound: str
    simulated: str


class Piece(msgspec.Struct, kw_only=True):
    """What has been tried so far, from the first seed on without a gap."""

    name: str
    first: int
    tried: int = 0
    failures: list[Failure] = []

    def line(self, *, seconds: float, now: datetime) -> Line:
        """Write the line for what has been tried."""
        figure = load(self.name)
        n = self.tried * figure.each
        return Line(
            figure=self.name,
            at=now.astimezone(UTC).date().isoformat(),
            commit=_commit(),
            seeds=(self.first, self.first + self.tried - 1),
            n=n,
            failed=len(self.failures),
            failures=self.failures[:SHOWN_FAILURES],
            seconds=round(seconds, 1),
            python=platform.python_version(),
            bound=bound(n, len(self.failures)),
            simulated=figure.simulated,
        )


def run(
    piece: Piece, *, may_go_on: Callable[[], bool], most: int | None, workers: int
) -> Iterator[Piece]:
    """Try seed after seed while `may_go_on` and at most `most`; gives the piece as it grows."""
    last = None if most is None else piece.first + most - 1
    for tried, failures in _chunks(piece, may_go_on=may_go_on, last=last, workers=workers):
        piece.tried += tried
        piece.failures += failures
        yield piece


def next_seed(name: str, *, results: Path = RESULTS) -> int:
    """Find the first seed behind all that were tried in earlier pieces."""
    path = results / f"{name}.jsonl"
    if not path.exists():
        return 1
    lines = path.read_bytes().splitlines()
    return max((msgspec.json.decode(line, type=Line).seeds[1] for line in lines), default=0) + 1


def keep(line: Line, *, results: Path = RESULTS) -> Path:
    """Append the line to the figure's file."""
    path = results / f"{line.figure}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")
    return path


def try_seeds(name: str, first: int, last: int) -> list[Failure]:
    """Try each seed; whatever is raised is a failure like any other."""
    figure = load(name)
    failures: list[Failure] = []
    for seed in range(first, last + 1):
        try:
            failures += [(seed, sentence) for sentence in figure.one(seed)]
        except Exception as error:  # noqa: BLE001 - a seed that cannot be tried has not passed
            failures.append((seed, f"{type(error).__name__}: {error}"))
    return failures


def _chunks(
    piece: Piece, *, may_go_on: Callable[[], bool], last: int | None, workers: int
) -> Generator[tuple[int, list[Failure]]]:
    ranges = _ranges(piece.first, last)
    if workers == 1:
        for first, end in ranges:
            if not may_go_on():
                return
            yield end - first + 1, try_seeds(piece.name, first, end)
        return
    running: deque[tuple[int, Future[list[Failure]]]] = deque()
    with ProcessPoolExecutor(workers) as pool:
        for first, end in ranges:
            if not may_go_on():
                break
            running.append((end - first + 1, pool.submit(try_seeds, piece.name, first, end)))
            if len(running) > 2 * workers:
                tried, future = running.popleft()
                yield tried, future.result()
        for tried, future in running:
            yield tried, future.result()


def _ranges(first: int, last: int | None) -> Iterator[tuple[int, int]]:
    while last is None or first <= last:
        end = first + CHUNK - 1 if last is None else min(first + CHUNK - 1, last)
        yield first, end
        first = end + 1


def _commit() -> str:
    """Name the commit, and say if what was tried is not quite that."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git(
            "status", "--porcelain", "--", "app", "integrations", "tests/", ":!tests/results"
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head} with changes" if changed else head


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
