"""From a webhook of Rivo's to the triggers that it causes: flat bodies, marked as what they are.

The keys are those that the actions answer with: the same functions flatten them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from integrations.rivo.forms import when
from integrations.rivo.identities import identity
from integrations.rivo.points_events import PointsEvent
from integrations.rivo.points_redemptions import PointsRedemption
from integrations.rivo.resource import Resource

Trigger = Literal["loyalty_points_earned", "customer_vip_tier_updated", "points_redemption_created"]
SOURCE: Final = "rivo webhook"
DIRECTIONS: Final = {
    "customer_vip_tier/upgraded": "upgraded",
    "customer_vip_tier/downgraded": "downgraded",
}
"""The topic says it; a body may say the other one (contract, section 6)."""


class Triggered(msgspec.Struct, frozen=True, kw_only=True):
    """One trigger: its flat body, also as it is signed and sent, and whom it is about.

    `customer` is their Shopify id, `email` their address.
    """

    trigger: Trigger
    flat: dict[str, Any]
    body: bytes
    customer: str | None
    email: str | None


def triggered(topic: str, body: Mapping[str, Any], *, shop: str, at: float) -> list[Triggered]:
    """List the triggers that a webhook causes: one, or none.

    `body` is what came, verified; `at` is when it came, in epoch seconds: the time of what happened
    where the body tells none. Raises ActionError where a value has another type than the contract
    says.
    """
    resource = Resource(body)
    match topic:
        case "points_event/created":
            found = _earned(resource)
        case "points_redemption/created":
            found = _redeemed(resource)
        case _ if topic in DIRECTIONS:
            found = _moved(resource, DIRECTIONS[topic])
        case _:
            found = None
    if found is None:
        return []
    name, flat, occurred = found
    flat |= {
        "trigger": name,
        "shop": shop,
        "occurred_at": occurred or when(datetime.fromtimestamp(at, UTC)),
        "source": SOURCE,
    }
    number, email = identity(flat["customer_id"], flat["customer_email"])
    body_sent = msgspec.json.encode(flat)
    return [Triggered(trigger=name, flat=flat, body=body_sent, customer=number, email=email)]


_Found = tuple[Trigger, dict[str, Any], str | None]


def _earned(resource: Resource) -> _Found | None:
    """Flatten points that were earned; a magnitude without a sign says nothing (trap 2)."""
    event = PointsEvent.from_rivo(resource)
    if event.points_diff is None or event.points_diff <= 0:
        return None
    # A trigger says by `source` that it was Rivo's webhook; where the points are from stands here.
    flat = {
        "event_source" if name == "source" else name: value
        for name, value in msgspec.structs.asdict(event).items()
    }
    occurred = resource.text("occurred_at", "applied_at")
    return "loyalty_points_earned", flat | {"points_tally": _tally(resource)}, occurred


def _redeemed(resource: Resource) -> _Found:
    flat = msgspec.structs.asdict(PointsRedemption.from_rivo(resource))
    occurred = resource.text("occurred_at", "applied_at")
    return "points_redemption_created", flat | {"points_tally": _tally(resource)}, occurred


def _moved(resource: Resource, direction: str) -> _Found:
    customer, tier = resource.inner("customer"), resource.inner("vip_tier")
    flat = {
        "customer_id": customer.id if customer else resource.whole("customer_id"),
        "customer_email": customer.text("email") if customer else None,
        "vip_tier_id": resource.whole("vip_tier_id") or (tier.id if tier else None),
        "vip_tier": tier.text("name") if tier else None,
        "direction": direction,
        "started_at": resource.text("started_at"),
    }
    return "customer_vip_tier_updated", flat, resource.text("occurred_at", "started_at")


def _tally(resource: Resource) -> int | None:
    """Read the balance that came along: what it was when Rivo wrote this."""
    customer = resource.inner("customer")
    return customer.whole("points_tally") if customer else None
