"""A database as a service leaves it, and the command line over it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner, Result

from app import cli
from app.operations.book import Book
from app.operations.operation import Operation
from app.store.migrations import MIGRATIONS
from app.store.sqlite import Transaction
from tests.app.serving import ENVIRON
from tests.operations.made import put

SALT = bytes(16)


class Desk:
    """One database file, and commands that are run over it as an operator would."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "operations.db"
        self.environ = {**ENVIRON, "DATABASE_URL": f"sqlite:///{self.path}"}

    def make(self, *operations: Operation) -> None:
        """Make the database, with these operations and the audit of their beginning."""
        with self.open() as tx:
            for script in MIGRATIONS:
                tx.executescript(script)
            tx.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            tx.execute("BEGIN")
            put(tx, *operations)
            for each in operations:
                self.book.note(tx, each, "accepted", at=each.created_at)
            tx.execute("COMMIT")

    @property
    def book(self) -> Book:
        return Book(ENVIRON["SECRET_KEY"].encode(), lambda _: SALT)

    @contextmanager
    def open(self) -> Iterator[Transaction]:
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            yield connection
        finally:
            connection.close()

    def run(self, *words: str, **environ: str) -> Result:
        """Run a command; a variable that is None is not set."""
        return CliRunner().invoke(cli.main, list(words), env={**self.environ, **environ})

    def json(self, *words: str) -> Any:
        """Run a command that prints JSON."""
        done = self.run(*words, "--json")
        assert 0 == done.exit_code, done.output
        return msgspec.json.decode(done.stdout)

    def refused(self, *words: str, **environ: str) -> str:
        """Run a command that fails; the sentence that it says."""
        done = self.run(*words, **environ)
        assert "" == done.stdout
        assert 1 == done.exit_code, done.stderr
        said = done.stderr.removeprefix("Error: ")
        assert said.count("\n") == 1, said
        return said.rstrip("\n")
