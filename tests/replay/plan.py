"""A day at a helpdesk, drawn from a seed: tickets opened, gifts given, changes in the shop."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from integrations.rivo_sandbox import (
    Customer,
    PointsEvent,
    Reward,
    Shop,
    VipTier,
)
from tests.simulation.shop import NOW

CUSTOMERS: Final = 2_000
OPENS_A_SECOND: Final = 5.0
SKEW: Final = 1.25
WRITES: Final = 0.04
CHANGES: Final = 0.05
AGAIN: Final = 0.3
"""So many writes have another behind them, and somebody who looks while that is under way."""
BURSTS_A_MINUTE: Final = 0.5
CROWDED: Final = 0.3
JITTER_SECONDS: Final = 0.1
REWARD: Final = 7001
TIERS: Final = (21, 22, 23)
FIRST_ID: Final = 7_300_000_000_000

Kind = Literal["open", "write", "change"]
What = Literal[
    "actions get_sidebar",
    "gorgias get_sidebar",
    "gorgias get_customer",
    "actions get_customer",
    "actions list_customer_points_events",
    "give",
    "give by id",
    "redeem",
    "shop gives",
    "shop gives in bulk",
    "shop moves",
    "customer redeems",
]
OPENED: Final[dict[What, float]] = {
    "actions get_sidebar": 0.4,
    "gorgias get_sidebar": 0.3,
    "gorgias get_customer": 0.1,
    "actions get_customer": 0.1,
    "actions list_customer_points_events": 0.1,
}
WRITTEN: Final[dict[What, float]] = {"give": 0.7, "give by id": 0.15, "redeem": 0.15}
CHANGED: Final[dict[What, float]] = {
    "shop gives": 0.5,
    "customer redeems": 0.3,
    "shop moves": 0.1,
    "shop gives in bulk": 0.1,
}


class Step(msgspec.Struct, frozen=True):
    """One thing that somebody does: when, what, about which customer (a number from 0)."""

    at: float
    kind: Kind
    what: What
    who: int
    amount: int = 0


def draw(
    seed: int,
    *,
    opens: int,
    customers: int = CUSTOMERS,
    a_second: float = OPENS_A_SECOND,
    writes: float = WRITES,
) -> list[Step]:
    """Draw so many ticket opens, and what happens besides; the same seed draws the same."""
    dice = random.Random(seed)
    weights = [1 / rank**SKEW for rank in range(1, customers + 1)]
    heights = list(itertools.accumulate(weights))
    ranks = range(customers)
    steps = []
    for at, crowded in itertools.islice(_times(dice, a_second), opens):
        (who,) = dice.choices(ranks, cum_weights=heights)
        who = who if crowded is None else int(crowded * customers)
        steps.append(Step(at, "open", _one(dice, OPENED), who))
        if dice.random() < writes:
            steps += _writing(dice, at + dice.uniform(1, 20), who)
        if dice.random() < CHANGES:
            (other,) = dice.choices(ranks, cum_weights=heights)
            whom = who if dice.random() < 0.5 else other
            later = at + dice.uniform(-20, 20)
            what = _one(dice, CHANGED)
            steps.append(Step(max(later, 0), "change", what, whom, dice.randint(1, 300)))
    return sorted(steps, key=lambda step: step.at)


def _writing(dice: random.Random, at: float, who: int) -> Iterator[Step]:
    yield Step(at, "write", _one(dice, WRITTEN), who, dice.randint(1, 300))
    if dice.random() < AGAIN:
        at += dice.uniform(0.4, 1.5)
        yield Step(at, "write", _one(dice, WRITTEN), who, dice.randint(1, 300))
        yield Step(at + dice.uniform(-0.1, 0.1), "open", _one(dice, OPENED), who)


def _times(dice: random.Random, a_second: float) -> Iterator[tuple[float, float | None]]:
    """Go on for ever: one by one, and now and then many within seconds, or all about one customer.

    Who that is comes with the time, as a number from 0 to 1.
    """
    at = 1.0
    burst = dice.expovariate(BURSTS_A_MINUTE / 60)
    while True:
        at += dice.expovariate(a_second)
        if at > burst:
            crowded = dice.random() if dice.random() < CROWDED else None
            for _ in range(dice.randint(20, 60)):
                at += dice.expovariate(20)
                yield at, crowded
            burst = at + dice.expovariate(BURSTS_A_MINUTE / 60)
        yield at, None


def _one(dice: random.Random, of: dict[What, float]) -> What:
    (one,) = dice.choices([*of], weights=[*of.values()])
    return one


def email_of(who: int) -> str:
    """Name a customer by address."""
    return f"customer-{who}@example.com"


def id_of(who: int) -> int:
    """Name a customer by Shopify id."""
    return FIRST_ID + who


def shop_of(customers: int) -> Shop:
    """Make the shop: everybody has points and a little history."""
    return Shop(
        customers=tuple(
            Customer(
                id=id_of(who),
                email=email_of(who),
                first_name=f"Name{who}",
                opening_points=50_000 + who,
                vip_tier_id=TIERS[who % len(TIERS)],
            )
            for who in range(customers)
        ),
        points_events=tuple(
            PointsEvent(
                id=1_000 + who,
                customer_id=id_of(who),
                source="order_placed",
                title="Placed an order",
                points_diff=10 + math.isqrt(who),
                applied_at=NOW,
            )
            for who in range(customers)
        ),
        rewards=(
            Reward(id=REWARD, name="$5 off", created_at=NOW, points_amount=100, reward_value=5),
        ),
        vip_tiers=tuple(
            VipTier(id=tier, name=f"Tier {tier}", threshold=1_000 * n, created_at=NOW)
            for n, tier in enumerate(TIERS)
        ),
    )
