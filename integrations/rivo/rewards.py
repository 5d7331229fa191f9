"""Rewards: what points and store credit can be turned into.

Source: https://developer-docs.rivo.io/reference/rewards-1
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from integrations.rivo.client import Rivo
from integrations.rivo.customers import Balance
from integrations.rivo.filters import all_of, has, is_token
from integrations.rivo.inputs import PurchaseType
from integrations.rivo.paging import ListAnswer, Listing, Rows, whole
from integrations.rivo.resource import Resource

REDEEMABLE_SOURCES = ("points", "credits")


class Reward(msgspec.Struct, frozen=True, kw_only=True):
    """A reward; `source` says what it costs (points, credits) or that Rivo grants it (referrer)."""

    id: int | None
    name: str | None
    enabled: bool | None
    source: str | None
    reward_type: str | None
    reward_value: int | float | None
    points_type: str | None
    points_amount: int | None
    purchase_type: str | None
    min_order_value_in_cents: int | None
    expiry_months: int | None
    description: str | None
    icon_url: str | None

    @classmethod
    def from_rivo(cls, resource: Resource) -> Reward:
        """Flatten Rivo's reward."""
        return cls(
            id=resource.id,
            name=resource.text("name"),
            enabled=resource.flag("enabled"),
            source=resource.text("source"),
            reward_type=resource.text("reward_type"),
            reward_value=resource.number("reward_value"),
            points_type=resource.text("points_type"),
            points_amount=resource.whole("points_amount"),
            purchase_type=resource.text("purchase_type"),
            min_order_value_in_cents=resource.whole("min_order_value_in_cents"),
            expiry_months=resource.whole("expiry_months"),
            description=resource.text("description", "pretty_display_rewards"),
            icon_url=resource.text("icon_url"),
        )


class Redeemable(msgspec.Struct, frozen=True, kw_only=True):
    """A reward with its price; `affordable` and `points_missing` are null without a customer.

    The price of an incremental reward is the least that can be spent. Store credit is spent by any
    amount up to the balance, so `credits_amount` is that balance.
    """

    reward_id: int | None
    name: str | None
    reward_type: str | None
    reward_value: int | float | None
    points_amount: int | None
    credits_amount: str | None
    affordable: bool | None
    points_missing: int | None

    @classmethod
    def from_rivo(cls, resource: Resource, balance: Balance | None) -> Redeemable:
        """Flatten Rivo's reward and its price for a customer."""
        reward = Reward.from_rivo(resource)
        price, store_credit = None, None
        affordable, missing = None, None
        if reward.source == "credits":
            store_credit = balance.credits_tally if balance else None
            affordable = Decimal(store_credit or 0) > 0 if balance else None
        else:
            price = resource.whole("min_points_to_redeem_value", "increment_points_value")
            price = reward.points_amount if price is None else price
            if balance and balance.points_tally is not None and price is not None:
                missing = max(0, price - balance.points_tally)
                affordable = missing == 0
        if balance and balance.loyalty_status == "excluded":
            affordable = False
        return cls(
            reward_id=reward.id,
            name=reward.name,
            reward_type=reward.reward_type,
            reward_value=reward.reward_value,
            points_amount=price,
            credits_amount=store_credit,
            affordable=affordable,
            points_missing=missing,
        )


class RewardsAnswer(ListAnswer):
    """The rewards that match."""

    rewards: list[Reward]


def redeemable(found: Rows, balance: Balance | None) -> list[Redeemable]:
    """Pick the rewards that can be redeemed, affordable ones first, then by price."""
    offered = [
        Redeemable.from_rivo(row, balance)
        for row in found.rows
        if row.attributes.get("enabled") is True
        and row.attributes.get("source") in REDEEMABLE_SOURCES
    ]
    return sorted(offered, key=lambda r: (r.affordable is not True, r.points_amount or 0))


async def read_rewards(rivo: Rivo) -> Rows:
    """Read the shop's whole catalogue of rewards, disabled and granted ones with them."""
    return await whole(rivo, Listing(path=("rewards",), who=None))


async def list_rewards(
    rivo: Rivo,
    *,
    enabled: Annotated[
        bool | None, Meta(description="Only enabled (or only disabled) ones.")
    ] = None,
    source: Annotated[
        str | None,
        Meta(
            description="Only what costs this: points, credits; referrer is granted by Rivo.",
            examples=["points"],
        ),
    ] = None,
) -> RewardsAnswer:
    """List the shop's rewards, by default with disabled ones and those that Rivo grants."""
    found = await read_rewards(rivo)
    matches = all_of(
        has("enabled", None if enabled is None else str(enabled)), is_token("source", source)
    )
    return _answer(msgspec.structs.replace(found, rows=[r for r in found.rows if matches(r)]))


async def list_rewards_by_purchase_type(
    rivo: Rivo, *, purchase_type: PurchaseType
) -> RewardsAnswer:
    """List the rewards for one-time purchases, for subscriptions, or for both."""
    listing = Listing(
        path=("rewards",),
        who=None,
        guesses={"purchase_type": purchase_type},
        matches=is_token("purchase_type", purchase_type),
    )
    return _answer(await whole(rivo, listing))


def _answer(found: Rows) -> RewardsAnswer:
    return RewardsAnswer(
        rewards=[Reward.from_rivo(row) for row in found.rows],
        **found.ending(),
    ).made_from(found.full())
