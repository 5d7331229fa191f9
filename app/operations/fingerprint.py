"""Sameness: which requests mean the same write, and how its inputs are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

import msgspec

from integrations.actions import Action
from integrations.rivo import ACTIONS

ADDRESSES: Final = frozenset({"customer_email", "email"})
# An offset this large brings any time that was ever read back within the years that can be read.
FURTHEST: Final = timedelta(hours=23, minutes=59)

_encode = msgspec.json.Encoder(order="deterministic").encode


def fingerprint(action: str, inputs: Mapping[str, Any]) -> bytes:
    """Digest an action and its parsed inputs: 32 bytes, the same for what means the same.

    What is None or the action's own default counts as left out, 5 and 5.00 are one amount, times
    are compared in UTC, addresses without regard to case, and redeeming is one action by whichever
    name it is called.
    """
    if action == "redeem_customer_points" and inputs.get("reward_id") is not None:
        action = "create_points_redemption"
    known = ACTIONS[action].known if action in ACTIONS else {}
    meant = {
        name: _meant(name, value)
        for name, value in inputs.items()
        if name not in known or value != known[name].default
    }
    return hashlib.sha256(_encode([action, canonical(meant)])).digest()


def canonical(value: object) -> Any:
    """Write parsed inputs as JSON builtins that can be kept, and read again by `restore`.

    An amount becomes text without exponent, its zeros at the end kept (Rivo answers what it is
    sent), a time ISO 8601 in UTC; what is None in a mapping is left out. TypeError for whatever
    has no exact form, floats above all.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return f"{value:f}"
        case datetime():
            return _moment(value)
        case Mapping():
            return {name: canonical(each) for name, each in value.items() if each is not None}
        case list() | tuple():
            return [canonical(each) for each in value]
        case _:
            raise TypeError(f"no exact form for {type(value).__name__}")


def restore(action: Action, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Read inputs again that were kept by `canonical`, as the action wants them.

    InputError where they are not this action's any more (an older version's, say).
    """
    values, _ = action.parse(stored)
    return values


def _meant(name: str, value: object) -> object:
    """Spell an address or an amount the one way in which it is compared."""
    if name in ADDRESSES and isinstance(value, str):
        # Not casefold: it makes two people of one address, as in strasse@ and straße@.
        return value.lower()
    return _amount(value) if isinstance(value, Decimal) else value


def _amount(value: Decimal) -> str:
    text = f"{value:f}"  # Decimal.normalize would round to the context's precision
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _moment(value: datetime) -> str:
    moment = value.astimezone(UTC)
    if moment.year < 1000:
        moment = moment.astimezone(timezone(FURTHEST))
    elif moment.year >= 9000:
        moment = moment.astimezone(timezone(-FURTHEST))
    return moment.isoformat()
