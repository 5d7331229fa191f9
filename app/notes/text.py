"""The text of a note: what was done, by whom and why, what there is now, and where to look it up.

Each fact stands on a line of its own, and what an agent typed stays on its line: nothing that is
typed can look like something that the service says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from app.notes.table import Note
from app.operations.operation import UNKNOWN_AGENT, Operation
from app.operations.telling import EXPIRED, NEVER_APPLIED, REVIEW, WAITS

MOST_TYPED: Final = 500
LATER_SECONDS: Final = 120.0
"""A note that comes so long after the write says when that was."""
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "create_points_redemption": ("redeemed a reward", "redeem a reward"),
    "redeem_customer_points": ("redeemed a reward", "redeem a reward"),
    "refund_points_redemption": ("refunded a reward, its code is void", "refund a reward"),
    "update_customer": ("changed the customer's data", "change the customer's data"),
    "update_customer_dob": ("changed the birthday", "change the birthday"),
    "update_customer_vip_tier": ("changed the VIP tier", "change the VIP tier"),
    "cancel_membership": ("cancelled the membership", "cancel the membership"),
    "create_referral": ("recorded a referral", "record a referral"),
}
REVERSED: Final = ("took an earlier change back", "take an earlier change back")
CHANGED: Final = ("changed the balance", "change the balance")
ALREADY: Final = "It already was so; nothing was changed."
SETTLED: Final = "Somebody looked it up in Rivo."
UNSENT: Final = "It was not sent; nothing was changed. Whoever still wants it asks for it again."
NOT_APPLIED: Final = "Somebody looked it up in Rivo: it was not applied."
LATE: Final = (
    "It had been said not to be applied, and now it shows in Rivo. "
    "If it was given again meanwhile, one of the two may be taken back."
)


def lines_of(note: Note, *, currency: str | None, zone: str, at: float) -> list[str]:
    """Say what there is to say of an operation, a fact a line; `at` is now, `zone` the shop's."""
    operation = note.operation
    told = _told(operation)
    done = note.about == "late" or (note.about == "outcome" and operation.applied is True)
    what = _what(operation, currency, done=done)
    lines = [f"Loyalty: {_how_far(note, done=done)}{what}.", *_why(note, told)]
    lines.append(f"By: {_agent(operation)}")
    if operation.reason:
        lines.append(f"Reason: {one_line(operation.reason)}")
    if done and (balance := _balance(told, currency)):
        lines.append(f"New balance: {balance}")
    when = operation.sent_at or operation.created_at
    if at - when >= LATER_SECONDS:
        lines.append(f"Asked for at: {_local(operation.created_at, zone)}")
    lines.append(f"Operation: {operation.id}")
    return lines


def one_line(typed: str) -> str:
    """Keep what somebody typed on one line, shortened; what cannot be printed is left out."""
    kept = "".join(each for each in typed if each.isprintable() or each.isspace())
    shown = " ".join(kept.split())
    return shown if len(shown) <= MOST_TYPED else f"{shown[: MOST_TYPED - 1]}…"


def _how_far(note: Note, *, done: bool) -> str:
    if done:
        return ""
    if note.about == "wait":
        is_known = note.operation.state == "awaiting_approval"
        return "not done yet: " if is_known else "not known whether done: "
    return "not done: "


def _why(note: Note, told: Mapping[str, Any]) -> list[str]:
    """Say what has to be said besides what was done."""
    operation = note.operation
    match note.about, operation.state:
        case "late", _:
            return [LATE]
        case "wait", "awaiting_approval":
            return [WAITS]
        case "wait", "needs_review":
            return [REVIEW]
        case "unsent", _:
            return [UNSENT]
        case _, "succeeded":
            if operation.applied is not True:
                return [ALREADY]
            return [SETTLED] if operation.settled_by else []
        case _, "expired":
            return [EXPIRED]
        case _:
            if operation.settled_by:
                return [NOT_APPLIED]
            error = told.get("error")
            return [one_line(error) if isinstance(error, str) else NEVER_APPLIED]


def _what(operation: Operation, currency: str | None, *, done: bool) -> str:
    if operation.action in WORDS:
        return WORDS[operation.action][0 if done else 1]
    amounts = (operation.points_diff, operation.credits_diff)
    if operation.points_diff is None and not operation.credits_diff:
        inputs = operation.inputs
        amounts = (inputs.get("points_amount"), inputs.get("credits_amount"))
    points, credit = (_number(each) for each in amounts)
    changes = []
    if points:
        changes.append(_changed(points, f"{abs(points):f} points", done=done))
    if credit:
        shown = f"{abs(credit):f} {currency}" if currency else f"{abs(credit):f}"
        changes.append(_changed(credit, f"{shown} in store credit", done=done))
    reverses = operation.action == "reverse_points_event"
    if reverses:
        said = REVERSED[0 if done else 1]
        return f"{said}: {' and '.join(changes)}" if changes else said
    return " and ".join(changes) or CHANGED[0 if done else 1]


def _changed(amount: Decimal, what: str, *, done: bool) -> str:
    if amount > 0:
        return f"{'gave' if done else 'give'} {what}"
    return f"{'took' if done else 'take'} {what} away"


def _agent(operation: Operation) -> str:
    address = None if operation.agent == UNKNOWN_AGENT else one_line(operation.agent)
    name = one_line(operation.agent_name or "")
    if address and name:
        return f"{name} ({address})"
    return address or name or "an agent whose name was not sent"


def _balance(told: Mapping[str, Any], currency: str | None) -> str | None:
    """Read the balance off an answer as it was given: flat at Gorgias, canonical elsewhere."""
    customer = told.get("customer")
    source = customer if isinstance(customer, Mapping) else told
    points = source.get("points_tally", source.get("points"))
    credit = source.get("store_credit")
    if credit is None and source.get("credits_tally") is not None:
        credit = f"{source['credits_tally']} {currency}" if currency else source["credits_tally"]
    shown = []
    if isinstance(points, int):
        shown.append(f"{points} points")
    if credit is not None:
        shown.append(f"{credit} in store credit")
    return ", ".join(shown) or None


def _told(operation: Operation) -> Mapping[str, Any]:
    """Read the answer that was given; empty where there is none."""
    try:
        answer = msgspec.json.decode(operation.reply.body) if operation.reply else {}
    except msgspec.DecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _number(value: object) -> Decimal:
    try:
        number = Decimal(str(value or 0))
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)


def _local(seconds: float, zone: str) -> str:
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(zone))
    return f"{moment:%Y-%m-%d %H:%M:%S}"
