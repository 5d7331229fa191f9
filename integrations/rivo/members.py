"""Members: the customers with a membership, a row each.

Source: https://developer-docs.rivo.io/reference/list-customers-with-memberships
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from integrations.rivo.client import Rivo
from integrations.rivo.filters import Matches, all_of, has, is_filled, moment_of
from integrations.rivo.forms import when
from integrations.rivo.identities import EVERYONE
from integrations.rivo.inputs import ROW, Limit, Page, PerPage, SinceId
from integrations.rivo.paging import ListAnswer, Listing, paging, walk
from integrations.rivo.resource import Resource


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A customer with a membership, in one row."""

    customer_id: int | None
    email: str | None
    first_name: str | None
    last_name: str | None
    loyalty_status: str | None
    membership_tier_id: int | None
    source: str | None
    started_at: str | None
    ended_at: str | None
    queued_for_cancellation_at: str | None
    subscription_status: str | None
    billing_interval: str | None
    next_billing_date_at: str | None

    @classmethod
    def from_rivo(cls, resource: Resource) -> Member:
        """Flatten Rivo's member."""
        customer = customer_in(resource)
        enrolled = resource.inner("membership") or Resource({})
        pays = resource.inner("subscription") or Resource({})
        return cls(
            customer_id=customer.whole("customer_id") or customer.id,
            email=customer.text("email"),
            first_name=customer.text("first_name"),
            last_name=customer.text("last_name"),
            loyalty_status=customer.text("loyalty_status"),
            membership_tier_id=enrolled.whole("membership_tier_id"),
            source=enrolled.text("source"),
            started_at=enrolled.text("started_at"),
            ended_at=enrolled.text("ended_at"),
            queued_for_cancellation_at=enrolled.text("queued_for_cancellation_at"),
            subscription_status=pays.text("status"),
            billing_interval=pays.text("billing_interval"),
            next_billing_date_at=pays.text("next_billing_date_at"),
        )


class MembersAnswer(ListAnswer):
    """A page of members."""

    members: list[Member]


async def list_memberships(
    rivo: Rivo,
    *,
    page: Page | None = None,
    per_page: PerPage | None = None,
    since_id: SinceId | None = None,
    limit: Limit | None = None,
    status: Annotated[
        Literal["member", "guest", "excluded"] | None,
        Meta(description="Only of this loyalty status."),
    ] = None,
    membership_tier_source: Annotated[
        Literal["paid", "manual"] | None, Meta(description="Only paid, or only given by hand.")
    ] = None,
    membership_tier_id: Annotated[
        int | None, ROW, Meta(description="Only of this membership tier.")
    ] = None,
    subscription_status: Annotated[
        Literal["active", "cancelled", "expired", "failed", "paused"] | None,
        Meta(description="Only with a subscription in this state."),
    ] = None,
    subscription_billing_interval: Annotated[
        Literal["day", "month", "week", "year"] | None, Meta(description="Only billed this often.")
    ] = None,
    queued_for_cancellation: Annotated[
        bool | None, Meta(description="Only those that end (or do not end) with the period.")
    ] = None,
    membership_started_after: Annotated[
        datetime | None, Meta(description="Only started after this time.")
    ] = None,
    membership_started_before: Annotated[
        datetime | None, Meta(description="Only started before this time.")
    ] = None,
    next_billing_after: Annotated[
        datetime | None, Meta(description="Only billed next after this time.")
    ] = None,
    next_billing_before: Annotated[
        datetime | None, Meta(description="Only billed next before this time.")
    ] = None,
) -> MembersAnswer:
    """List customers with a membership."""
    tier = None if membership_tier_id is None else str(membership_tier_id)
    started = (membership_started_after, membership_started_before)
    billed = (next_billing_after, next_billing_before)
    given: dict[str, str | None] = {
        "status": status,
        "membership_tier_source": membership_tier_source,
        "membership_tier_id": tier,
        "subscription_status": subscription_status,
        "subscription_billing_interval": subscription_billing_interval,
        "queued_for_cancellation": _spelt(flag=queued_for_cancellation),
        "membership_started_after": _moment(started[0]),
        "membership_started_before": _moment(started[1]),
        "next_billing_after": _moment(billed[0]),
        "next_billing_before": _moment(billed[1]),
    }
    listing = Listing(
        path=("memberships", "customers"),
        who=EVERYONE,
        filters={name: value for name, value in given.items() if value is not None},
        matches=all_of(
            _inside(None, has("loyalty_status", status)),
            _inside("membership", has("source", membership_tier_source)),
            _inside("membership", has("membership_tier_id", tier)),
            _inside(
                "membership",
                is_filled("queued_for_cancellation_at", wanted=queued_for_cancellation),
            ),
            _inside("membership", _between("started_at", *started)),
            _inside("subscription", has("status", subscription_status)),
            _inside("subscription", has("billing_interval", subscription_billing_interval)),
            _inside("subscription", _between("next_billing_date_at", *billed)),
        ),
    )
    found = await walk(rivo.to_export(), listing, paging(page, per_page, since_id, limit))
    return MembersAnswer(
        members=[Member.from_rivo(row) for row in found.rows],
        **found.ending(),
    ).made_from(found.full())


def customer_in(member: Resource) -> Resource:
    """Find the customer in a member: nested, or the member itself."""
    return member.inner("customer") or member


def _inside(name: str | None, condition: Matches) -> Matches:
    """Hold a part of a member against a condition; a part that is missing is Rivo's word."""

    def matches(member: Resource) -> bool:
        part = member.inner(name) if name else customer_in(member)
        return part is None or condition(part)

    return matches


def _between(name: str, after: datetime | None, before: datetime | None) -> Matches:
    def matches(row: Resource) -> bool:
        found = moment_of(row, name)
        return found is None or not ((after and found < after) or (before and found >= before))

    return matches


def _spelt(*, flag: bool | None) -> str | None:
    return None if flag is None else str(flag).lower()


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else when(moment)
