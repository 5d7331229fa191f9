"""Webhooks as a resource: which topic is told where; who hears of what is `announcements.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from integrations.rivo_sandbox.answers import Answer, StatusError, resource
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.catalogue import path_id
from integrations.rivo_sandbox.paging import listing
from integrations.rivo_sandbox.shop import Webhook
from integrations.rivo_sandbox.spelling import iso

TOPICS = (
    "points_event/created",
    "points_redemption/created",
    "balance_transaction/created",
    "loyalty_profile/updated",
    "customer_vip_tier/upgraded",
    "customer_vip_tier/downgraded",
    "customer/advocate_stats",
    "referral/completed",
    "referral_invite/created",
    "notification/points_expiry_warning",
    "notification/points_expiry_last_chance",
    "notification/credits_expiry_warning",
    "notification/credits_expiry_last_chance",
    "membership/canceled",
    "membership/pending_cancellation",
    "membership/payment_success",
)
OWN_SECRET = "5a" * 32
"""What this Rivo signs with where it takes no secret from anybody."""


def list_webhooks(call: Call) -> Answer:
    """GET `/webhooks`."""
    return listing(call, call.state.webhooks.values(), show=lambda row: _resource(call, row))


def create_webhook(call: Call) -> Answer:
    """POST `/webhooks`: one topic, one address (U11)."""
    given = _given(call)
    if call.switches.webhook_fields == "attributes":
        call.form.require("event_type", "url")
    call.form.done()
    # What was not read leaves a webhook that tells nobody of nothing.
    row = Webhook(
        id=call.new_id("webhook"),
        created_at=call.now,
        updated_at=call.now,
        **{"enabled": "url" in given, **given},
    )
    call.state.webhooks[row.id] = row
    return call.written(201, _resource(call, row))


def update_webhook(call: Call) -> Answer:
    """PUT `/webhooks/{id}`."""
    given = _given(call)
    call.form.done()
    row = msgspec.structs.replace(_find(call), updated_at=call.now, **given)
    call.state.webhooks[row.id] = row
    return call.written(200, _resource(call, row))


def delete_webhook(call: Call) -> Answer:
    """DELETE `/webhooks/{id}`."""
    del call.state.webhooks[_find(call).id]
    return Answer(204)


def _given(call: Call) -> Mapping[str, Any]:
    """Read what is said of a webhook, as far as this Rivo knows the names (U11)."""
    form = call.form
    said = {
        "event_type": form.choice("event_type", TOPICS),
        "url": form.text("url"),
        "enabled": form.boolean("enabled"),
        "description": form.text("description"),
        "secret": form.text("secret"),
    }
    given = {name: value for name, value in said.items() if value is not None}
    match call.switches.webhook_fields:
        case "unread":
            return {}
        case "400":
            for name in given:
                form.invalid(name)
    if call.switches.webhook_key == "own":
        given["secret"] = OWN_SECRET
    return given


def _find(call: Call) -> Webhook:
    found = call.state.webhooks.get(path_id(call))
    if found is None:
        raise StatusError(404, "Could not find a webhook with that ID.")
    return found


def _resource(call: Call, row: Webhook) -> dict[str, Any]:
    hidden = call.switches.webhook_key == "hidden"
    attributes = {
        "id": row.id,
        "event_type": row.event_type,
        "url": row.url,
        "enabled": row.enabled,
        "description": row.description,
        "secret": None if hidden else row.secret,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }
    return resource("webhook", row.id, attributes)
