"""Whatever Rivo does, a read through /gorgias is 200 with the same keys."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from typing import Any

import pytest

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, Received
from tests.app.flat import (
    AIKO,
    DOWN,
    LENA,
    NOBODY,
    OSKAR_EXCLUDED,
    OUTAGES,
    PRIYA_GUEST,
    READS,
    read,
)
from tests.app.loop import seconds
from tests.app.serving import (
    ENVIRON,
    MAYA,
    MEMBER,
    SARAH,
    Service,
)
from tests.often import often

pytestmark = pytest.mark.anyio

WEIRD: list[Any] = [
    None,
    "",
    "x",
    "NaN",
    "1e999",
    "-0",
    -1,
    1.5,
    1e308,
    2**70,
    True,
    [],
    {},
    [[{}]],
    {"id": "x"},
    "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59+14:00",
    "\u0000",
    "é" * 5000,
]
WHO = (MAYA, MEMBER, SARAH, AIKO, PRIYA_GUEST, OSKAR_EXCLUDED, NOBODY, LENA, "7294851236742")


def spoiled(value: Any, dice: random.Random) -> Any:
    """Replace something in a body, somewhere, by something that has no business there."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        name = dice.choice(list(value))
        return {**value, name: spoiled(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.85:
        at = dice.randrange(len(value))
        return [*value[:at], spoiled(value[at], dice), *value[at + 1 :]]
    return dice.choice(WEIRD)


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("how", DOWN)
async def test_whatever_rivo_does_a_read_is_200_with_the_same_keys(name: str, how: str) -> None:
    service = Service(faults=lambda _: DOWN[how]())
    began = seconds()
    told = await read(service, name, customer_email=SARAH)

    assert "Not available right now" == told["status"]
    assert told["message"]
    assert seconds() - began <= 4


@pytest.mark.parametrize("seed", range(4))
async def test_every_read_is_200_while_faults_of_every_kind_come_and_go(seed: int) -> None:
    """Half of the upstream's answers are spoiled; for a commit 2,000 reads, 4 seeds of 500."""
    reads = often(suite=160, commit=500)
    dice = random.Random(seed)
    kinds = Counter[str]()

    def fault(received: Received) -> Fault | None:
        kind = dice.choice(["none"] * 5 + ["spoiled"] * 3 + [*DOWN][:-1])
        kinds[kind] += 1
        if kind == "none":
            return None
        if kind != "spoiled":
            return DOWN[kind]()
        answer = tested.sandbox.answer(received)
        try:
            body = json.dumps(spoiled(json.loads(answer.body), dice)).encode()
        except ValueError:
            body = b""
        return Fault(kind="status", status=answer.status, body=body)

    tested = Service({**ENVIRON, "FRESH_SECONDS": "0"}, faults=fault)
    statuses, ages = Counter[str](), Counter[str]()
    slowest = 0.0
    for _ in range(reads):
        name = dice.choice(READS)
        began = seconds()
        told = await read(tested, name, customer_email=dice.choice(WHO))
        slowest = max(slowest, seconds() - began)
        statuses[told["status"]] += 1
        ages[told["stale"]] += 1
        await asyncio.sleep(dice.choice([0, 0, 0, 400]))  # the catalogue is remembered for 300

    await asyncio.sleep(10)  # what hangs still ends
    assert reads == statuses.total()
    assert {"none", "spoiled", *DOWN} - {"a flood"} == set(kinds)
    assert statuses["Found"] > reads / 25
    assert statuses["Not available right now"] > reads / 50
    assert ages["Yes"] > reads / 10
    assert slowest <= 4.0


@pytest.mark.parametrize("seed", range(4))
async def test_what_was_known_before_is_shown_through_an_outage_of_every_kind(seed: int) -> None:
    """Everybody is looked at, then Rivo is down in every way at once: 4 seeds of 500 reads."""
    reads = often(suite=160, commit=500)
    dice = random.Random(seed)
    ways = sorted(OUTAGES)
    down = False
    unhurried = {**ENVIRON, "RIVO_REQUESTS_PER_SECOND": "1000"}  # all that is known is as old
    tested = Service(unhurried, faults=lambda _: DOWN[dice.choice(ways)]() if down else None)
    before = {
        (name, who): await read(tested, name, customer_email=who) for name in READS for who in WHO
    }
    await asyncio.sleep(3600)
    down = True

    served = Counter[str]()
    slowest = 0.0
    for _ in range(reads):
        name, who = dice.choice(sorted(before))
        began = seconds()
        told = await read(tested, name, customer_email=who)
        slowest = max(slowest, seconds() - began)
        known = before[name, who]
        if known["status"] == "Not a member":  # an error cannot say how old it is
            assert ("Not available right now", None) == (told["status"], told.get("points"))
        else:
            assert known | {"stale": "Yes"} == told | {"message": known["message"]}
        served[told["stale"] or "not known"] += 1

    await asyncio.sleep(10)
    assert reads == served.total()
    assert served["Yes"] > reads * 3 / 4
    assert slowest <= 4.0


def test_every_read_that_gorgias_may_ask_for_is_in_these_tests() -> None:
    assert set(READS) <= set(ACTIONS)
    assert 6 == len(READS)
