"""The harness can fail: each of these mistakes is caught."""

from __future__ import annotations

import os

import pytest

from tests.simulation.bugs import BUGS, caught

MOST = 500
ALWAYS = (
    "a lost write is sent again",
    "Q is too small",
    "keys are shared by callers",
    "limits are reserved after sending",
    "what was being sent is sent again",
)
RARE = ("rows of other operations are claimed",)
"""Shown by few schedules: their turn is before a commit, or in a soak."""
WHOLE = os.environ.get("COMMIT_FIGURES") == "1"


@pytest.mark.parametrize("name", [name for name in BUGS if WHOLE or name not in RARE])
def test_the_mistake_is_caught(name: str) -> None:
    assert caught(name, most=MOST) is not None


def test_there_are_mistakes_enough() -> None:
    assert len(BUGS) >= 20
    assert {*ALWAYS} <= BUGS.keys() - {*RARE}
