"""Redeeming: what is spent, and what only looks."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from integrations.errors import (
    InputError,
    NotFoundError,
    RefusedError,
)
from integrations.rivo import ACTIONS
from tests.rivo.stage import SARAH, Stage, built, changed, listed, row, sample, text_of

pytestmark = pytest.mark.anyio

SPENT = sample("points_redemption__store_credit.reconstructed")
OWNER_ID = 9193366159432
POST = "POST /points_redemptions"
REDEMPTION = {
    "id": 24186741,
    "code": "REDEEM-b3fb35f5407e",
    "name": "$25.50 off coupon",
    "reward_id": 594155,
    "reward_name": "Store Credit",
    "reward_type": "fixed_amount",
    "reward_value": 1.0,
    "points_amount": 0,
    "credits_amount": "25.50",
    "applied_at": "2026-02-26T01:20:20.484Z",
    "expires_at": None,
    "used_at": None,
    "refunded_at": None,
    "usable": True,
    "customer_id": 9193366159432,
    "customer_email": "sarah.martinez@example.com",
}


def sarah(points: int, money: str) -> dict[str, object]:
    """Sarah's profile with a balance."""
    return {"data": row(OWNER_ID, email=SARAH, points_tally=points, credits_tally=money)}


async def test_create_points_redemption_sends_a_form_and_answers_code_and_balance(
    stage: Stage,
) -> None:
    stage.on("POST", "/points_redemptions", SPENT, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "51.0"))

    answer = await stage.run(
        "create_points_redemption", customer_email=SARAH, reward_id="594155", credits_amount="25.50"
    )

    form = "customer_identifier=sarah.martinez%40example.com&reward_id=594155&credits_amount=25.50"
    assert ["GET /customers/sarah.martinez%40example.com", f"{POST} {form}"] == stage.sent
    assert {
        "points_redemption": REDEMPTION,
        "customer": {
            "email": "sarah.martinez@example.com",
            "last_name": "Martinez",
            "first_name": "Sarah",
            "customer_id": 9193366159432,
            "points_tally": 0,
            "credits_tally": "25.50",
            "loyalty_status": "member",
        },
        "operation": None,
    } == built(answer)


async def test_the_full_shape_of_a_redemption_is_the_documented_sample(stage: Stage) -> None:
    stage.on("POST", "/points_redemptions", SPENT, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "0.0"))

    answer = await stage.run("create_points_redemption", customer_email=SARAH, reward_id=594155)

    expected = sample("seed_create_points_redemption.doc")
    assert text_of(expected) == text_of({"data": answer.resource})


async def test_create_points_redemption_sends_points(stage: Stage) -> None:
    stage.on("POST", "/points_redemptions", SPENT, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "0.0"))

    await stage.run(
        "create_points_redemption", customer_email="7", reward_id=709490, points_amount=500
    )

    form = "customer_identifier=7&reward_id=709490&points_amount=500"
    assert f"{POST} {form}" == stage.sent[1]


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"points_amount": 0}, "points_amount"),
        ({"points_amount": "-5"}, "points_amount"),
        ({"credits_amount": "0.00"}, "credits_amount"),
        ({"credits_amount": "-1"}, "credits_amount"),
    ],
    ids=str,
)
async def test_less_than_nothing_is_not_redeemed(
    stage: Stage, inputs: dict[str, Any], field: str
) -> None:
    for action in ("create_points_redemption", "redeem_customer_points"):
        with pytest.raises(InputError) as caught:
            await stage.run(action, customer_email=SARAH, reward_id=1, **inputs)
        assert field == caught.value.field

    assert [] == stage.sent


async def test_what_rivo_misses_is_told_in_its_own_words(stage: Stage) -> None:
    missing = sample("error__missing_param.reconstructed")
    stage.on("POST", "/points_redemptions", missing, status=400)

    with pytest.raises(RefusedError, match="customer_identifier is missing, reward_id is missing"):
        await stage.run("create_points_redemption", customer_email=SARAH, reward_id=1)


async def test_create_points_redemption_passes_on_why_rivo_refuses(stage: Stage) -> None:
    stage.on("POST", "/points_redemptions", {"error": "Insufficient balance"}, status=422)

    with pytest.raises(RefusedError, match="Rivo refused this: Insufficient balance"):
        await stage.run("create_points_redemption", customer_email=SARAH, reward_id=1)


async def test_a_balance_told_that_has_not_moved_is_read_again(stage: Stage) -> None:
    stage.on("POST", "/points_redemptions", SPENT, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "25.50"), sarah(0, "0.0"))

    answer = built(
        await stage.run("create_points_redemption", customer_email=SARAH, reward_id=594155)
    )

    assert "0.0" == answer["customer"]["credits_tally"], "Rivo told the balance before"


