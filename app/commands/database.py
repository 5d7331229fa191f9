"""The database as commands use it: directly, also while the service has it open."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

import click

from app.commands.choosing import settings_of
from app.settings import IN_MEMORY, Settings
from app.store.migrations import MIGRATIONS
from app.store.sqlite import Transaction
from integrations.errors import ActionError

T = TypeVar("T")
BUSY_SECONDS: Final = 10.0
KEYS: Final = ("SECRET_KEY", "SECRET_KEY_FILE")


def settings_to_look(environ: Mapping[str, str], *, sandbox: bool) -> Settings:
    """Read the settings without a SECRET_KEY: nothing is signed, so that none is made."""
    without = {name: value for name, value in environ.items() if name not in KEYS}
    return settings_of({**without, "SECRET_KEY": "unused-by-who-only-looks"}, sandbox=sandbox)


def settings_to_sign(environ: Mapping[str, str], *, sandbox: bool) -> Settings:
    """Read the settings with the service's own SECRET_KEY; another one would break the audit."""
    settings = settings_to_look(environ, sandbox=sandbox)
    path = Path(settings.database).with_name("secret_key")
    if not any(name in environ for name in KEYS) and not path.is_file():
        raise click.ClickException(
            f"SECRET_KEY is not set and {path} is not there: give it the service's own."
        )
    return settings_of(environ, sandbox=sandbox)


@contextlib.contextmanager
def looking(settings: Settings) -> Iterator[Transaction]:
    """Open the database to look at it; nothing can be changed."""
    with _opened(settings.database) as tx:
        tx.execute("PRAGMA query_only = ON")
        yield tx


def change(settings: Settings, job: Callable[[Transaction], T]) -> T:
    """Change something in one transaction, durable when this returns."""
    with _opened(settings.database) as tx:
        tx.execute("PRAGMA synchronous = FULL")
        tx.execute("BEGIN IMMEDIATE")
        try:
            value = job(tx)
        except BaseException:
            tx.execute("ROLLBACK")
            raise
        tx.execute("COMMIT")
        return value


@contextlib.contextmanager
def _opened(path: str) -> Iterator[Transaction]:
    """Open the database; whatever goes wrong with it, or is refused, is one sentence."""
    if path == IN_MEMORY:
        raise click.ClickException("The operations are kept in memory: only the service sees them.")
    if not Path(path).is_file():
        raise click.ClickException(
            f"There is no database at {path}: the service makes it when it starts, "
            "and DATABASE_URL says where."
        )
    connection = None
    try:
        connection = sqlite3.connect(
            f"file:{quote(path)}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        connection.row_factory = sqlite3.Row
        _check_version(connection)
        yield connection
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        raise click.ClickException(f"The database {path} cannot be used ({name}).") from None
    except ActionError as error:
        raise click.ClickException(error.message) from None
    finally:
        if connection is not None:
            connection.close()


def _check_version(tx: Transaction) -> None:
    version = tx.execute("PRAGMA user_version").fetchone()[0]
    if version != len(MIGRATIONS):
        whose = "an older" if version < len(MIGRATIONS) else "a newer"
        raise click.ClickException(
            f"The database is that of {whose} version of the service: use the command of the "
            "version that runs."
        )
