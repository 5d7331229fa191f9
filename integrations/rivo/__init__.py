"""What we offer of Rivo: every action, by whether it reads or writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from integrations.actions import Action, Answer
from integrations.rivo.changing import (
    update_customer,
    update_customer_dob,
    update_customer_vip_tier,
)
from integrations.rivo.client import Rivo, ShopFacts
from integrations.rivo.customers import get_customer, list_customers
from integrations.rivo.earning_rules import list_earning_rules
from integrations.rivo.members import list_memberships
from integrations.rivo.memberships import cancel_membership, get_membership
from integrations.rivo.points_events import (
    create_points_event,
    list_customer_points_events,
    list_points_events,
)
from integrations.rivo.points_redemptions import (
    list_customer_points_redemptions,
    list_points_redemptions,
)
from integrations.rivo.redeeming import (
    create_points_redemption,
    only_looks,
    redeem_customer_points,
    refund_points_redemption,
)
from integrations.rivo.referrals import (
    create_referral,
    list_customer_referrals,
    list_referrals,
)
from integrations.rivo.rewards import list_rewards, list_rewards_by_purchase_type
from integrations.rivo.sidebar import get_sidebar
from integrations.rivo.vip_tiers import get_vip_tier, list_vip_tiers

__all__ = ["ACTIONS", "READS", "WRITES", "Rivo", "ShopFacts"]

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

ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        *(Action.of(function, writes=False) for function in READS),
        *(Action.of(function, writes=True, only_looks=LOOKS.get(function)) for function in WRITES),
    )
}
"""Every action by its name, read off its function."""
