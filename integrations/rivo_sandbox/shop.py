"""What a shop is seeded with: one frozen row type for each of Rivo's resources.

Rows hold what Rivo holds, in Python's types: `Decimal` for store credit, aware datetimes in UTC for
times. How they are spelled on the wire is said beside the operations that show them.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

LoyaltyStatus = Literal["member", "guest", "excluded"]
CancellationPolicy = Literal["end_of_period", "immediate"]

NO_CREDIT = Decimal("0.0")


class Customer(Struct, frozen=True, kw_only=True):
    """A Shopify customer as the programme knows them; the ledger opens with the balances."""

    id: int
    email: str | None
    first_name: str | None = None
    last_name: str | None = None
    loyalty_status: LoyaltyStatus = "member"
    opening_points: int = 0
    opening_credits: Decimal = NO_CREDIT
    orders_count: int = 0
    total_spent: float | None = 0.0
    accepts_marketing: bool = True
    verified_email: bool = True
    shopify_tags: tuple[str, ...] | None = ()
    loyalty_status_last_changed_at: datetime | None = None
    dob: str | None = None
    dob_last_updated_at: datetime | None = None
    referral_code: str | None = None
    vip_tier_id: int | None = None
    points_expire_at: date | None = None
    credits_expire_at: date | None = None
    remote_updated_at: datetime | None = None
    completed_earning_rule_ids: tuple[int, ...] = ()
    appears_at: datetime | None = None
    """From when on Rivo knows a customer that Shopify has just made; None: always."""


class PointsEvent(Struct, frozen=True, kw_only=True):
    """One line of a customer's history; amounts are signed here and magnitudes on the wire."""

    id: int
    customer_id: int
    source: str
    title: str
    applied_at: datetime
    points_diff: int | None = 0
    credits_diff: Decimal = NO_CREDIT
    internal_note: str | None = None
    external_note: str | None = None
    custom_action_name: str | None = None
    approved_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    hidden: bool | None = None
    order_id: int | None = None
    earning_rule_id: int | None = None
    points_purchases_id: int | None = None


class Reward(Struct, frozen=True, kw_only=True):
    """Something that points or store credit can be turned into."""

    id: int
    name: str
    created_at: datetime
    source: str = "points"
    enabled: bool = True
    points_amount: int | None = None
    points_type: str = "fixed"
    reward_type: str = "fixed_amount"
    reward_value: float | None = None
    purchase_type: str | None = None
    min_order_value_in_cents: int | None = None
    min_order_quantity: int | None = None
    expiry_months: int | None = None
    recurring_cycle_limit: int | None = None
    increment_points_value: int | None = None
    min_points_to_redeem_value: int | None = None
    max_points_to_spend_value: int | None = None
    redeemed_count: int = 0
    icon_url: str | None = None
    product_id: int | None = None
    variant_ids: tuple[int, ...] = ()
    code_prefix: str = "BAL"


class PointsRedemption(Struct, frozen=True, kw_only=True):
    """A reward that somebody took; what it cost, signed, and what has become of its code."""

    id: int
    customer_id: int
    reward_id: int
    name: str
    applied_at: datetime
    code: str | None = None
    points_diff: int = 0
    credits_diff: Decimal = NO_CREDIT
    expires_at: datetime | None = None
    used_at: datetime | None = None
    refunded_at: datetime | None = None
    revoked_at: datetime | None = None
    referred_email: str | None = None


class VipTier(Struct, frozen=True, kw_only=True):
    """A step of the ladder; what drives it (points, spend, orders) Rivo does not say."""

    id: int
    name: str
    threshold: int
    created_at: datetime
    perks: tuple[str, ...] = ()
    icon_url: str | None = None
    desc: str | None = None


class VipTierMembership(Struct, frozen=True, kw_only=True):
    """The time that a customer spent on one tier."""

    id: int
    customer_id: int
    vip_tier_id: int
    started_at: datetime
    ended_at: datetime | None = None
    internal_note: str = ""
    external_note: str = ""


class EarningRule(Struct, frozen=True, kw_only=True):
    """A way to earn; a row without an id is one of those that Rivo lists with nothing in it."""

    id: int | None = None
    title: str | None = None
    status: str | None = None
    trigger: str | None = None
    points_amount: int | None = None
    credits_amount: Decimal | None = None
    points_type: str | None = None
    currency_base_amount: int | None = None
    description: str | None = None
    url: str | None = None
    custom_action_name: str | None = None
    pretty_earnings_text: str | None = None
    hidden_from_ui: bool | None = None
    automation_id: int | None = None


class Referral(Struct, frozen=True, kw_only=True):
    """A friend brought, or about to be brought, by a customer."""

    id: int
    referrer_customer_id: int
    referred_email: str
    status: str
    created_at: datetime
    status_last_changed_at: datetime
    referred_customer_id: int | None = None
    referrer_discount_code: str | None = None
    referred_discount_code: str | None = None
    referred_order_id: int | None = None
    claimed_at: datetime | None = None
    block_reason: str | None = None
    signup_ip: str | None = None


class MembershipTier(Struct, frozen=True, kw_only=True):
    """A paid membership that the shop offers (Rivo's own row is not documented)."""

    id: int
    name: str
    price: float
    billing_interval: str
    created_at: datetime


class TierEnrollment(Struct, frozen=True, kw_only=True):
    """The time that a customer spent as a paid or invited member."""

    id: int
    customer_id: int
    membership_tier_id: int
    started_at: datetime
    source: Literal["paid", "manual"] = "paid"
    ended_at: datetime | None = None
    queued_for_cancellation_at: datetime | None = None
    subscription_contract_id: int | None = None
    cancellation_request_id: int | None = None


class SubscriptionContract(Struct, frozen=True, kw_only=True):
    """The contract that a paid membership is billed by; `id` is Rivo's `remote_id`."""

    id: int
    customer_id: int
    created_at: datetime
    status: Literal["active", "cancelled", "expired", "failed", "paused"] = "active"
    billing_interval: Literal["day", "month", "week", "year"] = "month"
    next_billing_date_at: datetime | None = None
    last_payment_status: str | None = "paid"
    origin_order_id: int | None = None
    currency_code: str = "USD"
    updated_at: datetime | None = None


class Webhook(Struct, frozen=True, kw_only=True):
    """Where Rivo tells of one topic; a null is what nobody gave, or Rivo did not read."""

    id: int
    created_at: datetime
    updated_at: datetime
    event_type: str | None = None
    url: str | None = None
    enabled: bool = True
    description: str | None = None
    secret: str | None = None


class Shop(Struct, frozen=True, kw_only=True):
    """Everything that one shop starts with; lists keep their order where Rivo keeps none."""

    shop_id: int = 62955192520
    domain: str = "shop.example.com"
    currency: str = "USD"
    cancellation_policy: CancellationPolicy = "end_of_period"
    customers: tuple[Customer, ...] = ()
    points_events: tuple[PointsEvent, ...] = ()
    points_redemptions: tuple[PointsRedemption, ...] = ()
    rewards: tuple[Reward, ...] = ()
    vip_tiers: tuple[VipTier, ...] = ()
    vip_tier_memberships: tuple[VipTierMembership, ...] = ()
    earning_rules: tuple[EarningRule, ...] = ()
    referrals: tuple[Referral, ...] = ()
    membership_tiers: tuple[MembershipTier, ...] = ()
    tier_enrollments: tuple[TierEnrollment, ...] = ()
    subscription_contracts: tuple[SubscriptionContract, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
