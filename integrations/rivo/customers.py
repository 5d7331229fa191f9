"""Customers: who they are and what they have.

Source: https://developer-docs.rivo.io/reference/customers-1
"""

from __future__ import annotations

import msgspec

from integrations.actions import ReadAnswer
from integrations.errors import ActionError
from integrations.rivo.client import Rivo
from integrations.rivo.found import Found
from integrations.rivo.identities import EVERYONE
from integrations.rivo.inputs import CustomerEmail, Limit, Page, PerPage, SinceId
from integrations.rivo.paging import ListAnswer, Listing, paging, walk
from integrations.rivo.resource import Resource, strange


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


class CustomerAnswer(ReadAnswer):
    """One customer."""

    customer: Customer


class CustomersAnswer(ListAnswer):
    """A page of customers."""

    customers: list[Customer]


async def find_customer(rivo: Rivo, identifier: str) -> Found:
    """Read one customer by e-mail address or Shopify id; NotFoundError where there is none.

    A customer who is new to Shopify is not found for the first 30 to 60 seconds.
    """
    found = await _read(rivo, identifier)
    _customer_in(found)
    return found


async def customer_key(rivo: Rivo, identifier: str) -> str:
    """Name a customer the same whichever way they are asked for: by the Shopify id, as text.

    Where that cannot be had it is the address in lower case.
    """
    if identifier.isdecimal():
        return identifier
    try:
        return str((await find_customer(rivo, identifier)).resource.id)
    except ActionError:
        return identifier.casefold()


async def get_customer(rivo: Rivo, *, customer_email: CustomerEmail) -> CustomerAnswer:
    """Get a customer's loyalty profile: points, store credit, tier, status, referral code."""
    found = await _read(rivo, customer_email)
    resource = _customer_in(found)
    return CustomerAnswer(
        customer=Customer.from_rivo(resource), as_of=found.as_of, stale=found.stale
    ).made_from(resource.full())


async def _read(rivo: Rivo, identifier: str) -> Found:
    return await rivo.get("customers", identifier, who=identifier, single=True)


def _customer_in(found: Found) -> Resource:
    resource = found.resource
    if resource.id is None:
        raise strange("the customer's id")
    return resource


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
        rivo.to_export(),
        Listing(path=("customers",), who=EVERYONE),
        paging(page, per_page, since_id, limit),
    )
    return CustomersAnswer(
        customers=[Customer.from_rivo(row) for row in found.rows],
        **found.ending(),
    ).made_from(found.full())
