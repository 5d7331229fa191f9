"""What the demo shop has: tiers, ways to earn, memberships on offer."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from integrations.rivo_sandbox.shop import EarningRule, MembershipTier, VipTier

OPENED = datetime(2026, 1, 5, 10, tzinfo=UTC)

BRONZE, SILVER, GOLD, PLATINUM = 552287, 552288, 552289, 552290
CIRCLE, CIRCLE_MONTHLY, INSIDER = 2229, 2230, 2231


def vip_tiers() -> tuple[VipTier, ...]:
    """Seed the tiers, in no order as Rivo lists them."""
    perks = ("Free shipping on every order", "A gift on your birthday")
    return (
        VipTier(id=SILVER, name="Silver", threshold=500, created_at=OPENED),
        VipTier(id=PLATINUM, name="Platinum", threshold=5000, created_at=OPENED, perks=perks),
        VipTier(id=BRONZE, name="Bronze", threshold=0, created_at=OPENED),
        VipTier(
            id=GOLD,
            name="Gold",
            threshold=1250,
            created_at=OPENED,
            perks=perks[:1],
            desc="For our regulars",
        ),
    )


def earning_rules() -> tuple[EarningRule, ...]:
    """Seed the ways to earn, one of them all null as Rivo has them."""
    return (
        EarningRule(
            id=628336,
            title="Sign up",
            status="active",
            trigger="customer_member_enabled",
            points_amount=100,
            points_type="fixed",
            pretty_earnings_text="100 Points",
        ),
        EarningRule(
            id=628337,
            title="Place an order",
            status="active",
            trigger="order_placed",
            points_amount=5,
            points_type="multiplier",
            currency_base_amount=1,
            pretty_earnings_text="5 Points for every $1 spent",
        ),
        EarningRule(),
        EarningRule(
            id=628338,
            title="Celebrate a birthday",
            status="active",
            trigger="customer_birthday",
            points_amount=200,
            points_type="fixed",
        ),
        EarningRule(
            id=628340,
            title="Follow on TikTok",
            status="active",
            trigger="tiktok_follow",
            points_amount=20,
            points_type="fixed",
            url="https://shop.example.com/tiktok",
        ),
        EarningRule(
            id=628341,
            title="Take the style quiz",
            status="active",
            trigger="custom_action",
            points_amount=75,
            points_type="fixed",
            custom_action_name="style_quiz",
        ),
        EarningRule(
            id=628342,
            title="Return your bottles",
            status="active",
            trigger="custom_action",
            credits_amount=Decimal("1.50"),
            points_type="fixed",
            custom_action_name="bottle_return",
        ),
        EarningRule(
            id=628343,
            title="Read our story",
            status="active",
            trigger="visit_url",
            points_amount=10,
            points_type="fixed",
            url="https://shop.example.com/pages/our-story",
        ),
        EarningRule(
            id=628344,
            title="Write a review",
            status="disabled",
            trigger="review_complete",
            points_amount=50,
            points_type="fixed",
        ),
    )


def membership_tiers() -> tuple[MembershipTier, ...]:
    """Seed the memberships on offer."""
    return (
        MembershipTier(
            id=CIRCLE, name="Circle", price=49.0, billing_interval="year", created_at=OPENED
        ),
        MembershipTier(
            id=CIRCLE_MONTHLY,
            name="Circle monthly",
            price=5.0,
            billing_interval="month",
            created_at=OPENED,
        ),
        MembershipTier(
            id=INSIDER, name="Insider", price=0.0, billing_interval="year", created_at=OPENED
        ),
    )
