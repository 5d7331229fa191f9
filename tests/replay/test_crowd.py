"""Two hundred agents open one cold customer: Rivo is asked once for each of its resources."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import msgspec
import pytest

from tests.app.serving import API_KEY, GORGIAS_SECRET
from tests.replay.house import House, played
from tests.replay.network import Arrival
from tests.replay.plan import email_of

AGENTS = 200
RESOURCES = [
    "customers/customer-7%40example.com",
    "memberships/customers/customer-7%40example.com",
    "points_events",
    "points_redemptions",
    "rewards",
    "vip_tiers",
]


@pytest.mark.parametrize(
    ("door", "key"), [("actions", API_KEY), ("gorgias", GORGIAS_SECRET)], ids=["actions", "gorgias"]
)
def test_two_hundred_agents_cost_one_request_for_each_resource(door: str, key: str) -> None:
    async def play() -> tuple[list[bytes], list[Arrival]]:
        house = House(customers=50, dice=random.Random(1))
        async with house.open():
            told = await asyncio.gather(
                *(house.post(f"/{door}/get_sidebar", key, who=email_of(7)) for _ in range(AGENTS))
            )
        assert {200} == {status for status, _ in told}
        return [body for _, body in told], house.network.arrivals

    bodies, arrivals = played(play)

    asked = Counter(each.path.partition("/merchant_api/v1/")[2] for each in arrivals)
    assert dict.fromkeys(RESOURCES, 1) == dict(asked)
    assert 1 == len(set(bodies))
    first = msgspec.json.decode(bodies[0])
    assert 50_007 == (first["points"] if door == "gorgias" else first["balance"]["points"])
