"""`python -m tests.soak NAME`: one more piece of a figure, added to its file of results."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from tests.soak.figures import FIGURES
from tests.soak.piece import RESULTS, Piece, keep, next_seed, run

MOST_MINUTES: Final = 30
TELL_SECONDS: Final = 15.0


@click.command(context_settings={"show_default": True})
@click.argument("name", type=click.Choice(sorted(FIGURES)))
@click.option("--minutes", type=click.FloatRange(0, MOST_MINUTES), default=MOST_MINUTES)
@click.option("--seed", type=click.IntRange(min=0), help="The first one.  [default: the next]")
@click.option("--most", type=click.IntRange(min=1), help="How many seeds at most.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, help="Processes to use.")
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    default=RESULTS,
    show_default=False,
    help="Another folder for the result.",
)
def main(
    *, name: str, minutes: float, seed: int | None, most: int | None, workers: int, results: Path
) -> None:
    """Try seeds until the time is over and note the result; exit with 1 where one failed."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    piece = Piece(name=name, first=next_seed(name, results=results) if seed is None else seed)
    began = told = time.monotonic()
    console.print(f"{name}: from seed {piece.first} on, for {minutes:g} minutes at most.")
    with contextlib.suppress(KeyboardInterrupt):
        for so_far in run(
            piece,
            may_go_on=lambda: time.monotonic() - began < minutes * 60,
            most=most,
            workers=workers,
        ):
            if time.monotonic() - told >= TELL_SECONDS:
                told = time.monotonic()
                console.print(
                    f"{so_far.tried} seeds, {len(so_far.failures)} failures, {told - began:.0f} s"
                )
    if not piece.tried:
        console.print("Nothing was tried.")
        sys.exit(2)
    line = piece.line(seconds=time.monotonic() - began, now=datetime.now(UTC))
    path = keep(line, results=results)
    for where, sentence in line.failures:
        console.print(f"seed {where}: {sentence}", markup=False)
    console.print(f"{name}: {line.bound}, {line.seconds:g} s; added to {path.name}.")
    sys.exit(1 if line.failed else 0)


if __name__ == "__main__":
    # A seed that is run twice has to give the same trace, in sets of strings as well.
    if os.environ.get("PYTHONHASHSEED") != "0":
        arguments = [sys.executable, "-m", "tests.soak", *sys.argv[1:]]
        os.execve(sys.executable, arguments, {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606
    main()
