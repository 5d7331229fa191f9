"""Every input and output of a write, failed in turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.simulation.checker import check
from tests.simulation.instance import Strike, Ways
from tests.simulation.intents import (
    ANA,
    BY_POINTS,
    CODES,
    CUSTOM_ACTION,
    FIXED,
    REDEMPTIONS,
    Click,
    Intent,
)
from tests.simulation.plan import Plan
from tests.simulation.seen import Record
from tests.simulation.world import run

WRITES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "points given": ("create_points_event", {"points_amount": 100}),
    "points taken": ("create_points_event", {"points_amount": -100}),
    "credit given": ("create_points_event", {"credits_amount": "2.50"}),
    "a custom action": (
        "create_points_event",
        {"source": "custom_action", "custom_action_name": CUSTOM_ACTION},
    ),
    "a reversal": ("reverse_points_event", {}),
    "an approval": ("create_points_event", {"points_amount": 450}),
    "a redemption": ("create_points_redemption", {"reward_id": FIXED}),
    "points redeemed": (
        "redeem_customer_points",
        {"reward_id": BY_POINTS, "points_amount": 200},
    ),
    "a refund": ("refund_points_redemption", {"redemption_id": REDEMPTIONS[ANA]}),
    "a birthday": ("update_customer_dob", {"dob": "04-15"}),
    "a customer": ("update_customer", {"dob": "04-16"}),
    "a tier": ("update_customer_vip_tier", {"vip_tier_id": 22}),
    "a cancellation": ("cancel_membership", {}),
    "a referral": (
        "create_referral",
        {"email": "friend@example.com", "referral_code": CODES[ANA], "remote_ip": "203.0.113.7"},
    ),
}
NAMELESS: Final = ("reverse_points_event", "create_referral")
WAYS: Final[tuple[Ways, ...]] = ("kill", "raise", "hang", "cancel")
ENDS: Final = ("succeeded", "rejected", "awaiting_approval")
SLEEPS: Final = ("sleep", "slept")


def plan_of(name: str) -> Plan:
    """Ask for one write at the first instance, and for the same later at the other one."""
    action, inputs = WRITES[name]
    if action not in NAMELESS:
        inputs = {"customer_email": ANA, **inputs}
    first = 2.0 if name == "a reversal" else 1.0
    wanted = Intent(
        number=0,
        caller="desk" if name == "an approval" else "api",
        action=action,
        inputs=inputs,
        key="key-0",
        ticket="100",
        clicks=(Click(at=first, slot=0), Click(at=first + 25, slot=1)),
        reverses=1 if name == "a reversal" else None,
        approvals=((1.5, 0), (30.0, 1)) if name == "an approval" else (),
    )
    intents = [wanted]
    if name == "a reversal":
        given = {"customer_email": ANA, "points_amount": 100}
        click = Click(at=0.5, slot=1)
        intents.append(
            Intent(
                number=1,
                caller="api",
                action="create_points_event",
                inputs=given,
                key="key-1",
                ticket="101",
                clicks=(click,),
            )
        )
    return Plan(seed=0, late=0.0, intents=tuple(intents))


def points_of(name: str) -> tuple[str, ...]:
    """Name the inputs and outputs that the first instance reaches if nothing fails."""
    return run(plan_of(name)).points


def struck(name: str, point: int, way: Ways) -> Iterator[str]:
    """Let one of them fail in one way: what is wrong in the end."""
    record = run(plan_of(name), strike=Strike(point, way))
    for finding in check(record).findings:
        # A disk that hangs for half a minute is waited for, and one that fails is logged.
        waited = finding.startswith("slow:") and way == "hang"
        if not waited and '"StoreError"' not in finding:
            yield finding
    yield from _ended(record)


def _ended(record: Record) -> Iterator[str]:
    """Whoever asks once more when all is well is told the truth for good."""
    last = record.said[-1]
    told = last.operation
    if last.phase != "after" or told is None or told["state"] not in ENDS:
        yield f"not ended: {last.status} {told}"


def ways_of(what: str) -> tuple[Ways, ...]:
    """Say in which ways an input or output can fail: nothing goes wrong in sleeping."""
    return tuple(way for way in WAYS if way != "raise" or what not in SLEEPS)
