"""What a caller may do at most; None means that there is no such limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

Right = Literal["read_operations", "settle", "approve"]
RIGHTS: Final[frozenset[Right]] = frozenset({"read_operations", "settle", "approve"})


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Caps on writes; a day is the last 24 hours, a month the last 30 days.

    Points and credits are sums of absolute values, what is given and what is taken each by itself;
    redemptions are counted. Agents are those of one caller; customers and the shop are counted over
    all callers. `writes_per_minute` is the caller's; above `approval_above_...` another person has
    to approve.
    """

    points_per_write: int | None = None
    points_per_agent_day: int | None = None
    points_per_caller_day: int | None = None
    points_per_customer_month: int | None = None
    points_per_shop_day: int | None = None
    credits_per_write: Decimal | None = None
    credits_per_agent_day: Decimal | None = None
    credits_per_caller_day: Decimal | None = None
    credits_per_customer_month: Decimal | None = None
    credits_per_shop_day: Decimal | None = None
    redemptions_per_agent_day: int | None = None
    redemptions_per_caller_day: int | None = None
    redemptions_per_customer_month: int | None = None
    redemptions_per_shop_day: int | None = None
    writes_per_agent_day: int | None = None
    writes_per_caller_day: int | None = None
    writes_per_minute: int | None = None
    approval_above_points: int | None = None
    approval_above_credits: Decimal | None = None
    reason_required: bool = False


NONE: Final = Limits()
BUILT_IN: Final = Limits(
    points_per_write=500, credits_per_write=Decimal(25), writes_per_agent_day=20
)
"""For callers other than API_KEY and LEAD_KEY, until CONFIG sets others."""


def tightest(*limits: Limits) -> Limits:
    """Hold several limits at once: of each the smallest that is set."""
    limits = tuple(each for each in limits if each != NONE)
    if len(limits) < 2:
        return limits[0] if limits else NONE
    found: dict[str, Any] = {"reason_required": any(each.reason_required for each in limits)}
    for name in Limits.__struct_fields__:
        if name != "reason_required":
            known = [cap for each in limits if (cap := getattr(each, name)) is not None]
            found[name] = min(known, default=None)
    return Limits(**found)
