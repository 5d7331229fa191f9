"""Migrations: from nothing, from any version before, and never back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from app.store import sqlite
from app.store.migrations import MIGRATIONS
from app.store.sqlite import SqliteStore, StoreError, Transaction
from tests.store.stage import Inline, add, names, opened

pytestmark = pytest.mark.anyio


def version(tx: Transaction) -> int:
    return int(tx.execute("PRAGMA user_version").fetchone()[0])


def tables(tx: Transaction) -> list[str]:
    rows = tx.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return [row["name"] for row in rows]


def made(path: Path, *scripts: str, version: int) -> None:
    """Make a database file as an earlier (or a later) program would have left it."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(f"{''.join(scripts)} PRAGMA user_version = {version};")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rivo.db"


async def test_an_empty_database_gets_all_of_them(path: Path) -> None:
    async with opened(path) as store:
        assert len(MIGRATIONS) == await store.read(version)
        assert {"audit", "notes", "operations", "outbox", "shown", "webhooks"} <= set(
            await store.read(tables)
        )


async def test_nothing_is_run_twice(path: Path) -> None:
    async with opened(path) as store:
        await store.write(add("a"))
    async with opened(path) as again:
        assert (len(MIGRATIONS), ["a"]) == (await again.read(version), await again.read(names))


@pytest.mark.parametrize("before", range(1, len(MIGRATIONS)))
async def test_an_older_database_gets_what_it_lacks_and_keeps_what_it_has(
    path: Path, before: int
) -> None:
    made(path, *MIGRATIONS[:before], version=before)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO shown VALUES ('acme', 'a', 1)")
    async with opened(path) as store, opened() as new:
        assert (len(MIGRATIONS), ["a"]) == (await store.read(version), await store.read(names))
        assert await new.read(tables) == await store.read(tables)


async def test_a_newer_database_is_refused_and_left_alone(path: Path) -> None:
    newer = len(MIGRATIONS) + 5
    made(path, "CREATE TABLE later (id);", version=newer)
    store = SqliteStore(path, executor=Inline())

    with pytest.raises(StoreError) as caught:
        await store.open()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        assert (newer, ["later"]) == (version(connection), tables(connection))

    assert (
        f"The database is of version {newer}, and this program knows {len(MIGRATIONS)}: "
        "a newer one has used it."
    ) == str(caught.value)


async def test_one_that_fails_leaves_no_half_of_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = "CREATE TABLE half (id); INSERT INTO nowhere VALUES (1);"
    monkeypatch.setattr(sqlite, "MIGRATIONS", (*MIGRATIONS, half))
    store = SqliteStore(path, executor=Inline())

    with pytest.raises(StoreError, match=r"^The database cannot be used \(SQLITE_ERROR\)\.$"):
        await store.open()
    monkeypatch.undo()
    async with opened(path) as store:
        assert len(MIGRATIONS) == await store.read(version)
        assert "half" not in await store.read(tables)


async def test_who_is_overtaken_by_another_goes_on_where_that_one_stopped(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one commits after we looked for the version, and before we begin."""
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, factory=Overtaken, **k))
    Overtaken.by = lambda: made(path, *MIGRATIONS, version=len(MIGRATIONS))
    async with opened(path) as store:
        assert len(MIGRATIONS) == await store.read(version)
        assert ["a"] == [await store.write(add("a"))]


class Overtaken(sqlite3.Connection):
    """A connection that lets somebody else migrate just before it does so itself."""

    by: Callable[[], None] | None = None

    def executescript(self, sql_script: str, /) -> sqlite3.Cursor:
        other, Overtaken.by = Overtaken.by, None
        if other is not None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sqlite3, "connect", sqlite3.dbapi2.connect)
                other()
        return super().executescript(sql_script)
