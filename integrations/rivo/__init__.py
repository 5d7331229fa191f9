"""What we offer of Rivo: every action, by whether it reads or writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from integrations.actions import Action, Answer, Once
from integrations.rivo.cancelling import cancel_membership, find_cancellation
from integrations.rivo.changing import (
    find_customer_change,
    find_vip_tier_change,
    update_customer,
    update_customer_dob,
    update_customer_vip_tier,
)
from integrations.rivo.client import Rivo, ShopFacts
from integrations.rivo.customers import get_customer, list_customers
from integrations.rivo.earning_rules import list_earning_rules
from integrations.rivo.giving import (
    create_points_event,
    find_points_event,
    reverse_points_event,
)
from integrations.rivo.members import list_memberships
from integrations.rivo.memberships import get_membership
from integrations.rivo.points_events import list_customer_points_events, list_points_events
from integrations.rivo.points_redemptions import (
    list_customer_points_redemptions,
    list_points_redemptions,
)
from integrations.rivo.redeeming import (
    create_points_redemption,
    find_points_redemption,
    find_redeemed_points,
    only_looks,
    redeem_customer_points,
)
from integrations.rivo.referrals import (
    create_referral,
    find_referral,
    list_customer_referrals,
    list_referrals,
)
from integrations.rivo.refunding import find_refund, refund_points_redemption
from integrations.rivo.rewards import list_rewards, list_rewards_by_purchase_type
from integrations.rivo.sidebar import get_sidebar
from integrations.rivo.vip_tiers import get_vip_tier, list_vip_tiers

__all__ = ["ACTIONS", "ONCE", "READS", "WRITES", "Rivo", "ShopFacts"]

Function = Callable[..., Awaitable[Answer]]

READS: tuple[Function, ...] = (
    get_customer,
    get_sidebar,
    get_membership,
    list_customers,
    list_customer_points_events,
    list_customer_points_redemptions,
    list_customer_referrals,
    list_points_events,
    list_points_redemptions,
    list_rewards,
    list_rewards_by_purchase_type,
    list_earning_rules,
    list_vip_tiers,
    get_vip_tier,
    list_referrals,
    list_memberships,
)
WRITES: tuple[Function, ...] = (
    create_points_event,
    reverse_points_event,
    create_points_redemption,
    redeem_customer_points,
    refund_points_redemption,
    update_customer,
    update_customer_dob,
    update_customer_vip_tier,
    cancel_membership,
    create_referral,
)
LOOKS: dict[Function, Callable[[Mapping[str, object]], bool]] = {redeem_customer_points: only_looks}
"""Writes by list that, with some inputs, only look."""
ONCE: dict[Function, Once] = {
    create_points_event: Once(find=find_points_event, listed="points_events"),
    reverse_points_event: Once(
        find=find_points_event,
        listed="points_events",
        subject=lambda inputs: f"reversal {inputs['operation_id']}",
    ),
    create_points_redemption: Once(
        find=find_points_redemption,
        listed="points_redemptions",
        subject=lambda _: "redemption",
    ),
    redeem_customer_points: Once(
        find=find_redeemed_points,
        listed="points_redemptions",
        subject=lambda _: "redemption",
    ),
    refund_points_redemption: Once(
        find=find_refund, subject=lambda inputs: f"refund {inputs['redemption_id']}"
    ),
    update_customer: Once(find=find_customer_change, subject=lambda _: "profile"),
    update_customer_dob: Once(find=find_customer_change, subject=lambda _: "profile"),
    update_customer_vip_tier: Once(find=find_vip_tier_change, subject=lambda _: "tier"),
    cancel_membership: Once(find=find_cancellation, subject=lambda _: "membership"),
    create_referral: Once(
        find=find_referral,
        listed="referrals",
        subject=lambda inputs: f"referral {str(inputs['email']).lower()}",
    ),
}
"""How each write is found again; a subject without a number is one of the customer's."""

ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        *(Action.of(function, writes=False) for function in READS),
        *(
            Action.of(
                function, writes=True, only_looks=LOOKS.get(function), once=ONCE.get(function)
            )
            for function in WRITES
        ),
    )
}
"""Every action by its name, read off its function."""
