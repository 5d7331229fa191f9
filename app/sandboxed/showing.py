"""What the page of the merchant shows: a customer, what can be had, what was told to whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from app.delivery.outbox import Line
from app.sandboxed.announcing import Told
from app.sandboxed.merchant import needs_amount
from integrations.rivo_sandbox import Customer, Reward, Sandbox

FIRST: Final = "maya.chen@example.com"
"""Who is shown until somebody else is chosen: the same as in the sidebar's preview."""


def facts(sandbox: Sandbox, customer_id: str | None, *, now: datetime) -> dict[str, Any]:
    """Say what there is to choose from, and how the chosen customer stands."""
    state = sandbox.state
    known = [
        each
        for each in state.customers.values()
        if each.email and (each.appears_at is None or each.appears_at <= now)
    ]
    return {
        "customers": [(each.id, _name(each)) for each in known],
        "customer": _customer(sandbox, _chosen(known, customer_id)),
        "tiers": sorted(state.vip_tiers.values(), key=lambda tier: tier.threshold),
        "rewards": [
            (each.id, _priced(each))
            for each in state.rewards.values()
            if each.enabled and each.source != "referrer"
        ],
    }


def announced(told: Told) -> dict[str, Any]:
    """Say how far an announcement has come."""
    if told.taken:
        word = f"taken ({told.status})"
    elif told.tries == 0:
        word = "on its way"
    else:
        word = f"not taken ({told.status or 'no answer'})"
        word += f", again at {_clock(told.due)}" if told.due else ", given up"
    return {
        "at": _clock(told.at),
        "topic": told.topic,
        "about": told.about,
        "word": word,
        "well": told.taken,
    }


def triggered(line: Line) -> dict[str, Any]:
    """Say how far a trigger has come."""
    said = line.status or (line.why or "").replace("_", " ")
    match line.state:
        case "delivered":
            word = f"delivered ({said})"
        case "dead":
            word = f"given up ({said})"
        case "waiting" if line.tries and line.due_at is not None:
            again = datetime.fromtimestamp(line.due_at, tz=UTC)
            word = f"not delivered ({said}), again at {_clock(again)}"
        case _:
            word = "on its way"
    return {
        "at": _clock(datetime.fromtimestamp(line.created_at, tz=UTC)),
        "trigger": line.trigger,
        "to": urlsplit(line.url).netloc,
        "word": word,
        "well": line.state == "delivered",
    }


def _chosen(known: Sequence[Customer], customer_id: str | None) -> Customer:
    first = next((each for each in known if each.email == FIRST), known[0])
    return next((each for each in known if str(each.id) == customer_id), first)


def _customer(sandbox: Sandbox, customer: Customer) -> dict[str, Any]:
    points, credits_ = sandbox.balance(customer.id)
    tier = sandbox.state.vip_tiers.get(customer.vip_tier_id or 0)
    return {
        "id": customer.id,
        "name": _name(customer),
        "email": customer.email,
        "status": customer.loyalty_status,
        "points": points,
        "credits": f"{credits_:.2f}",
        "tier_id": tier.id if tier else None,
        "tier": tier.name if tier else "none",
    }


def _name(customer: Customer) -> str:
    names = (customer.first_name, customer.last_name)
    return " ".join(filter(None, names)) or str(customer.email)


def _priced(reward: Reward) -> str:
    if needs_amount(reward):
        return f"{reward.name} (say how much)"
    return f"{reward.name} ({reward.points_amount} points)"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M:%S}"
