"""Points redemptions: made, listed, refunded."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from integrations.rivo_sandbox import Shop, demo_shop
from tests.rivo_sandbox.stage import (
    AIKO,
    MAYA,
    OSKAR_EXCLUDED,
    PRIYA_GUEST,
    SARAH,
    Stage,
    attributes,
    redeem,
    rows,
    switched,
)

pytestmark = pytest.mark.anyio

STORE_CREDIT, FIVE_OFF, TEN_OFF, TOTE_BAG = 594155, 709485, 709486, 709489
POINTS_TO_DOLLARS, SUMMER_COUPON, FRIEND_COUPON = 709490, 709492, 709493
GIFT_CARD, POINTS_TO_CREDIT = 709494, 709495
USED, EXPIRED, UNUSED, REFUNDED, REVOKED = 24100811, 24100415, 24101277, 24101180, 24101067
OLD_GIFT_CARD = 24100733


async def test_a_redemption_takes_the_points_at_once(stage: Stage) -> None:
    made = await redeem(stage, SARAH, FIVE_OFF)

    assert (100, -100, "0.0", "points", "both") == (
        made["points_amount"],
        made["points_diff"],
        made["credits_amount"],
        made["source"],
        made["purchase_type"],
    )
    assert "BAL-9e3779b97f4b" == made["code"]
    assert [None] * 4 == [
        made[time] for time in ("used_at", "refunded_at", "revoked_at", "expires_at")
    ]
    assert isinstance(made["customer"], dict)
    assert 50 == made["customer"]["points_tally"]
    assert 50 == stage.sandbox.balance(SARAH)[0]
    entry = stage.sandbox.ledger[-1]
    assert ("redemption", -100, made["id"]) == (entry.kind, entry.points, entry.reference)


async def test_a_redemption_is_an_event_too(stage: Stage) -> None:
    made = await redeem(stage, SARAH, FIVE_OFF)

    found = await stage.query("points_events", {"filters[source]": "points_purchase"})
    event = rows(found)[-1]
    assert ("Redeemed a Reward", 100, -100) == (
        event["title"],
        event["points_amount"],
        event["points_diff"],
    )
    assert made["id"] != event["id"]


async def test_store_credit_becomes_a_coupon(stage: Stage) -> None:
    made = await redeem(stage, SARAH, STORE_CREDIT, credits_amount="10")

    assert ("$10 off coupon", 0, "10.0", "credits") == (
        made["name"],
        made["points_amount"],
        made["credits_amount"],
        made["source"],
    )
    assert str(made["code"]).startswith("REDEEM-")
    assert (150, Decimal("15.0")) == stage.sandbox.balance(SARAH)


async def test_incremental_rewards_take_the_points_they_are_told(stage: Stage) -> None:
    made = await redeem(stage, MAYA, POINTS_TO_DOLLARS, points_amount=700)

    assert ("$7 off coupon", 700) == (made["name"], made["points_amount"])
    assert 1140 == stage.sandbox.balance(MAYA)[0]


async def test_points_become_store_credit_without_a_code(stage: Stage) -> None:
    made = await redeem(stage, MAYA, POINTS_TO_CREDIT)

    assert made["code"] is None
    assert (1390, Decimal("17.50")) == stage.sandbox.balance(MAYA)


async def test_codes_expire_months_later() -> None:
    stage = Stage(now=datetime(2026, 11, 30, 12, tzinfo=UTC))

    made = await redeem(stage, MAYA, TEN_OFF)

    assert "2027-02-28T12:00:00.000Z" == made["expires_at"]


async def test_free_products_name_their_variants(stage: Stage) -> None:
    made = await redeem(stage, MAYA, TOTE_BAG)

    assert [44520018812101, 44520018812102] == made["variant_ids"]
    assert 4 == (attributes(await stage.get(f"rewards/{TOTE_BAG}")))["redeemed_count"]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "customer_identifier is missing, reward_id is missing"),
        ({"reward_id": "five", "customer_identifier": SARAH}, 400, "reward_id is invalid"),
        ({"reward_id": FIVE_OFF, "customer_identifier": 1}, 404, "Could not find a customer"),
        ({"reward_id": 1, "customer_identifier": SARAH}, 404, "Could not find a reward"),
        ({"reward_id": TEN_OFF, "customer_identifier": SARAH}, 422, "Customer does not have"),
        ({"reward_id": FIVE_OFF, "customer_identifier": OSKAR_EXCLUDED}, 422, "Customer is excl"),
        ({"reward_id": FIVE_OFF, "customer_identifier": PRIYA_GUEST}, 422, "Guests cannot"),
        ({"reward_id": SUMMER_COUPON, "customer_identifier": MAYA}, 422, "Reward is not"),
        ({"reward_id": FRIEND_COUPON, "customer_identifier": MAYA}, 422, "Reward is not"),
        (
            {"reward_id": STORE_CREDIT, "customer_identifier": SARAH},
            400,
            "credits_amount is missing",
        ),
        (
            {"reward_id": STORE_CREDIT, "customer_identifier": SARAH, "credits_amount": "-1"},
            400,
            "credits_amount does not have a valid value",
        ),
        (
            {"reward_id": STORE_CREDIT, "customer_identifier": SARAH, "credits_amount": "25.01"},
            422,
            "Customer does not have enough balance",
        ),
        (
            {"reward_id": POINTS_TO_DOLLARS, "customer_identifier": MAYA},
            400,
            "points_amount is missing",
        ),
        *(
            (
                {"reward_id": POINTS_TO_DOLLARS, "customer_identifier": AIKO, "points_amount": n},
                400,
                "points_amount does not have a valid value",
            )
            for n in (0, 150, 2100, -100)
        ),
    ],
)
async def test_a_redemption_is_refused_with_a_reason(
    stage: Stage, form: dict[str, str | int], status: int, error: str
) -> None:
    before = stage.sandbox.ledger

    answer = await stage.post("points_redemptions", **form)

    assert status == answer.status_code
    assert answer.json()["error"].startswith(error)
    assert before == stage.sandbox.ledger


async def test_a_redemption_is_read_by_its_id(stage: Stage) -> None:
    found = await stage.get(f"points_redemptions/{UNUSED}")
    unknown = await stage.get("points_redemptions/1")
    wrong = await stage.get("points_redemptions/one")

    assert "BAL-58d3e2a7f914" == attributes(found)["code"]
    assert "Could not find a points redemption with that ID." == unknown.json()["error"]
    assert (400, {"error": "id is invalid"}) == (wrong.status_code, wrong.json())


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"customer_identifier": "maya.chen@example.com"}, [24100811, 24101106]),
        ({"customer_identifier": str(MAYA), "used": "true"}, [24100811]),
        ({"customer_identifier": str(MAYA), "used": "0"}, [24101106]),
        ({"source": "credits"}, [24100950]),
        ({"purchase_type": "both", "used": "false"}, [24100522, 24101067, 24101180]),
        ({"reward_id": str(TEN_OFF)}, [24100811, 24101277]),
        ({"code": "AIKO-LIVE-15"}, [24101330]),
        ({"referred_email": "nobody@example.com"}, []),
        ({"applied_after": "2026-10-24T09:30:00Z"}, [24101277, 24101330, 24101362]),
        ({"applied_before": "2026-02-25T09:30:00Z"}, [24100301]),
    ],
)
async def test_redemptions_are_filtered(
    stage: Stage, filters: dict[str, str], expected: list[int]
) -> None:
    answer = await stage.query(
        "points_redemptions", {f"filters[{name}]": value for name, value in filters.items()}
    )

    assert expected == [row["id"] for row in rows(answer)]


async def test_redemptions_are_sorted(stage: Stage) -> None:
    answer = await stage.query(
        "points_redemptions",
        {"sort[order_type]": "applied_at", "sort[order_direction]": "desc"},
    )

    assert 24101362 == rows(answer)[0]["id"]
    assert 24100301 == rows(answer)[-1]["id"]


async def test_lists_still_hold_what_is_over(stage: Stage) -> None:
    answers = rows(await stage.get("points_redemptions"))

    assert [REFUNDED] == [row["id"] for row in answers if row["refunded_at"]]
    assert [REVOKED] == [row["id"] for row in answers if row["revoked_at"]]
    assert not any("used" in row for row in answers)


async def test_whose_balance_the_answer_shows_is_a_switch() -> None:
    for shown, expected in [("after", 50), ("before", 150), ("absent", None)]:
        stage = Stage(switches=switched(redemption_customer=shown))
        made = await redeem(stage, SARAH, FIVE_OFF)
        customer = made.get("customer") or {}
        assert isinstance(customer, dict)
        assert expected == customer.get("points_tally")
        assert 50 == stage.sandbox.balance(SARAH)[0]


async def test_a_shop_without_anything_answers_empty_lists() -> None:
    stage = Stage(Shop(rewards=demo_shop().rewards))

    for path in ("customers", "points_events", "points_redemptions", "referrals"):
        assert [] == rows(await stage.get(path))
