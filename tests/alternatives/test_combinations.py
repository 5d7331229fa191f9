"""Many alternatives at once, drawn by lot: nobody can say what is right, but what is wrong."""

from __future__ import annotations

import random
from typing import get_args, get_type_hints

import msgspec
import pytest

from integrations.rivo_sandbox import Switches
from tests.alternatives.cases import CASES, CASES_OF_WRITES, play
from tests.alternatives.service import Line
from tests.often import often

pytestmark = pytest.mark.anyio

SEEDS = often(suite=50, commit=150)
VALUES = {name: get_args(hint) for name, hint in get_type_hints(Switches).items()}
ASKED = [
    (name, mode, case)
    for cases in (CASES, CASES_OF_WRITES)
    for name, modes in cases.items()
    for mode, case in modes.items()
]
# What depends on several alternatives at once is asked more often than the rest.
ENTANGLED = [
    asked
    for asked in ASKED
    if asked[0].startswith(("create_points", "redeem", "refund", "update", "cancel"))
]


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_no_combination_makes_an_answer_untrue(seed: int, line: Line) -> None:
    """`play` holds every outcome against the shop, and lets nothing but our own errors through."""
    lot = random.Random(seed)
    switches = msgspec.convert({name: lot.choice(VALUES[name]) for name in VALUES}, Switches)

    for name, mode, case in [*lot.sample(ASKED, 8), *lot.sample(ENTANGLED, 12)]:
        try:
            await play(line, switches, name, case)
        except Exception as error:
            error.add_note(f"{name}, {mode}, {switches}")
            raise


def test_the_lot_falls_on_every_value_and_every_action() -> None:
    drawn = {name: set[str]() for name in VALUES}
    asked = set[str]()
    for seed in range(SEEDS):
        lot = random.Random(seed)
        for name, values in VALUES.items():
            drawn[name].add(lot.choice(values))
        asked |= {name for name, _, _ in lot.sample(ASKED, 8)}

    assert {name: set(values) for name, values in VALUES.items()} == drawn
    assert set(CASES) == asked
