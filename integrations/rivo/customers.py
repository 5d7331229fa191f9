"""Customers: who they are, what they have, what may be changed.

Source: https://developer-docs.rivo.io/reference/customers-1
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from integrations.actions import Answer, ReadAnswer
from integrations.errors import (
    InputError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from integrations.rivo.client import EVERYONE, Found, Rivo
from integrations.rivo.inputs import (
    Birthday,
    CustomerEmail,
    Limit,
    Page,
    PerPage,
    SinceId,
    VipTierId,
)
from integrations.rivo.paging import ListAnswer, Listing, paging, walk
from integrations.rivo.replies import LOST
from integrations.rivo.resource import Resource


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's loyalty profile; `customer_dob` and `dob` are the same value."""

    customer_id: int | None
    email: str | None
    first_name: str | None
    last_name: str | None
    loyalty_status: str | None
    referral_code: str | None
    customer_dob: str | None
    customer_shopify_tags: list[str] | None
    points_expire_at: str | None
    vip_tier: str | None
    orders_count: int | None
    total_spent: int | float | None
    points_tally: int | None
    dob: str | None
    dob_last_updated_at: str | None
    lifetime_earnings_tally: int | None
    credits_tally: str | None

    @classmethod
    def from_rivo(cls, resource: Resource) -> Customer:
        """Flatten Rivo's customer, also under its names of 2022."""
        tier = resource.inner("vip_tier")
        dob = resource.text("dob")
        return cls(
            customer_id=resource.id,
            email=resource.text("email"),
            first_name=resource.text("first_name"),
            last_name=resource.text("last_name"),
            loyalty_status=resource.text("loyalty_status"),
            referral_code=resource.text("referral_code"),
            customer_dob=dob,
            customer_shopify_tags=resource.texts("shopify_tags"),
            points_expire_at=resource.day("points_expire_at"),
            vip_tier=tier.text("name") if tier else None,
            orders_count=resource.whole("orders_count"),
            total_spent=resource.number("total_spent"),
            points_tally=resource.whole("points_tally", "loyalty_points_tally"),
            dob=dob,
            dob_last_updated_at=resource.text("dob_last_updated_at"),
            lifetime_earnings_tally=resource.whole("lifetime_earnings_tally"),
            credits_tally=resource.money("credits_tally"),
        )


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Who the customer is and what the customer has."""

    email: str | None
    last_name: str | None
    first_name: str | None
    customer_id: int | None
    points_tally: int | None
    credits_tally: str | None
    loyalty_status: str | None

    @classmethod
    def from_rivo(cls, resource: Resource) -> Balance:
        """Flatten Rivo's customer."""
        return cls(
            email=resource.text("email"),
            last_name=resource.text("last_name"),
            first_name=resource.text("first_name"),
            customer_id=resource.id,
            points_tally=resource.whole("points_tally", "loyalty_points_tally"),
            credits_tally=resource.money("credits_tally"),
            loyalty_status=resource.text("loyalty_status"),
        )

    def in_order(self) -> tuple[int, Decimal]:
        """Order balances of one customer by how much there is."""
        return self.points_tally or 0, Decimal(self.credits_tally or 0)


class CustomerAnswer(ReadAnswer):
    """One customer."""

    customer: Customer


class CustomersAnswer(ListAnswer):
    """A page of customers."""

    customers: list[Customer]


class CustomerChangedAnswer(Answer):
    """The customer after the change."""

    customer: Customer


async def find_customer(rivo: Rivo, identifier: str) -> Found:
    """Read one customer by e-mail address or Shopify id; NotFoundError where there is none.

    A customer who is new to Shopify is not found for the first 30 to 60 seconds.
    """
    return await rivo.get("customers", identifier, who=identifier, single=True)


async def balance_after(
    rivo: Rivo,
    identifier: str,
    said: Resource | None,
    *,
    pick: Callable[..., Balance] | None = None,
) -> Balance | None:
    """Find the balance after a write that is done; None where nothing tells it.

    A points event's customer has it. A redemption's may still be the one before, and a read may
    lag behind by seconds: `pick` is min where the write took something away and max where it gave,
    so that of two balances the one is taken that the write has reached.
    """
    told = Balance.from_rivo(said) if said and said.whole("points_tally") is not None else None
    if told and pick is None:
        return told
    try:
        read = Balance.from_rivo((await find_customer(rivo, identifier)).resource)
    except (UnavailableError, NotFoundError):
        return told
    return pick((told, read), key=Balance.in_order) if told and pick else read


