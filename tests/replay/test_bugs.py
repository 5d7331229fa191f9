"""The harness can fail: each of these mistakes is caught."""

from __future__ import annotations

import pytest

from tests.often import often
from tests.replay.bugs import BUGS, caught

MOST = 4
ALWAYS = ("there is no budget", "Rivo is asked however it fails")
NAMES = [*ALWAYS, *(name for name in BUGS if name not in ALWAYS)]
TRIED = NAMES[: often(suite=len(ALWAYS), commit=len(NAMES))]


@pytest.mark.parametrize("name", TRIED)
def test_the_mistake_is_caught(name: str) -> None:
    assert caught(name, most=MOST) is not None


def test_there_are_mistakes_enough() -> None:
    assert len(BUGS) >= 12
    assert {*ALWAYS} <= BUGS.keys()
