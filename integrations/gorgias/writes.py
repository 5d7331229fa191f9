"""What a Gorgias button says after a click: what happened, and whether to click again."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from integrations.gorgias.answers import Flat
from integrations.gorgias.texts import money

APPLIED: Final = {True: "Yes", False: "No", None: "Not known"}
STATE: Final = {True: "succeeded", False: "rejected", None: "unknown"}
DONE: Final = {
    "create_points_redemption": "Redeemed the reward.",
    "redeem_customer_points": "Redeemed the reward.",
    "refund_points_redemption": "Refunded the reward; its code is void.",
    "update_customer": "Changed the customer.",
    "update_customer_dob": "Changed the birthday.",
    "update_customer_vip_tier": "Changed the VIP tier.",
    "cancel_membership": "Cancelled the membership.",
    "create_referral": "Recorded the referral.",
}
ENDS: Final = {
    "end_of_period": " It goes on to the end of the period that is paid.",
    "immediate": " It ends now.",
}


def done(action: str, answer: Mapping[str, Any], *, wrote: bool, currency: str | None) -> Flat:
    """Answer a write that Rivo confirmed, or one that only looked."""
    customer = answer.get("customer") or {}
    points, credits_tally = customer.get("points_tally"), customer.get("credits_tally")
    redemption = answer.get("points_redemption") or {}
    what = _what(action, answer, currency) if wrote else _offer(answer)
    balance = f" New balance: {points} points." if wrote and points is not None else ""
    return {
        "ok": "Yes",
        "message": f"{what}{balance}",
        "error": None,
        "operation_id": None,
        "state": STATE[True] if wrote else None,
        "applied": APPLIED[wrote],
        "safe_to_retry": "No" if wrote else "Yes",
        "points": points,
        "store_credit": money(credits_tally, currency),
        "code": redemption.get("code"),
    }


def not_done(error: str, *, applied: bool | None, safe_to_retry: bool) -> Flat:
    """Answer a write that failed (`applied` False) or whose outcome is not known (None)."""
    sentence = error if error.endswith((".", "!", "?")) else f"{error}."
    advice = ""
    if safe_to_retry:
        advice = " You can try again."
    elif applied is not None and "nothing was changed" not in error.casefold():
        advice = " Nothing was changed."
    return {
        "ok": "No",
        "message": f"{sentence}{advice}",
        "error": error,
        "operation_id": None,
        "state": STATE[applied],
        "applied": APPLIED[applied],
        "safe_to_retry": "Yes" if safe_to_retry else "No",
        "points": None,
        "store_credit": None,
        "code": None,
    }


def _what(action: str, answer: Mapping[str, Any], currency: str | None) -> str:
    if cancellation := answer.get("membership_cancellation"):
        return DONE[action] + ENDS.get(cancellation["cancellation_policy"], "")
    event = answer.get("points_event")
    if not event:
        return DONE.get(action, "Done.")
    changes = []
    if event["points_diff"]:
        changes.append(_changed(event["points_diff"], f"{abs(event['points_diff'])} points"))
    credits_diff = Decimal(event["credits_diff"] or 0)
    if credits_diff:
        amount = money(event["credits_diff"].lstrip("+-"), currency)
        changes.append(_changed(credits_diff, f"{amount} of store credit"))
    return f"{' and '.join(changes)}." if changes else "Done."


def _changed(diff: int | Decimal, what: str) -> str:
    return f"Gave {what}" if diff > 0 else f"Took {what} away"


def _offer(answer: Mapping[str, Any]) -> str:
    names = [each["name"] for each in answer["redeemable"] if each["affordable"] is not False]
    return "Can be redeemed: " + ", ".join(map(str, names)) if names else "Nothing to redeem."
