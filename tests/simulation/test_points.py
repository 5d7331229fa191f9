"""Wherever a write is cut, in whichever way: one effect at most, the truth, and an end."""

from __future__ import annotations

import os

import pytest

from tests.simulation.points import WRITES, points_of, struck, ways_of

FEWER = 1 if os.environ.get("COMMIT_FIGURES") == "1" else 4
"""Of the points of most writes every fourth is tried in the suite, all before a commit."""
WHOLE = ("points given",)


@pytest.mark.parametrize("name", WRITES)
def test_every_point_may_fail(name: str) -> None:
    points = points_of(name)
    assert {"commit", "committed", "read", "send POST", "sent POST"} & {*points}
    tried = [
        (number, way)
        for number, what in enumerate(points)
        for way in ways_of(what)
        if name in WHOLE or (number + len(name)) % FEWER == 0
    ]
    failed = {
        (*each, points[each[0]]): found for each in tried if (found := list(struck(name, *each)))
    }
    assert {} == failed


def test_a_fault_free_write_is_cut_nowhere() -> None:
    assert {"commit", "committed", "send POST", "sent POST"} <= {*points_of("points given")}
