"""Two hundred agents open one cold customer: Rivo is asked once for each of its resources."""

from __future__ import annotations

import msgspec
import pytest

from tests.replay.crowd import AGENTS, KEYS, crowd

RESOURCES = [
    "customers/customer-7%40example.com",
    "memberships/customers/customer-7%40example.com",
    "points_events",
    "points_redemptions",
    "rewards",
    "vip_tiers",
]


@pytest.mark.parametrize("door", KEYS)
def test_two_hundred_agents_cost_one_request_for_each_resource(door: str) -> None:
    came = crowd(door)

    assert dict.fromkeys(RESOURCES, 1) == came.asked
    (((status, body), agents),) = came.told.items()
    assert (200, AGENTS) == (status, agents)
    told = msgspec.json.decode(body)
    assert 50_007 == (told["points"] if door == "gorgias" else told["balance"]["points"])
