"""Rewards: the catalogue, and what can be redeemed of it."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import RefusedError
from integrations.rivo.customers import Balance
from integrations.rivo.resource import Resource
from integrations.rivo.rewards import Redeemable, Reward
from tests.rivo.stage import AS_OF, Stage, built, listed, row, sample

pytestmark = pytest.mark.anyio

WHOLE = "pagination[page]=1&pagination[per_page]=250"
REWARD = sample("reward.reconstructed")["data"]
FLAT = {
    "id": 709485,
    "name": "$5 off coupon",
    "enabled": True,
    "source": "points",
    "reward_type": "fixed_amount",
    "reward_value": 5.0,
    "points_type": "fixed",
    "points_amount": 100,
    "purchase_type": None,
    "min_order_value_in_cents": None,
    "expiry_months": None,
    "description": "$5 off coupon (100 points required)",
    "icon_url": None,
}
ROWS = listed(
    row(1, enabled=True, source="points", purchase_type="one_time"),
    row(2, enabled=False, source="points", purchase_type="subscription"),
    row(3, enabled=True, source="referrer", purchase_type="both"),
    row(4),
)


async def test_list_rewards_asks_for_the_whole_catalogue(stage: Stage) -> None:
    stage.on("GET", "/rewards", listed(REWARD))

    answer = await stage.run("list_rewards")

    assert [f"GET /rewards {WHOLE}"] == stage.sent
    assert {
        "rewards": [FLAT],
        "count": 1,
        "next": None,
        "complete": True,
        "as_of": AS_OF,
        "stale": False,
    } == built(answer)
    assert [REWARD] == answer.resource


def test_the_reward_of_2022_is_understood() -> None:
    reward = Reward.from_rivo(Resource.of(sample("reward__2022.doc")))

    assert (123, 5, 500, "fixed") == (
        reward.id,
        reward.reward_value,
        reward.points_amount,
        reward.points_type,
    )


async def test_a_reward_with_few_fields_has_every_key(stage: Stage) -> None:
    stage.on("GET", "/rewards", sample("rewards__list.observed"))

    answer = built(await stage.run("list_rewards"))

    assert [FLAT | {"description": None}] == answer["rewards"]


@pytest.mark.parametrize(
    ("inputs", "kept"),
    [
        ({}, [1, 2, 3, 4]),
        ({"enabled": "true"}, [1, 3, 4]),
        ({"enabled": "False"}, [2, 4]),
        ({"source": "Points"}, [1, 2, 4]),
        ({"enabled": True, "source": "referrer"}, [3, 4]),
    ],
    ids=str,
)
async def test_list_rewards_picks_here(
    stage: Stage, inputs: dict[str, Any], kept: list[int]
) -> None:
    stage.on("GET", "/rewards", ROWS)

    answer = built(await stage.run("list_rewards", **inputs))

    assert [f"GET /rewards {WHOLE}"] == stage.sent
    assert kept == [reward["id"] for reward in answer["rewards"]]
    assert len(kept) == answer["count"]


async def test_list_rewards_by_purchase_type_sends_the_type_and_checks_the_rows(
    stage: Stage,
) -> None:
    stage.on("GET", "/rewards", ROWS)

    answer = built(await stage.run("list_rewards_by_purchase_type", purchase_type="subscription"))

    assert [f"GET /rewards filters[purchase_type]=subscription&{WHOLE}"] == stage.sent
    assert [2, 4] == [reward["id"] for reward in answer["rewards"]]


async def test_a_catalogue_that_rivo_refuses_is_refused(stage: Stage) -> None:
    stage.on("GET", "/rewards", {"error": "pagination is invalid"}, status=400)

    with pytest.raises(RefusedError, match="pagination is invalid"):
        await stage.run("list_rewards")


def balance(
    points: int | None = 150, money: str | None = "25.0", status: str = "member"
) -> Balance:
    return Balance.from_rivo(
        Resource({"points_tally": points, "credits_tally": money, "loyalty_status": status})
    )


@pytest.mark.parametrize(
    ("attributes", "price"),
    [
        ({"points_amount": 100}, 100),
        ({"points_amount": 1, "increment_points_value": 50}, 50),
        ({"increment_points_value": 50, "min_points_to_redeem_value": 200}, 200),
        ({}, None),
    ],
    ids=str,
)
def test_the_price_of_a_reward_is_the_least_that_can_be_spent(
    attributes: dict[str, Any], price: int | None
) -> None:
    reward = Redeemable.from_rivo(Resource(attributes | {"source": "points"}), None)

    assert (price, None, None) == (reward.points_amount, reward.affordable, reward.points_missing)


@pytest.mark.parametrize(
    ("has", "affordable", "missing"),
    [
        (balance(100), True, 0),
        (balance(99), False, 1),
        (balance(None), None, None),
        (balance(900, status="excluded"), False, 0),
    ],
    ids=["enough", "one short", "unknown", "excluded"],
)
def test_what_is_affordable_is_counted_in_points(
    has: Balance, affordable: bool | None, missing: int | None
) -> None:
    reward = Redeemable.from_rivo(Resource({"source": "points", "points_amount": 100}), has)

    assert (affordable, missing) == (reward.affordable, reward.points_missing)


@pytest.mark.parametrize(
    ("has", "affordable"),
    [
        (balance(money="0.01"), True),
        (balance(money="0.00"), False),
        (balance(money="-3"), False),
        (balance(money=None), False),
    ],
    ids=["a cent", "nothing", "a debt", "unknown"],
)
def test_store_credit_is_spent_by_any_amount_up_to_the_balance(
    has: Balance, affordable: bool
) -> None:
    reward = Redeemable.from_rivo(Resource({"source": "credits", "points_amount": 1}), has)

    assert (None, has.credits_tally, affordable, None) == (
        reward.points_amount,
        reward.credits_amount,
        reward.affordable,
        reward.points_missing,
    )
