"""A day of tickets in virtual time: Rivo is asked little, and everything that is shown is true."""

from __future__ import annotations

import pytest

from integrations.rivo_sandbox import Switches
from tests.often import often
from tests.replay.plan import draw
from tests.replay.world import replay

SEEDS = often(suite=1, commit=4)
OPENS = often(suite=400, commit=5_000)


@pytest.mark.parametrize("seed", range(1, 1 + SEEDS))
def test_what_is_shown_is_true_in_time_and_asked_for_once(seed: int) -> None:
    """For a commit 20,000 tickets; what is looked for is in `judge.py` and `windows.py`."""
    report = replay(draw(seed, opens=OPENS), seed=seed)

    assert [] == report.found
    assert report.counts["opens"] >= OPENS
    assert report.counts["parts"] > OPENS
    assert report.counts["writes 201"] > OPENS / 25
    assert report.counts["webhooks 200"] > OPENS / 10
    assert report.counts["stale"] > OPENS / 50
    assert report.counts["fresh"] > OPENS / 2
    assert 10 <= report.figures["most in a second"] <= 15
    assert report.figures["with those of writes"] <= 1.1
    assert report.counts.get("not available", 0) < OPENS / 100


def test_the_same_seed_gives_the_same_replay() -> None:
    first, second = (replay(draw(2, opens=60), seed=2) for _ in range(2))
    assert first.counts == second.counts


def test_what_is_shown_is_as_true_where_reads_lag_behind_writes() -> None:
    """What lacks a write of ours is said to be stale, as far as anything can tell (U20)."""
    lagging = Switches(read_after_write="delayed")
    report = replay(draw(21, opens=300), seed=21, switches=lagging)

    assert [] == report.found
    assert report.counts["stale"] > 10
