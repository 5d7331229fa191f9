"""Shops share nothing: mixed operations over twenty shops whose ids all collide."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx

from tests.app.loop import SkippingLoop
from tests.soak.figures import Figure
from tests.tenants.crossings import Crossings, sent_elsewhere
from tests.tenants.town import SHOPS, Town, key_of
from tests.tenants.traffic import NO_ID, Dice, Round

REQUESTS: Final = 200
SETTLED: Final = 130.0
EVIDENCE: Final = {"outcome": "applied", "evidence": "seen in Rivo's admin"}


def crossings(seed: int, requests: int = REQUESTS) -> list[str]:
    """Let twenty shops make some requests; a sentence for whatever one has of another."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(_live(seed, requests))


async def _live(seed: int, requests: int) -> list[str]:
    town, dice, seen = Town(seed), Dice(seed), Crossings()
    app = town.service.app
    async with app.router.lifespan_context(app):
        left = requests
        while left:
            asked = dice.round(left)
            left -= len(asked.shops)
            await asyncio.gather(*(_ask(town, seen, shop, asked) for shop in asked.shops))
        await asyncio.sleep(SETTLED)
        for shop, sandbox in enumerate(town.sandboxes):
            told = await _all_of(town, shop)
            if foreign := {each for each in told if seen.owners.setdefault(each, shop) != shop}:
                seen.found.append(f"shop {shop} lists {len(foreign)} operations of others")
            seen.found += sent_elsewhere(shop, sandbox, told)
    if seen.marked < requests // 8:
        seen.found.append(f"only {seen.marked} answers say whose they are")
    return seen.found


async def _ask(town: Town, seen: Crossings, shop: int, asked: Round) -> None:
    method, path, body = _request(seen, shop, asked)
    answer = await town.service.ask(method, path, key=None, headers=asked.headers(shop), json=body)
    seen.look(shop, asked, answer)


def _request(seen: Crossings, shop: int, asked: Round) -> tuple[str, str, Any]:
    """Say what a shop sends: where a round is about an operation, each has its own or another's."""
    about = _operation(seen, shop, asked)
    if asked.action == "reverse_points_event":
        return "POST", f"/actions/{asked.action}", {"operation_id": about}
    if asked.kind == "settle":
        return "POST", f"/operations/{about}/settle", EVIDENCE
    if asked.kind == "approve":
        return "POST", f"/operations/{about}/approve", {}
    if asked.kind == "list" or (asked.kind == "own" and about == NO_ID):
        return "GET", "/operations?limit=200", None
    if asked.kind in ("own", "foreign"):
        return "GET", f"/operations/{about}", None
    door = "gorgias" if asked.caller == "helpdesk" else "actions"
    return "POST", f"/{door}/{asked.action}", asked.inputs


def _operation(seen: Crossings, shop: int, asked: Round) -> str:
    """Choose the operation that a round is about: "reverse" takes back an event of one's own."""
    among = seen.events if asked.action else seen.owners
    is_own = asked.kind in ("own", "reverse")
    known = [each for each, owner in among.items() if (owner == shop) == is_own]
    about = known[int(asked.about * len(known))] if known else NO_ID
    if not is_own:
        seen.named.add((shop, about))
    return about


async def _all_of(town: Town, shop: int) -> set[str]:
    """List a shop's operations to the end."""
    found: set[str] = set()
    proof = {"authorization": f"Bearer {key_of(shop, 'lead')}"}
    after: dict[str, Any] = {"limit": 200}
    while after:
        answer: httpx.Response = await town.service.ask(
            "GET", "/operations", key=None, headers=proof, params=after
        )
        page = answer.json()
        found |= {each["id"] for each in page["operations"]}
        after = page["next"]
    return found


TENANTS: Final = Figure(
    one=crossings,
    each=REQUESTS,
    simulated=(
        f"{SHOPS} shops in one service over {SHOPS} sandboxes with the same customers and ids, "
        "virtual time, one store in memory; rounds of the same read, write or look-up from 5 to 20 "
        "shops at once, 60 % of the writes under one idempotency key for all, 15 % of the rounds "
        "repeated; 4 % of the writes lose their reply after, 2 % before they are applied"
    ),
)
