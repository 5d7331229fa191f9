"""Points redemptions as they are shown, listed and found."""

from __future__ import annotations

from typing import Any

from integrations.rivo_sandbox.answers import Answer, StatusError, json_answer, resource
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.catalogue import path_id, reward_attributes
from integrations.rivo_sandbox.customers import embedded
from integrations.rivo_sandbox.paging import listing
from integrations.rivo_sandbox.shop import PointsRedemption
from integrations.rivo_sandbox.spelling import credit, iso
from integrations.rivo_sandbox.tokens import (
    PURCHASE_TYPES,
    REDEMPTION_SOURCES,
    show_token,
    token_filter,
)


def redemption_attributes(call: Call, row: PointsRedemption) -> dict[str, Any]:
    """Show a redemption; there is no `used`, only the three times that end it."""
    reward = call.state.rewards[row.reward_id]
    attributes: dict[str, Any] = {
        "id": row.id,
        "code": row.code,
        "name": row.name,
        "source": show_token(call, reward.source),
        "points_amount": abs(row.points_diff),
        "points_diff": row.points_diff,
        "credits_amount": credit(abs(row.credits_diff)),
        "applied_at": iso(row.applied_at),
        "used_at": iso(row.used_at),
        "refunded_at": iso(row.refunded_at),
        "revoked_at": iso(row.revoked_at),
        "expires_at": iso(row.expires_at),
        "purchase_type": show_token(call, reward.purchase_type),
        "referred_email": row.referred_email,
        "reward": reward_attributes(call, reward),
        "customer": embedded(call, call.state.customers[row.customer_id]),
    }
    if reward.variant_ids:
        attributes["variant_ids"] = reward.variant_ids
    return attributes


def list_points_redemptions(call: Call) -> Answer:
    """GET `/points_redemptions`: refunded and revoked rows too."""
    names = "source purchase_type reward_id code referred_email applied_after applied_before"
    call.infer(*names.split())
    query = call.query
    customer_id = call.filtered_customer()
    used = query.boolean("filters[used]")
    from_source = token_filter(call, "source", REDEMPTION_SOURCES)
    for_purchase = token_filter(call, "purchase_type", PURCHASE_TYPES)
    reward_id = query.integer("filters[reward_id]")
    code, referred = query.text("filters[code]"), query.text("filters[referred_email]")
    after = query.moment("filters[applied_after]")
    before = query.moment("filters[applied_before]")
    rewards = call.state.rewards
    rows = [
        row
        for row in call.state.points_redemptions.values()
        if customer_id in (None, row.customer_id)
        and used in (None, row.used_at is not None)
        and reward_id in (None, row.reward_id)
        and code in (None, row.code)
        and referred in (None, row.referred_email)
        and from_source(rewards[row.reward_id].source)
        and for_purchase(rewards[row.reward_id].purchase_type)
        and (after is None or row.applied_at >= after)
        and (before is None or row.applied_at < before)
    ]
    return listing(
        call,
        rows,
        show=lambda row: redemption_resource(call, row),
        sorts={"applied_at": lambda row: row.applied_at, "id": lambda row: row.id},
    )


def get_points_redemption(call: Call) -> Answer:
    """GET `/points_redemptions/{id}`."""
    return json_answer(200, {"data": redemption_resource(call, find_redemption(call))})


def find_redemption(call: Call) -> PointsRedemption:
    """Find the redemption in the path; 404 with Rivo's own sentence if there is none."""
    found = call.state.points_redemptions.get(path_id(call))
    if found is None:
        raise StatusError(404, "Could not find a points redemption with that ID.")
    return found


def redemption_resource(call: Call, row: PointsRedemption) -> dict[str, Any]:
    """Show a redemption as a resource."""
    return resource("points_redemption", row.id, redemption_attributes(call, row))
