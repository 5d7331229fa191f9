"""The demo shop's codes (used, unused, expired, refunded) and the friends brought by others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.rivo_sandbox.demo.people import (
    AIKO,
    CARLOS,
    JAMES,
    LENA,
    MAYA,
    SARAH_JOHNSON,
    TOM,
    Day,
)
from integrations.rivo_sandbox.demo.rewards import (
    FIFTEEN_PERCENT,
    FIVE_OFF,
    FREE_SHIPPING,
    GIFT_CARD,
    POINTS_TO_DOLLARS,
    STORE_CREDIT,
    TEN_OFF,
    TOTE_BAG,
)
from integrations.rivo_sandbox.shop import (
    PointsRedemption,
    Referral,
)


def redemptions(day: Day) -> tuple[PointsRedemption, ...]:
    """Seed the codes: used, unused, expired, refunded, revoked."""

    def taken(
        id_: int, who: int, when: float, reward: int, name: str, **more: Any
    ) -> PointsRedemption:
        return PointsRedemption(
            id=id_, customer_id=who, applied_at=day(when), reward_id=reward, name=name, **more
        )

    five, ten, percent = "$5 off coupon", "$10 off coupon", "15% off your order"
    return (
        taken(
            24100301,
            TOM,
            -300,
            FIVE_OFF,
            five,
            points_diff=-100,
            code="BAL-41c09d2be6f1",
            used_at=day(-299),
        ),
        taken(
            24100415,
            TOM,
            -250,
            FIFTEEN_PERCENT,
            percent,
            points_diff=-300,
            code="BAL-77f0a1c4d29e",
            expires_at=day(-220),
        ),
        taken(24100522, JAMES, -230, FIVE_OFF, five, points_diff=-100, code="BAL-0b5de8137a44"),
        taken(
            24100733,
            AIKO,
            -160,
            GIFT_CARD,
            "$25 gift card",
            points_diff=-1000,
            code="BAL-93e7c2f0581d",
        ),
        taken(
            24100811,
            MAYA,
            -140,
            TEN_OFF,
            ten,
            points_diff=-200,
            code="BAL-d8a64e1b02c7",
            used_at=day(-138),
        ),
        taken(
            24100950,
            SARAH_JOHNSON,
            -75,
            STORE_CREDIT,
            "$5 off coupon",
            credits_diff=Decimal("-5.0"),
            code="REDEEM-5f21c0a98e3b",
            used_at=day(-75),
        ),
        taken(
            24101002,
            CARLOS,
            -50,
            FIVE_OFF,
            five,
            points_diff=-100,
            code="BAL-2ce9f4470ab8",
            used_at=day(-50),
        ),
        taken(
            24101067,
            LENA,
            -33,
            FIVE_OFF,
            five,
            points_diff=-100,
            code="BAL-1fb07a6ce493",
            revoked_at=day(-32),
        ),
        taken(
            24101106,
            MAYA,
            -30,
            TOTE_BAG,
            "Free tote bag",
            points_diff=-500,
            code="BAL-6a0d13f7e52c",
        ),
        taken(
            24101180,
            AIKO,
            -21,
            FREE_SHIPPING,
            "Free shipping",
            points_diff=-150,
            code="BAL-c41ab7d96e08",
            refunded_at=day(-20),
        ),
        taken(
            24101277,
            AIKO,
            -9,
            TEN_OFF,
            ten,
            points_diff=-200,
            code="BAL-58d3e2a7f914",
            expires_at=day(83),
        ),
        taken(24101330, AIKO, -5, FIFTEEN_PERCENT, percent, points_diff=-300, code="AIKO-LIVE-15"),
        taken(
            24101362,
            AIKO,
            -2,
            POINTS_TO_DOLLARS,
            "$5 off coupon",
            points_diff=-500,
            code="BAL-e07f5b92d3a6",
        ),
    )


def referrals(day: Day) -> tuple[Referral, ...]:
    """Seed the friends: one came, one looks, one is a friend of nobody."""
    return (
        Referral(
            id=4101,
            referrer_customer_id=AIKO,
            referred_customer_id=TOM,
            referred_email="tom.becker@example.com",
            status="completed",
            created_at=day(-12),
            status_last_changed_at=day(-1),
            claimed_at=day(-11),
            referrer_discount_code="BAL-0123456789ab",
            referred_discount_code="BAL-ba9876543210",
            referred_order_id=5991713170024,
        ),
        Referral(
            id=4102,
            referrer_customer_id=AIKO,
            referred_email="ren.ito@example.com",
            status="unclaimed",
            created_at=day(-7),
            status_last_changed_at=day(-7),
            referred_discount_code="BAL-3d9a5c7e1f20",
        ),
        Referral(
            id=4103,
            referrer_customer_id=MAYA,
            referred_email="zoe.martin@example.com",
            status="claimed",
            created_at=day(-6),
            status_last_changed_at=day(-4),
            claimed_at=day(-4),
            referred_discount_code="BAL-b6e81d40c95f",
        ),
        Referral(
            id=4104,
            referrer_customer_id=CARLOS,
            referred_email="carlos.mendes+2@example.com",
            status="blocked",
            created_at=day(-49),
            status_last_changed_at=day(-49),
            block_reason="similar_email",
            signup_ip="203.0.113.7",
        ),
    )
