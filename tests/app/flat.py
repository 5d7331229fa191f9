"""The flat answers of /gorgias: their keys, and what every one of them has to be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from integrations.rivo_sandbox import Fault
from tests.app.serving import (
    BUTTON_SECRET,
    Service,
)

SAMPLES = Path(__file__).parents[1]
SPELLINGS = json.loads((SAMPLES / "samples/missing_value_spellings.received.json").read_bytes())

SIDEBAR = [
    "status",
    "message",
    "name",
    "email",
    "points",
    "store_credit",
    "vip_tier",
    "next_tier",
    "to_next_tier",
    "points_expire",
    "membership",
    "next_billing",
    "birthday",
    "orders",
    "total_spent",
    "referral_code",
    "referral_link",
    "unused_codes",
    "last_activity",
    "rewards_available",
    "updated",
    "stale",
    "profile_url",
    "_version",
]
WRITE = [
    "ok",
    "message",
    "error",
    "operation_id",
    "state",
    "applied",
    "safe_to_retry",
    "points",
    "store_credit",
    "code",
]
CUSTOMER = [
    "customer_id",
    "email",
    "first_name",
    "last_name",
    "loyalty_status",
    "referral_code",
    "customer_dob",
    "customer_shopify_tags",
    "points_expire_at",
    "vip_tier",
    "orders_count",
    "total_spent",
    "points_tally",
    "dob",
    "dob_last_updated_at",
    "lifetime_earnings_tally",
    "credits_tally",
]
PAGE = ["next_page", "next_per_page", "next_since_id", "next_limit"]
OTHERS: dict[str, list[str]] = {
    "get_customer": ["status", "message", *CUSTOMER, "as_of", "stale"],
    "get_membership": [
        "status",
        "message",
        "email",
        "last_name",
        "first_name",
        "customer_id",
        "points_tally",
        "credits_tally",
        "loyalty_status",
        *(
            f"membership_{key}"
            for key in (
                "source",
                "ended_at",
                "started_at",
                "customer_id",
                "membership_tier_id",
                "membership_enrollment_id",
                "queued_for_cancellation_at",
            )
        ),
        *(
            f"subscription_{key}"
            for key in (
                "status",
                "customer_id",
                "currency_code",
                "subscription_id",
                "billing_interval",
                "next_billing_date_at",
            )
        ),
        "as_of",
        "stale",
    ],
    **{
        f"list_customer_{rows}": [
            "status",
            "message",
            rows,
            "count",
            *PAGE,
            "complete",
            "as_of",
            "stale",
        ]
        for rows in ("points_events", "points_redemptions", "referrals")
    },
}
READS = ("get_sidebar", *OTHERS)

PRIYA_GUEST = "priya.nair@example.com"
OSKAR_EXCLUDED = "oskar.lund@example.com"
AIKO = "aiko.tanaka@example.com"
LENA = "lena+shop@example.com"
NOBODY = "nobody@example.com"


DOWN: dict[str, Callable[[], Fault]] = {
    "an error": lambda: Fault(kind="server_error"),
    "busy": lambda: Fault(kind="too_many"),
    "busy for an hour": lambda: Fault(
        kind="status", status=429, headers=(("retry-after", "3600"),)
    ),
    "gone": lambda: Fault(kind="lost"),
    "hanging": lambda: Fault(kind="hang"),
    "a page": lambda: Fault(kind="html"),
    "half an answer": lambda: Fault(kind="broken_json"),
    "elsewhere": lambda: Fault(kind="redirect"),
    "another key": lambda: Fault(kind="status", status=401),
    "nothing": lambda: Fault(kind="status", status=200, body=b""),
    "a list": lambda: Fault(kind="status", status=200, body=b"[[]]"),
    "a number": lambda: Fault(kind="status", status=200, body=b'{"data": 3}'),
    "no names": lambda: Fault(kind="status", status=200, body=b'{"data": {"id": "x"}}'),
    "a flood": lambda: Fault(kind="status", status=200, body=b'{"data": "' + b"x" * 2_000_000),
}
"""Every way in which Rivo may fail a read."""
ODD = {"a list", "no names"}
"""Answers with something in them that is not understood: that is no outage, and may be new."""
OUTAGES = sorted(DOWN.keys() - ODD - {"another key"})


def keys(name: str) -> list[str]:
    return SIDEBAR if name == "get_sidebar" else OTHERS[name]


async def read(service: Service, name: str, **inputs: Any) -> dict[str, Any]:
    """Read through the door, and look at what every answer has to be."""
    answer = await service.gorgias(name, **inputs)
    told: dict[str, Any] = answer.json()
    assert 200 == answer.status_code, service.lines()[-2]
    assert "application/json" == answer.headers["content-type"]
    assert keys(name) == list(told)
    assert name != "get_sidebar" or len(answer.content) < 4096
    return told


async def write(service: Service, name: str, **inputs: Any) -> tuple[int, dict[str, Any]]:
    answer = await service.gorgias(name, key=BUTTON_SECRET, **inputs)
    told: dict[str, Any] = answer.json()
    assert WRITE == list(told)
    assert "application/json" == answer.headers["content-type"]
    return answer.status_code, told
