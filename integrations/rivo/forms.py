"""How values are spelled in what is sent to Rivo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal


def pairs_of(form: Mapping[str, object]) -> list[tuple[str, str]]:
    """Spell a form; what is None is left out."""
    return [(name, _spelt(value)) for name, value in form.items() if value is not None]


def _spelt(value: object) -> str:
    """Spell a form value as Rivo's server reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return when(value) if isinstance(value, datetime) else str(value)


def when(moment: datetime) -> str:
    """Write a time as Rivo does: ISO 8601, UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