async def test_a_redemption_stays_done_where_the_balance_cannot_be_read(stage: Stage) -> None:
    absent = changed(SPENT, customer=None)
    stage.on("POST", "/points_redemptions", absent, status=201)
    stage.on("GET", "/customers/.*", httpx.ReadTimeout)

    answer = await stage.run("create_points_redemption", customer_email=SARAH, reward_id=594155)

    assert built(answer)["customer"] is None
    full: Any = answer.resource
    assert full["attributes"]["customer"] is None


REWARDS = listed(
    row(1, name="$5", enabled=True, source="points", points_amount=100, reward_type="fixed_amount"),
    row(2, name="$9", enabled=True, source="points", points_amount=900),
    row(3, name="Credit", enabled=True, source="credits", points_amount=1),
    row(4, name="Off", enabled=False, source="points", points_amount=1),
    row(5, name="Friend", enabled=True, source="referrer", points_amount=0),
)
NOTHING = dict.fromkeys(("reward_type", "reward_value", "credits_amount", "points_missing"))


async def test_with_nothing_given_it_shows_what_can_be_redeemed(stage: Stage) -> None:
    stage.on("GET", "/rewards", REWARDS)

    answer = await stage.run("redeem_customer_points")

    assert ["GET /rewards pagination[page]=1&pagination[per_page]=250"] == stage.sent
    assert {
        "customer": None,
        "redeemable": [
            NOTHING | {"reward_id": 3, "name": "Credit", "points_amount": None, "affordable": None},
            NOTHING
            | {
                "reward_id": 1,
                "name": "$5",
                "reward_type": "fixed_amount",
                "points_amount": 100,
                "affordable": None,
            },
            NOTHING | {"reward_id": 2, "name": "$9", "points_amount": 900, "affordable": None},
        ],
        "points_redemption": None,
        "operation": None,
    } == built(answer)
    assert not answer.wrote


async def test_with_a_customer_it_shows_what_they_can_afford(stage: Stage) -> None:
    stage.on("GET", "/rewards", REWARDS)
    stage.on("GET", "/customers/.*", sarah(150, "25.0"))

    answer = await stage.run("redeem_customer_points", customer_email=SARAH)

    assert [
        (3, None, "25.0", True, None),
        (1, 100, None, True, 0),
        (2, 900, None, False, 750),
    ] == [
        (
            each["reward_id"],
            each["points_amount"],
            each["credits_amount"],
            each["affordable"],
            each["points_missing"],
        )
        for each in built(answer)["redeemable"]
    ]
    assert 150 == built(answer)["customer"]["points_tally"]
    assert not answer.wrote
    assert all(line.startswith("GET") for line in stage.sent)


async def test_with_both_it_redeems(stage: Stage) -> None:
    stage.on("POST", "/points_redemptions", SPENT, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "51.0"))

    answer = await stage.run(
        "redeem_customer_points", customer_email=SARAH, reward_id=594155, credits_amount="25.50"
    )

    assert stage.sent[1].startswith(POST)
    assert REDEMPTION == built(answer)["points_redemption"]
    assert [] == built(answer)["redeemable"]
    assert "25.50" == built(answer)["customer"]["credits_tally"]
    assert answer.wrote
    assert {"data": answer.resource} == sample("seed_create_points_redemption.doc")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"reward_id": 1}, "customer_email must be given together with reward_id"),
        ({"points_amount": 5}, "points_amount must be given only together with reward_id"),
        ({"customer_email": SARAH, "credits_amount": "5"}, "credits_amount must be given only"),
    ],
    ids=str,
)
async def test_half_a_redemption_is_an_input_problem(
    stage: Stage, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        await stage.run("redeem_customer_points", **inputs)

    assert [] == stage.sent


async def test_an_unknown_customer_can_afford_nothing(stage: Stage) -> None:
    stage.on("GET", "/rewards", REWARDS)
    stage.on("GET", "/customers/.*", {"error": "Could not find a customer."}, status=404)

    with pytest.raises(NotFoundError):
        await stage.run("redeem_customer_points", customer_email=SARAH)


def test_without_a_reward_it_only_looks() -> None:
    only_looks = ACTIONS["redeem_customer_points"].only_looks

    assert only_looks is not None
    assert only_looks({"customer_email": SARAH})
    assert not only_looks({"customer_email": SARAH, "reward_id": 1})
    assert {"redeem_customer_points"} == {n for n, a in ACTIONS.items() if a.only_looks}
