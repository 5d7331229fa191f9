"""One example of each trigger, for trying a receiver: the keys are right, the customer is nobody's.

Each is made from a webhook body as Rivo's would be, by the function that makes the real ones.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from app.delivery.triggers import triggered
from integrations.rivo.forms import when

SOURCE: Final = "rivo-helpdesk triggers test"
"""In the place of "rivo webhook": nothing of this has happened."""


def example(trigger: str, *, shop: str, at: float) -> bytes:
    """Make the body of a trigger as an example; `at` are epoch seconds, KeyError for no trigger."""
    topic, body = _webhooks(when(datetime.fromtimestamp(at, UTC)))[trigger]
    (made,) = triggered(topic, body, shop=shop, at=at)
    return msgspec.json.encode(made.flat | {"source": SOURCE})


def _webhooks(now: str) -> dict[str, tuple[str, dict[str, Any]]]:
    customer = {"id": 1000, "email": "test@example.com", "points_tally": 1150}
    tier = {"id": 552288, "name": "Silver", "threshold": 500}
    return {
        "loyalty_points_earned": (
            "points_event/created",
            {
                "id": 1001,
                "points_diff": 150,
                "credits_diff": 0.0,
                "title": "An example",
                "source": "order_placed",
                "applied_at": now,
                "customer": customer,
            },
        ),
        "customer_vip_tier_updated": (
            "customer_vip_tier/upgraded",
            {
                "id": [1, 1002],
                "vip_tier_id": 552288,
                "started_at": now,
                "customer": customer,
                "vip_tier": tier,
            },
        ),
        "points_redemption_created": (
            "points_redemption/created",
            {
                "id": 1003,
                "name": "$5 off coupon",
                "code": "EXAMPLE-000000000000",
                "points_amount": 500,
                "credits_amount": 0.0,
                "applied_at": now,
                "reward": {
                    "id": 709485,
                    "name": "$5 off coupon",
                    "reward_type": "fixed_amount",
                    "reward_value": 5.0,
                },
                "customer": customer,
            },
        ),
    }
