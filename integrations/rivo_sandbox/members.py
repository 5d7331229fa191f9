"""Members: a customer with the newest of their memberships, and how Rivo shows them (U27)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from integrations.rivo_sandbox.answers import resource
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.customers import embedded
from integrations.rivo_sandbox.shop import Customer, SubscriptionContract, TierEnrollment
from integrations.rivo_sandbox.spelling import iso

NO_MEMBERSHIP = "Could not find a membership for that customer."


class Member(Struct, frozen=True):
    """A customer with the newest of their memberships."""

    customer: Customer
    enrollment: TierEnrollment
    contract: SubscriptionContract | None

    @property
    def id(self) -> int:
        """The Shopify id, by which members are paged."""
        return self.customer.id

    @property
    def due(self) -> datetime | None:
        """When the membership is billed next."""
        return self.contract.next_billing_date_at if self.contract else None


def find_member(call: Call, customer: Customer) -> Member | None:
    """Find the newest membership of a customer, ended or not; None if there never was one."""
    rows = [row for row in call.state.tier_enrollments.values() if row.customer_id == customer.id]
    if not rows:
        return None
    newest = max(rows, key=lambda row: row.started_at)
    contract = call.state.subscription_contracts.get(newest.subscription_contract_id or 0)
    return Member(customer, newest, contract)


def member_row(call: Call, customer: Customer, member: Member | None) -> dict[str, Any]:
    """Show a member: customer attributes with the membership and what it is billed by."""
    attributes = embedded(call, customer) | {
        "membership": None if member is None else _membership(member.enrollment),
        "subscription": member and member.contract and _subscription(member.contract),
    }
    if call.switches.membership_row == "bare":
        return attributes
    return resource("customer", customer.id, attributes)


def _membership(row: TierEnrollment) -> dict[str, Any]:
    return {
        "source": row.source,
        "ended_at": iso(row.ended_at),
        "started_at": iso(row.started_at),
        "customer_id": row.customer_id,
        "membership_tier_id": row.membership_tier_id,
        "membership_enrollment_id": row.id,
        "queued_for_cancellation_at": iso(row.queued_for_cancellation_at),
    }


def _subscription(row: SubscriptionContract) -> dict[str, Any]:
    return {
        "status": row.status,
        "customer_id": row.customer_id,
        "currency_code": row.currency_code,
        "subscription_id": row.id,
        "billing_interval": row.billing_interval,
        "next_billing_date_at": iso(row.next_billing_date_at),
    }
