"""`rivo-helpdesk operations export`: all operations as CSV or JSON, the newest last."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TextIO

import click
import msgspec
from rich.console import Console
from rich.progress import Progress

from app.commands.choosing import shop_of
from app.commands.database import looking, settings_to_look
from app.operations import records
from app.operations.looking import oldest
from app.operations.records import Transaction
from app.operations.showing import ShownOperation, shown
from integrations.inputs import moment

AT_ONCE: Final = 500
EVER: Final = (0.0, float(2**40))
FORMULA: Final = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What a spreadsheet may take for the beginning of a formula."""
NUMBER: Final = re.compile(r"-[0-9]+(\.[0-9]+)?")


class Writer(Protocol):
    """How rows are written."""

    def __call__(self, rows: Iterator[ShownOperation], out: TextIO) -> None:
        """Write all rows."""
        ...


def time(_context: object, _option: object, given: str | None) -> float | None:
    """Read a date or time of an option."""
    try:
        return None if given is None else moment(given).timestamp()
    except ValueError:
        raise click.BadParameter("it must be like 2026-11-21 or 2026-11-21T15:20:00Z.") from None


@click.command()
@click.option("--format", "form", type=click.Choice(["csv", "json"]), required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="[default: stdout]")
@click.option("--since", metavar="DATE", callback=time, help="From this date or time on (UTC).")
@click.option("--until", metavar="DATE", callback=time, help="Before this date or time (UTC).")
@click.option("--shop", "name", metavar="NAME", help="Which shop, where CONFIG has several.")
@click.option("--sandbox", is_flag=True, help="Look at the demo shop's database.")
def export(
    form: Literal["csv", "json"],
    out: Path | None,
    since: float | None,
    until: float | None,
    name: str | None,
    *,
    sandbox: bool,
) -> None:
    """Write all operations, the newest last; no spreadsheet takes a cell for a formula."""
    settings = settings_to_look(os.environ, sandbox=sandbox)
    shop = shop_of(settings, name)
    between = (EVER[0] if since is None else since, EVER[1] if until is None else until)
    writer: Writer = write_csv if form == "csv" else write_json
    with looking(settings) as tx, _progress(tx, shop.name, between) as progress:
        rows = progress(every(tx, shop.name, between))
        if out is None:
            writer(rows, sys.stdout)
            return
        try:
            with _replacing(out) as file:
                writer(rows, file)
        except OSError as error:
            raise click.ClickException(
                f"{out} cannot be written ({type(error).__name__})."
            ) from None


def every(tx: Transaction, shop: str, between: tuple[float, float]) -> Iterator[ShownOperation]:
    """Read all operations of a shop, some at once: the service is never kept waiting for long."""
    since, until = between
    after = (-1.0, "")
    while rows := oldest(tx, shop, since=since, until=until, after=after, limit=AT_ONCE):
        for row in rows:
            yield shown(row, reversed_by=records.reversal_of(tx, row))
        after = (rows[-1].created_at, rows[-1].id)


def write_csv(rows: Iterator[ShownOperation], out: TextIO) -> None:
    """Write a line of names, and one for each operation."""
    lines = csv.writer(out)
    lines.writerow(ShownOperation.__struct_fields__)
    for row in rows:
        lines.writerow([cell(value) for value in msgspec.to_builtins(row).values()])


def write_json(rows: Iterator[ShownOperation], out: TextIO) -> None:
    """Write an array with an operation on each line."""
    out.write("[")
    for number, row in enumerate(rows):
        out.write(",\n" if number else "\n")
        out.write(msgspec.json.encode(row).decode())
    out.write("\n]\n")


def cell(value: Any) -> str:
    """Write a value so that no spreadsheet takes it for a formula; a negative number stays one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        value = msgspec.json.encode(value).decode()
    elif isinstance(value, list):
        value = "\n".join(value)
    spelled = str(value)
    if spelled.startswith(tuple(FORMULA)) and not NUMBER.fullmatch(spelled):
        return f"'{spelled}"
    return spelled


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """Write a file for this user alone, which takes its place when it is whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


class _Watched(Protocol):
    def __call__(self, rows: Iterator[ShownOperation]) -> Iterator[ShownOperation]: ...


@contextlib.contextmanager
def _progress(tx: Transaction, shop: str, between: tuple[float, float]) -> Iterator[_Watched]:
    """Show how far it is, on a terminal only; standard output is the export's."""
    console = Console(stderr=True)
    (total,) = tx.execute(
        "SELECT COUNT(*) FROM operations WHERE shop = ? AND created_at >= ? AND created_at < ?",
        (shop, *between),
    ).fetchone()
    quiet = not console.is_terminal
    # Standard output is the export's: rich would write it to the terminal.
    with Progress(console=console, disable=quiet, redirect_stdout=False) as progress:
        yield lambda rows: iter(progress.track(rows, total=total, description="Exporting"))
