"""Earning rules: what customers are given points for.

Source: https://developer-docs.rivo.io/reference/earning_rules
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from integrations.rivo.client import Rivo
from integrations.rivo.paging import ListAnswer, Listing, whole
from integrations.rivo.resource import Resource


class EarningRule(msgspec.Struct, frozen=True, kw_only=True):
    """What triggers the rule, and what it gives."""

    id: int | None
    title: str | None
    status: str | None
    trigger: str | None
    points_type: str | None
    points_amount: int | None
    credits_amount: str | None
    custom_action_name: str | None
    description: str | None
    url: str | None

    @classmethod
    def from_rivo(cls, resource: Resource) -> EarningRule:
        """Flatten Rivo's rule."""
        return cls(
            id=resource.id,
            title=resource.text("title", "name"),
            status=resource.text("status"),
            trigger=resource.text("trigger"),
            points_type=resource.text("points_type"),
            points_amount=resource.whole("points_amount"),
            credits_amount=resource.money("credits_amount"),
            custom_action_name=resource.text("custom_action_name"),
            description=resource.text("description", "pretty_earnings_text"),
            url=resource.text("url"),
        )


class EarningRulesAnswer(ListAnswer):
    """The earning rules."""

    earning_rules: list[EarningRule]


async def list_earning_rules(rivo: Rivo) -> EarningRulesAnswer:
    """List the ways to earn points; rows that Rivo leaves empty are left out."""
    listing = Listing(path=("earning_rules",), who=None, matches=_is_filled)
    found = await whole(rivo, listing)
    return EarningRulesAnswer(
        earning_rules=[EarningRule.from_rivo(row) for row in found.rows],
        **found.ending(),
    ).made_from(found.full())


async def rule_amounts(
    rivo: Rivo, source: str, custom_action_name: str | None
) -> tuple[int, Decimal] | None:
    """Find what an active rule gives for a source: points and store credit, each 0 if it has none.

    `custom_action_name` is as in `create_points_event`. None where it is not surely known: no such
    rule, several that differ, one that multiplies or goes by tier. UnavailableError where Rivo
    cannot be asked.
    """
    found = await whole(rivo, Listing(path=("earning_rules",), who=None, matches=_is_filled))
    given = {_fixed(row) for row in found.rows if _is_for(row, source, custom_action_name)}
    return given.pop() if found.complete and len(given) == 1 else None


def _is_for(row: Resource, source: str, name: str | None) -> bool:
    rule = EarningRule.from_rivo(row)
    if rule.status != "active" or rule.trigger != source:
        return False
    if source == "custom_action":
        return rule.custom_action_name == name
    return source != "visit_url" or name in (rule.url, rule.custom_action_name)


def _fixed(row: Resource) -> tuple[int, Decimal] | None:
    rule = EarningRule.from_rivo(row)
    varies = row.attributes.get("multipliers") or row.attributes.get(
        "multi_balance_settings_by_tiers"
    )
    nothing = rule.points_amount is None and rule.credits_amount is None
    if varies or nothing or rule.points_type != "fixed":
        return None
    return rule.points_amount or 0, Decimal(rule.credits_amount or 0)


def _is_filled(row: Resource) -> bool:
    """Say whether anything but the id is there (contract, trap 7)."""
    return any(value is not None for name, value in row.attributes.items() if name != "id")
