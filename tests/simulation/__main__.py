"""`python -m tests.simulation SEED`: what a schedule is, what happened, what is wrong with it."""

from __future__ import annotations

import click
from rich.console import Console

from tests.simulation.checker import check
from tests.simulation.plan import LATE, USUAL, draw
from tests.simulation.tally import tally
from tests.simulation.world import run


@click.command()
@click.argument("seed", type=click.IntRange(min=0))
@click.option("--late", is_flag=True, help="From the schedules in which D is greater than Q.")
@click.option("--many", type=click.IntRange(min=1), help="Play so many, and count what was seen.")
def main(*, seed: int, late: bool, many: int | None) -> None:
    """Play one schedule and show all of it, or play many and show the counts."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    mix = LATE if late else USUAL
    if many is not None:
        failed, counts = tally(range(seed, seed + many), mix)
        for name, number in sorted(counts.items()):
            console.print(f"{number:8} {name}")
        for each, findings in failed.items():
            console.print(f"seed {each}: {findings}")
        return
    plan = draw(seed, mix)
    record = run(plan)
    for line in (*plan.lines(), *record.trace, *check(record).findings):
        console.print(line)


if __name__ == "__main__":
    main()
