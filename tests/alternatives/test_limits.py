"""Rivo's limit of 15 requests in a second (U16, U17): nothing is changed, and later it works."""

from __future__ import annotations

import pytest

from integrations.rivo_sandbox import Switches, alternatives
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


async def test_a_write_above_the_limit_changes_nothing_until_later(busy: Service) -> None:
    await use_up(busy, 0)
    gift = ("create_points_event", {**SARAH, "points_amount": 5})

    above = await busy.ask(*gift)
    busy.seconds += 1.1
    later = await busy.ask(*gift)

    assert UNCHANGED | {"changed": {}} == {name: above[name] for name in (*UNCHANGED, "changed")}
    assert {"ledger": 1, "points_events": 1} == later["changed"]


async def test_a_redemption_for_which_only_the_look_before_is_left_changes_nothing(
    busy: Service,
) -> None:
    await use_up(busy, 1)

    outcome = await busy.ask("create_points_redemption", {**SARAH, "reward_id": 709485})

    assert_honest(busy, "create_points_redemption", outcome)
    assert UNCHANGED == {name: outcome[name] for name in UNCHANGED}
    assert 1 == len(outcome["sent"])


async def test_a_redemption_without_a_look_before_tells_no_balance(busy: Service) -> None:
    await use_up(busy, 0)
    asked = len(busy.sandbox.requests)

    # The look before comes to nothing; then the second is over.
    busy.sandbox.faults = lambda received: next_second(received.method)

    def next_second(method: str) -> None:
        busy.seconds += 1.1 if method == "POST" else 0.0

    outcome = await busy.ask("create_points_redemption", {**SARAH, "reward_id": 709485})

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
