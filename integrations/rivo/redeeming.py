"""Redeeming: a reward taken, looked at before, and found again.

Source: https://developer-docs.rivo.io/reference/create-points-redemption
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from integrations.actions import WriteAnswer
from integrations.errors import InputError
from integrations.inputs import LARGEST_AMOUNT
from integrations.kinds import PRICE_KIND, between
from integrations.rivo.balances import (
    Move,
    balance_after,
    balance_now,
    balance_told,
    before_sending,
    look_at_balance,
    told_by_move,
)
from integrations.rivo.client import Rivo
from integrations.rivo.customers import Balance, find_customer
from integrations.rivo.filters import of
from integrations.rivo.finding import (
    absent_from,
    ids_of,
    newest_id,
    reads_back,
    rows_after,
    start_of,
    unsure,
)
from integrations.rivo.inputs import CustomerEmail, RewardId
from integrations.rivo.points_redemptions import PointsRedemption, documented, reward_id_of
from integrations.rivo.resource import Resource
from integrations.rivo.rewards import Redeemable, read_rewards, redeemable
from integrations.rivo.writing import ReadBack, Sent

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


class PointsRedemptionAnswer(WriteAnswer):
    """The redemption, and the balance after it."""

    points_redemption: PointsRedemption
    customer: Balance | None


class RedeemAnswer(WriteAnswer):
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
    early = before_sending(rivo)
    before, snapshot = await asyncio.gather(
        look_at_balance(early, customer_email), _look_at_redemptions(early, customer_email)
    )
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
        snapshot=snapshot,
        told=told_by_move(before, sign=-1),
    )
    redemption, took = PointsRedemption.from_rivo(said), Move.of(said, sign=-1)
    after = await balance_after(rivo, customer_email, before, balance_told(said), took)
    return PointsRedemptionAnswer(points_redemption=redemption, customer=after).made_from(
        documented(said)
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
        return _redeemed(done)
    for name, value in (("points_amount", points_amount), ("credits_amount", credits_amount)):
        if value is not None:
            raise InputError(name, expected="given only together with reward_id", given="alone")
    rewards = await read_rewards(rivo)
    found = await find_customer(rivo, customer_email) if customer_email else None
    balance = Balance.from_rivo(found.resource) if found else None
    return RedeemAnswer(
        customer=balance, redeemable=redeemable(rewards, balance), points_redemption=None
    ).made_from(rewards.full())


def _redeemed(done: PointsRedemptionAnswer) -> RedeemAnswer:
    return RedeemAnswer(
        customer=done.customer, redeemable=[], points_redemption=done.points_redemption
    ).made_from(done.resource)


def only_looks(inputs: Mapping[str, object]) -> bool:
    """Say whether `redeem_customer_points` with these inputs spends nothing."""
    return inputs.get("reward_id") is None


async def _look_at_redemptions(rivo: Rivo, identifier: str) -> dict[str, int]:
    """Look which redemption is the newest before another, if account is kept of that one."""
    if rivo.writing is None:
        return {}
    newest = await newest_id(rivo, "points_redemptions", customer=identifier)
    return {} if newest is None else {"newest_id": newest}


@reads_back
async def find_points_redemption(rivo: Rivo, sent: Sent) -> ReadBack:
    """Look for a redemption of this customer, reward and amount that is newer than the snapshot.

    One that the customer made in the shop at the same moment looks like ours: with both there,
    nobody can tell; alone, it is taken for ours.
    """
    customer = sent.inputs["customer_email"]
    since_id = start_of(sent)
    walked = await rows_after(rivo, "points_redemptions", since_id, customer=customer)
    shown = any(row.id in sent.claimed for row in walked.rows)
    rows = [r for r in walked.rows if r.id not in sent.claimed and of(customer)(r)]
    alike = [row for row in rows if _has_reward(row, sent)]
    if "newest_id" not in sent.snapshot:
        older = "What there was before it was sent is not known."
        rows_alike = [f"Alike are: {ids_of(alike)}."] if alike else []
        return unsure(older, *rows_alike, alike=bool(alike), shown=shown)
    if len(alike) == 1 and walked.complete and _has_amount(alike[0], sent):
        return await _found(rivo, alike[0], customer)
    if alike:
        any_of = f"Any of these rows, or none, may be it: {ids_of(alike)}."
        return unsure(any_of, alike=True, shown=shown)
    await find_customer(rivo, customer)  # who is not known (any more) has an empty list, too
    return absent_from(walked, sent, since_id=since_id, shown=shown)


async def find_redeemed_points(rivo: Rivo, sent: Sent) -> ReadBack:
    """Look for the redemption as `find_points_redemption`, for `redeem_customer_points`."""
    back = await find_points_redemption(rivo, sent)
    if not isinstance(done := back.answer, PointsRedemptionAnswer):
        return back
    return msgspec.structs.replace(back, answer=_redeemed(done))


def _has_reward(row: Resource, sent: Sent) -> bool:
    """Say whether a row is of the reward, or may be since it does not tell."""
    found = reward_id_of(row)
    return found is None or found == sent.inputs["reward_id"]


def _has_amount(row: Resource, sent: Sent) -> bool:
    """Say whether a row surely is of the reward, and of the amounts that were sent, if any."""
    points, credit = sent.inputs.get("points_amount"), sent.inputs.get("credits_amount")
    paid = row.money("credits_amount")
    return (
        reward_id_of(row) is not None
        and points in (None, abs(row.whole("points_amount") or 0))
        and credit in (None, abs(Decimal(paid or 0)))
    )


async def _found(rivo: Rivo, row: Resource, identifier: str) -> ReadBack:
    redemption, customer = PointsRedemption.from_rivo(row), await balance_now(rivo, identifier)
    answer = PointsRedemptionAnswer(points_redemption=redemption, customer=customer)
    return ReadBack(
        verdict="found", answer=answer.made_from(documented(row)), rivo_id=row.id, shown=True
    )
