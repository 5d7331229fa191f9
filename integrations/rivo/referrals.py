"""Referrals: customers who brought friends.

Source: https://developer-docs.rivo.io/reference/referrals
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from integrations.actions import WriteAnswer
from integrations.kinds import ADDRESS_KIND
from integrations.rivo.balances import before_sending
from integrations.rivo.client import Rivo
from integrations.rivo.customers import find_customer
from integrations.rivo.finding import (
    absent_from,
    ids_of,
    newest_id,
    reads_back,
    rows_after,
    start_of,
    unsure,
)
from integrations.rivo.identities import EVERYONE
from integrations.rivo.inputs import CustomerEmail, Email, Limit, Page, PerPage, SinceId
from integrations.rivo.paging import ListAnswer, Listing, Rows, paging, walk
from integrations.rivo.resource import Resource
from integrations.rivo.writing import ReadBack, Sent


class Referral(msgspec.Struct, frozen=True, kw_only=True):
    """Who referred whom, how far it came, and the codes both were given."""

    id: int | None
    status: str | None
    referrer_customer_id: int | None
    referred_customer_id: int | None
    referred_email: str | None
    referrer_discount_code: str | None
    referred_discount_code: str | None
    created_at: str | None

    @classmethod
    def from_rivo(cls, resource: Resource) -> Referral:
        """Flatten Rivo's referral."""
        return cls(
            id=resource.id,
            status=resource.text("status"),
            referrer_customer_id=resource.whole("referrer_customer_id"),
            referred_customer_id=resource.whole("referred_customer_id"),
            referred_email=resource.text("referred_email"),
            referrer_discount_code=resource.text("referrer_discount_code"),
            referred_discount_code=resource.text("referred_discount_code"),
            created_at=resource.text("created_at"),
        )


class ReferralAnswer(WriteAnswer):
    """One referral."""

    referral: Referral


class ReferralsAnswer(ListAnswer):
    """A page of referrals."""

    referrals: list[Referral]


async def list_referrals(
    rivo: Rivo,
    *,
    page: Page | None = None,
    per_page: PerPage | None = None,
    since_id: SinceId | None = None,
    limit: Limit | None = None,
) -> ReferralsAnswer:
    """List the shop's referrals."""
    listing = Listing(path=("referrals",), who=EVERYONE)
    return _answer(await walk(rivo.to_export(), listing, paging(page, per_page, since_id, limit)))


async def list_customer_referrals(
    rivo: Rivo,
    *,
    customer_email: CustomerEmail,
    page: Page | None = None,
    per_page: PerPage | None = None,
    since_id: SinceId | None = None,
    limit: Limit | None = None,
) -> ReferralsAnswer:
    """List the referrals that a customer made, and the one by which the customer came."""
    asked = paging(page, per_page, since_id, limit)
    found = await find_customer(rivo, customer_email)
    customer = found.resource
    address = customer.text("email")
    listing = Listing(
        path=("referrals",),
        # Whoever creates a referral names its customer by a code: any list may be about it.
        who=EVERYONE,
        filters={"customer_identifier": customer_email},
        matches=lambda row: _concerns(row, customer.id, address),
    )
    rows = await walk(rivo, listing, asked)
    older, stale = min(found.as_of, rows.as_of), found.stale or rows.stale
    return _answer(msgspec.structs.replace(rows, as_of=older, stale=stale))


async def create_referral(
    rivo: Rivo,
    *,
    email: Annotated[
        Email, Meta(description="The friend's e-mail address.", examples=["friend@example.com"])
    ],
    referral_code: Annotated[
        str, Meta(description="The referring customer's code.", examples=["kL9mR4xP8vN2sQ7tY"])
    ],
    remote_ip: Annotated[
        str,
        ADDRESS_KIND,
        Meta(description="The friend's IP address.", examples=["203.0.113.7"]),
    ],
) -> ReferralAnswer:
    """Record that a customer referred a friend."""
    newest = await newest_id(before_sending(rivo), "referrals") if rivo.writing else None
    said = await rivo.send(
        "POST",
        "referrals",
        form={"email": email, "referral_code": referral_code, "remote_ip": remote_ip},
        who=email,
        snapshot={} if newest is None else {"newest_id": newest},
    )
    return _recorded(said)


@reads_back
async def find_referral(rivo: Rivo, sent: Sent) -> ReadBack:
    """Look for a referral of this friend that is newer than the snapshot.

    Whose code it was made with Rivo does not show: another's referral of the same friend, made at
    the same moment, looks like ours.
    """
    friend = sent.inputs["email"].casefold()
    since_id = start_of(sent)
    walked = await rows_after(rivo, "referrals", since_id)
    shown = any(row.id in sent.claimed for row in walked.rows)
    rows = [row for row in walked.rows if row.id not in sent.claimed]
    alike = [row for row in rows if (row.text("referred_email") or friend).casefold() == friend]
    if not alike:
        return absent_from(walked, sent, since_id=since_id, shown=shown)
    if len(alike) > 1 or not walked.complete or alike[0].text("referred_email") is None:
        any_of = f"Any of these rows, or none, may be it: {ids_of(alike)}."
        return unsure(any_of, alike=True, shown=shown)
    if "newest_id" not in sent.snapshot:
        older = "What there was before it was sent is not known."
        return unsure(older, f"Alike is: {ids_of(alike)}.", alike=True, shown=shown)
    row = alike[0]
    return ReadBack(verdict="found", answer=_recorded(row), rivo_id=row.id, shown=True)


def _recorded(row: Resource) -> ReferralAnswer:
    return ReferralAnswer(referral=Referral.from_rivo(row)).made_from(row.full())


def _concerns(row: Resource, customer_id: int | None, email: str | None) -> bool:
    """Say whether the customer is on either side; a row that names neither is Rivo's word."""
    sides = (row.whole("referrer_customer_id"), row.whole("referred_customer_id"))
    referred = row.text("referred_email")
    if sides == (None, None) and referred is None:
        return True
    return customer_id in sides or bool(
        email and referred and referred.casefold() == email.casefold()
    )


def _answer(found: Rows) -> ReferralsAnswer:
    return ReferralsAnswer(
        referrals=[Referral.from_rivo(row) for row in found.rows],
        **found.ending(),
    ).made_from(found.full())
