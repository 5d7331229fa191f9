"""Questions about what not every store has: referrals, tier history, paid memberships."""

from __future__ import annotations

from typing import Any

from app.check.asking import Asker, Heard
from app.check.finding import Finding, listed, shape
from app.check.lists import envelope, page


async def others(asker: Asker) -> list[Finding]:
    """Ask which of the lists that some stores lack are there."""
    lists = (
        (("referrals",), "Referrals are listed"),
        (("vip_tier_memberships",), "Tier history is listed"),
        (("memberships", "tier_enrollments"), "Enrolments are listed"),
        (("memberships", "subscription_contracts"), "Subscriptions are listed"),
    )
    return [
        envelope(await asker.ask(*path, params=page(3)), question, essential=False)
        for path, question in lists
    ]


async def memberships(asker: Asker, customer: dict[str, Any] | None) -> list[Finding]:
    """Ask how a member is shown, and a customer who may be none."""
    heard = await asker.ask("memberships", "customers", params=page(3))
    rows = heard.rows or []
    found = [envelope(heard, "Members are listed", essential=False), _nesting(heard, rows)]
    identifier = rows[0]["id"] if rows else None
    if identifier is not None:
        one = await asker.ask("memberships", "customers", identifier)
        found.append(_member(one))
    if customer is not None and customer.get("id") != identifier:
        found.append(_maybe(await asker.ask("memberships", "customers", customer["id"])))
    return found


def _nesting(heard: Heard, rows: list[dict[str, Any]]) -> Finding:
    question = "Members carry membership and subscription"
    if failure := heard.failure(question, "U27"):
        return failure
    if not rows:
        return heard.finding(question, "could not tell", "no members", "U27")
    absent = [
        name for name in ("membership", "subscription") if not any(name in row for row in rows)
    ]
    if absent:
        seen = f"not there: {listed(absent)}; read from their own lists"
        return heard.finding(question, "differs", seen, "U27")
    return heard.finding(question, "works", "nested in the attributes", "U27")


def _member(heard: Heard) -> Finding:
    question = "One member is found"
    if failure := heard.failure(question, "U27"):
        return failure
    if heard.row is None or not isinstance(heard.body, dict):
        return heard.finding(question, "differs", f"200 with {shape(heard.body)}", "U27")
    if "data" not in heard.body:
        return heard.finding(question, "differs", "bare attributes, no envelope", "U27")
    return heard.finding(question, "works", f"200 with {shape(heard.body)}", "U27")


def _maybe(heard: Heard) -> Finding:
    question = "A customer without a membership"
    if heard.row is not None and heard.row.get("membership") is not None:
        return heard.finding(question, "could not tell", "the one asked about has one", "U27")
    if heard.row is not None:
        return heard.finding(question, "works", "200, membership is null or absent", "U27")
    if heard.status in (200, 404):
        seen = f"{heard.status} with {shape(heard.body)}"
        return heard.finding(question, "differs", seen, "U27")
    return heard.failure(question, "U27") or heard.finding(question, "differs", "", "U27")
