"""What a shop holds now: its rows by id, and its ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from integrations.rivo_sandbox.ledger import Ledger
from integrations.rivo_sandbox.shop import (
    Customer,
    EarningRule,
    MembershipTier,
    PointsEvent,
    PointsRedemption,
    Referral,
    Reward,
    Shop,
    SubscriptionContract,
    TierEnrollment,
    VipTier,
    VipTierMembership,
    Webhook,
)


@dataclass
class State:
    """The rows of one shop, replaced and never changed in place, so that a copy is a photograph."""

    shop: Shop
    ledger: Ledger
    customers: dict[int, Customer]
    points_events: dict[int, PointsEvent]
    points_redemptions: dict[int, PointsRedemption]
    rewards: dict[int, Reward]
    vip_tiers: dict[int, VipTier]
    vip_tier_memberships: dict[int, VipTierMembership]
    earning_rules: tuple[EarningRule, ...]
    referrals: dict[int, Referral]
    membership_tiers: dict[int, MembershipTier]
    tier_enrollments: dict[int, TierEnrollment]
    subscription_contracts: dict[int, SubscriptionContract]
    webhooks: dict[int, Webhook]

    def copy(self) -> State:
        """Answer the state as it is now, unmoved by later writes."""
        return replace(
            self,
            ledger=self.ledger.copy(),
            customers=dict(self.customers),
            points_events=dict(self.points_events),
            points_redemptions=dict(self.points_redemptions),
            rewards=dict(self.rewards),
            vip_tier_memberships=dict(self.vip_tier_memberships),
            referrals=dict(self.referrals),
            tier_enrollments=dict(self.tier_enrollments),
            subscription_contracts=dict(self.subscription_contracts),
            webhooks=dict(self.webhooks),
        )


def open_shop(shop: Shop, *, at: datetime) -> State:
    """Put a seeded shop into its first state; balances are the ledger's first entries."""
    ledger = Ledger()
    for customer in shop.customers:
        ledger.add(
            "opening",
            customer.id,
            points=customer.opening_points,
            credits_=customer.opening_credits,
            at=at,
        )
    return State(
        shop=shop,
        ledger=ledger,
        customers={row.id: row for row in shop.customers},
        points_events={row.id: row for row in shop.points_events},
        points_redemptions={row.id: row for row in shop.points_redemptions},
        rewards={row.id: row for row in shop.rewards},
        vip_tiers={row.id: row for row in shop.vip_tiers},
        vip_tier_memberships={row.id: row for row in shop.vip_tier_memberships},
        earning_rules=shop.earning_rules,
        referrals={row.id: row for row in shop.referrals},
        membership_tiers={row.id: row for row in shop.membership_tiers},
        tier_enrollments={row.id: row for row in shop.tier_enrollments},
        subscription_contracts={row.id: row for row in shop.subscription_contracts},
        webhooks={row.id: row for row in shop.webhooks},
    )
