"""The figures of the simulation for the soak, each seed by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from tests.simulation.bugs import BUGS, caught
from tests.simulation.checker import check
from tests.simulation.intents import ANA, Click, Intent
from tests.simulation.plan import LATE, USUAL, Mix, Plan, Trouble, draw
from tests.simulation.world import run
from tests.soak.figures import Figure

ALL_AT_ONCE: Final = 100
SEEDS_A_BUG: Final = 2_000
FAULTS: Final = (
    "before and after it is applied: refused connections, resets, 429, 500, dropped requests and "
    "answers, broken JSON, trickling bodies, redirects, pages, 200 with an error; applied late, "
    "lists that lag or never show, pages of two rows, notes cut off; kills at inputs and outputs"
)
SIMULATED: Final = (
    "two instances on one SQLite database in memory, Rivo, network and time in one process; no "
    f"disk, power or clock failures. Of the writes 60 % fail, {FAULTS}"
)


def schedule(seed: int, mix: Mix = USUAL) -> Iterator[str]:
    """Play the schedule of a seed: what is wrong with it."""
    yield from check(run(draw(seed, mix))).findings


def late(seed: int) -> Iterator[str]:
    """Play a schedule in which what was lost is applied after Q."""
    yield from schedule(seed, LATE)


def bug(seed: int) -> Iterator[str]:
    """Look for one of the mistakes, all in turn."""
    name = [*BUGS][seed % len(BUGS)]
    first = seed // len(BUGS) * SEEDS_A_BUG
    if caught(name, most=SEEDS_A_BUG, first=first) is None:
        yield f"{name}: not caught in {SEEDS_A_BUG} schedules from {first} on"


def clicks(seed: int) -> Iterator[str]:
    """Click a hundred times at once for one thing, at both instances."""
    chance = random.Random(seed)
    slots = [chance.randrange(2) for _ in range(ALL_AT_ONCE)]
    intent = Intent(
        number=0,
        caller="api",
        action="create_points_event",
        inputs={"customer_email": ANA, "points_amount": 100},
        key=chance.choice(("key-0", None)),
        ticket="100",
        clicks=tuple(Click(at=1.0, slot=slot) for slot in slots),
    )
    takes = round(chance.uniform(0.05, 2), 2)
    trouble = Trouble("none", takes / 2, takes)
    record = run(Plan(seed=seed, intents=(intent,), writes=(trouble,)))
    yield from check(record).findings
    if len(record.arrived) != 1:
        yield f"{len(record.arrived)} requests were sent"
    bodies = {said.raw for said in record.said}
    if len(bodies) != 1 or {said.status for said in record.said} != {201}:
        yield f"{len(bodies)} different bodies"


SCHEDULES: Final = Figure(one=schedule, simulated=f"Q >= D + L; {SIMULATED}")
LATE_DOUBLES: Final = Figure(
    one=late,
    simulated="D > Q: lost writes are applied 110 to 400 s after sending, Q is 90 s, notes are "
    f"whole; {SIMULATED}",
)
MISTAKES: Final = Figure(
    one=bug, simulated=f"{len(BUGS)} mistakes in turn, 2,000 schedules at most for each"
)
CLICKS: Final = Figure(
    one=clicks, simulated=f"{ALL_AT_ONCE} identical requests at one instant at two instances"
)
