"""VIP tiers, from the lowest up."""

from __future__ import annotations

import pytest

from integrations.errors import NotFoundError
from tests.rivo.stage import AS_OF, Stage, built, listed, row, sample

pytestmark = pytest.mark.anyio

TIER = sample("vip_tier.reconstructed")
SILVER = {
    "id": 552288,
    "name": "Silver",
    "threshold": 500,
    "perks": [],
    "description": None,
    "icon_url": None,
}


async def test_list_vip_tiers_sorts_them_by_threshold(stage: Stage) -> None:
    bronze, silver, gold = sample("vip_tiers__list.observed")["data"]
    stage.on("GET", "/vip_tiers", {"data": [gold, silver, bronze]})

    answer = await stage.run("list_vip_tiers")

    assert ["GET /vip_tiers pagination[page]=1&pagination[per_page]=250"] == stage.sent
    nameless = SILVER | {"id": None}
    assert {
        "vip_tiers": [
            nameless | {"name": "Bronze", "threshold": 0},
            SILVER,
            nameless | {"name": "Gold", "threshold": 1250},
        ],
        "count": 3,
        "next": None,
        "complete": True,
        "as_of": AS_OF,
        "stale": False,
    } == built(answer)


async def test_a_tier_shows_its_perks_and_words(stage: Stage) -> None:
    perks = ["Free shipping", {"name": "Early access"}]
    tier = row(1, threshold="99.5", perks=perks, desc="Best", icon_url="https://x/i.png")
    stage.on("GET", "/vip_tiers", listed(tier, row(2, perks="none")))

    answer = built(await stage.run("list_vip_tiers"))

    assert [
        {"id": 2, "name": None, "threshold": None, "perks": [], "description": None}
        | {"icon_url": None},
        {"id": 1, "name": None, "threshold": 99.5, "perks": perks, "description": "Best"}
        | {"icon_url": "https://x/i.png"},
    ] == answer["vip_tiers"]


async def test_get_vip_tier_asks_for_one(stage: Stage) -> None:
    stage.on("GET", "/vip_tiers/552288", TIER)

    answer = await stage.run("get_vip_tier", vip_tier_id="552288")

    assert ["GET /vip_tiers/552288"] == stage.sent
    assert {"vip_tier": SILVER, "as_of": AS_OF, "stale": False} == built(answer)
    assert TIER["data"] == answer.resource


@pytest.mark.parametrize("status", [404, 400])
async def test_an_unknown_tier_is_not_found(stage: Stage, status: int) -> None:
    stage.on("GET", "/vip_tiers/1", {"error": "Could not find a VIP tier."}, status=status)

    with pytest.raises(NotFoundError, match="Could not find a VIP tier"):
        await stage.run("get_vip_tier", vip_tier_id=1)
