"""Cancelling a membership: at the end of its period, or at once."""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.rivo_sandbox.answers import Answer, StatusError
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.customers import embedded
from integrations.rivo_sandbox.members import NO_MEMBERSHIP, Member, find_member
from integrations.rivo_sandbox.shop import TierEnrollment
from integrations.rivo_sandbox.spelling import iso

POLICIES = ("end_of_period", "immediate")


def cancel_membership(call: Call) -> Answer:
    """DELETE `/memberships/{customer_identifier}/cancel` (U3): again changes nothing more."""
    policy: str = call.state.shop.cancellation_policy
    if call.switches.cancellation_query == "cancellation_policy":
        policy = call.query.choice("cancellation_policy", POLICIES) or policy
        call.query.done()
    customer = call.customer(call.segments[0])
    member = find_member(call, customer)
    if member is None or member.enrollment.ended_at is not None:
        raise StatusError(404, NO_MEMBERSHIP)
    enrollment = member.enrollment
    if policy == "immediate":
        enrollment = _end(call, member)
    elif enrollment.queued_for_cancellation_at is None:
        enrollment = _queue(call, member)
    return _cancelled(call, enrollment, policy)


def _queue(call: Call, member: Member) -> TierEnrollment:
    queued = _replaced(call, member, queued_for_cancellation_at=call.now)
    call.announce("membership/pending_cancellation", _announced(call, member))
    return queued


def _end(call: Call, member: Member) -> TierEnrollment:
    ended = _replaced(call, member, ended_at=call.now)
    if member.contract is not None:
        contract = msgspec.structs.replace(
            member.contract, status="cancelled", next_billing_date_at=None, updated_at=call.now
        )
        call.state.subscription_contracts[contract.id] = contract
    call.announce("membership/canceled", _announced(call, member))
    return ended


def _replaced(call: Call, member: Member, **changes: Any) -> TierEnrollment:
    request_id = member.enrollment.cancellation_request_id or call.new_id("cancellation_request")
    row = msgspec.structs.replace(member.enrollment, cancellation_request_id=request_id, **changes)
    call.state.tier_enrollments[row.id] = row
    return row


def _announced(call: Call, member: Member) -> dict[str, Any]:
    contract = member.contract
    return embedded(call, member.customer) | {
        "event_attributes": {
            "customer_id": member.id,
            "last_subscription_contract_id": contract and contract.id,
            "cancelled_at": iso(call.now),
        }
    }


def _cancelled(call: Call, enrollment: TierEnrollment, policy: str) -> Answer:
    if call.switches.cancellation == "empty_204":
        return Answer(204)
    attributes = {
        "status": "pending",
        "message": "Membership cancellation initiated",
        "customer_id": enrollment.customer_id,
        "cancellation_policy": policy,
        "cancellation_request_id": enrollment.cancellation_request_id,
    }
    status = 202 if call.switches.cancellation == "body_202" else 200
    return call.written(status, {"type": "membership_cancellation", "attributes": attributes})
