"""The figures that are too long for one run: what each is, and how often it is tried where."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

FIGURES: Final[dict[str, str]] = {
    "audit": "tests.operations.figures:AUDIT",
    "clicks": "tests.simulation.figures:CLICKS",
    "late_doubles": "tests.simulation.figures:LATE_DOUBLES",
    "limits": "tests.operations.figures:LIMITS",
    "malformed": "tests.test_malformed:MALFORMED",
    "mistakes": "tests.simulation.figures:MISTAKES",
    "outages": "tests.replay.figures:OUTAGES",
    "outbox": "tests.delivery.outbox_figure:OUTBOX",
    "outbox_killed": "tests.delivery.outbox_figure:KILLED",
    "processes": "tests.processes.figures:PROCESSES",
    "replay": "tests.replay.figures:REPLAY",
    "schedules": "tests.simulation.figures:SCHEDULES",
    "sockets": "tests.serving.figures:SOCKETS",
    "tenants": "tests.tenants.figures:TENANTS",
    "webhooks": "tests.delivery.announced:WEBHOOKS",
}
"""Where each figure is: its code lies with its tests, and is imported when it is run."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that is tried seed by seed.

    `one` tries one seed and gives a sentence for each failure; the same seed does the same.
    `simulated` says what of all this is not real, `each` how many cases a seed is.
    """

    one: Callable[[int], Iterable[str]]
    simulated: str
    each: int = 1


def load(name: str) -> Figure:
    """Import a figure; KeyError where none has this name."""
    module, _, attribute = FIGURES[name].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    assert isinstance(found, Figure), name
    return found


def count(name: str, *, suite: int, commit: int) -> int:
    """Say how often pytest tries a figure: fewer times in the suite than for a commit."""
    assert name in FIGURES, name
    return commit if os.environ.get("COMMIT_FIGURES") == "1" else suite


def bound(n: int, failed: int) -> str:
    """Say what a number of tries proves: at most 3/n at 95 % where none failed."""
    if failed or not n:
        return f"{failed} in {n}"
    return f"0 in {n} means at most {3 / n:.2g} at 95 %"
