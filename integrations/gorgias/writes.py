"""What a Gorgias button says after a click: what happened, and whether to click again."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from integrations.gorgias.answers import Flat
from integrations.gorgias.texts import money

APPLIED: Final = {True: "Yes", False: "No", None: "Not known"}
ALREADY: Final = "It already was so; nothing was changed."
SETTLED: Final = "Somebody looked it up in Rivo: it was applied; do not repeat it."
AGAIN: Final = {
    True: "This was already done at {at}; nothing was done twice.",
    False: "This was asked for before, at {at}; nothing was sent again.",
}
UNTOUCHED: Final = (
    "nothing was changed",
    "nothing was sent",
    "nothing is sent",
    "never applied",
    "never sent",
)
"""Where a sentence holds one of these, it need not be said that nothing was changed."""

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
    """Answer a write that Rivo confirmed, one that was not needed, or one that only looked.

    `answer` is the canonical one; its `operation` says what became of the write.
    """
    operation = answer.get("operation")
    customer = answer.get("customer") or {}
    points, credits_tally = customer.get("points_tally"), customer.get("credits_tally")
    redemption = answer.get("points_redemption") or {}
    what = _what(action, answer, currency) if wrote else _offer(answer)
    if operation is not None and operation["applied"] is False:
        what = ALREADY
    balance = f" New balance: {points} points." if wrote and points is not None else ""
    return {
        "ok": "Yes",
        "message": f"{what}{balance}",
        "error": None,
        **_state(operation, applied=wrote, safe_to_retry=not wrote),
        "points": points,
        "store_credit": money(credits_tally, currency),
        "code": redemption.get("code"),
    }


def settled(operation: Mapping[str, Any]) -> Flat:
    """Answer a write that a person found to be applied: nothing more is known of it."""
    return _bare("Yes", SETTLED, None) | _state(operation, applied=True, safe_to_retry=False)


def not_done(
    error: str,
    operation: Mapping[str, Any] | None = None,
    *,
    applied: bool | None = False,
    safe_to_retry: bool = False,
) -> Flat:
    """Answer a write that was not made, or of which that is not known (yet).

    `operation` says what became of it; where there is none, `applied` and `safe_to_retry` do.
    """
    state = _state(operation, applied=applied, safe_to_retry=safe_to_retry)
    sentence = error if error.endswith((".", "!", "?")) else f"{error}."
    advice = ""
    if state["safe_to_retry"] == "Yes":
        advice = " You can try again."
    elif state["state"] == "sending":
        advice = " Do not repeat it; look again in a moment."
    elif state["applied"] == "No" and not any(said in error.casefold() for said in UNTOUCHED):
        advice = " Nothing was changed."
    return _bare("No", f"{sentence}{advice}", error) | state


def repeated(flat: Mapping[str, Any], *, at: str) -> Flat:
    """Answer a click again that was answered before; `at` is when it was done, or asked for."""
    again = AGAIN[flat["ok"] == "Yes"].format(at=at)
    return {**flat, "message": f"{again} {flat['message']}"}


def _bare(ok: str, message: str, error: str | None) -> Flat:
    return {
        "ok": ok,
        "message": message,
        "error": error,
        **dict.fromkeys(("operation_id", "state", "applied", "safe_to_retry")),
        **dict.fromkeys(("points", "store_credit", "code")),
    }


def _state(
    operation: Mapping[str, Any] | None, *, applied: bool | None, safe_to_retry: bool
) -> Flat:
    """Say what became of a write; nothing of an operation where there is none."""
    told = operation or {"id": None, "applied": applied, "safe_to_retry": safe_to_retry}
    return {
        "operation_id": told["id"],
        "state": told.get("state"),
        "applied": APPLIED[told["applied"]],
        "safe_to_retry": "Yes" if told["safe_to_retry"] else "No",
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
    words = " and ".join(changes) or "done"
    return f"{words[0].upper()}{words[1:]}."


def _changed(diff: int | Decimal, what: str) -> str:
    return f"gave {what}" if diff > 0 else f"took {what} away"


def _offer(answer: Mapping[str, Any]) -> str:
    names = [each["name"] for each in answer["redeemable"] if each["affordable"] is not False]
    return "Can be redeemed: " + ", ".join(map(str, names)) if names else "Nothing to redeem."
