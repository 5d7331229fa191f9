"""`python -m tests.bench`: the service beside a bare application, warm, and beside Rivo, cold.

`python -m tests.bench once`: what it costs that a write is made once.
`python -m tests.bench hung`: what it costs one shop that another's Rivo hangs.
`python -m tests.bench webhooks`: how long Rivo waits for the answer to a webhook.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final, NoReturn

import click
import uvloop
from rich.console import Console

from tests.bench import load, warm
from tests.bench.announced import measure_announced
from tests.bench.cold import measure_cold
from tests.bench.hung import measure_hung
from tests.bench.keys import KNOWN, NEW, measure_keys
from tests.bench.once import ON_DISK, measure_writes
from tests.bench.processes import Cores
from tests.bench.table import table_of, table_of_announced, table_of_hung, table_of_once
from tests.bench.warm import SATURATED, Warm, measure_warm

LEAST: Final = 0.25
MOST_ADDED_MS: Final = 3.0
MOST_LONGER: Final = 1.3
MOST_TOUCHED: Final = 1.3
MOST_ACKNOWLEDGED_MS: Final = 50.0
DISTURBED: Final = (
    "The load or other work was in the servers' way: one had {share:.0%} of its core. "
    "What counts is the ratio by CPU."
)


@click.command(context_settings={"show_default": True})
@click.argument(
    "part", type=click.Choice(["service", "once", "hung", "webhooks"]), default="service"
)
@click.option("--rounds", type=click.IntRange(1, 100), default=9, help="How often each is asked.")
@click.option("--seconds", type=click.IntRange(1, 60), default=2, help="How long each time.")
def main(part: str, rounds: int, seconds: int) -> None:
    """Measure; exit with 1 where the service is too slow, or where the figures mean nothing.

    PART is service, or once: a minute for a million operations, which take 2 GB while it runs; or
    hung: six minutes with two shops; or webhooks: ten seconds a round.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    if part == "once":
        _end(console, _once(console, rounds))
    if part == "webhooks":
        _end(console, _webhooks(console, rounds))
    if not load.is_here():
        console.print(load.MISSING)
        return
    if sys.platform != "linux":
        console.print("The bench needs Linux: elsewhere nothing keeps server and load apart.")
        return
    cores = Cores.found()
    if cores.server is None:
        console.print("Server and load share one core here: expect lower, noisier figures.")
    if part == "hung":
        _end(console, _hung(console, cores, rounds=rounds, seconds=seconds))
    with tempfile.TemporaryDirectory() as folder:
        remembered = measure_warm(Path(folder), rounds=rounds, seconds=seconds, cores=cores)
        asked = measure_cold(Path(folder), rounds=rounds, seconds=seconds, cores=cores)
    console.print(table_of(remembered, asked))
    if remembered.share < SATURATED:
        console.print(DISTURBED.format(share=remembered.share))
    wrong = [*remembered.wrong, *asked.wrong]
    if (ratio := _ratio(remembered)) < LEAST:
        wrong.append(f"The service is too slow: {ratio:.3f} of the bare application, not {LEAST}.")
    _end(console, wrong)


def _once(console: Console, rounds: int) -> list[str]:
    """Measure what operations cost, print it, and say what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        written = uvloop.run(measure_writes(Path(folder), rounds=rounds))
        found = uvloop.run(measure_keys(Path(folder), rounds=rounds))
    console.print(table_of_once(written, found))
    wrong = [*written.wrong, *found.wrong]
    if (added := statistics.median(written.added_ms(ON_DISK))) > MOST_ADDED_MS:
        wrong.append(f"An operation adds too much: {added:.2f} ms, not {MOST_ADDED_MS:.0f}.")
    longest = max(statistics.median(found.ratios(name)) for name in (KNOWN, NEW))
    if longest > MOST_LONGER:
        wrong.append(f"Finding a key takes {longest:.2f} times as long, not {MOST_LONGER}.")
    return wrong


def _hung(console: Console, cores: Cores, *, rounds: int, seconds: int) -> list[str]:
    """Measure how far one shop's trouble reaches, print it, and say what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        found = measure_hung(Path(folder), rounds=rounds, seconds=3 * seconds, cores=cores)
    console.print(table_of_hung(found))
    touched = max(statistics.median(found.ratios(kind)) for kind in found.runs)
    too_much = f"One shop waits for another: {touched:.2f} times as long, not {MOST_TOUCHED}."
    return [*found.wrong, *([too_much] if touched > MOST_TOUCHED else [])]


def _webhooks(console: Console, rounds: int) -> list[str]:
    """Measure how long webhooks wait for their answer, print it, and say what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        found = measure_announced(Path(folder), rounds=rounds, cores=Cores.found())
    console.print(table_of_announced(found))
    wrong = (
        [f"Not every webhook was taken: {found.statuses}."] if set(found.statuses) != {200} else []
    )
    if (longest := statistics.median(found.p99_ms())) > MOST_ACKNOWLEDGED_MS:
        wrong.append(f"Rivo waits too long: {longest:.1f} ms, not {MOST_ACKNOWLEDGED_MS:.0f}.")
    return wrong


def _end(console: Console, wrong: list[str]) -> NoReturn:
    for sentence in wrong:
        console.print(sentence)
    sys.exit(1 if wrong else 0)


def _ratio(remembered: Warm) -> float:
    """Say how the service compares; by what an answer costs where it could not show its speed."""
    if remembered.share < SATURATED:
        return statistics.median(remembered.cpu_ratios(warm.SERVICE))
    return statistics.median(remembered.ratios(warm.SERVICE))


if __name__ == "__main__":
    main()
