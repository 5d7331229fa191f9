"""Refunding: what a redemption took is given back, and its code deleted.

Source: https://developer-docs.rivo.io/reference/refund-points-redemption
"""

from __future__ import annotations

from collections.abc import Mapping

from integrations.errors import ActionError, NotFoundError, OutcomeUnknownError
from integrations.rivo.balances import (
    Move,
    balance_after,
    balance_now,
    balance_told,
    before_sending,
    look_at_balance,
    told_by_move,
)
from integrations.rivo.client import Rivo
from integrations.rivo.customers import Balance, find_customer
from integrations.rivo.finding import absent, reads_back, unsure
from integrations.rivo.found import Found
from integrations.rivo.identities import EVERYONE, identity, identity_of, is_same
from integrations.rivo.inputs import CustomerEmail, RedemptionId
from integrations.rivo.points_redemptions import PointsRedemption, documented
from integrations.rivo.proofs import Told
from integrations.rivo.redeeming import PointsRedemptionAnswer
from integrations.rivo.replies import LOST, WrongVerbError
from integrations.rivo.resource import Resource
from integrations.rivo.writing import ReadBack, Sent


async def refund_points_redemption(
    rivo: Rivo, *, redemption_id: RedemptionId, customer_email: CustomerEmail | None = None
) -> PointsRedemptionAnswer:
    """Refund a redemption: gives the points or store credit back and deletes the code.

    If `customer_email` is given, the redemption must be that customer's. A repeat gives nothing
    twice. Source: https://developer-docs.rivo.io/reference/refund-points-redemption
    """
    early = before_sending(rivo)
    if customer_email is None:
        row = await _redemption_of_anybody(early, redemption_id)
    else:
        row = await _redemption_of(early, redemption_id, customer_email)
    taken = PointsRedemption.from_rivo(row) if row else None
    named = customer_email or (taken and (taken.customer_email or taken.customer_id))
    who = EVERYONE if named is None else str(named)
    before = await look_at_balance(early, who) if taken and named else None
    if row and taken and taken.refunded_at and rivo.writing and rivo.writing.trusts_state:
        return _answer(row, before.balance if before else None)
    snapshot = {"before": {"refunded_at": taken.refunded_at}} if taken else {}
    told = told_by_move(before, sign=1)
    said = await _refund(rivo, redemption_id, who, snapshot, told)
    redemption = PointsRedemption.from_rivo(said)
    if redemption.refunded_at is None:
        raise OutcomeUnknownError(LOST)  # documented is an answer that has it
    gave = Move() if taken and taken.refunded_at else Move.of(said, sign=1)
    return _answer(said, await balance_after(rivo, who, before, balance_told(said), gave))


@reads_back
async def find_refund(rivo: Rivo, sent: Sent) -> ReadBack:
    """Look whether the redemption is refunded; none is undone, so one that is not never was.

    Who refunded it does not show: it is given back once, whoever asked for it.
    """
    redemption_id = sent.inputs["redemption_id"]
    row = (await _read(rivo, redemption_id, EVERYONE)).resource.read_back()
    if row.id != redemption_id or "refunded_at" not in row.attributes:
        return unsure("Rivo does not show whether the redemption is refunded.")
    taken = PointsRedemption.from_rivo(row)
    if taken.refunded_at is None:
        return absent(f"The redemption {redemption_id} is not refunded.")
    named = taken.customer_email or taken.customer_id
    customer = await balance_now(rivo, str(named)) if named else None
    return ReadBack(verdict="found", answer=_answer(row, customer), rivo_id=redemption_id)


def _answer(row: Resource, customer: Balance | None) -> PointsRedemptionAnswer:
    return PointsRedemptionAnswer(
        points_redemption=PointsRedemption.from_rivo(row), customer=customer
    ).made_from(documented(row))


async def _read(rivo: Rivo, redemption_id: int, who: str) -> Found:
    return await rivo.get("points_redemptions", redemption_id, who=who, single=True, optional=True)


async def _redemption_of_anybody(rivo: Rivo, redemption_id: int) -> Resource | None:
    """Look at a redemption before its refund; None where it cannot be seen."""
    try:
        row = (await _read(rivo, redemption_id, EVERYONE)).resource
        PointsRedemption.from_rivo(row)
    except ActionError:
        return None
    return row


async def _redemption_of(rivo: Rivo, redemption_id: int, identifier: str) -> Resource:
    """Look at a customer's redemption; NotFoundError where it is not, or may not be, theirs."""
    row = (await _read(rivo, redemption_id, identifier)).resource
    redemption = PointsRedemption.from_rivo(row)
    owner = identity(redemption.customer_id, redemption.customer_email)
    if owner == (None, None):
        raise NotFoundError("Rivo does not say whose redemption this is; nothing was refunded.")
    if not is_same(identity_of(identifier), owner):
        customer = Balance.from_rivo((await find_customer(rivo, identifier)).resource)
        if not is_same(identity(customer.customer_id, customer.email), owner):
            raise NotFoundError("That customer has no redemption with this id.")
    return row


async def _refund(
    rivo: Rivo, redemption_id: int, who: str, snapshot: Mapping[str, object], told: Told
) -> Resource:
    """Send the refund by the verb that this store takes; 405 is surely not applied."""
    verb = rivo.learnt.get("refund", "POST")
    path = ("points_redemptions", redemption_id, "refund")
    try:
        said = await rivo.send(verb, *path, who=who, snapshot=snapshot, told=told)
    except WrongVerbError:
        other = "PUT" if verb == "POST" else "POST"
        said = await rivo.send(other, *path, who=who, snapshot=snapshot, told=told)
        rivo.learnt["refund"] = other
    return said
