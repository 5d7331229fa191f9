"""Paid memberships: the member, the enrolment in a tier, the subscription that pays for it.

Source: https://developer-docs.rivo.io/reference/return-customer-with-membership
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from integrations.actions import Answer, ReadAnswer
from integrations.errors import NotFoundError
from integrations.rivo.client import Rivo
from integrations.rivo.customers import Balance, find_customer
from integrations.rivo.filters import has, moment_of
from integrations.rivo.inputs import CustomerEmail
from integrations.rivo.members import customer_in
from integrations.rivo.paging import Listing, whole
from integrations.rivo.resource import Resource

NO_MEMBERSHIP = "This customer has no active membership."


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


class MembershipCancellationAnswer(Answer):
    """What became of the cancellation."""

    membership_cancellation: MembershipCancellation


async def get_membership(rivo: Rivo, *, customer_email: CustomerEmail) -> MembershipAnswer:
    """Get a customer's paid membership, its tier and its billing; not found if none is active."""
    found = await rivo.get(
        "memberships", "customers", customer_email, who=customer_email, single=True
    )
    member = found.resource
    reads = [found]
    customer = customer_in(member)
    if customer.id is None or "points_tally" not in customer.attributes:
        reads.append(await find_customer(rivo, customer_email))
        customer = reads[-1].resource
    enrolled = member.inner("membership")
    if "membership" not in member.attributes:
        enrolled = await _enrolment(rivo, customer_email, customer.id)
    if enrolled is None or not _is_active(enrolled, rivo.now()):
        raise NotFoundError(NO_MEMBERSHIP)
    pays = member.inner("subscription")
    if "subscription" not in member.attributes:
        pays = await _contract(rivo, customer_email, customer.id)
    return MembershipAnswer(
        customer=Balance.from_rivo(customer),
        membership=Membership.from_rivo(enrolled, customer.id),
        subscription=Subscription.from_rivo(pays, customer.id) if pays else None,
        as_of=min(read.as_of for read in reads),
        stale=any(read.stale for read in reads),
    ).made_from(member.full())


async def cancel_membership(
    rivo: Rivo,
    *,
    customer_email: CustomerEmail,
    cancellation_policy: Annotated[
        Literal["immediate", "end_of_period"] | None,
        Meta(description="When it ends; the shop's own policy if left out."),
    ] = None,
) -> MembershipCancellationAnswer:
    """Cancel a customer's paid membership.

    Source: https://developer-docs.rivo.io/reference/cancel-customer-membership
    """
    said = await rivo.apply(
        "DELETE",
        "memberships",
        customer_email,
        "cancel",
        params=[("cancellation_policy", cancellation_policy)] if cancellation_policy else [],
        who=customer_email,
    )
    if said is None:
        known = {"customer_id": int(customer_email)} if customer_email.isdecimal() else {}
        said = Resource({**known, "cancellation_policy": cancellation_policy, **CONFIRMED})
    cancellation = MembershipCancellation.from_rivo(said)
    return MembershipCancellationAnswer(membership_cancellation=cancellation).made_from(
        {"type": "membership_cancellation", "attributes": msgspec.structs.asdict(cancellation)}
    )


CONFIRMED = {"status": "confirmed", "message": "Rivo confirmed the cancellation without details."}


def _is_active(enrolled: Resource, now: datetime) -> bool:
    ended_at = moment_of(enrolled, "ended_at")
    return ended_at is None or ended_at > now


async def _enrolment(rivo: Rivo, who: str, customer_id: int | None) -> Resource | None:
    """Find the newest enrolment that has not ended, where the member does not carry it."""
    if customer_id is None:
        return None
    listing = Listing(
        path=("memberships", "tier_enrollments"),
        who=who,
        filters={"customer_id": str(customer_id)},
        matches=has("customer_id", customer_id),
    )
    rows = [row for row in (await whole(rivo, listing)).rows if _is_active(row, rivo.now())]
    return max(rows, key=lambda row: row.text("started_at") or "", default=None)


async def _contract(rivo: Rivo, who: str, customer_id: int | None) -> Resource | None:
    """Find the customer's contract, where the member does not carry it; an active one first."""
    listing = Listing(
        path=("memberships", "subscription_contracts"),
        who=who,
        guesses={"customer_id": str(customer_id)},
        matches=lambda row: row.whole("customer_id") == customer_id,
    )
    rows = (await whole(rivo, listing)).rows
    return max(
        rows,
        key=lambda r: (r.text("status") == "active", r.text("remote_updated_at") or ""),
        default=None,
    )
