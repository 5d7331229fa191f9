"""What the merchant can change in a demo shop, and a customer in its storefront."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from integrations.actions import inputs_of
from integrations.errors import InputError
from integrations.inputs import LARGEST_ID
from integrations.kinds import between
from integrations.rivo_sandbox import Reward, Sandbox

PATH: Final = "/sandbox/admin"
MOST: Final = 1_000_000


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is changed, and for whom."""

    do: Annotated[
        Literal["adjust", "move", "redeem"],
        Meta(description="Change a balance, move to a tier, or redeem a reward."),
    ]
    customer: Annotated[int, between(1, LARGEST_ID), Meta(description="The customer's id.")]
    shop: Annotated[str | None, Meta(description="The shop, where there are several.")] = None
    way: Annotated[
        Literal["give", "take"], Meta(description="Whether to give or to take (adjust).")
    ] = "give"
    unit: Annotated[
        Literal["points", "credits"], Meta(description="Points or store credit (adjust).")
    ] = "points"
    amount: Annotated[
        Decimal | None,
        Meta(description="How much (adjust; redeem, where the reward has no price of its own)."),
    ] = None
    note: Annotated[str | None, Meta(description="What the customer reads (adjust).")] = None
    bulk: Annotated[
        bool, Meta(description="As in bulk or by an import: announced to nobody (adjust).")
    ] = False
    vip_tier_id: Annotated[
        int | None, between(1, LARGEST_ID), Meta(description="The tier's id (move).")
    ] = None
    reward_id: Annotated[
        int | None, between(1, LARGEST_ID), Meta(description="The reward's id (redeem).")
    ] = None


CHANGE: Final = {each.name: each for each in inputs_of(Change)}


def carry_out(sandbox: Sandbox, change: Change) -> bool:
    """Do it; False where Rivo refuses, InputError where something is missing or wrong."""
    match change.do:
        case "adjust":
            return _adjust(sandbox, change)
        case "move":
            return sandbox.move(change.customer, _needed("vip_tier_id", change.vip_tier_id))
        case "redeem":
            reward_id = _needed("reward_id", change.reward_id)
            amounts = _amounts(sandbox.state.rewards.get(reward_id), change.amount)
            return sandbox.redeem(change.customer, reward_id, **amounts) is not None


def needs_amount(reward: Reward) -> bool:
    """Say whether a reward has no price of its own: as much as one likes of something."""
    return reward.source == "credits" or reward.points_type == "multiplier"


def _adjust(sandbox: Sandbox, change: Change) -> bool:
    amount = change.amount
    if amount is None or not 0 < amount <= MOST:
        given = None if amount is None else str(amount)
        raise InputError("amount", expected=f"more than 0 and at most {MOST}", given=given)
    signed = amount if change.way == "give" else -amount
    changes: dict[str, Any] = {"credits_amount": signed}
    if change.unit == "points":
        changes = {"points": _points(signed)}
    return sandbox.give(change.customer, note=change.note, announced=not change.bulk, **changes)


def _amounts(reward: Reward | None, amount: Decimal | None) -> dict[str, Any]:
    if reward is None or amount is None or not needs_amount(reward):
        return {}
    if reward.source == "credits":
        return {"credits_amount": amount}
    return {"points_amount": _points(amount)}


def _points(amount: Decimal) -> int:
    if amount != int(amount):
        raise InputError("amount", expected="a whole number of points", given=str(abs(amount)))
    return int(amount)


def _needed(name: str, given: int | None) -> int:
    if given is None:
        raise InputError(name, expected=CHANGE[name].kind.expected)
    return given
