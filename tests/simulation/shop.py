"""The small shop of the simulation: two customers, all that the writes touch, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from integrations.rivo_sandbox import (
    Customer,
    EarningRule,
    MembershipTier,
    PointsEvent,
    PointsRedemption,
    Reward,
    Shop,
    SubscriptionContract,
    TierEnrollment,
    VipTier,
)
from tests.simulation.intents import (
    ANA,
    BEN,
    BY_CREDIT,
    BY_POINTS,
    CODES,
    CUSTOM_ACTION,
    FIXED,
    REDEMPTIONS,
)

NOW: Final = datetime(2026, 11, 3, 12, tzinfo=UTC)
IDS: Final = {ANA: 1001, BEN: 1002}


def _customer(email: str) -> Customer:
    return Customer(
        id=IDS[email],
        email=email,
        opening_points=9_000,
        opening_credits=Decimal("80.00"),
        referral_code=CODES[email],
        vip_tier_id=21,
    )


SHOP: Final = Shop(
    customers=tuple(_customer(email) for email in IDS),
    rewards=(
        Reward(id=FIXED, name="$5 off", created_at=NOW, points_amount=500, reward_value=5),
        Reward(
            id=BY_POINTS,
            name="$1 off a 100",
            created_at=NOW,
            points_type="multiplier",
            increment_points_value=100,
            reward_value=1,
        ),
        Reward(id=BY_CREDIT, name="Credit", created_at=NOW, source="credits", reward_value=1),
    ),
    points_redemptions=tuple(
        PointsRedemption(
            id=REDEMPTIONS[email],
            customer_id=IDS[email],
            reward_id=FIXED,
            name="$5 off",
            code=f"OLD-{number}",
            points_diff=-500,
            applied_at=NOW,
        )
        for number, email in enumerate(IDS)
    ),
    points_events=tuple(
        PointsEvent(
            id=8000 + number,
            customer_id=IDS[(ANA, BEN)[number % 2]],
            source="order_placed",
            title="Placed an order",
            points_diff=7 + number,
            applied_at=NOW,
        )
        for number in range(6)
    ),
    vip_tiers=tuple(
        VipTier(id=21 + n, name=f"Tier {n}", threshold=1_000 * n, created_at=NOW) for n in range(3)
    ),
    earning_rules=(
        EarningRule(
            id=31,
            title=CUSTOM_ACTION,
            status="active",
            trigger="custom_action",
            points_amount=50,
            points_type="fixed",
            custom_action_name=CUSTOM_ACTION,
        ),
    ),
    membership_tiers=(
        MembershipTier(id=41, name="Gold", price=9.0, billing_interval="month", created_at=NOW),
    ),
    tier_enrollments=tuple(
        TierEnrollment(
            id=51 + number,
            customer_id=IDS[email],
            membership_tier_id=41,
            started_at=NOW,
            subscription_contract_id=61 + number,
        )
        for number, email in enumerate(IDS)
    ),
    subscription_contracts=tuple(
        SubscriptionContract(id=61 + number, customer_id=IDS[email], created_at=NOW)
        for number, email in enumerate(IDS)
    ),
)
