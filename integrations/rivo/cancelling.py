"""Cancelling a paid membership, and finding out whether it was.

Source: https://developer-docs.rivo.io/reference/cancel-customer-membership
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from integrations.actions import WriteAnswer
from integrations.errors import NotFoundError, OutcomeUnknownError, UnavailableError
from integrations.rivo.balances import before_sending
from integrations.rivo.client import Rivo
from integrations.rivo.customers import find_customer
from integrations.rivo.finding import absent, reads_back, unsure
from integrations.rivo.inputs import CustomerEmail
from integrations.rivo.memberships import (
    MemberFound,
    MembershipCancellation,
    Standing,
    find_member,
)
from integrations.rivo.replies import LOST
from integrations.rivo.resource import Resource
from integrations.rivo.writing import ReadBack, Sent

CONFIRMED: Final = {
    "status": "confirmed",
    "message": "Rivo confirmed the cancellation without details.",
}
WORDS: Final[dict[Standing, str]] = {
    "queued": "The membership ends with its period.",
    "ended": "The membership has ended.",
    "none": "The membership has ended.",
}


class MembershipCancellationAnswer(WriteAnswer):
    """What became of the cancellation."""

    membership_cancellation: MembershipCancellation


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
    before = await _look_before(rivo, customer_email)
    done = ("ended",) if cancellation_policy == "immediate" else ("queued", "ended")
    if before and before.standing in done:
        return _shown(before.standing, before.customer.customer_id)
    said = await rivo.apply(
        "DELETE",
        "memberships",
        customer_email,
        "cancel",
        params=[("cancellation_policy", cancellation_policy)] if cancellation_policy else [],
        who=customer_email,
        snapshot={"before": {"membership": before.standing}} if before else {},
    )
    if said is None:
        # Whether Rivo read the policy that it was sent, a 204 does not tell.
        known = {"customer_id": int(customer_email)} if customer_email.isdecimal() else {}
        said = Resource({**known, **CONFIRMED})
    cancellation = MembershipCancellation.from_rivo(said)
    if cancellation.status is None and cancellation.cancellation_request_id is None:
        raise OutcomeUnknownError(LOST)  # an answer to something else
    return _answer(cancellation)


@reads_back
async def find_cancellation(rivo: Rivo, sent: Sent) -> ReadBack:
    """Look whether the membership ends, has ended, or still stands where it stood before.

    One that Rivo does not show any more has ended, if it was shown before.
    """
    before = sent.snapshot.get("before", {}).get("membership")
    standing, customer_id = await _look(rivo, sent.inputs["customer_email"])
    if standing == before and standing in ("active", "queued"):
        return absent(f"The membership was {before} before and still is.")
    gone = standing == "none" and before in ("active", "queued", "ended")
    if standing in ("queued", "ended") or gone:
        return ReadBack(verdict="found", answer=_shown(standing, customer_id))
    words = {"none": "not shown", None: "not looked at"}
    now, then = words.get(standing, standing), words.get(before, before)
    return unsure(f"The membership is {now}; before it was {then}.")


async def _look(rivo: Rivo, identifier: str) -> tuple[Standing, int | None]:
    """Look where a membership stands; NotFoundError where there is no such customer, either."""
    try:
        member = await find_member(rivo, identifier)
    except NotFoundError:
        return "none", (await find_customer(rivo, identifier)).resource.id
    return member.standing, member.customer.customer_id


async def _look_before(rivo: Rivo, identifier: str) -> MemberFound | None:
    """Look at a member before a cancellation that is kept account of; None if not to be had."""
    if rivo.writing is None or not rivo.writing.trusts_state:
        return None
    try:
        return await find_member(before_sending(rivo), identifier)
    except UnavailableError:
        return None


def _shown(standing: Standing, customer_id: int | None) -> MembershipCancellationAnswer:
    status = "queued" if standing == "queued" else "ended"
    return _answer(
        MembershipCancellation(
            status=status,
            message=WORDS[standing],
            customer_id=customer_id,
            cancellation_policy=None,
            cancellation_request_id=None,
        )
    )


def _answer(cancellation: MembershipCancellation) -> MembershipCancellationAnswer:
    return MembershipCancellationAnswer(membership_cancellation=cancellation).made_from(
        {"type": "membership_cancellation", "attributes": msgspec.structs.asdict(cancellation)}
    )
