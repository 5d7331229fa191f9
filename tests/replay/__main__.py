"""`python -m tests.replay SEED`: play one replay and show what was counted, and what was wrong."""

from __future__ import annotations

import click
from rich.console import Console

from tests.replay.plan import draw
from tests.replay.world import replay


@click.command()
@click.argument("seed", type=click.IntRange(min=0), default=1)
@click.option("--opens", type=click.IntRange(min=1), default=20_000, show_default=True)
def main(*, seed: int, opens: int) -> None:
    """Play one replay."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    report = replay(draw(seed, opens=opens), seed=seed)
    for name, number in (*sorted(report.counts.items()), *report.figures.items()):
        console.print(f"{number:>10} {name}")
    for each in report.found[:50]:
        console.print(each)
    console.print(f"{len(report.found)} found in {opens} opens")


if __name__ == "__main__":
    main()
