"""The demo shop: a story that adds up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from integrations.rivo_sandbox import Customer, demo_shop

SHOP = demo_shop()


@pytest.mark.parametrize("customer", SHOP.customers, ids=lambda row: str(row.email))
def test_every_history_adds_up_to_its_balance(customer: Customer) -> None:
    events = [
        row
        for row in SHOP.points_events
        if row.customer_id == customer.id and row.revoked_at is None
    ]

    assert customer.opening_points == sum(row.points_diff or 0 for row in events)
    assert customer.opening_credits == sum((row.credits_diff for row in events), Decimal(0))


def test_every_redemption_is_an_event_too() -> None:
    events = {row.points_purchases_id: row for row in reversed(SHOP.points_events)}

    for row in SHOP.points_redemptions:
        event = events[row.id]
        assert (row.customer_id, row.points_diff, row.credits_diff, row.applied_at) == (
            event.customer_id,
            event.points_diff,
            event.credits_diff,
            event.applied_at,
        )


def test_every_reference_leads_somewhere() -> None:
    people = {row.id for row in SHOP.customers}
    tiers = {row.id for row in SHOP.vip_tiers}
    contracts = {row.id for row in SHOP.subscription_contracts}

    assert people >= {row.customer_id for row in SHOP.points_events}
    assert {row.id for row in SHOP.rewards} >= {row.reward_id for row in SHOP.points_redemptions}
    assert tiers >= {row.vip_tier_id for row in SHOP.vip_tier_memberships}
    assert contracts >= {
        row.subscription_contract_id for row in SHOP.tier_enrollments if row.source == "paid"
    }
    assert {row.vip_tier_id for row in SHOP.customers if row.vip_tier_id} == {
        row.vip_tier_id for row in SHOP.vip_tier_memberships if row.ended_at is None
    }


def test_the_cast_is_complete() -> None:
    codes = SHOP.points_redemptions
    statuses = {row.loyalty_status for row in SHOP.customers}

    assert 15 == len(SHOP.customers)
    assert {"member", "guest", "excluded"} == statuses
    assert all(row.id > 2**31 for row in SHOP.customers)
    assert any(row.points_expire_at for row in SHOP.customers)
    assert any(row.opening_points < 0 for row in SHOP.customers)
    assert any(row.used_at for row in codes)
    assert any(row.refunded_at for row in codes)
    assert any(
        row.expires_at and row.expires_at < datetime(2026, 11, 2, tzinfo=UTC) for row in codes
    )
    assert {"one_time", "subscription", "both", None} == {row.purchase_type for row in SHOP.rewards}


def test_the_story_counts_from_the_day_it_is_told() -> None:
    now = datetime(2027, 5, 1, 8, 0, 0, 123, tzinfo=UTC)

    shop = demo_shop(now)

    newcomer = shop.customers[-1]
    assert newcomer.appears_at == datetime(2027, 5, 1, 8, 0, 45, tzinfo=UTC)
    # What the documentation shows stays where it is.
    assert shop.tier_enrollments[0] == SHOP.tier_enrollments[0]
    assert shop.subscription_contracts[0] == SHOP.subscription_contracts[0]
    assert shop.customers[0] == SHOP.customers[0]
