"""The questions in their order, and what all answers have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from app.check import catalogue, customers, histories, programmes
from app.check.asking import Asker, Heard
from app.check.finding import Finding

KEY_REFUSED: Final = "Rivo refuses the key: look it up in Settings, Developer Toolkit."
LIMITS: Final = re.compile(r"(x-)?rate-?limit[a-z-]{0,30}|retry-after")
MEDIA: Final = re.compile(r"[a-z]+/[a-z.+-]+(; ?charset=[a-z0-9-]+)?", re.IGNORECASE)


async def check(asker: Asker, *, customer: str | None = None) -> list[Finding]:
    """Ask everything; `customer` is an e-mail address or a Shopify customer id to ask about.

    A refused key, or a Rivo that does not answer at all, is one finding and the end of it.
    """
    first = await customers.first_page(asker)
    accepted = _key(first)
    if accepted.result != "works":
        return [accepted]
    newest = await histories.newest_events(asker)
    known = histories.busiest(newest.rows or []) or next(iter(first.rows or []), None)
    found = [accepted, *await customers.lists(asker, first)]
    one, someone = await customers.single(asker, customer or _named(known), known=not customer)
    found += one
    found += await customers.stranger(asker)
    found += await histories.events(asker, newest, someone)
    found += await histories.redemptions(asker)
    found += await catalogue.rewards(asker)
    found += await catalogue.vip_tiers(asker)
    found += await catalogue.earning_rules(asker)
    found += await programmes.others(asker)
    found += await programmes.memberships(asker, someone)
    return [*found, _content_type(asker.heard), _limits(asker.heard)]


def _key(first: Heard) -> Finding:
    question = "Rivo accepts the key"
    if first.status in (401, 403):
        seen = f"{KEY_REFUSED} ({first.status})"
        return first.finding(question, "missing", seen, "1.1", essential=True)
    if failure := first.failure(question, "1.1", essential=True):
        return msgspec.structs.replace(failure, seen=f"Rivo did not answer: {failure.seen}")
    return first.finding(question, "works", "sent raw, without Bearer", "1.1", essential=True)


def _named(customer: dict[str, Any] | None) -> str | None:
    """Prefer the address: helpdesks have nothing else."""
    return str(customer.get("email") or customer.get("id")) if customer else None


def _content_type(heard: Sequence[Heard]) -> Finding:
    types = {each.headers.get("content-type", "none") for each in heard if each.body is not None}
    seen = ", ".join(sorted(each if MEDIA.fullmatch(each) else "an odd one" for each in types))
    return Finding(
        question="The type of JSON answers",
        result="works" if types == {"application/json"} else "differs",
        seen=seen,
        contract="U28",
    )


def _limits(heard: Sequence[Heard]) -> Finding:
    """Say which headers tell of a limit; only numbers of them are shown."""
    told = {
        f"{name} {value}" if value.isdecimal() else name
        for each in heard
        for name, value in each.headers.items()
        if LIMITS.fullmatch(name)
    }
    refused = sum(each.status == 429 for each in heard)
    return Finding(
        question="Headers that tell of a limit",
        result="differs" if told or refused else "works",
        seen=", ".join(
            [*sorted(told)[:6], *([f"429 for {refused} of {len(heard)}"] if refused else [])]
        )
        or "none, as known",
        contract="U16",
    )
