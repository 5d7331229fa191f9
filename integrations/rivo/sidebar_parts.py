"""The parts of the sidebar, each made from what Rivo said of one customer."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from math import inf

import msgspec

from integrations.rivo.client import ShopFacts
from integrations.rivo.filters import moment_of
from integrations.rivo.paging import Rows
from integrations.rivo.points_redemptions import is_usable
from integrations.rivo.resource import Resource

SHOWN = 10


class SidebarBalance(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer has, and when it expires."""

    points: int | None
    credits: str | None
    currency: str | None
    points_expire_at: str | None
    credits_expire_at: str | None


class SidebarTier(msgspec.Struct, frozen=True, kw_only=True):
    """Where the customer stands; `missing` only where the shop says what drives its tiers."""

    id: int | None
    name: str | None
    threshold: int | float | None
    next_name: str | None
    next_threshold: int | float | None
    missing: int | float | None
    basis: str


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the balance."""

    id: int | None
    applied_at: str | None
    title: str | None
    source: str | None
    points_diff: int | None
    credits_diff: str | None


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """One discount code that can still be used."""

    id: int | None
    code: str | None
    name: str | None
    reward_type: str | None
    reward_value: int | float | None
    points_amount: int | None
    applied_at: str | None
    expires_at: str | None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part's age and trouble: `as_of` is null where it could not be had."""

    as_of: str | None
    stale: bool
    error: str | None


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The age and trouble of each part."""

    customer: Part
    activity: Part
    codes: Part
    membership: Part
    catalogue: Part


def balance_of(facts: ShopFacts, customer: Resource) -> SidebarBalance:
    """Show what the customer has."""
    return SidebarBalance(
        points=customer.whole("points_tally", "loyalty_points_tally"),
        credits=customer.money("credits_tally"),
        currency=facts.currency,
        points_expire_at=customer.day("points_expire_at"),
        credits_expire_at=customer.day("credits_expire_at"),
    )


def tier_of(facts: ShopFacts, customer: Resource, ladder: Rows | None) -> SidebarTier | None:
    """Find the customer's tier and the next one up; Rivo leaves the next one out (trap 7)."""
    current = customer.inner("vip_tier")
    rungs = ladder.rows if ladder else []
    reached = _threshold(current, rungs) if current else -inf
    above = [rung for rung in rungs if reached is not None and _height(rung) > reached]
    following = above[0] if above else None
    if current is None and following is None:
        return None
    needed = following.number("threshold") if following else None
    return SidebarTier(
        id=current.id if current else None,
        name=current.text("name") if current else None,
        threshold=reached if current else None,
        next_name=following.text("name") if following else None,
        next_threshold=needed,
        missing=_missing(needed, _driven_by(facts.tier_basis, customer)),
        basis=facts.tier_basis,
    )


def _threshold(current: Resource, rungs: list[Resource]) -> int | float | None:
    """Read a tier's threshold, off the ladder where the customer's copy lacks it."""
    threshold = current.number("threshold")
    same = (r.number("threshold") for r in rungs if r.id is not None and r.id == current.id)
    return next(same, None) if threshold is None else threshold


def _height(rung: Resource) -> int | float:
    return rung.number("threshold") or 0


def _driven_by(basis: str, customer: Resource) -> int | float | None:
    """Read what drives the tiers of this shop; None where the shop does not say."""
    if basis == "points":
        return customer.whole("lifetime_earnings_tally")
    if basis == "spend":
        return customer.number("total_spent")
    return customer.whole("orders_count") if basis == "orders" else None


def _missing(needed: float | None, reached: float | None) -> int | float | None:
    if needed is None or reached is None:
        return None
    missing = max(Decimal(0), Decimal(str(needed)) - Decimal(str(reached)))
    return int(missing) if missing == int(missing) else float(missing)


def activity_of(events: Rows) -> list[Activity]:
    """Show the newest events; hidden and revoked ones are in Rivo's list, too (trap 9)."""
    shown = [row for row in events.rows if not _is_hidden(row)]
    return [
        Activity(
            id=row.id,
            applied_at=row.text("applied_at"),
            title=row.text("title", "external_note"),
            source=row.text("source"),
            points_diff=row.whole("points_diff"),
            credits_diff=row.money("credits_diff"),
        )
        for row in shown[:SHOWN]
    ]


def _is_hidden(row: Resource) -> bool:
    return bool(row.attributes.get("hidden") or row.attributes.get("revoked_at"))


def codes_of(redemptions: Rows, now: datetime) -> list[Code]:
    """Show the newest codes that can still be used."""
    shown = [row for row in redemptions.rows if _is_open(row, now)]
    return [
        Code(
            id=row.id,
            code=row.text("code"),
            name=row.text("name"),
            reward_type=reward.text("reward_type") if (reward := row.inner("reward")) else None,
            reward_value=reward.number("reward_value") if reward else None,
            points_amount=row.whole("points_amount"),
            applied_at=row.text("applied_at"),
            expires_at=row.text("expires_at"),
        )
        for row in shown[:SHOWN]
    ]


def _is_open(row: Resource, now: datetime) -> bool:
    expires_at = moment_of(row, "expires_at")
    return is_usable(row) and (expires_at is None or expires_at > now)
