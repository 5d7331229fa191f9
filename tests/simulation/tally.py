"""Many schedules: which fail, and how often what was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.simulation.checker import check
from tests.simulation.plan import USUAL, Mix, draw
from tests.simulation.world import run


def tally(seeds: Iterable[int], mix: Mix = USUAL) -> tuple[dict[int, list[str]], Counter[str]]:
    """Play schedules: the findings of those that fail, and what was counted in all.

    Counted are answers by status, operations by the state in which they end, reviews by action and
    cause, and redemptions of a customer's own that were taken for ours (`attributed`).
    """
    failed: dict[int, list[str]] = {}
    counts = Counter[str]()
    for seed in seeds:
        report = check(run(draw(seed, mix)))
        counts += report.counts
        if report.findings:
            failed[seed] = report.findings
    return failed, counts