async def get_customer(rivo: Rivo, *, customer_email: CustomerEmail) -> CustomerAnswer:
    """Get a customer's loyalty profile: points, store credit, tier, status, referral code."""
    found = await find_customer(rivo, customer_email)
    return CustomerAnswer(
        customer=Customer.from_rivo(found.resource), as_of=found.as_of, stale=found.stale
    ).made_from(found.resource.full())


async def list_customers(
    rivo: Rivo,
    *,
    page: Page | None = None,
    per_page: PerPage | None = None,
    since_id: SinceId | None = None,
    limit: Limit | None = None,
) -> CustomersAnswer:
    """List the customers that Rivo knows."""
    found = await walk(
        rivo, Listing(path=("customers",), who=EVERYONE), paging(page, per_page, since_id, limit)
    )
    return CustomersAnswer(
        customers=[Customer.from_rivo(row) for row in found.rows],
        **found.ending(),
    ).made_from(found.full())


async def update_customer(
    rivo: Rivo,
    *,
    customer_email: CustomerEmail,
    dob: Birthday | None = None,
    first_name: Annotated[
        str | None, Meta(description="First name, where the shop allows it.")
    ] = None,
    last_name: Annotated[
        str | None, Meta(description="Last name, where the shop allows it.")
    ] = None,
    accepts_marketing: Annotated[
        bool | None, Meta(description="Consent to marketing, where the shop allows it.")
    ] = None,
) -> CustomerChangedAnswer:
    """Correct a customer's birthday, and what else the shop's configuration lets callers change.

    Identity, e-mail, balances and status are never changed here. RefusedError also where Rivo
    answers but leaves the value as it was.
    """
    others = {
        "first_name": first_name,
        "last_name": last_name,
        "accepts_marketing": accepts_marketing,
    }
    given: dict[str, object] = {name: value for name, value in others.items() if value is not None}
    for name in given.keys() - rivo.facts.customer_fields:
        allowed = ", ".join(["dob", *sorted(rivo.facts.customer_fields)])
        raise InputError(name, expected=f"left out: this shop allows {allowed}", given="a value")
    if dob is not None:
        given["dob"] = dob
    if not given:
        raise InputError("dob", expected="given, or another value to change")
    return await _change(rivo, customer_email, given)


async def update_customer_dob(
    rivo: Rivo, *, customer_email: CustomerEmail, dob: Birthday
) -> CustomerChangedAnswer:
    """Correct a customer's birthday."""
    return await _change(rivo, customer_email, {"dob": dob})


async def update_customer_vip_tier(
    rivo: Rivo, *, customer_email: CustomerEmail, vip_tier_id: VipTierId
) -> CustomerChangedAnswer:
    """Move a customer to another VIP tier (Rivo's path for this is unproven)."""
    await rivo.apply(
        "POST",
        "customers",
        customer_email,
        "vip_tier",
        form={"vip_tier_id": vip_tier_id},
        who=customer_email,
    )
    return await _changed(rivo, customer_email, {})


async def _change(rivo: Rivo, identifier: str, given: dict[str, object]) -> CustomerChangedAnswer:
    said = await rivo.apply("PUT", "customers", identifier, form=given, who=identifier)
    if said is None or not given.keys() <= said.attributes.keys():
        return await _changed(rivo, identifier, given)
    for name, value in given.items():
        if said.attributes[name] != value:
            raise RefusedError(f"Rivo answered but did not change {name}.")
    return CustomerChangedAnswer(customer=Customer.from_rivo(said)).made_from(said.full())


async def _changed(rivo: Rivo, identifier: str, given: dict[str, object]) -> CustomerChangedAnswer:
    """Answer a write that Rivo confirmed without the customer: read it, or say what is known."""
    try:
        customer = (await find_customer(rivo, identifier)).resource
    except UnavailableError:
        known = {"id": identifier} if identifier.isdecimal() else {"email": identifier}
        customer = Resource({**known, **given})
    if any(customer.attributes.get(name) != value for name, value in given.items()):
        raise OutcomeUnknownError(LOST)
    return CustomerChangedAnswer(customer=Customer.from_rivo(customer)).made_from(customer.full())
