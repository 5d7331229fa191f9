"""Paid memberships: the member, the enrolment in a tier, the subscription that pays for it.

Source: https://developer-docs.rivo.io/reference/return-customer-with-membership
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from integrations.actions import ReadAnswer
from integrations.errors import NotFoundError
from integrations.rivo.client import Rivo
from integrations.rivo.customers import Balance, find_customer
from integrations.rivo.filters import has, moment_of
from integrations.rivo.found import Found
from integrations.rivo.inputs import CustomerEmail
from integrations.rivo.members import customer_in
from integrations.rivo.paging import Listing, Rows, whole
from integrations.rivo.resource import Resource

NO_MEMBERSHIP = "This customer has no active membership."


Standing = Literal["none", "active", "queued", "ended"]
"""Where a membership stands: queued is active until its period ends."""


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolment in a membership tier."""

    source: str | None
    ended_at: str | None
    started_at: str | None
    customer_id: int | None
    membership_tier_id: int | None
    membership_enrollment_id: int | None
    queued_for_cancellation_at: str | None

    @classmethod
    def from_rivo(cls, resource: Resource, customer_id: int | None) -> Membership:
        """Flatten an enrolment, by itself or inside a member."""
        return cls(
            source=resource.text("source"),
            ended_at=resource.text("ended_at"),
            started_at=resource.text("started_at"),
            customer_id=resource.whole("customer_id") or customer_id,
            membership_tier_id=resource.whole("membership_tier_id"),
            membership_enrollment_id=resource.whole("membership_enrollment_id") or resource.id,
            queued_for_cancellation_at=resource.text("queued_for_cancellation_at"),
        )


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """The contract that pays for a membership."""

    status: str | None
    customer_id: int | None
    currency_code: str | None
    subscription_id: int | None
    billing_interval: str | None
    next_billing_date_at: str | None

    @classmethod
    def from_rivo(cls, resource: Resource, customer_id: int | None) -> Subscription:
        """Flatten a contract, by itself or inside a member."""
        return cls(
            status=resource.text("status"),
            customer_id=resource.whole("customer_id") or customer_id,
            currency_code=resource.text("currency_code"),
            subscription_id=resource.whole("subscription_id", "remote_id") or resource.id,
            billing_interval=resource.text("billing_interval"),
            next_billing_date_at=resource.text("next_billing_date_at"),
        )


class MembershipCancellation(msgspec.Struct, frozen=True, kw_only=True):
    """What Rivo says of a cancellation; null where it confirmed without saying."""

    status: str | None
    message: str | None
    customer_id: int | None
    cancellation_policy: str | None
    cancellation_request_id: int | None

    @classmethod
    def from_rivo(cls, resource: Resource) -> MembershipCancellation:
        """Flatten Rivo's cancellation."""
        return cls(
            status=resource.text("status"),
            message=resource.text("message"),
            customer_id=resource.whole("customer_id"),
            cancellation_policy=resource.text("cancellation_policy"),
            cancellation_request_id=resource.whole("cancellation_request_id"),
        )


class MembershipAnswer(ReadAnswer):
    """The customer, the membership and what pays for it."""

    customer: Balance
    membership: Membership
    subscription: Subscription | None


class MemberFound(msgspec.Struct, frozen=True, kw_only=True):
    """What Rivo says of a customer's membership: `membership` is None where none is active."""

    customer: Balance
    standing: Standing
    membership: Membership | None
    subscription: Subscription | None
    resource: object
    as_of: str
    stale: bool


async def get_membership(rivo: Rivo, *, customer_email: CustomerEmail) -> MembershipAnswer:
    """Get a customer's paid membership, its tier and its billing; not found if none is active."""
    member = await find_member(rivo, customer_email)
    if member.membership is None and member.stale:
        # An error cannot say how old it is, and there may be one by now.
        member = await find_member(rivo.as_it_is(), customer_email)
    if member.membership is None:
        raise NotFoundError(NO_MEMBERSHIP)
    return MembershipAnswer(
        customer=member.customer,
        membership=member.membership,
        subscription=member.subscription,
        as_of=member.as_of,
        stale=member.stale,
    ).made_from(member.resource)


async def find_member(rivo: Rivo, identifier: str) -> MemberFound:
    """Read a customer's membership, composed of as many reads as Rivo's answers make necessary.

    NotFoundError where Rivo knows no such customer, or no such member.
    """
    found = await rivo.get("memberships", "customers", identifier, who=identifier, single=True)
    member, reads = found.resource, [_age(found)]
    customer = customer_in(member)
    if customer.id is None or "points_tally" not in customer.attributes:
        profile = await find_customer(rivo, identifier)
        customer, reads = profile.resource, [*reads, _age(profile)]
    enrolled, pays = member.inner("membership"), member.inner("subscription")
    if "membership" not in member.attributes and customer.id is not None:
        rows = await _enrolments(rivo, identifier, customer.id)
        enrolled, reads = _newest(rows, rivo.now()), [*reads, _age(rows)]
    standing = _standing(enrolled, rivo.now())
    is_active = standing in ("active", "queued")
    if is_active and "subscription" not in member.attributes and customer.id is not None:
        rows = await _contracts(rivo, identifier, customer.id)
        pays, reads = _current(rows), [*reads, _age(rows)]
    return MemberFound(
        customer=Balance.from_rivo(customer),
        standing=standing,
        membership=Membership.from_rivo(enrolled, customer.id) if enrolled and is_active else None,
        subscription=Subscription.from_rivo(pays, customer.id) if pays and is_active else None,
        resource=member.full(),
        as_of=min(as_of for as_of, _ in reads),
        stale=any(stale for _, stale in reads),
    )


def _age(read: Found | Rows) -> tuple[str, bool]:
    return read.as_of, read.stale


def _standing(enrolled: Resource | None, now: datetime) -> Standing:
    if enrolled is None:
        return "none"
    if not _is_active(enrolled, now):
        return "ended"
    return "queued" if enrolled.text("queued_for_cancellation_at") else "active"


def _is_active(enrolled: Resource, now: datetime) -> bool:
    ended_at = moment_of(enrolled, "ended_at")
    return ended_at is None or ended_at > now


async def _enrolments(rivo: Rivo, who: str, customer_id: int) -> Rows:
    """Read the customer's enrolments, where the member does not carry one."""
    listing = Listing(
        path=("memberships", "tier_enrollments"),
        who=who,
        filters={"customer_id": str(customer_id)},
        matches=has("customer_id", customer_id),
    )
    return await whole(rivo, listing)


def _newest(enrolments: Rows, now: datetime) -> Resource | None:
    """Find the newest enrolment that has not ended, else the newest."""
    return max(
        enrolments.rows,
        key=lambda row: (_is_active(row, now), row.text("started_at") or ""),
        default=None,
    )


async def _contracts(rivo: Rivo, who: str, customer_id: int) -> Rows:
    """Read the customer's contracts, where the member does not carry one."""
    listing = Listing(
        path=("memberships", "subscription_contracts"),
        who=who,
        guesses={"customer_id": str(customer_id)},
        matches=lambda row: row.whole("customer_id") == customer_id,
    )
    return await whole(rivo, listing)


def _current(contracts: Rows) -> Resource | None:
    """Find the contract that pays: an active one first, then the one that changed last."""
    return max(
        contracts.rows,
        key=lambda r: (r.text("status") == "active", r.text("remote_updated_at") or ""),
        default=None,
    )
