"""What the shop offers: rewards, VIP tiers and earning rules."""

from __future__ import annotations

from typing import Any

from integrations.rivo_sandbox.answers import (
    Answer,
    StatusError,
    UnknownError,
    json_answer,
    resource,
)
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.paging import listing, whole
from integrations.rivo_sandbox.shop import EarningRule, Reward, VipTier
from integrations.rivo_sandbox.spelling import credit, iso
from integrations.rivo_sandbox.tokens import PURCHASE_TYPES, show_token, token_filter


def reward_attributes(call: Call, reward: Reward) -> dict[str, Any]:
    """Show a reward."""
    attributes: dict[str, Any] = {
        "id": reward.id,
        "name": reward.name,
        "enabled": reward.enabled,
        "points_amount": reward.points_amount,
        "points_type": reward.points_type,
        "reward_type": reward.reward_type,
        "source": reward.source,
        "pretty_display_rewards": _pretty(reward),
        "min_order_value_in_cents": reward.min_order_value_in_cents,
        "min_order_quantity": reward.min_order_quantity,
        "expiry_months": reward.expiry_months,
        "reward_value": reward.reward_value,
        "redeemed_count": reward.redeemed_count,
        "purchase_type": show_token(call, reward.purchase_type),
        "recurring_cycle_limit": reward.recurring_cycle_limit,
        "icon_url": reward.icon_url,
        "product_id": reward.product_id,
        "variant_ids": reward.variant_ids,
        "created_at": iso(reward.created_at),
        "updated_at": iso(reward.created_at),
        "terms_of_service": {
            "reward_type": reward.reward_type,
            "applies_to": "entire",
            "show_tos": False,
        },
    }
    if reward.points_type == "multiplier":
        attributes |= {
            "increment_points_value": reward.increment_points_value,
            "customer_points_get": reward.reward_value,
            "min_points_to_redeem_value": reward.min_points_to_redeem_value,
            "max_points_to_spend_value": reward.max_points_to_spend_value,
        }
    return attributes


def tier_attributes(tier: VipTier) -> dict[str, Any]:
    """Show a VIP tier."""
    return {
        "id": tier.id,
        "name": tier.name,
        "threshold": tier.threshold,
        "perks": tier.perks,
        "icon_url": tier.icon_url,
        "desc": tier.desc,
        "rewards": [],
        "created_at": iso(tier.created_at),
        "updated_at": iso(tier.created_at),
    }


def rule_attributes(rule: EarningRule) -> dict[str, Any]:
    """Show an earning rule; one without an id has nothing but nulls."""
    empty = rule.id is None
    return {
        "id": rule.id,
        "title": rule.title,
        "name": None,
        "description": rule.description,
        "status": rule.status,
        "trigger": rule.trigger,
        "points_amount": rule.points_amount,
        "credits_amount": None if rule.credits_amount is None else credit(rule.credits_amount),
        "balance_amount": rule.points_amount,
        "points_type": rule.points_type,
        "currency_base_amount": rule.currency_base_amount,
        "pretty_earnings_text": rule.pretty_earnings_text,
        "url": rule.url,
        "button_text": None,
        "card_click_method": None,
        "custom_action_name": rule.custom_action_name,
        "hidden_from_ui": rule.hidden_from_ui,
        "multipliers": None if empty else [],
        "multi_balance_settings_by_tiers": None if empty else {},
        "automation_id": rule.automation_id,
        "step_id": None,
        "icon_url": None,
    }


def list_rewards(call: Call) -> Answer:
    """GET `/rewards`: disabled and `referrer` rows too."""
    call.infer("purchase_type")
    wanted = token_filter(call, "purchase_type", PURCHASE_TYPES)
    rows = [row for row in call.state.rewards.values() if wanted(row.purchase_type)]
    return listing(call, rows, show=lambda row: reward_resource(call, row))


def get_reward(call: Call) -> Answer:
    """GET `/rewards/{id}`."""
    found = call.state.rewards.get(path_id(call))
    if found is None:
        raise UnknownError("Could not find a reward with that ID.")
    return json_answer(200, {"data": reward_resource(call, found)})


def list_vip_tiers(call: Call) -> Answer:
    """GET `/vip_tiers`, in no order."""
    return whole(call, [_tier_resource(row) for row in call.state.vip_tiers.values()])


def get_vip_tier(call: Call) -> Answer:
    """GET `/vip_tiers/{id}`."""
    found = call.state.vip_tiers.get(path_id(call))
    if found is None:
        raise StatusError(404, "Could not find a VIP tier with that ID.")
    return json_answer(200, {"data": _tier_resource(found)})


def list_earning_rules(call: Call) -> Answer:
    """GET `/earning_rules`: rows that are all null too."""
    return whole(call, [_rule_resource(row) for row in call.state.earning_rules])


def get_earning_rule(call: Call) -> Answer:
    """GET `/earning_rules/{id}`."""
    wanted = path_id(call)
    for rule in call.state.earning_rules:
        if rule.id == wanted:
            return json_answer(200, {"data": _rule_resource(rule)})
    raise StatusError(404, "Could not find an earning rule with that ID.")


def path_id(call: Call) -> int:
    """Read the id in the path; InvalidError if it is not an integer."""
    text = call.segments[0]
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        call.query.invalid("id")
        call.query.done()
    return int(text)


def reward_resource(call: Call, reward: Reward) -> dict[str, Any]:
    """Show a reward as a resource; its type is a plural."""
    return resource("rewards", reward.id, reward_attributes(call, reward))


def _tier_resource(tier: VipTier) -> dict[str, Any]:
    return resource("vip_tier", tier.id, tier_attributes(tier))


def _rule_resource(rule: EarningRule) -> dict[str, Any]:
    return resource("earning_rule", rule.id, rule_attributes(rule))


def _pretty(reward: Reward) -> str:
    if reward.source == "points" and reward.points_type == "fixed":
        return f"{reward.name} ({reward.points_amount} points required)"
    return reward.name
