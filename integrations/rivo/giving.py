"""Giving points and store credit, taking them away, and undoing either.

Source: https://developer-docs.rivo.io/reference/adjust-customer-points
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from integrations.actions import WriteAnswer
from integrations.errors import InputError, NotAvailableError, RefusedError
from integrations.rivo.balances import balance_now, balance_told, told_by_event
from integrations.rivo.client import Rivo
from integrations.rivo.customers import Balance, find_customer
from integrations.rivo.filters import all_of, is_token, of
from integrations.rivo.finding import absent_from, ids_of, reads_back, rows_after, start_of, unsure
from integrations.rivo.inputs import CustomerEmail, OperationId
from integrations.rivo.points_events import PointsEvent
from integrations.rivo.resource import Resource
from integrations.rivo.writing import REFERENCE, ReadBack, Sent

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
OVERRIDING = ("manual", "custom_action", "visit_url")
"""Sources of which the amounts given count; for the others a rule alone says what they give."""


class PointsEventAnswer(WriteAnswer):
    """The event, and the balance after it."""

    points_event: PointsEvent
    customer: Balance | None


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
            "internal_note": noted(rivo, internal_note),
            "skip_email": skip_email,
            "applied_at": applied_at,
        },
        who=customer_email,
        told=told_by_event,
    )
    return await _given(rivo, said, customer_email)


async def reverse_points_event(rivo: Rivo, *, operation_id: OperationId) -> PointsEventAnswer:
    """Take back what an operation of ours gave, or give back what it took; once per operation.

    It is a manual points event of its own, of the opposite sign; its note names the operation.
    """
    writing = rivo.writing
    if writing is None:
        raise NotAvailableError("Operations are not kept here, so none can be reversed.")
    given = await writing.recall(operation_id)
    points, credit = -given.points, -Decimal(given.credits)
    if not points and not credit:
        raise RefusedError("That operation changed no balance; there is nothing to reverse.")
    said = await rivo.send(
        "POST",
        "points_events",
        form={
            "customer_identifier": given.customer,
            "source": "manual",
            "points_amount": points or None,
            "credits_amount": credit or None,
            "internal_note": noted(rivo, f"reverses {operation_id}"),
        },
        who=given.customer,
        snapshot={"customer": given.customer, "points": points, "credits": f"{credit:f}"},
        told=told_by_event,
    )
    return await _given(rivo, said, given.customer)


@reads_back
async def find_points_event(rivo: Rivo, sent: Sent) -> ReadBack:
    """Look for the event, given or reversed, that carries our reference; also a revoked one.

    It is surely not there only where no row may be ours: one without a note, or with the start of
    our reference alone, may be where Rivo cuts notes off.
    """
    meant = _Meant.of(sent)
    since_id = start_of(sent)
    walked = await rows_after(rivo, "points_events", since_id, customer=meant.customer)
    ours = [row for row in walked.rows if _note(row).startswith(sent.reference)]
    if ours:
        return await _found(rivo, ours, meant.customer)
    shown = any(REFERENCE.match(_note(row)) for row in walked.rows)
    maybe = [row for row in walked.rows if _may_be(row, sent.reference, meant)]
    if maybe:
        evidence = f"These rows may be it, their notes do not tell: {ids_of(maybe)}."
        return unsure(evidence, alike=True, shown=shown)
    await find_customer(rivo, meant.customer)  # who is not known (any more) has an empty list, too
    return absent_from(walked, sent, since_id=since_id, shown=shown)


class _Meant(msgspec.Struct, frozen=True, kw_only=True):
    """What the event was to be; an amount is None where a rule says it."""

    customer: str
    source: str
    points: int | None
    credits: Decimal | None

    @classmethod
    def of(cls, sent: Sent) -> _Meant:
        points: int | None
        credit: Decimal | None
        if "operation_id" in sent.inputs:
            customer, source = sent.snapshot["customer"], "manual"
            points, credit = sent.snapshot["points"], Decimal(sent.snapshot["credits"])
        else:
            customer, source = sent.inputs["customer_email"], sent.inputs.get("source", "manual")
            points, credit = sent.inputs.get("points_amount"), sent.inputs.get("credits_amount")
        if source == "manual":
            points, credit = points or 0, credit or Decimal(0)
        elif source not in OVERRIDING:
            points = credit = None
        return cls(customer=customer, source=source, points=points, credits=credit)


def _may_be(row: Resource, reference: str, meant: _Meant) -> bool:
    """Say whether a row that does not show our reference may be the event all the same."""
    note = _note(row)
    if note:
        return reference.startswith(note)
    points, credit = row.whole("points_diff", "points_amount"), row.money("credits_amount")
    return (
        all_of(of(meant.customer), is_token("source", meant.source))(row)
        and (None in (points, meant.points) or abs(points or 0) == abs(meant.points or 0))
        and (
            None in (credit, meant.credits)
            or abs(Decimal(credit or 0)) == abs(meant.credits or Decimal(0))
        )
    )


def _note(row: Resource) -> str:
    return (row.text("internal_note") or "").strip()


async def _found(rivo: Rivo, rows: list[Resource], identifier: str) -> ReadBack:
    row = rows[0]
    customer = await balance_now(rivo, identifier)
    event = PointsEvent.from_rivo(row)
    answer = PointsEventAnswer(points_event=event, customer=customer).made_from(row.full())
    more = f"More than one row carries the reference: {ids_of(rows)}."
    evidence = (more,) if len(rows) > 1 else ()
    return ReadBack(verdict="found", answer=answer, rivo_id=row.id, evidence=evidence, shown=True)


def noted(rivo: Rivo, note: str | None) -> str | None:
    """Put our reference before a note, so that the event is found again by it."""
    reference = rivo.writing and rivo.writing.reference
    return f"{reference} {note}" if reference and note else reference or note


async def _given(rivo: Rivo, said: Resource, identifier: str) -> PointsEventAnswer:
    event = PointsEvent.from_rivo(said)
    # Unlike a redemption's, the balance in an event's answer is the one after it.
    customer = balance_told(said) or await balance_now(rivo, identifier)
    return PointsEventAnswer(points_event=event, customer=customer).made_from(said.full())
