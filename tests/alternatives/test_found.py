"""Whatever Rivo is like, a write whose reply was lost is found where it is, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from integrations.errors import OutcomeUnknownError
from integrations.rivo import ACTIONS
from integrations.rivo.writing import Given, ReadBack, Sent, Writing
from integrations.rivo_sandbox import Fault, Received, Switches, alternatives
from tests.alternatives.people import AIKO, FIVE_OFF, JOHNSON, MAYA, PLATINUM, SARAH, TOM, UNUSED
from tests.alternatives.service import KEYS, Line, Service, changes

pytestmark = pytest.mark.anyio

REFERENCE = "op_0123456789abcdef0123456789abcdef"
OTHER = "op_ffffffffffffffffffffffffffffffff"
WRITES: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("create_points_event", {**MAYA, "points_amount": 100, "internal_note": "T-1"}),
    ("create_points_event", {**MAYA, "credits_amount": "2.50"}),
    ("create_points_event", {**TOM, "source": "custom_action", "custom_action_name": "style_quiz"}),
    ("reverse_points_event", {"operation_id": OTHER}),
    ("create_points_redemption", {**SARAH, "reward_id": FIVE_OFF}),
    ("redeem_customer_points", {**SARAH, "reward_id": FIVE_OFF}),
    ("refund_points_redemption", {"redemption_id": UNUSED}),
    ("refund_points_redemption", {**AIKO, "redemption_id": UNUSED}),
    ("update_customer", {**MAYA, "dob": "1990-03-15", "first_name": "May"}),
    ("update_customer_dob", {**SARAH, "dob": "07-13"}),
    ("update_customer_vip_tier", {**MAYA, "vip_tier_id": PLATINUM}),
    ("cancel_membership", JOHNSON),
    ("cancel_membership", {**JOHNSON, "cancellation_policy": "immediate"}),
    (
        "create_referral",
        {
            "email": "friend@example.com",
            "referral_code": "MAYA-LOVES-IT",
            "remote_ip": "203.0.113.7",
        },
    ),
)
STATES: list[tuple[str, Mapping[str, object]]] = [
    ("refund_points_redemption", {"redemption_id": UNUSED}),
    ("update_customer_dob", {**SARAH, "dob": "07-13"}),
    ("update_customer_vip_tier", {**MAYA, "vip_tier_id": PLATINUM}),
    ("cancel_membership", JOHNSON),
]
SETTLE_SECONDS = 90
ELSEWHERE = tuple(f"U{number}-" for number in (1, 2, 14, 15, 16, 17, 18, 23, 24, 25, 26, 28))
"""What is refused or announced, and how: none of it shows in a list or in a customer."""
LIKE = [
    ("as it is taken to be", Switches()),
    *((name, each) for name, each in alternatives() if not name.startswith(ELSEWHERE)),
]


class Kept:
    """A write under way: what it was about to send is kept, what it reverses is made up."""

    def __init__(self) -> None:
        self.snapshot: Mapping[str, Any] = {}

    async def about_to_send(self, snapshot: Mapping[str, Any]) -> None:
        self.snapshot = {"since_id": 0, **snapshot}

    async def recall(self, _operation_id: str) -> Given:
        return Given(customer=str(MAYA["customer_email"]), points=40, credits="0")

    def writing(self) -> Writing:
        return Writing(reference=REFERENCE, about_to_send=self.about_to_send, recall=self.recall)


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("switches", [s for _, s in LIKE], ids=[name for name, _ in LIKE])
async def test_a_lost_write_is_found_where_it_is_and_nowhere_else(
    line: Line, switches: Switches, applied: bool
) -> None:
    def lost(received: Received) -> Fault | None:
        return None if received.method == "GET" else Fault(kind="lost", applied=applied)

    for name, inputs in WRITES:
        service, kept = Service(line, switches, faults=lost), Kept()
        before, (given, _) = service.state.copy(), ACTIONS[name].parse(inputs)
        with pytest.raises(OutcomeUnknownError):
            await ACTIONS[name].run(service.rivo.for_write(kept.writing(), 4.0), **given)

        back = await look(service, name, given, kept.snapshot)

        there = "found" if changes(before, service.state) else "absent"
        if there == "found" and name == "update_customer" and switches.write_fields == "unread":
            there = "unclear"  # the birthday is changed, the name is not
        assert (name, there) == (name, back.verdict)


@pytest.mark.parametrize("switches", [s for _, s in LIKE], ids=[name for name, _ in LIKE])
async def test_what_is_there_already_is_not_sent_again(line: Line, switches: Switches) -> None:
    def lost(received: Received) -> Fault | None:
        return None if received.method == "GET" else Fault(kind="lost", applied=True)

    for name, inputs in STATES:
        service, given = Service(line, switches, faults=lost), ACTIONS[name].parse(inputs)[0]
        before = service.state.copy()
        with pytest.raises(OutcomeUnknownError):
            await ACTIONS[name].run(service.rivo.for_write(Kept().writing(), 4.0), **given)
        if not changes(before, service.state):
            continue  # this store does not offer it, or not by the first verb
        service.seconds += SETTLE_SECONDS
        service.rivo.writing, there = Kept().writing(), service.state.copy()

        again = await ACTIONS[name].run(service.rivo.until(service.seconds + 4), **given)

        assert {} == changes(there, service.state)
        assert 1 == sum(each.method != "GET" for each in service.sandbox.requests)
        assert list(msgspec.to_builtins(again)) == [*KEYS[name]]


async def look(
    service: Service, name: str, given: Mapping[str, Any], snapshot: Mapping[str, Any]
) -> ReadBack:
    service.seconds += SETTLE_SECONDS
    once = ACTIONS[name].once
    assert once is not None
    sent = Sent(reference=REFERENCE, inputs=given, snapshot=snapshot, proven=True)
    back: ReadBack = await once.find(service.rivo.until(service.seconds + 30), sent)
    return back
