"""Customers: how they are shown, listed and changed."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from integrations.rivo_sandbox.answers import (
    Answer,
    json_answer,
    resource,
)
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.catalogue import tier_attributes
from integrations.rivo_sandbox.paging import listing
from integrations.rivo_sandbox.params import Params
from integrations.rivo_sandbox.shop import Customer
from integrations.rivo_sandbox.spelling import credit, iso, prose

_BIRTHDAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def embedded(call: Call, customer: Customer) -> dict[str, Any]:
    """Show a customer inside another resource; the balances are the ledger's."""
    points, credits_ = call.state.ledger.balance(customer.id)
    tier = call.state.vip_tiers.get(customer.vip_tier_id or 0)
    code = customer.referral_code
    return {
        "id": customer.id,
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "accepts_marketing": customer.accepts_marketing,
        "orders_count": customer.orders_count,
        "verified_email": customer.verified_email,
        "total_spent": customer.total_spent,
        "shopify_tags": customer.shopify_tags,
        "loyalty_status": customer.loyalty_status,
        "loyalty_status_last_changed_at": iso(customer.loyalty_status_last_changed_at),
        "points_tally": points,
        "credits_tally": credit(credits_),
        "dob": customer.dob,
        "dob_last_updated_at": iso(customer.dob_last_updated_at),
        "referral_url": code and f"https://{call.state.shop.domain}?referral_code={code}",
        "referral_code": code,
        "vip_tier": None if tier is None else tier_attributes(tier),
        "points_expire_at": prose(customer.points_expire_at),
        "credits_expire_at": prose(customer.credits_expire_at),
        "remote_updated_at": iso(customer.remote_updated_at),
    }


def listed(call: Call, customer: Customer) -> dict[str, Any]:
    """Show a customer as a row; the next tier and the lifetime tally stay null on every GET."""
    return embedded(call, customer) | {"next_vip_tier": None, "lifetime_earnings_tally": None}


def single(call: Call, customer: Customer) -> dict[str, Any]:
    """Show a customer by themselves."""
    done = customer.completed_earning_rule_ids
    return listed(call, customer) | {"completed_earning_rule_ids": done}


def list_customers(call: Call) -> Answer:
    """GET `/customers`."""
    rows = [row for row in call.state.customers.values() if call.knows(row)]
    return listing(call, rows, show=lambda row: resource("customer", row.id, listed(call, row)))


def get_customer(call: Call) -> Answer:
    """GET `/customers/{customer_identifier}`."""
    customer = call.customer(call.segments[0])
    return json_answer(200, {"data": resource("customer", customer.id, single(call, customer))})


def update_customer(call: Call) -> Answer:
    """PUT `/customers/{customer_identifier}`: `dob`, and the names of attributes (U11)."""
    changes = _changes(call)
    call.form.done()
    customer = call.customer(call.segments[0])
    if changes.get("dob", customer.dob) != customer.dob:
        changes["dob_last_updated_at"] = call.now
    changed = msgspec.structs.replace(customer, **changes)
    call.state.customers[customer.id] = changed
    if changed != customer:
        call.announce("loyalty_profile/updated", embedded(call, changed))
    return call.written(200, resource("customer", changed.id, single(call, changed)))


def _changes(call: Call) -> dict[str, Any]:
    form = call.form
    changes: dict[str, Any] = {}
    dob = form.text("dob")
    if dob is not None:
        if not _BIRTHDAY.fullmatch(dob):
            form.invalid("dob")
        changes["dob"] = dob
    named = {
        "first_name": Params.text,
        "last_name": Params.text,
        "accepts_marketing": Params.boolean,
        "shopify_tags": Params.words,
    }
    for name, read in named.items():
        value = read(form, name)
        if value is None or call.switches.write_fields == "unread":
            continue
        if call.switches.write_fields == "400":
            form.invalid(name)
        changes[name] = value
    return changes
