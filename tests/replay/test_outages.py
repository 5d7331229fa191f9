"""Rivo dead, hung, slow, failing or busy: helpdesks are answered all the same, and in time."""

from __future__ import annotations

import pytest

from tests.often import often
from tests.replay.outages import NOT_DOWN, WAYS, Way, outage, too_slow

OUTAGES = often(suite=1, commit=2)
ASKS = often(suite=50, commit=170)


@pytest.mark.parametrize("way", WAYS)
def test_helpdesks_are_answered_whatever_rivo_does(way: Way) -> None:
    """For a commit 2,000 requests; what is known, once Rivo is known to be down, in 50 ms."""
    told = [outage(seed, asks=ASKS, way=way) for seed in range(1, 1 + OUTAGES)]

    assert [] == [each for one in told for each in one.found]
    assert ASKS * OUTAGES <= sum(one.counts.total() for one in told)
    assert not too_slow([seconds for one in told for seconds in one.warm])
    assert (way in NOT_DOWN) == (not any(one.warm for one in told))
