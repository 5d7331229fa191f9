"""CONFIG's limits, sources, rights and reasons: what may be done, and how much of it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, get_args, get_type_hints

import msgspec

from app.limits import RIGHTS, Limits, Right
from app.settings import EVERY_ACTION, Door, SettingsError
from integrations.inputs import LARGEST_AMOUNT, is_absent
from integrations.rivo import ACTIONS

SOURCES: Final[tuple[str, ...]] = get_args(
    get_type_hints(ACTIONS["create_points_event"].run)["source"]
)
REASON_LENGTH: Final = 255


def actions(at: str, names: Collection[str]) -> frozenset[str]:
    """Read names of actions, "*" for all."""
    _check_names(at, set(names) - {"*"}, EVERY_ACTION, "action")
    return EVERY_ACTION if "*" in names else frozenset(names)


def sources(at: str, names: Collection[str] | None, door: Door) -> frozenset[str] | None:
    """Read the sources of points events; where none are listed, a helpdesk's is manual."""
    if names is None:
        return None if door == "actions" else frozenset({"manual"})
    _check_names(at, names, SOURCES, "source")
    return frozenset(names)


def rights(at: str, names: Collection[str]) -> frozenset[Right]:
    """Read rights over operations."""
    _check_names(at, names, sorted(RIGHTS), "right")
    return frozenset(right for right in RIGHTS if right in names)


def reasons(at: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Read the reasons that may be given; the case tells none from another."""
    found: dict[str, str] = {}
    for text in texts:
        reason = " ".join(text.split())
        if is_absent(reason) or not reason.isprintable() or len(reason) > REASON_LENGTH:
            raise SettingsError(f"{at} lists texts of 1 to {REASON_LENGTH} characters.")
        if reason.casefold() in found:
            raise SettingsError(f"{at} lists {reason} twice.")
        found[reason.casefold()] = reason
    return tuple(found.values())


def limits(at: str, table: Mapping[str, Any], over: Limits) -> Limits:
    """Read limits; those that are not named stay as they are in `over`."""
    kinds = {each.name: each.type for each in msgspec.structs.fields(Limits)}
    check_keys(at, table, kinds)
    given = {name: _limit(f"{at}.{name}", kinds[name], value) for name, value in table.items()}
    return msgspec.structs.replace(over, **given)


def check_keys(at: str, table: Iterable[str], known: Iterable[str]) -> None:
    """Refuse keys that nobody would heed."""
    for key in table:
        if key not in known:
            raise SettingsError(f"{at} has an unknown key {_shown(key)} ({_hint(key, known)}).")


def _limit(at: str, kind: object, value: object) -> bool | int | Decimal:
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise SettingsError(f"{at} must be true or false.")
    if kind == Decimal | None:
        money = isinstance(value, str | int | Decimal)
        if money and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", str(value)):
            return Decimal(str(value))
        raise SettingsError(
            f'{at} must be an amount from 0 to 999999999 with at most three decimals, like "25.00".'
        )
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_AMOUNT:
        return value
    raise SettingsError(f"{at} must be a whole number from 0 to {LARGEST_AMOUNT}.")


def _check_names(at: str, names: Iterable[str], known: Collection[str], noun: str) -> None:
    for name in sorted(names):
        if name not in known:
            hint = _hint(name, known)
            raise SettingsError(f"{at} names {_shown(name)}, which is no {noun} ({hint}).")


def _hint(name: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(name[:64], known, n=1, cutoff=0.6)
    return f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(sorted(known))}"


def _shown(name: str) -> str:
    return "".join(c for c in name[:64] if c.isprintable()) or "without a name"
