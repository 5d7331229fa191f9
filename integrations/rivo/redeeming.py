"""Redeeming: a reward taken, looked at before, and given back.

Source: https://developer-docs.rivo.io/reference/create-points-redemption
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from integrations.actions import Answer
from integrations.errors import ActionError, InputError, NotFoundError, OutcomeUnknownError
from integrations.inputs import LARGEST_AMOUNT
from integrations.kinds import PRICE_KIND, between
from integrations.rivo.balances import (
    Move,
    balance_after,
    balance_told,
    before_sending,
    look_at_balance,
)
from integrations.rivo.client import Rivo
from integrations.rivo.customers import Balance, find_customer
from integrations.rivo.identities import EVERYONE, identity, identity_of, is_same
from integrations.rivo.inputs import CustomerEmail, RedemptionId, RewardId
from integrations.rivo.points_redemptions import PointsRedemption
from integrations.rivo.replies import LOST, WrongVerbError
from integrations.rivo.resource import Resource
from integrations.rivo.rewards import Redeemable, Reward, read_rewards, redeemable

PointsAmount = Annotated[
    int,
    between(1, LARGEST_AMOUNT),
    Meta(description="Points to spend, for rewards with a price of one's choice.", examples=[500]),
]
CreditsAmount = Annotated[
    Decimal,
    PRICE_KIND,
    Meta(description="Store credit to spend, for store credit rewards.", examples=["25.50"]),
]


class PointsRedemptionAnswer(Answer):
    """The redemption, and the balance after it."""

    points_redemption: PointsRedemption
    customer: Balance | None


class RedeemAnswer(Answer):
    """What can be redeemed, or what was: `points_redemption` is null where nothing was spent."""

    customer: Balance | None
    redeemable: list[Redeemable]
    points_redemption: PointsRedemption | None

    @property
    def wrote(self) -> bool:
        """Whether something was redeemed."""
        return self.points_redemption is not None


async def create_points_redemption(
    rivo: Rivo,
    *,
    customer_email: CustomerEmail,
    reward_id: RewardId,
    points_amount: PointsAmount | None = None,
    credits_amount: CreditsAmount | None = None,
) -> PointsRedemptionAnswer:
    """Redeem a reward for a customer: takes the points or store credit, makes a discount code."""
    before = await look_at_balance(before_sending(rivo), customer_email)
    said = await rivo.send(
        "POST",
        "points_redemptions",
        form={
            "customer_identifier": customer_email,
            "reward_id": reward_id,
            "points_amount": points_amount,
            "credits_amount": credits_amount,
        },
        who=customer_email,
    )
    redemption, took = PointsRedemption.from_rivo(said), Move.of(said, sign=-1)
    after = await balance_after(rivo, customer_email, before, balance_told(said), took)
    return PointsRedemptionAnswer(points_redemption=redemption, customer=after).made_from(
        _documented(said)
    )


async def redeem_customer_points(
    rivo: Rivo,
    *,
    customer_email: CustomerEmail | None = None,
    reward_id: RewardId | None = None,
    points_amount: PointsAmount | None = None,
    credits_amount: CreditsAmount | None = None,
) -> RedeemAnswer:
    """See what can be redeemed, what a customer can afford, or redeem it.

    With neither customer nor reward it lists what can be redeemed; with a customer what that
    customer can afford; nothing is spent in either. With both it redeems the reward. A reward_id
    takes a customer_email, and an amount takes a reward_id.
    """
    if reward_id is not None and customer_email is None:
        raise InputError("customer_email", expected="given together with reward_id")
    if customer_email is not None and reward_id is not None:
        done = await create_points_redemption(
            rivo,
            customer_email=customer_email,
            reward_id=reward_id,
            points_amount=points_amount,
            credits_amount=credits_amount,
        )
        return RedeemAnswer(
            customer=done.customer, redeemable=[], points_redemption=done.points_redemption
        ).made_from(done.resource)
    for name, value in (("points_amount", points_amount), ("credits_amount", credits_amount)):
        if value is not None:
            raise InputError(name, expected="given only together with reward_id", given="alone")
    rewards = await read_rewards(rivo)
    found = await find_customer(rivo, customer_email) if customer_email else None
    balance = Balance.from_rivo(found.resource) if found else None
    return RedeemAnswer(
        customer=balance, redeemable=redeemable(rewards, balance), points_redemption=None
    ).made_from(rewards.full())


def only_looks(inputs: Mapping[str, object]) -> bool:
    """Say whether `redeem_customer_points` with these inputs spends nothing."""
    return inputs.get("reward_id") is None


async def refund_points_redemption(
    rivo: Rivo, *, redemption_id: RedemptionId, customer_email: CustomerEmail | None = None
) -> PointsRedemptionAnswer:
    """Refund a redemption: gives the points or store credit back and deletes the code.

    If `customer_email` is given, the redemption must be that customer's. A repeat gives nothing
    twice. Source: https://developer-docs.rivo.io/reference/refund-points-redemption
    """
    early = before_sending(rivo)
    taken: PointsRedemption | None
    if customer_email is None:
        taken = await _redemption_of_anybody(early, redemption_id)
    else:
        taken = await _redemption_of(early, redemption_id, customer_email)
    named = customer_email or (taken and (taken.customer_email or taken.customer_id))
    who = EVERYONE if named is None else str(named)
    before = await look_at_balance(early, who) if taken and named else None
    said = await _refund(rivo, redemption_id, who)
    redemption = PointsRedemption.from_rivo(said)
    if redemption.refunded_at is None:
        raise OutcomeUnknownError(LOST)  # documented is an answer that has it
    gave = Move() if taken and taken.refunded_at else Move.of(said, sign=1)
    after = await balance_after(rivo, who, before, balance_told(said), gave)
    return PointsRedemptionAnswer(points_redemption=redemption, customer=after).made_from(
        _documented(said)
    )


async def _redemption_of_anybody(rivo: Rivo, redemption_id: int) -> PointsRedemption | None:
    """Look at a redemption before its refund; None where it cannot be seen."""
    try:
        found = await rivo.get(
            "points_redemptions", redemption_id, who=EVERYONE, single=True, optional=True
        )
        return PointsRedemption.from_rivo(found.resource)
    except ActionError:
        return None


async def _redemption_of(rivo: Rivo, redemption_id: int, identifier: str) -> PointsRedemption:
    """Look at a customer's redemption; NotFoundError where it is not, or may not be, theirs."""
    found = await rivo.get(
        "points_redemptions", redemption_id, who=identifier, single=True, optional=True
    )
    redemption = PointsRedemption.from_rivo(found.resource)
    owner = identity(redemption.customer_id, redemption.customer_email)
    if owner == (None, None):
        raise NotFoundError("Rivo does not say whose redemption this is; nothing was refunded.")
    if not is_same(identity_of(identifier), owner):
        customer = Balance.from_rivo((await find_customer(rivo, identifier)).resource)
        if not is_same(identity(customer.customer_id, customer.email), owner):
            raise NotFoundError("That customer has no redemption with this id.")
    return redemption


