"""Whatever happens on the way: one effect, the truth in every answer, and an end."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.checker import check
from tests.simulation.figures import clicks
from tests.simulation.intents import ANA, CODES, FIXED, Click, Intent
from tests.simulation.plan import LATE, Plan, Trouble, draw
from tests.simulation.seen import Record
from tests.simulation.tally import tally
from tests.simulation.world import run
from tests.soak.figures import count

ROOT = Path(__file__).parents[2]
PARTS = 4
SAME = 4
TRACE = """
import hashlib
from tests.simulation.plan import draw
from tests.simulation.tally import tally
from tests.simulation.world import run
for seed in range({seeds}):
    print(hashlib.sha256("\\n".join(run(draw(seed)).trace).encode()).hexdigest())
"""


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost_doubled_told_wrong_or_stuck(part: int) -> None:
    seeds = range(1 + part, 1 + count("schedules", suite=300, commit=3_000), PARTS)
    failed, counts = tally(seeds)
    assert {} == failed
    # What goes to a person, and what of the customers' own is taken for ours, stays the exception.
    assert counts["needs_review"] <= 0.1 * counts["operations"], counts
    assert counts["attributed"] <= 0.02 * counts["operations"], counts


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_applied_after_not_applied_was_said_is_detected(part: int) -> None:
    seeds = range(1 + part, 1 + count("late_doubles", suite=40, commit=200), PARTS)
    failed, counts = tally(seeds, LATE)
    assert {} == failed
    assert 0 < counts["late"] == counts["late_detected"]


def test_a_seed_that_is_played_twice_gives_the_same_trace() -> None:
    for seed in range(20):
        assert run(draw(seed)).trace == run(draw(seed)).trace


def test_a_trace_does_not_depend_on_how_texts_are_hashed() -> None:
    expected = [
        hashlib.sha256("\n".join(run(draw(seed)).trace).encode()).hexdigest()
        for seed in range(SAME)
    ]
    for hashing in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", TRACE.format(seeds=SAME)],
            capture_output=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hashing},
            text=True,
        )
        assert expected == done.stdout.split()


def test_a_schedule_can_be_read() -> None:
    lines = list(draw(3).lines())
    assert "seed 3: Q 90, D 60, L 14.1" == lines[0]
    assert any(line.startswith("  Intent(number=0, ") for line in lines)
    assert any(line.startswith("  write ") for line in lines)


def test_a_hundred_identical_clicks_send_one_request() -> None:
    rounds = range(1, 1 + count("clicks", suite=4, commit=200))
    assert {} == {seed: found for seed in rounds if (found := list(clicks(seed)))}


@pytest.mark.parametrize("key", ["key-0", None], ids=["with a key", "without one"])
def test_the_same_click_after_121_seconds_joins_what_is_unknown(key: str | None) -> None:
    unread = (Trouble("error", 0.0, 0.1),) * 200
    lost = Trouble("drop", 30.0, 0.1)
    record = _clicked_at(1.0, 122.0, key=key, writes=(lost,), reads=unread)
    first, second, *_ = record.said
    assert [202, 202] == [first.status, second.status]
    assert (first.operation or {})["id"] == (second.operation or {})["id"]
    assert "unknown" == (second.operation or {})["state"]
    assert 1 == len(record.arrived)
    assert ["succeeded"] == [each["state"] for each in record.operations]


@pytest.mark.parametrize("key", ["key-0", None], ids=["with a key", "without one"])
def test_what_was_surely_not_sent_goes_through_when_it_is_asked_for_again(
    key: str | None,
) -> None:
    refused = Trouble("refuse", None, 0.1)
    record = _clicked_at(1.0, 10.0, key=key, writes=(refused,))
    first, second, *_ = record.said
    assert [503, 201] == [first.status, second.status]
    assert (first.operation or {})["id"] == (second.operation or {})["id"]
    assert ["refuse", "none"] == [each.trouble for each in record.arrived]


def test_a_row_is_not_taken_for_late_while_it_may_belong_to_an_open_operation() -> None:
    inputs = {"customer_email": ANA, "reward_id": FIXED}
    record = _wanted_twice("create_points_redemption", inputs, 1.0, 135.0)
    assert [] == check(record).findings
    assert ["rejected", "succeeded"] == sorted(each["state"] for each in record.operations)


def test_only_one_referral_of_a_friend_is_open_at_a_time() -> None:
    inputs = {"email": "friend@example.com", "referral_code": CODES[ANA], "remote_ip": "::1"}
    record = _wanted_twice("create_referral", inputs, 1.0, 5.0)
    assert [] == check(record).findings
    assert [202, 409] == [said.status for said in record.said[:2]]


def _wanted_twice(action: str, inputs: dict[str, Any], *times: float) -> Record:
    """Want the same for two tickets: the first is lost and never applied, the second lost."""
    intents = tuple(
        Intent(
            number=number,
            caller="api",
            action=action,
            inputs=inputs,
            key=f"key-{number}",
            ticket=f"10{number}",
            clicks=(Click(at=at, slot=0),),
        )
        for number, at in enumerate(times)
    )
    lost = (Trouble("drop", None, 0.1), Trouble("drop", 30.0, 0.1))
    return run(Plan(seed=0, intents=intents, writes=lost))


def _clicked_at(
    *times: float,
    key: str | None,
    writes: tuple[Trouble, ...],
    reads: tuple[Trouble, ...] = (),
) -> Record:
    intent = Intent(
        number=0,
        caller="api",
        action="create_points_event",
        inputs={"customer_email": ANA, "points_amount": 100},
        key=key,
        ticket="100",
        clicks=tuple(Click(at=at, slot=0) for at in times),
    )
    return run(Plan(seed=0, intents=(intent,), writes=writes, reads=reads))
