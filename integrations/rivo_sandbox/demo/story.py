"""The demo shop: fifteen people and a year and a half of what happened to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from integrations.rivo_sandbox.demo import catalogue, codes, history, members, people, rewards
from integrations.rivo_sandbox.shop import Shop

AUTUMN = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def demo_shop(now: datetime = AUTUMN) -> Shop:
    """Make the demo shop as it stands at `now` (UTC), which the days of its story count from."""
    today = now.replace(microsecond=0)

    def day(days: float) -> datetime:
        return today + timedelta(days=days)

    return Shop(
        customers=people.people(day),
        points_events=history.events(day),
        points_redemptions=codes.redemptions(day),
        rewards=rewards.rewards(),
        vip_tiers=catalogue.vip_tiers(),
        vip_tier_memberships=history.tier_history(day),
        earning_rules=catalogue.earning_rules(),
        referrals=codes.referrals(day),
        membership_tiers=catalogue.membership_tiers(),
        tier_enrollments=members.enrollments(day),
        subscription_contracts=members.contracts(day),
    )
