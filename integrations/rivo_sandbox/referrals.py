"""Referrals: friends brought, and the start of bringing one."""

from __future__ import annotations

import re
from typing import Any

from integrations.rivo_sandbox.answers import Answer, RefusedError, UnknownError, resource
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.paging import listing
from integrations.rivo_sandbox.shop import Customer, Referral
from integrations.rivo_sandbox.spelling import iso

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def list_referrals(call: Call) -> Answer:
    """GET `/referrals`; the filter names the customer who refers."""
    customer_id = call.filtered_customer()
    rows = [
        row
        for row in call.state.referrals.values()
        if customer_id in (None, row.referrer_customer_id)
    ]
    return listing(call, rows, show=_resource)


def create_referral(call: Call) -> Answer:
    """POST `/referrals`: a friend asks for the reward behind somebody's referral code."""
    form = call.form
    form.require("email", "referral_code", "remote_ip")
    email, code = form.text("email") or "", form.text("referral_code")
    if "email" in form and not _EMAIL.fullmatch(email):
        form.invalid("email")
    form.done()
    referrer = _referrer(call, code)
    if call.find_customer(email) is not None:
        raise RefusedError("customer_already_exists")
    row = Referral(
        id=call.new_id("referral"),
        referrer_customer_id=referrer.id,
        referred_email=email,
        status="unclaimed",
        created_at=call.now,
        status_last_changed_at=call.now,
        referred_discount_code=f"BAL-{call.new_id('code'):012x}",
        signup_ip=form.text("remote_ip"),
    )
    call.state.referrals[row.id] = row
    return call.written(201, _resource(row))


def _referrer(call: Call, code: str | None) -> Customer:
    for customer in call.state.customers.values():
        if customer.referral_code == code and call.knows(customer):
            return customer
    raise UnknownError("Could not find a customer with that referral code.")


def _resource(row: Referral) -> dict[str, Any]:
    attributes = {
        "id": row.id,
        "status": row.status,
        "referred_email": row.referred_email,
        "referrer_customer_id": row.referrer_customer_id,
        "referred_customer_id": row.referred_customer_id,
        "referrer_discount_code": row.referrer_discount_code,
        "referred_discount_code": row.referred_discount_code,
        "referrer_order_id": None,
        "referred_order_id": row.referred_order_id,
        "status_last_changed_at": iso(row.status_last_changed_at),
        "claimed_at": iso(row.claimed_at),
        "block_reason": row.block_reason,
        "signup_ip": row.signup_ip,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.status_last_changed_at),
    }
    return resource("referral", row.id, attributes)
