"""What points and store credit buy in the demo shop."""

from __future__ import annotations

from integrations.rivo_sandbox.demo.catalogue import OPENED
from integrations.rivo_sandbox.shop import Reward

STORE_CREDIT = 594155
FIVE_OFF = 709485
TEN_OFF = 709486
FIFTEEN_PERCENT = 709487
FREE_SHIPPING = 709488
TOTE_BAG = 709489
POINTS_TO_DOLLARS = 709490
SUBSCRIPTION_OFF = 709491
SUMMER_COUPON = 709492
FRIEND_COUPON = 709493
GIFT_CARD = 709494
POINTS_TO_CREDIT = 709495


def rewards() -> tuple[Reward, ...]:
    """Seed the rewards."""
    return (
        # Any amount of store credit becomes a coupon.
        Reward(
            id=STORE_CREDIT,
            name="Store Credit",
            created_at=OPENED,
            source="credits",
            points_amount=1,
            points_type="multiplier",
            reward_value=1.0,
            increment_points_value=1,
            redeemed_count=7,
            code_prefix="REDEEM",
        ),
        Reward(
            id=FIVE_OFF,
            name="$5 off coupon",
            created_at=OPENED,
            points_amount=100,
            reward_value=5.0,
            purchase_type="both",
            redeemed_count=31,
        ),
        Reward(
            id=TEN_OFF,
            name="$10 off coupon",
            created_at=OPENED,
            points_amount=200,
            reward_value=10,
            purchase_type="one_time",
            min_order_value_in_cents=5000,
            expiry_months=3,
            redeemed_count=12,
        ),
        Reward(
            id=FIFTEEN_PERCENT,
            name="15% off your order",
            created_at=OPENED,
            points_amount=300,
            reward_type="percentage",
            reward_value=15.0,
            purchase_type="one_time",
            expiry_months=1,
            redeemed_count=4,
        ),
        Reward(
            id=FREE_SHIPPING,
            name="Free shipping",
            created_at=OPENED,
            points_amount=150,
            reward_type="free_shipping",
            purchase_type="both",
            redeemed_count=9,
        ),
        Reward(
            id=TOTE_BAG,
            name="Free tote bag",
            created_at=OPENED,
            points_amount=500,
            reward_type="free_product",
            reward_value=0,
            product_id=8113290445001,
            variant_ids=(44520018812101, 44520018812102),
            min_order_quantity=1,
            redeemed_count=3,
        ),
        # 100 points are a dollar, between one and twenty dollars.
        Reward(
            id=POINTS_TO_DOLLARS,
            name="Points for dollars",
            created_at=OPENED,
            points_amount=100,
            points_type="multiplier",
            reward_value=1.0,
            increment_points_value=100,
            min_points_to_redeem_value=100,
            max_points_to_spend_value=2000,
            purchase_type="one_time",
            redeemed_count=5,
        ),
        Reward(
            id=SUBSCRIPTION_OFF,
            name="10% off your subscription",
            created_at=OPENED,
            points_amount=250,
            reward_type="percentage",
            reward_value=10.0,
            purchase_type="subscription",
            recurring_cycle_limit=3,
            redeemed_count=2,
        ),
        Reward(
            id=SUMMER_COUPON,
            name="$20 summer coupon",
            created_at=OPENED,
            enabled=False,
            points_amount=350,
            reward_value=20.0,
            purchase_type="one_time",
            redeemed_count=40,
        ),
        # What a referred friend gets: Rivo gives it, nobody redeems it.
        Reward(
            id=FRIEND_COUPON,
            name="$10 for your friend",
            created_at=OPENED,
            source="referrer",
            points_amount=0,
            reward_value=10.0,
            redeemed_count=6,
        ),
        Reward(
            id=GIFT_CARD,
            name="$25 gift card",
            created_at=OPENED,
            points_amount=1000,
            reward_type="gift_card",
            reward_value=25.0,
            redeemed_count=1,
        ),
        Reward(
            id=POINTS_TO_CREDIT,
            name="$5 store credit",
            created_at=OPENED,
            points_amount=450,
            reward_type="points_to_credit",
            reward_value=5.0,
        ),
    )
