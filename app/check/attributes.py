"""The attributes of section 4 of Rivo's contract, and how rows are held against them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from app.check.asking import Heard
from app.check.finding import Finding, kind, listed, rows_of

Check = Callable[[Any], bool]
Expected = Mapping[str, str]

DAY: Final = re.compile(r"\d\d-\d\d")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_decimal(value: Any) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_prose_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.strptime(value, "%B %d, %Y"))  # noqa: DTZ007
    except ValueError:
        return False


CHECKS: Final[dict[str, Check]] = {
    "id": _is_id,
    "number": _is_number,
    "decimal text": _is_decimal,
    "text": lambda value: isinstance(value, str),
    "truth": lambda value: isinstance(value, bool),
    "time": _is_time,
    "prose date": _is_prose_date,
    "month and day": lambda value: isinstance(value, str) and bool(DAY.fullmatch(value)),
    "object": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}

# A question mark allows null, a star allows that the attribute is not there at all.
CUSTOMER: Final[Expected] = {
    "id": "id",
    "email": "text?",
    "first_name": "text?",
    "last_name": "text?",
    "loyalty_status": "text",
    "points_tally": "number",
    "credits_tally": "decimal text",
    "orders_count": "number?",
    "total_spent": "number?",
    "shopify_tags": "list?",
    "dob": "month and day?",
    "dob_last_updated_at": "time?",
    "referral_code": "text?",
    "vip_tier": "object?",
    "points_expire_at": "prose date?",
}
POINTS_EVENT: Final[Expected] = {
    "id": "id",
    "points_amount": "number?",
    "points_diff": "number?",
    "credits_amount": "decimal text?",
    "credits_diff": "decimal text?*",
    "title": "text?",
    "source": "text",
    "external_note": "text?",
    "internal_note": "text?",
    "applied_at": "time",
    "expires_at": "time?",
    "revoked_at": "time?",
    "hidden": "truth?",
    "customer": "object",
}
POINTS_REDEMPTION: Final[Expected] = {
    "id": "id",
    "name": "text?",
    "code": "text?",
    "points_amount": "number?",
    "points_diff": "number?*",
    "credits_amount": "decimal text?",
    "applied_at": "time",
    "used_at": "time?",
    "expires_at": "time?",
    "refunded_at": "time?",
    "revoked_at": "time?",
    "reward": "object?",
    "customer": "object",
}
REWARD: Final[Expected] = {
    "id": "id",
    "name": "text",
    "enabled": "truth",
    "source": "text?",
    "reward_type": "text?",
    "reward_value": "number?",
    "points_type": "text?",
    "points_amount": "number?",
    "purchase_type": "text?*",
}
VIP_TIER: Final[Expected] = {
    "id": "id",
    "name": "text",
    "threshold": "number?",
    "perks": "list?*",
}
EARNING_RULE: Final[Expected] = {
    "id": "id?",
    "title": "text?",
    "status": "text?",
    "trigger": "text?",
    "points_amount": "number?",
}


FORMS: Final = frozenset({"decimal text", "time", "prose date", "month and day"})


def compare(
    heard: Heard,
    question: str,
    expected: Expected,
    rows: Sequence[Mapping[str, Any]],
    *,
    contract: str,
) -> Finding:
    """Hold rows against what is expected of them, and name what differs, never its value."""
    if not rows:
        return heard.finding(question, "could not tell", "no rows", contract)
    absent: list[str] = []
    seldom: list[str] = []
    differing: list[str] = []
    for name, spelled in expected.items():
        values = [row[name] for row in rows if name in row]
        if len(values) < len(rows) and not spelled.endswith("*"):
            (seldom if values else absent).append(name)
        wanted = spelled.rstrip("?*")
        if odd := {_spelled(each, wanted) for each in values if not _fits(each, spelled)}:
            differing.append(f"{name} is {' or '.join(sorted(odd))}, not {wanted}")
    parts = [
        f"not there: {listed(absent)}" if absent else "",
        f"not on every row: {listed(seldom)}" if seldom else "",
        *differing,
    ]
    seen = "; ".join(part for part in parts if part)
    if not seen:
        return heard.finding(question, "works", f"as expected on {rows_of(rows)}", contract)
    return heard.finding(question, "missing" if absent else "differs", seen, contract)


def _fits(value: object, spelled: str) -> bool:
    return (value is None and "?" in spelled) or CHECKS[spelled.rstrip("?*")](value)


def _spelled(value: object, wanted: str) -> str:
    return "other text" if isinstance(value, str) and wanted in FORMS else kind(value)
