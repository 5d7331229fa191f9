"""What happened in the demo shop; every history adds up to the balance its customer has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.rivo_sandbox.demo.catalogue import (
    BRONZE,
    GOLD,
    PLATINUM,
    SILVER,
)
from integrations.rivo_sandbox.demo.people import (
    AIKO,
    CARLOS,
    DMITRI,
    ELENA,
    FATIMA,
    JAMES,
    LENA,
    MAYA,
    NOOR,
    PRIYA,
    SARAH_JOHNSON,
    SARAH_MARTINEZ,
    TOM,
    Day,
)
from integrations.rivo_sandbox.shop import (
    PointsEvent,
    VipTierMembership,
)

ORDER = "Placed an order"
REDEEMED = "Redeemed a Reward"
MANUAL = "manual points adjustment"
# Only this shop's operators see internal notes, and some of them sign with their address.
SIGNED = "goodwill, parcel two weeks late (ops@shop.example.com)"


def events(day: Day) -> tuple[PointsEvent, ...]:
    """Seed the points events, oldest first."""
    ids = iter(range(790_964_001, 790_965_000))

    def event(
        who: int, when: float, source: str, title: str, points: int | None = 0, **more: Any
    ) -> PointsEvent:
        return PointsEvent(
            id=next(ids),
            customer_id=who,
            source=source,
            title=title,
            applied_at=day(when),
            points_diff=points,
            **more,
        )

    def redeemed(who: int, when: float, redemption: int, points: int, **more: Any) -> PointsEvent:
        of = {"points_purchases_id": redemption, **more}
        return event(who, when, "points_purchase", REDEEMED, points, **of)

    signup = "customer_member_enabled"
    return (
        event(AIKO, -900, signup, "Sign up", 100),
        event(AIKO, -820, "order_placed", ORDER, 3400, order_id=5991713170011),
        event(TOM, -700, signup, "Sign up", 100),
        event(SARAH_JOHNSON, -640, "order_placed", ORDER, credits_diff=Decimal("7.4")),
        event(AIKO, -540, "order_placed", ORDER, 2620, order_id=5991713170012),
        event(JAMES, -430, signup, "Sign up", 100),
        event(TOM, -420, "order_placed", ORDER, 720, order_id=5991713170013),
        event(JAMES, -410, "order_placed", ORDER, 95, order_id=5991713170014),
        event(MAYA, -400, signup, "Sign up", 100),
        event(MAYA, -390, "order_placed", ORDER, 900, order_id=5991713170015),
        event(LENA, -380, signup, "Sign up", 100),
        event(TOM, -347, "customer_birthday", "Celebrate a birthday", 200),
        event(ELENA, -330, signup, "Sign up", 100),
        event(ELENA, -310, "order_placed", ORDER, 310, order_id=5991713170016),
        redeemed(TOM, -300, 24100301, -100),
        event(LENA, -290, "order_placed", ORDER, 405, order_id=5991713170017),
        event(DMITRI, -280, "manual", "Welcome, and thank you for the photographs", 1250),
        redeemed(TOM, -250, 24100415, -300),
        event(MAYA, -240, "customer_birthday", "Celebrate a birthday", 200),
        redeemed(JAMES, -230, 24100522, -100),
        event(FATIMA, -220, "order_placed", ORDER, 260, order_id=5991713170018),
        event(CARLOS, -190, signup, "Sign up", 100),
        event(SARAH_MARTINEZ, -180, signup, "Sign up", 100),
        event(MAYA, -170, "order_placed", ORDER, 740, order_id=5991713170019),
        redeemed(AIKO, -160, 24100733, -1000),
        event(SARAH_MARTINEZ, -150, "tiktok_follow", "Follow on TikTok", 20),
        redeemed(MAYA, -140, 24100811, -200),
        # Rivo corrects by revoking: the row stays.
        event(MAYA, -120, "manual", MANUAL, 500, revoked_at=day(-119), internal_note="typo"),
        event(SARAH_MARTINEZ, -110, "visit_url", "Read our story", 10, earning_rule_id=628343),
        event(AIKO, -100, "manual", "Press samples", credits_diff=Decimal("40.00")),
        event(MAYA, -95, "manual", MANUAL, credits_diff=Decimal("12.50"), internal_note=SIGNED),
        event(TOM, -80, "vip_tier_upgrade", "Unlocked Silver", 0, hidden=True),
        redeemed(SARAH_JOHNSON, -75, 24100950, 0, credits_diff=Decimal("-5.0")),
        event(PRIYA, -60, "order_placed", "Замовлення оформлено", 80, order_id=5991713170020),
        redeemed(CARLOS, -50, 24101002, -100),
        event(CARLOS, -44, "order_placed", "Order refunded", -40, order_id=5991713170021),
        event(SARAH_MARTINEZ, -40, "manual", "Sorry for the delay", 20, internal_note=SIGNED),
        event(MAYA, -35, "order_placed", ORDER, 600, order_id=5991713170022),
        redeemed(LENA, -33, 24101067, -100, revoked_at=day(-32)),
        redeemed(MAYA, -30, 24101106, -500),
        redeemed(AIKO, -21, 24101180, -150),
        event(AIKO, -20, "points_purchase", "Reward refunded", 150, points_purchases_id=24101180),
        redeemed(AIKO, -9, 24101277, -200),
        event(LENA, -8, "manual", MANUAL, credits_diff=Decimal(5), external_note="Bottles"),
        redeemed(AIKO, -5, 24101330, -300),
        event(SARAH_MARTINEZ, -3, "manual", MANUAL, credits_diff=Decimal("25.0")),
        redeemed(AIKO, -2, 24101362, -500),
        event(AIKO, -1, "referral_complete", "A friend ordered", 1200),
        # An order that Rivo has not approved yet changes nothing so far.
        event(FATIMA, -0.5, "order_placed", ORDER, None, order_id=5991713170023),
        event(NOOR, -0.001, signup, "Sign up", 100),
    )


def tier_history(day: Day) -> tuple[VipTierMembership, ...]:
    """Seed who was on which tier."""

    def stay(
        id_: int, who: int, tier: int, start: float, end: float | None = None
    ) -> VipTierMembership:
        return VipTierMembership(
            id=id_,
            customer_id=who,
            vip_tier_id=tier,
            started_at=day(start),
            ended_at=None if end is None else day(end),
        )

    return (
        stay(45410001, AIKO, GOLD, -820, -540),
        stay(45410002, AIKO, PLATINUM, -540),
        stay(45410003, JAMES, BRONZE, -430),
        stay(45410004, MAYA, SILVER, -390, -170),
        stay(45410005, MAYA, GOLD, -170),
        stay(45410006, DMITRI, GOLD, -280),
        stay(45410007, LENA, SILVER, -290),
        stay(45410008, FATIMA, BRONZE, -220),
        stay(45410009, ELENA, SILVER, -200),
        stay(45410010, TOM, SILVER, -80),
    )
