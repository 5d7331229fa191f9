"""The keys of every answer, in their order: what callers were promised."""

from __future__ import annotations

import msgspec
import pytest

from integrations.actions import Answer
from integrations.rivo import ACTIONS
from integrations.rivo.customers import Balance, Customer
from integrations.rivo.earning_rules import EarningRule
from integrations.rivo.members import Member
from integrations.rivo.memberships import Membership, MembershipCancellation, Subscription
from integrations.rivo.paging import NextPage
from integrations.rivo.points_events import PointsEvent
from integrations.rivo.points_redemptions import PointsRedemption
from integrations.rivo.referrals import Referral
from integrations.rivo.rewards import Redeemable, Reward
from integrations.rivo.sidebar_parts import (
    Activity,
    Code,
    Part,
    Parts,
    SidebarBalance,
    SidebarTier,
)
from integrations.rivo.vip_tiers import VipTier

OBJECTS: dict[type[msgspec.Struct], str] = {
    Customer: (
        "customer_id email first_name last_name loyalty_status referral_code customer_dob "
        "customer_shopify_tags points_expire_at vip_tier orders_count total_spent points_tally "
        "dob dob_last_updated_at lifetime_earnings_tally credits_tally"
    ),
    Balance: "email last_name first_name customer_id points_tally credits_tally loyalty_status",
    Membership: (
        "source ended_at started_at customer_id membership_tier_id membership_enrollment_id "
        "queued_for_cancellation_at"
    ),
    Subscription: (
        "status customer_id currency_code subscription_id billing_interval next_billing_date_at"
    ),
    MembershipCancellation: (
        "status message customer_id cancellation_policy cancellation_request_id"
    ),
    PointsEvent: (
        "id points_diff credits_diff title source external_note internal_note applied_at "
        "expires_at revoked_at customer_id customer_email"
    ),
    PointsRedemption: (
        "id code name reward_id reward_name reward_type reward_value points_amount "
        "credits_amount applied_at expires_at used_at refunded_at usable customer_id "
        "customer_email"
    ),
    Reward: (
        "id name enabled source reward_type reward_value points_type points_amount "
        "purchase_type min_order_value_in_cents expiry_months description icon_url"
    ),
    Redeemable: (
        "reward_id name reward_type reward_value points_amount credits_amount affordable "
        "points_missing"
    ),
    EarningRule: (
        "id title status trigger points_type points_amount credits_amount custom_action_name "
        "description url"
    ),
    VipTier: "id name threshold perks description icon_url",
    Referral: (
        "id status referrer_customer_id referred_customer_id referred_email "
        "referrer_discount_code referred_discount_code created_at"
    ),
    Member: (
        "customer_id email first_name last_name loyalty_status membership_tier_id source "
        "started_at ended_at queued_for_cancellation_at subscription_status billing_interval "
        "next_billing_date_at"
    ),
    SidebarBalance: "points credits currency points_expire_at credits_expire_at",
    SidebarTier: "id name threshold next_name next_threshold missing basis",
    Activity: "id applied_at title source points_diff credits_diff",
    Code: "id code name reward_type reward_value points_amount applied_at expires_at",
    Part: "as_of stale error",
    Parts: "customer activity codes membership catalogue",
}
LIST = "count next complete as_of stale"
ANSWERS = {
    "get_customer": "customer as_of stale",
    "list_customers": f"customers {LIST}",
    "get_membership": "customer membership subscription as_of stale",
    "cancel_membership": "membership_cancellation operation",
    "create_points_event": "points_event customer operation",
    "reverse_points_event": "points_event customer operation",
    "list_points_events": f"points_events {LIST}",
    "list_customer_points_events": f"points_events {LIST}",
    "create_points_redemption": "points_redemption customer operation",
    "refund_points_redemption": "points_redemption customer operation",
    "redeem_customer_points": "customer redeemable points_redemption operation",
    "list_points_redemptions": f"points_redemptions {LIST}",
    "list_customer_points_redemptions": f"points_redemptions {LIST}",
    "list_rewards": f"rewards {LIST}",
    "list_rewards_by_purchase_type": f"rewards {LIST}",
    "list_earning_rules": f"earning_rules {LIST}",
    "list_vip_tiers": f"vip_tiers {LIST}",
    "get_vip_tier": "vip_tier as_of stale",
    "update_customer": "customer operation",
    "update_customer_dob": "customer operation",
    "update_customer_vip_tier": "customer operation",
    "list_referrals": f"referrals {LIST}",
    "list_customer_referrals": f"referrals {LIST}",
    "create_referral": "referral operation",
    "list_memberships": f"members {LIST}",
    "get_sidebar": (
        "found message customer balance tier membership subscription activity codes rewards "
        "parts as_of stale"
    ),
}
INPUTS = {
    "get_customer": "customer_email*",
    "list_customers": "page per_page since_id limit",
    "get_membership": "customer_email*",
    "cancel_membership": "customer_email* cancellation_policy",
    "create_points_event": (
        "customer_email* source points_amount credits_amount custom_action_name external_note "
        "internal_note skip_email applied_at"
    ),
    "reverse_points_event": "operation_id*",
    "list_points_events": "page per_page since_id limit source applied_after applied_before",
    "list_customer_points_events": "customer_email* page per_page since_id limit",
    "create_points_redemption": "customer_email* reward_id* points_amount credits_amount",
    "redeem_customer_points": "customer_email reward_id points_amount credits_amount",
    "list_points_redemptions": (
        "page per_page since_id limit reward_id code used purchase_type applied_after "
        "applied_before"
    ),
    "list_customer_points_redemptions": "customer_email* used page per_page since_id limit",
    "refund_points_redemption": "redemption_id* customer_email",
    "list_rewards": "enabled source",
    "list_rewards_by_purchase_type": "purchase_type*",
    "list_earning_rules": "",
    "list_vip_tiers": "",
    "get_vip_tier": "vip_tier_id*",
    "update_customer_vip_tier": "customer_email* vip_tier_id*",
    "update_customer": "customer_email* dob first_name last_name accepts_marketing",
    "update_customer_dob": "customer_email* dob*",
    "list_referrals": "page per_page since_id limit",
    "list_customer_referrals": "customer_email* page per_page since_id limit",
    "create_referral": "email* referral_code* remote_ip*",
    "list_memberships": (
        "page per_page since_id limit status membership_tier_source membership_tier_id "
        "subscription_status subscription_billing_interval queued_for_cancellation "
        "membership_started_after membership_started_before next_billing_after "
        "next_billing_before"
    ),
    "get_sidebar": "customer_email*",
}


