"""What is made in the account with the app: a webhook, and a trigger for each macro.

A macro cannot call anybody. It sets a tag; when the ticket is saved, the trigger takes the tag away
and has the webhook send what the tag stands for.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

WEBHOOK: Final = "rivo_loyalty_webhook"
CONTEXT: Final = {
    "customer_email": "{{ticket.requester.email}}",
    "ticket_id": "{{ticket.id}}",
    "agent_email": "{{current_user.email}}",
}
"""Only what can hold no quotation mark: a placeholder is put into the JSON as it is."""
BY_STAFF: Final = {"field": "role", "operator": "is_not", "value": "end_user"}
"""A tag proves nothing: what a user is tagged with, Zendesk puts on that user's tickets."""


class Gift(msgspec.Struct, frozen=True):
    """What one macro gives: points, or store credit as decimal text."""

    points: int | None = None
    credits: str | None = None

    @property
    def tag(self) -> str:
        """The tag that stands for it between the macro and the trigger."""
        amount = str(self.points) if self.points else f"credit_{self.credits}".replace(".", "_")
        return f"rivo_goodwill_{amount}"

    def words(self, currency: str | None) -> str:
        """Say what it gives."""
        if self.points:
            return f"{self.points} points"
        return " ".join(each for each in (self.credits, currency, "store credit") if each)

    def inputs(self) -> dict[str, Any]:
        """Return what is sent of it."""
        if self.points:
            return {"points_amount": self.points}
        return {"credits_amount": self.credits}


GIFTS: Final = (Gift(points=100), Gift(points=250), Gift(credits="5.00"))
"""Within the built-in limits of 500 points or 25 of store credit a write."""


def requirements(
    endpoint: str, *, currency: str | None, reason: str, signing: str | None = None
) -> dict[str, Any]:
    """Make the requirements; `endpoint` is where the webhook sends to.

    `signing` is the secret that it signs with; without one Zendesk makes it, for admins to see. See
    https://support.zendesk.com/hc/en-us/articles/4418192720154 (November 2026).
    """
    webhook: dict[str, Any] = {
        "name": "Rivo loyalty",
        "status": "active",
        "endpoint": endpoint,
        "http_method": "POST",
        "request_format": "json",
        "subscriptions": ["conditional_ticket_events"],
    }
    if signing is not None:
        webhook["signing_secret"] = {"algorithm": "SHA256", "secret": signing}
    return {
        "webhooks": {WEBHOOK: webhook},
        "triggers": {f"{each.tag}_trigger": _trigger(each, currency, reason) for each in GIFTS},
        "macros": {f"{each.tag}_macro": _macro(each, currency) for each in GIFTS},
    }


def _trigger(gift: Gift, currency: str | None, reason: str) -> dict[str, Any]:
    body = {"action": "create_points_event", **gift.inputs(), **CONTEXT, "reason": reason}
    return {
        "title": f"Rivo loyalty: give {gift.words(currency)}",
        "conditions": {
            "all": [
                {"field": "current_tags", "operator": "includes", "value": gift.tag},
                BY_STAFF,
            ],
            "any": [
                {"field": "update_type", "operator": "is", "value": each}
                for each in ("Create", "Change")
            ],
        },
        "actions": [
            {"field": "notification_webhook", "value": [WEBHOOK, json.dumps(body)]},
            {"field": "remove_tags", "value": gift.tag},
        ],
    }


def _macro(gift: Gift, currency: str | None) -> dict[str, Any]:
    """Make a macro; its text promises no more than is known when the agent sends it."""
    words = gift.words(currency)
    return {
        "title": f"Rivo loyalty::Give {words}",
        "actions": [
            {"field": "current_tags", "value": gift.tag},
            {"field": "comment_mode_is_public", "value": "true"},
            {"field": "comment_value", "value": f"We are adding {words} to your account."},
        ],
    }
