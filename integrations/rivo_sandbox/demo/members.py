"""The demo shop's memberships: paid, failed, queued for cancellation, ended, and a free one."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.rivo_sandbox.demo.catalogue import CIRCLE, CIRCLE_MONTHLY, INSIDER
from integrations.rivo_sandbox.demo.people import (
    DMITRI,
    ELENA,
    FATIMA,
    JAMES,
    MAYA,
    SARAH_JOHNSON,
    Day,
)
from integrations.rivo_sandbox.shop import SubscriptionContract, TierEnrollment


def enrollments(day: Day) -> tuple[TierEnrollment, ...]:
    """Seed who is, and was, a member."""
    return (
        TierEnrollment(
            id=213067,
            customer_id=SARAH_JOHNSON,
            membership_tier_id=CIRCLE,
            started_at=datetime(2024, 11, 16, 13, 59, 20, 836_000, tzinfo=UTC),
            subscription_contract_id=20628602952,
        ),
        TierEnrollment(
            id=213201,
            customer_id=JAMES,
            membership_tier_id=CIRCLE_MONTHLY,
            started_at=day(-420),
            ended_at=day(-200),
            subscription_contract_id=20628609921,
        ),
        TierEnrollment(
            id=213377,
            customer_id=MAYA,
            membership_tier_id=CIRCLE_MONTHLY,
            started_at=day(-260),
            subscription_contract_id=20628611347,
        ),
        TierEnrollment(
            id=213590,
            customer_id=ELENA,
            membership_tier_id=CIRCLE,
            started_at=day(-320),
            queued_for_cancellation_at=day(-6),
            subscription_contract_id=20628613770,
            cancellation_request_id=83960,
        ),
        TierEnrollment(
            id=213846,
            customer_id=FATIMA,
            membership_tier_id=CIRCLE_MONTHLY,
            started_at=day(-150),
            subscription_contract_id=20628617405,
        ),
        TierEnrollment(
            id=213902,
            customer_id=DMITRI,
            membership_tier_id=INSIDER,
            started_at=day(-90),
            source="manual",
        ),
    )


def contracts(day: Day) -> tuple[SubscriptionContract, ...]:
    """Seed what memberships are billed by."""
    return (
        SubscriptionContract(
            id=20628602952,
            customer_id=SARAH_JOHNSON,
            created_at=datetime(2024, 11, 16, 13, 59, 20, tzinfo=UTC),
            billing_interval="year",
            next_billing_date_at=datetime(2026, 11, 16, 17, 0, tzinfo=UTC),
            origin_order_id=5991713177736,
        ),
        SubscriptionContract(
            id=20628609921,
            customer_id=JAMES,
            created_at=day(-420),
            status="cancelled",
            updated_at=day(-200),
        ),
        SubscriptionContract(
            id=20628611347,
            customer_id=MAYA,
            created_at=day(-260),
            next_billing_date_at=day(10),
        ),
        SubscriptionContract(
            id=20628613770,
            customer_id=ELENA,
            created_at=day(-320),
            billing_interval="year",
            next_billing_date_at=day(45),
        ),
        SubscriptionContract(
            id=20628617405,
            customer_id=FATIMA,
            created_at=day(-150),
            status="failed",
            last_payment_status="failed",
            next_billing_date_at=day(2),
            updated_at=day(-1),
        ),
    )
