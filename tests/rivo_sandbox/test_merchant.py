"""What the merchant does in Rivo's own pages, and what Rivo says of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.rivo_sandbox.stage import OSKAR_EXCLUDED, SARAH, rows
from tests.rivo_sandbox.test_announcements import Audience, body_of

pytestmark = pytest.mark.anyio

GOLD, PLATINUM = 552288, 552289


async def test_points_given_by_the_merchant_are_announced() -> None:
    audience = Audience()

    assert audience.stage.sandbox.give(SARAH, points=40, note="Sorry for the wait")

    event, profile = audience.heard
    assert ("points_event/created", "loyalty_profile/updated") == (event.topic, profile.topic)
    body = body_of(event)
    assert ("manual", 40, 190, "Sorry for the wait") == (
        body["source"],
        body["points_diff"],
        body["customer"]["points_tally"],
        body["title"],
    )
    entry = audience.stage.sandbox.ledger[-1]
    assert ("grant", 40, None) == (entry.kind, entry.points, entry.request)


async def test_points_and_credit_can_be_taken() -> None:
    audience = Audience()

    assert audience.stage.sandbox.give(SARAH, points=-150)
    assert audience.stage.sandbox.give(SARAH, credits_amount=Decimal("-2.50"))

    assert (0, Decimal("22.5")) == audience.stage.sandbox.balance(SARAH)
    assert [-150, 0] == [
        body_of(each)["points_diff"] for each in audience.heard if "points_diff" in body_of(each)
    ]


async def test_a_change_in_bulk_is_announced_to_nobody() -> None:
    audience = Audience()

    assert audience.stage.sandbox.give(SARAH, points=40, announced=False)

    listed = rows(
        await audience.stage.query("points_events", {"pagination[since_id]": "900000000"})
    )
    assert [] == audience.heard
    assert [40] == [row["points_diff"] for row in listed]


async def test_a_move_to_another_tier_is_announced_by_its_direction() -> None:
    audience = Audience()

    assert audience.stage.sandbox.move(SARAH, PLATINUM)
    assert audience.stage.sandbox.move(SARAH, GOLD)
    assert audience.stage.sandbox.move(SARAH, GOLD)

    assert ["customer_vip_tier/upgraded", "customer_vip_tier/downgraded"] == [
        each.topic for each in audience.heard
    ]
    assert [PLATINUM, GOLD] == [body_of(each)["vip_tier_id"] for each in audience.heard]


async def test_what_the_shop_refuses_is_not_announced() -> None:
    audience = Audience(negative_balance="refused")

    assert not audience.stage.sandbox.give(OSKAR_EXCLUDED, points=1)
    assert not audience.stage.sandbox.give(SARAH, points=-151)
    assert not audience.stage.sandbox.give(SARAH)
    assert not audience.stage.sandbox.move(SARAH, 1)

    assert [] == audience.heard


async def test_a_store_without_the_operation_moves_nobody() -> None:
    audience = Audience(tier_route="absent")

    assert not audience.stage.sandbox.move(SARAH, PLATINUM)
    assert [] == audience.heard
