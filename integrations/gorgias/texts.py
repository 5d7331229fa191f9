"""Values as a Gorgias sidebar shows them: `false` and `T` times are not shown as such there.

Source: contract notes of November 2026 on how widgets guess fields, unverified by an account.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(rf"{DATE.pattern}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}")


def shown(value: object, zone: str) -> object:
    """Show a value: words for yes and no, local times, lists as one line."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, str):
        return local(value, zone)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shown(each, zone)}" for name, each in value.items())
    if isinstance(value, Sequence):
        return ", ".join(str(shown(each, zone)) for each in value)
    return value


def local(text: str, zone: str) -> str:
    """Show an ISO time as `YYYY-MM-DD HH:mm:ss` in the shop's time zone; other text as it is."""
    if not TIME.match(text):
        return text
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return f"{aware.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError):
        return text


def day(text: object, zone: str) -> str | None:
    """Show the date of an ISO time, or of a date; other text as it is."""
    if not isinstance(text, str):
        return None
    told = local(text, zone)
    return told[:10] if DATE.match(told) else told


def money(amount: object, currency: str | None) -> str | None:
    """Show an amount with its currency, where the shop's configuration says which."""
    if amount is None:
        return None
    return f"{amount} {currency}" if currency else str(amount)
