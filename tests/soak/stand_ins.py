"""Figures to try the runner with: one that holds, one that does not."""

from __future__ import annotations

import os
from collections.abc import Iterable

from tests.soak.figures import Figure


def _holds(seed: int) -> Iterable[str]:
    return ()


def _fails_on_seven(seed: int) -> Iterable[str]:
    if seed == 7:
        yield "seven is too many"
    if seed == 8:
        raise ValueError("eight")


def _hashes(seed: int) -> Iterable[str]:
    yield f"{os.environ.get('PYTHONHASHSEED')} {hash('a')}"


HOLDS = Figure(one=_holds, simulated="nothing", each=3)
FAILS = Figure(one=_fails_on_seven, simulated="nothing")
HASHES = Figure(one=_hashes, simulated="nothing")
