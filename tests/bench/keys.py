"""How long it takes to find the operation that a request means, among few and among many."""

from __future__ import annotations

import contextlib
import functools
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from app.operations import records
from app.operations.operation import Operation
from app.store.sqlite import SqliteStore, Transaction

AT: Final = 1_793_707_200.0
FEW, MANY = 1_000, 1_000_000
LOOKS: Final = 500
PIECES: Final = 10
"""A run looks here and there in turn, so that a busy machine is busy for both."""
ROW: Final = "SELECT * FROM operations WHERE rowid = ?"
INDEXES: Final = (
    "SELECT name, sql FROM sqlite_schema "
    "WHERE type = 'index' AND tbl_name = 'operations' AND sql IS NOT NULL"
)
FILL: Final = """
INSERT INTO operations (
    id, shop, door, caller, action, key, fingerprint, agent, inputs, customer, customer_id, list,
    state, applied, attempt, created_at, sent_at, ended_at, effect, points, reserved_at,
    points_diff, rivo_id, reply_status, reply_type, reply_body
)
WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :count)
SELECT
    'op_' || lower(hex(randomblob(16))), 'shop', 'actions', 'api_key', 'create_points_event',
    lower(hex(randomblob(16))), randomblob(32), 'agent' || (n % 50) || '@example.com',
    '{"customer_email":"customer' || (n % 50000) || '@example.com","source":"manual",'
        || '"points_amount":100,"external_note":"Sorry for the delay"}',
    'customer' || (n % 50000) || '@example.com', '' || (6000000000000 + n % 50000),
    'points_events', 'succeeded', 1, 1, at, at + 0.2, at + 0.4, 'grant', 100, at + 0.2, 100,
    15000000 + n, 201, 'application/json', randomblob(700)
FROM (SELECT n, :at - 86400.0 * 6 * (:count - n) / :count AS at FROM counted)
"""
"""Within the last six days, so that every key is alive; replies as long as real ones."""

KNOWN, NEW, ALIKE = "known", "new", "alike"
ASKED: Final[Mapping[str, Callable[[Operation, int], Operation]]] = {
    KNOWN: lambda found, _: _soon_after(found, key=found.key),
    NEW: lambda found, number: _soon_after(found, key=f"never-seen-{number}"),
    ALIKE: lambda found, _: _soon_after(found, key=None),
}
"""What a request says for which the operation is looked for, made from one that is there."""


class Found(msgspec.Struct, frozen=True):
    """Microseconds a look took at the median, by what was asked and among how many, run by run."""

    runs: Mapping[str, Mapping[int, list[float]]]
    wrong: list[str]

    def ratios(self, name: str) -> list[float]:
        """Return how much longer it took among the many, run by run."""
        few, many = self.runs[name].values()
        return [slow / quick for quick, slow in zip(few, many, strict=True)]


async def measure_keys(
    folder: Path, *, rounds: int, sizes: tuple[int, int] = (FEW, MANY), looks: int = LOOKS
) -> Found:
    """Look for operations among few and among many in turn, round after round."""
    runs: dict[str, dict[int, list[float]]] = {name: {n: [] for n in sizes} for name in ASKED}
    wrong = []
    dice = random.Random(0)
    async with contextlib.AsyncExitStack() as stack:
        stores = {}
        for size in sizes:
            executor = stack.enter_context(ThreadPoolExecutor(1))
            stores[size] = SqliteStore(folder / f"{size}.db", executor=executor)
            await stores[size].open()
            await stores[size].close()
            fill(folder / f"{size}.db", size)
            await stores[size].open()
            stack.push_async_callback(stores[size].close)
        for _ in range(rounds):
            for name in ASKED:
                took: dict[int, list[float]] = {size: [] for size in sizes}
                for size in sizes * PIECES:
                    path = folder / f"{size}.db"
                    wanted = _some(path, name, count=size, looks=looks // PIECES, dice=dice)
                    seconds, hits = await stores[size].write(functools.partial(_look, wanted))
                    took[size] += seconds
                    if hits != (0 if name == NEW else len(wanted)):
                        wrong.append(f"{name}: found {hits} of {len(wanted)} among {size}.")
                for size in sizes:
                    runs[name][size].append(statistics.median(took[size]) * 1e6)
    return Found(runs=runs, wrong=wrong)


def fill(path: Path, count: int) -> None:
    """Make so many operations; the indexes are made afterwards, which is much quicker."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        indexes = connection.execute(INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        connection.execute(FILL, {"count": count, "at": AT})
        for _, sql in indexes:
            connection.execute(sql)


def _some(path: Path, name: str, *, count: int, looks: int, dice: random.Random) -> list[Operation]:
    """Make up requests for operations that are there, leaving the store's own cache as it is."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        rows = [connection.execute(ROW, (dice.randint(1, count),)).fetchone() for _ in range(looks)]
    return [ASKED[name](records.operation_of(row), number) for number, row in enumerate(rows)]


def _look(wanted: Sequence[Operation], tx: Transaction) -> tuple[list[float], int]:
    """Return the seconds that each look took, and how often the right one was found."""
    took, hits = [], 0
    for each in wanted:
        began = time.perf_counter()
        found = records.same(tx, each)
        took.append(time.perf_counter() - began)
        hits += found is not None and found.id == each.id
    return took, hits


def _soon_after(found: Operation, *, key: str | None) -> Operation:
    return msgspec.structs.replace(found, key=key, created_at=found.created_at + 60)
