"""Questions about what the shop offers: rewards, VIP tiers, earning rules."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from app.check.asking import Asker, Heard
from app.check.attributes import EARNING_RULE, REWARD, VIP_TIER, compare
from app.check.finding import Finding, Result, listed, rows_of, shape
from app.check.lists import end, envelope, page

PURCHASE_TYPES = frozenset({"one_time", "subscription", "both"})


async def rewards(asker: Asker) -> list[Finding]:
    """Ask for the rewards, their tokens, and how a list by number ends."""
    heard = await asker.ask("rewards", params=page(250))
    rows = heard.rows or []
    return [
        envelope(heard, "Rewards are listed"),
        compare(heard, "Attributes of rewards", REWARD, rows, contract="4.4"),
        end(heard, "The end of pages by number", "next"),
        _purchase_types(heard, rows),
    ]


async def vip_tiers(asker: Asker) -> list[Finding]:
    """Ask for the VIP tiers, their order, and for one of them."""
    heard = await asker.ask("vip_tiers")
    rows = heard.rows or []
    found = [
        envelope(heard, "VIP tiers are listed"),
        compare(heard, "Attributes of VIP tiers", VIP_TIER, rows, contract="4.5"),
        _order(heard, rows),
    ]
    if rows:
        one = await asker.ask("vip_tiers", rows[0]["id"])
        question = "One VIP tier is found"
        failure = one.failure(question, "3.5")
        result: Result = "works" if one.row is not None else "differs"
        seen = f"200 with {shape(one.body)}"
        found.append(failure or one.finding(question, result, seen, "3.5"))
    return found


async def earning_rules(asker: Asker) -> list[Finding]:
    """Ask for the earning rules; some rows are known to hold nothing but nulls."""
    heard = await asker.ask("earning_rules")
    rows = heard.rows or []
    filled = [row for row in rows if any(value is not None for value in row.values())]
    empty = len(rows) - len(filled)
    question = "Earning rules that are all null"
    seen = f"{empty} of {rows_of(rows)}: left out of answers"
    return [
        envelope(heard, "Earning rules are listed"),
        compare(heard, "Attributes of earning rules", EARNING_RULE, filled, contract="4.5"),
        heard.failure(question, "trap 7") or heard.finding(question, "works", seen, "trap 7"),
    ]


def _purchase_types(heard: Heard, rows: list[dict[str, Any]]) -> Finding:
    question = "Purchase types of rewards"
    tokens = {row["purchase_type"] for row in rows if isinstance(row.get("purchase_type"), str)}
    if failure := heard.failure(question, "U10"):
        return failure
    if not tokens:
        return heard.finding(question, "could not tell", "none seen", "U10")
    result: Result = "works" if tokens <= PURCHASE_TYPES else "differs"
    return heard.finding(question, result, listed(tokens), "U10")


def _order(heard: Heard, rows: list[dict[str, Any]]) -> Finding:
    question = "VIP tiers come in an order"
    if failure := heard.failure(question, "trap 7"):
        return failure
    thresholds = [row.get("threshold") or 0 for row in rows]
    if len(thresholds) < 2:
        return heard.finding(question, "could not tell", "too few tiers", "trap 7")
    ordered = all(a <= b for a, b in pairwise(thresholds))
    seen = "by threshold" if ordered else "in none: answers sort them"
    return heard.finding(question, "works", seen, "trap 7")
