"""How Rivo spells times, dates and money."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal


def iso(moment: datetime | None) -> str | None:
    """Spell a time in UTC with milliseconds and `Z`."""
    if moment is None:
        return None
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def iso_seconds(moment: datetime | None) -> str | None:
    """Spell a time without milliseconds, as subscription contracts have it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def prose(day: date | None) -> str | None:
    """Spell a date in words: `October 04, 2024`."""
    return None if day is None else day.strftime("%B %d, %Y")


def credit(amount: Decimal) -> str:
    """Spell store credit with the digits it has and at least one after the point."""
    text = format(amount or abs(amount), "f")
    return text if "." in text else f"{text}.0"


def dollars(amount: Decimal) -> str:
    """Spell money as it stands in a coupon's name: `$5`, `$25.50`."""
    whole = amount == amount.to_integral_value()
    return f"${amount:.0f}" if whole else f"${amount:.2f}"
