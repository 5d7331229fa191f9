"""The store: durable when it answers, one commit for all that waits, one job's failure its own."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.store.sqlite import SqliteStore, StoreError, Transaction
from tests.store.stage import Gone, Inline, add, names, opened, traced

pytestmark = pytest.mark.anyio


def looked_at(path: Path) -> list[str]:
    """What another connection sees of the file."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        return [name for (name,) in other.execute("SELECT list FROM shown ORDER BY rowid")]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def make(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)


def root_page(tx: Transaction) -> int:
    row = tx.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'shown'").fetchone()
    return int(row["rootpage"])


def look_from_another_process(path: Path) -> None:
    looks = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM shown')"
    subprocess.run([sys.executable, "-I", "-S", "-c", looks, path], check=True)


def spoil(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "rivo.db"


# What it keeps.


async def test_what_was_written_is_there_for_everybody_when_it_answers(path: Path) -> None:
    async with opened(path) as store:
        told = await store.write(add("a"))
        seen = looked_at(path)

    assert ("a", ["a"]) == (told, seen)


async def test_it_is_still_there_after_it_was_closed_and_all_of_it_in_one_file(path: Path) -> None:
    async with opened(path) as store:
        await store.write(add("a"))
    async with opened(path) as again:
        assert ["a"] == await again.read(names)

    assert [path] == list(path.parent.iterdir())


async def test_a_commit_waits_for_the_disk(path: Path) -> None:
    async with opened(path) as store:
        pragmas = {
            name: await store.read(lambda tx, name=name: tx.execute(f"PRAGMA {name}").fetchone()[0])  # type: ignore[misc]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 2000,
    } == pragmas


async def test_what_need_not_be_durable_by_itself_does_not_wait_for_the_disk() -> None:
    async with opened() as store:
        lines = await traced(store)
        await store.write(add("a"), durable=False)
        alone = [*lines]
        lines.clear()
        await asyncio.gather(store.write(add("b"), durable=False), store.write(add("c")))
        together = [*lines]
        kept = await store.read(names)

    assert ["PRAGMA synchronous = NORMAL", "BEGIN IMMEDIATE"] == alone[:2]
    assert ["COMMIT", "PRAGMA synchronous = FULL"] == alone[-2:]
    assert ("BEGIN IMMEDIATE", "COMMIT") == (together[0], together[-1])
    assert ["a", "b", "c"] == kept


async def test_the_disk_is_waited_for_again_after_a_failure() -> None:
    def fails(tx: Transaction) -> None:
        raise KeyboardInterrupt

    async with opened() as store:
        with pytest.raises(StoreError):
            await store.write(fails, durable=False)
        synchronous = await store.read(lambda tx: tx.execute("PRAGMA synchronous").fetchone()[0])

    assert 2 == synchronous


async def test_folder_and_file_are_for_this_user_alone(path: Path) -> None:
    async with opened(path) as store:
        await store.write(add("a"))
        modes = {each.name: mode(each) for each in path.parent.iterdir()}

    assert {"rivo.db": 0o600, "rivo.db-wal": 0o600, "rivo.db-shm": 0o600} == modes
    assert 0o700 == mode(path.parent)


async def test_a_folder_that_is_there_already_stays_as_it_is(path: Path) -> None:
    make(path.parent, 0o750)
    async with opened(path):
        pass

    assert 0o750 == mode(path.parent)


# Together.


async def test_all_that_waits_shares_one_commit() -> None:
    async with opened() as store:
        lines = await traced(store)
        await asyncio.gather(*(store.write(add(str(number))) for number in range(100)))
        commits = lines.count("COMMIT")
        kept = await store.read(names)

    assert 1 == commits
    assert [str(number) for number in range(100)] == kept


async def test_what_comes_during_a_commit_shares_the_next_one() -> None:
    executor = Inline()
    async with opened(executor=executor) as store:
        lines = await traced(store)
        executor.held = []
        first = asyncio.create_task(store.write(add("first")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        later = [asyncio.create_task(store.write(add(name))) for name in "abc"]
        await asyncio.sleep(0)
        waiting = len(executor.held)
        executor.go()
        told = await asyncio.gather(first, *later)
        commits = lines.count("COMMIT")
        kept = await store.read(names)

    assert (1, 2) == (waiting, commits)
    assert ["first", "a", "b", "c"] == told == kept


async def test_one_after_the_other_has_a_commit_each() -> None:
    async with opened() as store:
        lines = await traced(store)
        for name in "abc":
            await store.write(add(name))
        commits = lines.count("COMMIT")

    assert 3 == commits


async def test_a_job_sees_what_the_jobs_before_it_did() -> None:
    async with opened() as store:
        seen = await asyncio.gather(
            store.write(add("a")), store.write(names), store.write(add("b"))
        )

    assert ("a", ["a"], "b") == tuple(seen)


# Apart.


async def test_a_job_that_fails_is_undone_alone() -> None:
    def fails(tx: Transaction) -> None:
        add("half")(tx)
        raise LookupError("not this one")

    async with opened() as store:
        lines = await traced(store)
        told = await asyncio.gather(
            store.write(add("before")),
            store.write(fails),
            store.write(add("before")),
            store.write(lambda tx: tx.execute("SELECT * FROM nowhere")),
            store.write(add("after")),
            return_exceptions=True,
        )
        commits = lines.count("COMMIT")
        kept = await store.read(names)

    assert "before" == told[0]
    assert "not this one" == str(told[1])
    assert [LookupError, sqlite3.IntegrityError, sqlite3.OperationalError] == [
        type(each) for each in told[1:4]
    ]
    assert "after" == told[4]
    assert (1, ["before", "after"]) == (commits, kept)


async def test_a_job_that_stops_an_iteration_does_not_hang_the_others() -> None:
    """A future cannot hold a StopIteration: whoever waits for it would wait for ever."""

    def nothing_left(tx: Transaction) -> str:
        return next(iter(()))

    async with opened() as store:
        told = await asyncio.gather(
            store.write(nothing_left), store.write(add("a")), return_exceptions=True
        )
        with pytest.raises(RuntimeError):
            await store.read(nothing_left)

    assert [RuntimeError, str] == [type(each) for each in told]


@pytest.mark.parametrize("turns", range(4))
async def test_who_no_longer_waits_cuts_nothing(turns: int) -> None:
    async with opened() as store:
        tasks = [asyncio.create_task(store.write(add(name))) for name in "abc"]
        await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.wait(tasks)
        kept = await store.read(names)

    assert ["a", "b", "c"] == kept
    assert ("a", "c") == (tasks[0].result(), tasks[2].result())


async def test_a_job_whose_caller_left_may_fail() -> None:
    async with opened() as store:
        await store.write(add("a"))
        left = asyncio.create_task(store.write(add("a")))
        stays = asyncio.create_task(store.write(add("b")))
        await asyncio.sleep(0)
        left.cancel()

        assert "b" == await stays


# The database itself fails.


async def test_a_commit_that_fails_fails_for_all_and_keeps_nothing() -> None:
    def leaves_it_open(tx: Transaction) -> None:
        tx.execute("INSERT INTO child VALUES (17)")

    async with opened() as store:
        await store.write(
            lambda tx: tx.execute(
                "CREATE TABLE child (id REFERENCES shown(at) DEFERRABLE INITIALLY DEFERRED)"
            )
        )
        await store.write(lambda tx: tx.execute("CREATE UNIQUE INDEX parents ON shown (at)"))
        told = await asyncio.gather(
            store.write(add("a")), store.write(leaves_it_open), return_exceptions=True
        )
        kept = await store.read(names)
        later = await store.write(add("b"))

    assert ["The database cannot be used (SQLITE_CONSTRAINT_FOREIGNKEY)."] * 2 == [
        str(each) for each in told
    ]
    assert [StoreError, StoreError] == [type(each) for each in told]
    assert told[0] is not told[1]
    assert ([], "b") == (kept, later)


async def test_a_full_database_fails_for_all_and_works_again_when_there_is_room() -> None:
    def fills(tx: Transaction) -> None:
        tx.execute("INSERT INTO shown VALUES ('acme', ?, 1)", ("x" * 1_000_000,))

    async with opened() as store:
        pages = await store.read(lambda tx: tx.execute("PRAGMA page_count").fetchone()[0])
        await store.read(lambda tx: tx.execute(f"PRAGMA max_page_count = {pages + 1}").fetchone())
        told = await asyncio.gather(
            store.write(add("a")),
            store.write(fills),
            store.write(add("b")),
            return_exceptions=True,
        )
        none = await store.read(names)
        await store.read(lambda tx: tx.execute("PRAGMA max_page_count = 100000").fetchone())
        await store.write(add("c"))
        some = await store.read(names)

    assert ["The database cannot be used (SQLITE_FULL)."] * 3 == [str(each) for each in told]
    assert ([], ["c"]) == (none, some)


@contextlib.contextmanager
def no_file_may_grow(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_fails_in_a_commit_fails_for_all(path: Path) -> None:
    async with opened(path) as store:
        await store.write(add("a"))
        with no_file_may_grow(path.with_name("rivo.db-wal").stat().st_size):
            told = await asyncio.gather(
                store.write(add("b")), store.write(add("c")), return_exceptions=True
            )
        kept = await store.read(names)
        await store.write(add("d"))
        seen = looked_at(path)

    assert [StoreError, StoreError] == [type(each) for each in told]
    assert all("SQLITE_" in str(each) for each in told)
    assert (["a"], ["a", "d"]) == (kept, seen)


async def test_a_database_that_somebody_else_locks_fails_without_a_path_or_sql(path: Path) -> None:
    async with opened(path) as store:
        await store.read(lambda tx: tx.execute("PRAGMA busy_timeout = 0"))
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError) as caught:
                await store.write(add("a"))
        free = await store.write(add("b"))

    assert "The database cannot be used (SQLITE_BUSY)." == str(caught.value)
    assert caught.value.__cause__ is None
    assert "b" == free


async def test_a_read_does_not_make_up_for_a_write_that_failed(path: Path) -> None:
    async with opened(path, executor=Inline()) as store:
        await store.write(add("one"))
        before = store.usable
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            await store.read(lambda tx: tx.execute("PRAGMA busy_timeout = 0"))
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError):
                await store.write(add("two"))
            with pytest.raises(StoreError):
                await store.try_again()
            kept = await store.read(names)
            locked = store.usable
        await store.try_again()

        assert (True, ["one"], False, True) == (before, kept, locked, store.usable)


async def test_a_full_database_is_not_taken_for_one_that_can_be_written() -> None:
    async with opened(executor=Inline()) as store:
        await store.read(lambda tx: tx.execute("PRAGMA query_only = ON"))
        with pytest.raises(StoreError):
            await store.write(add("one"))
        with pytest.raises(StoreError):
            await store.try_again()
        refused = store.usable
        await store.read(lambda tx: tx.execute("PRAGMA query_only = OFF"))
        await store.try_again()

        assert (False, True) == (refused, store.usable)


async def test_what_can_be_written_is_not_tried() -> None:
    async with opened(executor=Inline()) as store:
        lines = await traced(store)
        await store.try_again()

        assert [] == lines


async def test_a_job_that_takes_the_transaction_away_fails_for_all() -> None:
    def takes_it_away(tx: Transaction) -> None:
        tx.execute("INSERT OR ROLLBACK INTO shown VALUES ('acme', 'a', 1)")

    async with opened() as store:
        told = await asyncio.gather(
            store.write(add("a")),
            store.write(takes_it_away),
            store.write(add("b")),
            return_exceptions=True,
        )
        kept = await store.read(names)

    assert [StoreError] * 3 == [type(each) for each in told]
    assert [] == kept


@pytest.mark.parametrize("ending", [None, OSError("broken"), KeyboardInterrupt()], ids=repr)
async def test_nobody_waits_for_a_writer_that_is_gone(ending: BaseException | None) -> None:
    store = SqliteStore(":memory:", executor=Gone(ending))

    for _ in range(2):
        with pytest.raises(StoreError, match=r"^The database cannot be used \(no writer\)\.$"):
            await store.write(add("a"))


async def test_nobody_waits_for_an_executor_that_was_shut_down() -> None:
    executor = ThreadPoolExecutor(1)
    store = SqliteStore(":memory:", executor=executor)
    executor.shutdown()

    for ask in (store.open(), store.read(names), store.close()):
        with pytest.raises(StoreError, match=r"^The database is closed\.$"):
            await ask


async def test_an_interrupted_batch_leaves_no_transaction_behind() -> None:
    def interrupted(tx: Transaction) -> None:
        add("half")(tx)
        raise KeyboardInterrupt

    async with opened() as store:
        told = await asyncio.gather(
            store.write(add("a")), store.write(interrupted), return_exceptions=True
        )
        kept = await store.read(names)
        await store.write(add("b"))

    assert [StoreError, StoreError] == [type(each) for each in told]
    assert [] == kept


# Looking.


async def test_a_read_sees_what_is_committed_and_nothing_else(path: Path) -> None:
    executor = Inline()
    async with opened(path, executor=executor) as store:
        await store.write(add("a"))
        executor.held = []
        writing = asyncio.create_task(store.write(add("b")))
        reading = asyncio.create_task(store.read(names))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        executor.go()
        before = await reading
        await writing
        after = await store.read(names)

    assert (["a"], ["a", "b"]) == (before, after)


async def test_a_read_waits_for_no_more_than_one_batch() -> None:
    executor = Inline()
    async with opened(executor=executor) as store:
        executor.held = []
        first = asyncio.create_task(store.write(add("a")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        second = asyncio.create_task(store.write(add("b")))
        reading = asyncio.create_task(store.read(names))
        await asyncio.sleep(0)
        executor.go()
        seen = await reading
        await asyncio.gather(first, second)

    assert ["a"] == seen


async def test_a_read_commits_nothing() -> None:
    async with opened() as store:
        lines = await traced(store)
        await store.read(names)

    assert ["BEGIN", "SELECT list FROM shown ORDER BY rowid", "ROLLBACK"] == lines


async def test_a_read_that_writes_is_a_mistake_and_keeps_nothing() -> None:
    async with opened() as store:
        with pytest.raises(RuntimeError, match="A read changed something"):
            await store.read(add("a"))
        kept = await store.read(names)

    assert [] == kept


async def test_what_a_read_raises_is_raised() -> None:
    def fails(tx: Transaction) -> None:
        raise LookupError("not here")

    async with opened() as store:
        with pytest.raises(LookupError, match="not here"):
            await store.read(fails)
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await store.read(lambda tx: tx.execute("SELECT * FROM nowhere"))


async def test_a_read_of_a_broken_file_says_so_without_its_path(path: Path) -> None:
    async with opened(path) as store:
        await store.write(add("a"))
        page = await store.read(root_page)
    spoil(path, page)
    async with opened(path) as store:
        with pytest.raises(StoreError, match=r"^The database cannot be used \(SQLITE_CORRUPT\)\.$"):
            await store.read(names)


# Its beginning and its end.


async def test_memory_is_each_store_s_own() -> None:
    async with opened() as one, opened() as two:
        await one.write(add("a"))

        assert (["a"], []) == (await one.read(names), await two.read(names))


async def test_closing_waits_for_what_is_pending(path: Path) -> None:
    executor = Inline()
    async with opened(path, executor=executor) as store:
        executor.held = []
        writing = [asyncio.create_task(store.write(add(name))) for name in "ab"]
        await asyncio.sleep(0)
        writing[0].cancel()  # nobody waits for it, and it is done all the same
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        executor.go()
        await closing

        assert "b" == writing[1].result()
    assert ["a", "b"] == looked_at(path)


async def test_a_closed_store_takes_nothing() -> None:
    async with opened() as store:
        await store.close()
        for ask in (store.write(add("a")), store.read(names)):
            with pytest.raises(StoreError, match=r"^The database is closed\.$"):
                await ask


async def test_a_store_that_was_never_opened_takes_nothing() -> None:
    store = SqliteStore(":memory:", executor=Inline())

    for ask in (store.write(add("a")), store.read(names)):
        with pytest.raises(StoreError, match=r"^The database cannot be used \(not open\)\.$"):
            await ask


async def test_a_store_can_be_opened_again(path: Path) -> None:
    async with opened(path) as store:
        await store.write(add("a"))
        await store.close()
        await store.open()

        assert ["a"] == await store.read(names)


@pytest.mark.parametrize("inside", ["file/rivo.db", "folder"])
async def test_a_place_that_cannot_be_used_is_said_without_its_path(
    tmp_path: Path, inside: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    store = SqliteStore(tmp_path / inside, executor=Inline())

    with pytest.raises(StoreError, match=r"^The database cannot be used \([A-Za-z_]+\)\.$"):
        await store.open()
    await store.close()


async def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n" * 200)
    store = SqliteStore(path, executor=Inline())

    with pytest.raises(StoreError, match="SQLITE_NOTADB"):
        await store.open()
    assert "buy milk\n" * 200 == path.read_text()


async def test_opening_a_second_store_leaves_the_first_one_its_locks(path: Path) -> None:
    """Whoever closes a descriptor of a file takes away the POSIX locks of the whole process on it.

    Without them another process believes that it is the last one, and clears the log away.
    """
    async with opened(path) as one, opened(path):
        await one.write(add("a"))
        look_from_another_process(path)
        left = sorted(each.name for each in path.parent.iterdir())

    assert ["rivo.db", "rivo.db-shm", "rivo.db-wal"] == left