def keys_of(struct: type[msgspec.Struct]) -> list[str]:
    """The keys in the order in which they are written."""
    return [field.encode_name for field in msgspec.structs.fields(struct)]


@pytest.mark.parametrize("struct", OBJECTS, ids=lambda struct: struct.__name__)
def test_an_object_has_the_promised_keys_in_order(struct: type[msgspec.Struct]) -> None:
    assert OBJECTS[struct].split() == keys_of(struct)
    assert all(field.required for field in msgspec.structs.fields(struct)), "always there"


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_has_the_promised_keys_in_order(name: str) -> None:
    assert ANSWERS[name].split() == keys_of(ACTIONS[name].answer)
    assert issubclass(ACTIONS[name].answer, Answer)


@pytest.mark.parametrize("name", INPUTS)
def test_an_action_takes_the_promised_inputs(name: str) -> None:
    given = {each.name for each in ACTIONS[name].inputs if not each.required}
    given |= {f"{each.name}*" for each in ACTIONS[name].inputs if each.required}

    assert set(INPUTS[name].split()) == given


def test_all_26_actions_are_promised() -> None:
    assert 26 == len(ACTIONS)
    assert ACTIONS.keys() == ANSWERS.keys() == INPUTS.keys()


def test_the_next_page_shows_only_what_to_send_back() -> None:
    encode = msgspec.json.encode

    assert b'{"page":2,"per_page":25}' == encode(NextPage(page=2, per_page=25))
    assert b'{"since_id":0,"limit":25}' == encode(NextPage(since_id=0, limit=25))
