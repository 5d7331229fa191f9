"""Referrals: customers who brought friends.

Source: https://developer-docs.rivo.io/reference/referrals
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from integrations.actions import Answer
from integrations.kinds import ADDRESS_KIND
from integrations.rivo.client import Rivo
from integrations.rivo.customers import find_customer
from integrations.rivo.identities import EVERYONE
from integrations.rivo.inputs import CustomerEmail, Email, Limit, Page, PerPage, SinceId
from integrations.rivo.paging import ListAnswer, Listing, Rows, paging, walk
from integrations.rivo.resource import Resource


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


class ReferralAnswer(Answer):
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
    return _answer(await walk(rivo, listing, paging(page, per_page, since_id, limit)))


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
    customer = (await find_customer(rivo, customer_email)).resource
    address = customer.text("email")
    listing = Listing(
        path=("referrals",),
        # Whoever creates a referral names its customer by a code: any list may be about it.
        who=EVERYONE,
        filters={"customer_identifier": customer_email},
        matches=lambda row: _concerns(row, customer.id, address),
    )
    return _answer(await walk(rivo, listing, asked))


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
    said = await rivo.send(
        "POST",
        "referrals",
        form={"email": email, "referral_code": referral_code, "remote_ip": remote_ip},
        who=email,
    )
    return ReferralAnswer(referral=Referral.from_rivo(said)).made_from(said.full())


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
