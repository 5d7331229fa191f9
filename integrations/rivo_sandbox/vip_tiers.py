"""VIP tiers as customers live them: their history, and the move to another one."""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.rivo_sandbox.answers import Answer, NoRouteError, StatusError, resource
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.catalogue import tier_attributes
from integrations.rivo_sandbox.customers import embedded, single
from integrations.rivo_sandbox.paging import listing
from integrations.rivo_sandbox.shop import Customer, VipTierMembership
from integrations.rivo_sandbox.spelling import iso


def list_vip_tier_memberships(call: Call) -> Answer:
    """GET `/vip_tier_memberships`: who was on which tier, and when."""
    call.infer("customer_identifier", "vip_tier_id", "current")
    customer_id = call.filtered_customer()
    tier_id = call.query.integer("filters[vip_tier_id]")
    current = call.query.boolean("filters[current]")
    rows = [
        row
        for row in call.state.vip_tier_memberships.values()
        if customer_id in (None, row.customer_id)
        and tier_id in (None, row.vip_tier_id)
        and current in (None, row.ended_at is None)
    ]
    sorts = {
        "started_at": lambda row: row.started_at,
        "ended_at": lambda row: row.ended_at,
    }
    return listing(call, rows, show=lambda row: _membership(call, row), sorts=sorts)


def update_vip_tier(call: Call) -> Answer:
    """POST `/customers/{customer_identifier}/vip_tier` (U12)."""
    route = call.switches.tier_route
    if route == "absent":
        raise NoRouteError
    call.form.require("vip_tier_id")
    tier_id = call.form.integer("vip_tier_id")
    call.form.done()
    customer = call.customer(call.segments[0])
    tier = call.state.vip_tiers.get(tier_id or 0)
    if tier is None:
        raise StatusError(404, "Could not find a VIP tier with that ID.")
    if tier.id != customer.vip_tier_id:
        customer = _move(call, customer, tier.id)
    return call.written(int(route), resource("customer", customer.id, single(call, customer)))


def _move(call: Call, customer: Customer, tier_id: int) -> Customer:
    state = call.state
    before = state.vip_tiers.get(customer.vip_tier_id or 0)
    after = state.vip_tiers[tier_id]
    for row in list(state.vip_tier_memberships.values()):
        if row.customer_id == customer.id and row.ended_at is None:
            ended = msgspec.structs.replace(row, ended_at=call.now)
            state.vip_tier_memberships[row.id] = ended
    up = before is None or before.threshold < after.threshold
    word = "upgraded" if up else "downgraded"
    started = VipTierMembership(
        id=call.new_id("vip_tier_membership"),
        customer_id=customer.id,
        vip_tier_id=tier_id,
        started_at=call.now,
        external_note=f"{word.capitalize()} to {after.name}",
    )
    state.vip_tier_memberships[started.id] = started
    moved = msgspec.structs.replace(customer, vip_tier_id=tier_id)
    state.customers[customer.id] = moved
    body = {
        "id": [state.shop.shop_id, started.id],
        "vip_tier_id": tier_id,
        "started_at": iso(started.started_at),
        "internal_note": started.internal_note,
        "external_note": started.external_note,
        "customer": embedded(call, moved),
        "vip_tier": tier_attributes(after),
    }
    call.announce(f"customer_vip_tier/{word}", body)
    return moved


def _membership(call: Call, row: VipTierMembership) -> dict[str, Any]:
    attributes = {
        "id": row.id,
        "vip_tier_id": row.vip_tier_id,
        "started_at": iso(row.started_at),
        "ended_at": iso(row.ended_at),
        "internal_note": row.internal_note,
        "external_note": row.external_note,
        "customer": embedded(call, call.state.customers[row.customer_id]),
        "vip_tier": tier_attributes(call.state.vip_tiers[row.vip_tier_id]),
    }
    return resource("vip_tier_membership", row.id, attributes)
