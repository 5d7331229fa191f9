"""Answers written out, as far as they are needed more than once."""

from __future__ import annotations

from typing import Any

from msgspec.structs import fields

from integrations.rivo.customers import Customer

MAYA_ID = 7301448820193
CONFIRMED: dict[str, Any] = {
    "status": "confirmed",
    "message": "Rivo confirmed the cancellation without details.",
    "customer_id": None,
    "cancellation_policy": None,
    "cancellation_request_id": None,
}


def hardly_known(**known: object) -> dict[str, Any]:
    """Make a customer of whom nothing else is known."""
    return dict.fromkeys(field.name for field in fields(Customer)) | known


def balance(email: str, name: str, number: int, points: int, credit: str) -> dict[str, Any]:
    """Make the balance of a member."""
    first, last = name.split()
    return {
        "email": email,
        "last_name": last,
        "first_name": first,
        "customer_id": number,
        "points_tally": points,
        "credits_tally": credit,
        "loyalty_status": "member",
    }


def tom(points: int) -> dict[str, Any]:
    return balance("tom.becker@example.com", "Tom Becker", 7310275561948, points, "0.0")


def aiko(points: int) -> dict[str, Any]:
    return balance("aiko.tanaka@example.com", "Aiko Tanaka", 7366840215973, points, "40.00")


def refunded(owner: dict[str, Any], **redemption: object) -> dict[str, Any]:
    """Make the answer to a refund at noon."""
    ends = {"expires_at": None, "used_at": None, "refunded_at": "2026-11-03T12:00:00.000Z"}
    known = {"credits_amount": "0.0", "usable": False, **ends, **redemption}
    whose = {"customer_id": owner["customer_id"], "customer_email": owner["email"]}
    return {"points_redemption": known | whose, "customer": owner, "operation": None}


SPENT_REFUNDS = {
    "used": refunded(
        tom(720),
        id=24100301,
        code="BAL-41c09d2be6f1",
        name="$5 off coupon",
        reward_id=709485,
        reward_name="$5 off coupon",
        reward_type="fixed_amount",
        reward_value=5.0,
        points_amount=100,
        applied_at="2026-01-06T09:30:00.000Z",
        used_at="2026-01-07T09:30:00.000Z",
    ),
    "expired": refunded(
        tom(920),
        id=24100415,
        code="BAL-77f0a1c4d29e",
        name="15% off your order",
        reward_id=709487,
        reward_name="15% off your order",
        reward_type="percentage",
        reward_value=15.0,
        points_amount=300,
        applied_at="2026-02-25T09:30:00.000Z",
        expires_at="2026-03-27T09:30:00.000Z",
    ),
    "gift card": refunded(
        aiko(6320),
        id=24100733,
        code="BAL-93e7c2f0581d",
        name="$25 gift card",
        reward_id=709494,
        reward_name="$25 gift card",
        reward_type="gift_card",
        reward_value=25.0,
        points_amount=1000,
        applied_at="2026-05-26T09:30:00.000Z",
    ),
}
"""What a refund answers of that which is used, expired or final, where Rivo gives it back."""
