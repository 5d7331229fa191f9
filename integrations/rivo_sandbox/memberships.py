"""Memberships as they are listed: members, tiers, enrolments, subscription contracts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrations.rivo_sandbox.answers import (
    Answer,
    StatusError,
    error_answer,
    json_answer,
    resource,
)
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.catalogue import path_id
from integrations.rivo_sandbox.members import NO_MEMBERSHIP, Member, find_member, member_row
from integrations.rivo_sandbox.paging import listing
from integrations.rivo_sandbox.shop import MembershipTier, SubscriptionContract, TierEnrollment
from integrations.rivo_sandbox.spelling import iso, iso_seconds

_CONTRACT_STATUSES = ("active", "cancelled", "expired", "failed", "paused")
_INTERVALS = ("day", "month", "week", "year")
_ENROLLMENT_TIMES: dict[str, Callable[[TierEnrollment], Any]] = {
    "started_at": lambda row: row.started_at,
    "ended_at": lambda row: row.ended_at,
    "queued_for_cancellation_at": lambda row: row.queued_for_cancellation_at,
}


def list_members(call: Call) -> Answer:
    """GET `/memberships/customers`: everybody who has or had a membership."""
    wanted = [*_member_filters(call), *_member_times(call)]
    found = (find_member(call, row) for row in call.state.customers.values() if call.knows(row))
    rows = [row for row in found if row is not None and all(test(row) for test in wanted)]
    return listing(
        call,
        rows,
        show=lambda row: member_row(call, row.customer, row),
        sorts={
            "customer_id": lambda row: row.id,
            "email": lambda row: row.customer.email,
            "membership_started_at": lambda row: row.enrollment.started_at,
            "next_billing_date": lambda row: row.due,
        },
    )


def get_member(call: Call) -> Answer:
    """GET `/memberships/customers/{customer_identifier}` (U27)."""
    customer = call.customer(call.segments[0])
    member = find_member(call, customer)
    if member is None and call.switches.membership_missing != "nulls":
        return error_answer(int(call.switches.membership_missing[:3]), NO_MEMBERSHIP)
    row = member_row(call, customer, member)
    return json_answer(200, row if call.switches.membership_row == "bare" else {"data": row})


def list_membership_tiers(call: Call) -> Answer:
    """GET `/memberships/tiers`: by offset only."""
    rows = call.state.membership_tiers.values()
    return listing(call, rows, show=_tier_resource, cursor=False)


def list_tier_enrollments(call: Call) -> Answer:
    """GET `/memberships/tier_enrollments`."""
    query = call.query
    customer_id = query.integer("filters[customer_id]")
    tier_id = query.integer("filters[membership_tier_id]")
    source = query.choice("filters[source]", ("paid", "manual"))
    times = {name: query.moment(f"filters[{name}]") for name in _ENROLLMENT_TIMES}
    rows = [
        row
        for row in call.state.tier_enrollments.values()
        if customer_id in (None, row.customer_id)
        and tier_id in (None, row.membership_tier_id)
        and source in (None, row.source)
        and all(at in (None, _ENROLLMENT_TIMES[name](row)) for name, at in times.items())
    ]
    return listing(
        call,
        rows,
        show=_enrollment,
        sorts={
            "id": lambda row: row.id,
            "started_at": lambda row: row.started_at,
            "ended_at": lambda row: row.ended_at,
        },
    )


def list_subscription_contracts(call: Call) -> Answer:
    """GET `/memberships/subscription_contracts`."""
    rows = call.state.subscription_contracts.values()
    return listing(call, rows, show=_contract_resource)


def get_subscription_contract(call: Call) -> Answer:
    """GET `/memberships/subscription_contracts/{id}`."""
    found = call.state.subscription_contracts.get(path_id(call))
    if found is None:
        raise StatusError(404, "Could not find a subscription contract with that ID.")
    return json_answer(200, {"data": _contract_resource(found)})


def _member_filters(call: Call) -> list[Callable[[Member], bool]]:
    query = call.query
    status = query.choice("filters[status]", ("member", "guest", "excluded"))
    source = query.choice("filters[membership_tier_source]", ("paid", "manual"))
    paying = query.choice("filters[subscription_status]", _CONTRACT_STATUSES)
    interval = query.choice("filters[subscription_billing_interval]", _INTERVALS)
    tier_id = query.integer("filters[membership_tier_id]")
    queued = query.boolean("filters[queued_for_cancellation]")
    return [
        lambda row: status in (None, row.customer.loyalty_status),
        lambda row: source in (None, row.enrollment.source),
        lambda row: paying in (None, row.contract and row.contract.status),
        lambda row: interval in (None, row.contract and row.contract.billing_interval),
        lambda row: tier_id in (None, row.enrollment.membership_tier_id),
        lambda row: queued in (None, row.enrollment.queued_for_cancellation_at is not None),
    ]


def _member_times(call: Call) -> list[Callable[[Member], bool]]:
    query = call.query
    since = query.moment("filters[membership_started_after]")
    until = query.moment("filters[membership_started_before]")
    due_after = query.moment("filters[next_billing_after]")
    due_before = query.moment("filters[next_billing_before]")
    return [
        lambda row: since is None or row.enrollment.started_at >= since,
        lambda row: until is None or row.enrollment.started_at < until,
        lambda row: due_after is None or (row.due is not None and row.due >= due_after),
        lambda row: due_before is None or (row.due is not None and row.due < due_before),
    ]


def _tier_resource(row: MembershipTier) -> dict[str, Any]:
    attributes = {
        "id": row.id,
        "name": row.name,
        "price": row.price,
        "billing_interval": row.billing_interval,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.created_at),
    }
    return resource("membership_tier", row.id, attributes)


def _enrollment(row: TierEnrollment) -> dict[str, Any]:
    attributes = {
        "id": row.id,
        "customer_id": row.customer_id,
        "membership_tier_id": row.membership_tier_id,
        "started_at": iso(row.started_at),
        "ended_at": iso(row.ended_at),
        "source": row.source,
        "queued_for_cancellation_at": iso(row.queued_for_cancellation_at),
    }
    return resource("tier_enrollment", row.id, attributes)


def _contract_resource(row: SubscriptionContract) -> dict[str, Any]:
    attributes = {
        "remote_id": row.id,
        "customer_id": row.customer_id,
        "origin_order_id": row.origin_order_id,
        "status": row.status,
        "billing_interval": row.billing_interval,
        "last_payment_status": row.last_payment_status,
        "next_billing_date_at": iso_seconds(row.next_billing_date_at),
        "remote_created_at": iso_seconds(row.created_at),
        "remote_updated_at": iso_seconds(row.updated_at or row.created_at),
        "currency_code": row.currency_code,
    }
    return resource("subscription_contract", row.id, attributes)