async def _refund(rivo: Rivo, redemption_id: int, who: str) -> Resource:
    """Send the refund by the verb that this store takes; 405 is surely not applied."""
    verb = rivo.learnt.get("refund", "POST")
    path = ("points_redemptions", redemption_id, "refund")
    try:
        said = await rivo.send(verb, *path, who=who)
    except WrongVerbError:
        other = "PUT" if verb == "POST" else "POST"
        said = await rivo.send(other, *path, who=who)
        rivo.learnt["refund"] = other
    return said


def _documented(said: Resource) -> dict[str, object]:
    """Project a redemption onto the documented keys of `shape=full`."""
    redemption = PointsRedemption.from_rivo(said)
    reward, customer = said.inner("reward"), said.inner("customer")
    return {
        "id": redemption.id,
        "type": "points_redemption",
        "attributes": {
            "id": redemption.id,
            "code": redemption.code,
            "name": redemption.name,
            "reward": reward and _documented_reward(reward),
            "customer": customer and _documented_customer(customer),
            "applied_at": redemption.applied_at,
            "expires_at": redemption.expires_at,
            "points_amount": redemption.points_amount,
            "credits_amount": redemption.credits_amount,
        },
    }


def _documented_reward(resource: Resource) -> dict[str, object]:
    reward = Reward.from_rivo(resource)
    return {
        "id": reward.id,
        "name": reward.name,
        "source": reward.source,
        "enabled": reward.enabled,
        "reward_type": reward.reward_type,
        "reward_value": reward.reward_value,
        "points_amount": reward.points_amount,
    }


def _documented_customer(resource: Resource) -> dict[str, object]:
    return {
        "id": resource.id,
        "email": resource.text("email"),
        "first_name": resource.text("first_name"),
        "last_name": resource.text("last_name"),
        "total_spent": resource.number("total_spent"),
        "orders_count": resource.whole("orders_count"),
        "points_tally": resource.whole("points_tally"),
        "credits_tally": resource.money("credits_tally"),
        "loyalty_status": resource.text("loyalty_status"),
    }
