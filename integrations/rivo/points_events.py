"""Points events: what was given, taken, earned and spent; store credit is part of it.

Source: https://developer-docs.rivo.io/reference/points_events
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from integrations.rivo.client import Rivo
from integrations.rivo.filters import all_of, applied_between, is_token, of, period
from integrations.rivo.identities import EVERYONE
from integrations.rivo.inputs import CustomerEmail, Limit, Page, PerPage, SinceId
from integrations.rivo.paging import ListAnswer, Listing, Rows, paging, walk
from integrations.rivo.resource import Resource

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


class PointsEventsAnswer(ListAnswer):
    """A page of points events."""

    points_events: list[PointsEvent]


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
    return _answer(await walk(rivo.to_export(), listing, paging(page, per_page, since_id, limit)))


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
