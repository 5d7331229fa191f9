"""Points events: what was given, taken, earned and spent; store credit is part of it.

Source: https://developer-docs.rivo.io/reference/points_events
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from integrations.actions import Answer
from integrations.errors import InputError
from integrations.rivo.balances import balance_told, look_at_balance
from integrations.rivo.client import Rivo
from integrations.rivo.customers import Balance
from integrations.rivo.filters import all_of, applied_between, is_token, of, period
from integrations.rivo.identities import EVERYONE
from integrations.rivo.inputs import CustomerEmail, Limit, Page, PerPage, SinceId
from integrations.rivo.paging import ListAnswer, Listing, Rows, paging, walk
from integrations.rivo.resource import Resource

Source = Literal[
    "manual",
    "custom_action",
    "referral_complete",
    "visit_url",
    "instagram_follow",
    "tiktok_follow",
    "facebook_like",
    "facebook_share",
    "twitter_follow",
    "twitter_share",
]
AppliedAfter = Annotated[datetime, Meta(description="Only rows applied at this time or later.")]
AppliedBefore = Annotated[datetime, Meta(description="Only rows applied before this time.")]


class PointsEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a balance; `points_diff` and `credits_diff` carry the sign."""

    id: int | None
    points_diff: int | None
    credits_diff: str | None
    title: str | None
    source: str | None
    external_note: str | None
    internal_note: str | None
    applied_at: str | None
    expires_at: str | None
    revoked_at: str | None
    customer_id: int | None
    customer_email: str | None

    @classmethod
    def from_rivo(cls, resource: Resource) -> PointsEvent:
        """Flatten Rivo's event; a change without a sign of its own is null, not guessed."""
        customer = resource.inner("customer")
        return cls(
            id=resource.id,
            points_diff=resource.whole("points_diff"),
            credits_diff=resource.money("credits_diff"),
            title=resource.text("title", "external_note"),
            source=resource.text("source"),
            external_note=resource.text("external_note"),
            internal_note=resource.note("internal_note"),
            applied_at=resource.text("applied_at"),
            expires_at=resource.text("expires_at", "per_event_expiration_at"),
            revoked_at=resource.text("revoked_at"),
            customer_id=customer.id if customer else resource.whole("customer_id"),
            customer_email=customer.text("email") if customer else None,
        )


class PointsEventAnswer(Answer):
    """The event, and the balance after it."""

    points_event: PointsEvent
    customer: Balance | None


class PointsEventsAnswer(ListAnswer):
    """A page of points events."""

    points_events: list[PointsEvent]


async def create_points_event(
    rivo: Rivo,
    *,
    customer_email: CustomerEmail,
    source: Annotated[
        Source, Meta(description="What the points are for; manual is a goodwill adjustment.")
    ] = "manual",
    points_amount: Annotated[
        int | None, Meta(description="Points to add; negative takes away.", examples=[100])
    ] = None,
    credits_amount: Annotated[
        Decimal | None,
        Meta(description="Store credit to add; negative takes away.", examples=["5.00"]),
    ] = None,
    custom_action_name: Annotated[
        str | None,
        Meta(description="The custom action's exact name, or the URL of visit_url."),
    ] = None,
    external_note: Annotated[
        str | None, Meta(description="Shown to the customer.", examples=["Sorry for the delay"])
    ] = None,
    internal_note: Annotated[str | None, Meta(description="For the shop's staff only.")] = None,
    skip_email: Annotated[bool | None, Meta(description="Send the customer no e-mail.")] = None,
    applied_at: Annotated[
        datetime | None, Meta(description="When it counts from; now if left out.")
    ] = None,
) -> PointsEventAnswer:
    """Give a customer points or store credit, or take some away.

    A manual change takes a points_amount or credits_amount other than 0; custom_action and
    visit_url take a custom_action_name.
    """
    if source == "manual" and not points_amount and not credits_amount:
        raise InputError(
            "points_amount",
            expected="other than 0, or credits_amount be given, for manual",
            given=None if points_amount is None else "0",
        )
    if source in ("custom_action", "visit_url") and custom_action_name is None:
        raise InputError("custom_action_name", expected=f"the name of the action for {source}")
    said = await rivo.send(
        "POST",
        "points_events",
        form={
            "customer_identifier": customer_email,
            "source": source,
            "points_amount": points_amount,
            "credits_amount": credits_amount,
            "custom_action_name": custom_action_name,
            "external_note": external_note,
            "internal_note": internal_note,
            "skip_email": skip_email,
            "applied_at": applied_at,
        },
        who=customer_email,
    )
    event = PointsEvent.from_rivo(said)
    customer = balance_told(said)  # unlike a redemption's, an event's is the one after it
    if customer is None and (seen := await look_at_balance(rivo, customer_email)):
        customer = seen.balance
    return PointsEventAnswer(points_event=event, customer=customer).made_from(said.full())


async def list_points_events(
    rivo: Rivo,
    *,
    page: Page | None = None,
    per_page: PerPage | None = None,
    since_id: SinceId | None = None,
    limit: Limit | None = None,
    source: Annotated[
        str | None, Meta(description="Only of this source.", examples=["manual"])
    ] = None,
    applied_after: AppliedAfter | None = None,
    applied_before: AppliedBefore | None = None,
) -> PointsEventsAnswer:
    """List the shop's points events, newest first (with since_id by id, ascending)."""
    listing = Listing(
        path=("points_events",),
        who=EVERYONE,
        guesses=({"source": source} if source else {}) | period(applied_after, applied_before),
        matches=all_of(is_token("source", source), applied_between(applied_after, applied_before)),
        newest_first=True,
    )
    return _answer(await walk(rivo, listing, paging(page, per_page, since_id, limit)))


async def list_customer_points_events(
    rivo: Rivo,
    *,
    customer_email: CustomerEmail,
    page: Page | None = None,
    per_page: PerPage | None = None,
    since_id: SinceId | None = None,
    limit: Limit | None = None,
) -> PointsEventsAnswer:
    """List one customer's points events, newest first (with since_id by id, ascending)."""
    listing = events_of(customer_email)
    return _answer(await walk(rivo, listing, paging(page, per_page, since_id, limit)))


def events_of(identifier: str) -> Listing:
    """Ask for one customer's points events."""
    return Listing(
        path=("points_events",),
        who=identifier,
        filters={"customer_identifier": identifier},
        matches=of(identifier),
        newest_first=True,
    )


def _answer(found: Rows) -> PointsEventsAnswer:
    return PointsEventsAnswer(
        points_events=[PointsEvent.from_rivo(row) for row in found.rows],
        **found.ending(),
    ).made_from(found.full())
