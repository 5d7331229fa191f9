"""Rivo's limit of 15 requests in a second (U16, U17): nothing is changed, and later it works."""

from __future__ import annotations

import pytest

from integrations.rivo_sandbox import Switches, alternatives
from tests.alternatives.case import Step
from tests.alternatives.people import AIKO, GOLD, MAYA, SARAH
from tests.alternatives.service import Line, Service, assert_honest

pytestmark = pytest.mark.anyio

LIMIT = 15
LIMITS = {"default": Switches()} | {
    name: switches for name, switches in alternatives() if name.startswith(("U16", "U17"))
}
BUSY = {"error": "unavailable", "message": "Rivo is too busy right now."}
UNCHANGED = {"error": "unavailable", "message": "Rivo is too busy right now; nothing was changed."}


@pytest.fixture(params=LIMITS)
def busy(request: pytest.FixtureRequest, line: Line) -> Service:
    """A shop whose limit is nearly used up: one request is left in this second."""
    return Service(line, LIMITS[request.param], limit=LIMIT)


async def use_up(service: Service, left: int) -> None:
    for tier in range(1, LIMIT - left + 1):
        outcome = await service.ask("get_vip_tier", {"vip_tier_id": tier})
        assert outcome["error"] == "not_found"


async def test_a_read_above_the_limit_is_busy_until_later(busy: Service) -> None:
    await use_up(busy, 1)
    tier, customer = ("get_vip_tier", {"vip_tier_id": GOLD}), ("get_customer", MAYA)

    within, above = await busy.ask(*tier), await busy.ask(*customer)
    busy.seconds += 1.1
    later = await busy.ask(*customer)

    assert "answer" in within
    assert BUSY == {name: above[name] for name in BUSY}
    assert "answer" in later


async def stand_still(_: float) -> None:
    """Let the second not pass."""


GIFT = ("create_points_event", {**SARAH, "points_amount": 5})
REDEMPTION = ("create_points_redemption", {**SARAH, "reward_id": 709485})


@pytest.mark.parametrize("left", [0, 1, 2])
@pytest.mark.parametrize("write", [GIFT, REDEMPTION], ids=["gift", "redemption"])
async def test_a_write_above_the_limit_is_sent_once_more_and_applied_once(
    busy: Service, write: Step, left: int
) -> None:
    await use_up(busy, left)

    outcome = await busy.ask(*write)

    assert_honest(busy, write[0], outcome)
    assert "answer" in outcome
    assert 1 == outcome["changed"]["ledger"]
    assert len(outcome["sent"]) == 1 + outcome.get("busy", 0)
    assert ("busy" in outcome) == (busy.seconds > 0)


async def test_a_write_above_the_limit_changes_nothing_until_later(busy: Service) -> None:
    await use_up(busy, 0)
    busy.rivo.sleep = stand_still

    above = await busy.ask(*GIFT)
    busy.seconds += 1.1
    later = await busy.ask(*GIFT)

    assert UNCHANGED | {"changed": {}, "busy": 2} == {
        name: above[name] for name in (*UNCHANGED, "changed", "busy")
    }
    assert {"ledger": 1, "points_events": 1} == later["changed"]


async def test_a_redemption_for_which_only_the_look_before_is_left_changes_nothing(
    busy: Service,
) -> None:
    await use_up(busy, 1)
    busy.rivo.sleep = stand_still

    outcome = await busy.ask(*REDEMPTION)

    assert_honest(busy, REDEMPTION[0], outcome)
    assert UNCHANGED == {name: outcome[name] for name in UNCHANGED}
    assert 2 == len(outcome["sent"]) == outcome["busy"]


async def test_a_redemption_without_a_look_before_tells_no_balance(busy: Service) -> None:
    await use_up(busy, 0)
    asked = len(busy.sandbox.requests)

    # The look before comes to nothing; then the second is over.
    busy.sandbox.faults = lambda received: next_second(received.method)

    def next_second(method: str) -> None:
        busy.seconds += 1.1 if method == "POST" else 0.0

    outcome = await busy.ask(*REDEMPTION)

    assert outcome["answer"]["customer"] is None
    assert {"ledger": 1, "points_events": 1, "points_redemptions": 1} == outcome["changed"]
    assert "POST" == list(busy.sandbox.requests)[-1].method
    assert len(busy.sandbox.requests) > asked + 1


async def test_a_sidebar_shows_what_the_limit_lets_through(busy: Service) -> None:
    await use_up(busy, 4)

    outcome = await busy.ask("get_sidebar", AIKO)

    answer = outcome["answer"]
    parts = {name: part["error"] is None for name, part in answer["parts"].items()}
    assert parts == {
        "customer": True,
        "activity": True,
        "codes": True,
        "membership": True,
        "catalogue": False,
    }
    assert (5320, []) == (answer["balance"]["points"], answer["rewards"])
