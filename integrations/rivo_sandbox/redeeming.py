"""Redeeming and refunding: a balance turned into a code, and back."""

from __future__ import annotations

import calendar
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from integrations.rivo_sandbox.answers import (
    Answer,
    InvalidError,
    NoRouteError,
    RefusedError,
    StatusError,
    UnknownError,
    WrongVerbError,
)
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.customers import embedded
from integrations.rivo_sandbox.points import is_excluded, record
from integrations.rivo_sandbox.redemptions import (
    find_redemption,
    redemption_attributes,
    redemption_resource,
)
from integrations.rivo_sandbox.shop import (
    NO_CREDIT,
    Customer,
    PointsEvent,
    PointsRedemption,
    Reward,
)
from integrations.rivo_sandbox.spelling import dollars

# Nothing can be taken back from these once they are given.
FINAL_REWARDS = ("gift_card", "points_to_credit")


class Price(Struct, frozen=True):
    """What a reward costs (or gives), signed, and what its coupon is then called."""

    points: int
    credits: Decimal
    name: str


def create_points_redemption(call: Call) -> Answer:
    """POST `/points_redemptions`: takes the balance at once and makes a code."""
    form = call.form
    form.require("customer_identifier", "reward_id")
    reward_id = form.integer("reward_id")
    form.integer("points_amount")
    form.decimal("credits_amount")
    form.done()
    customer = call.customer(form.text("customer_identifier") or "")
    reward = call.state.rewards.get(reward_id or 0)
    if reward is None:
        raise UnknownError("Could not find a reward with that ID.")
    _may_redeem(customer, reward)
    price = _price(call, reward)
    points, credits_ = call.state.ledger.balance(customer.id)
    if points + min(price.points, 0) < 0 or credits_ + min(price.credits, NO_CREDIT) < 0:
        raise RefusedError("Customer does not have enough balance for this reward.")
    before = embedded(call, customer)
    row = _redeem(call, customer, reward, price)
    return _written(call, row, before)


def refund_points_redemption(call: Call) -> Answer:
    """POST or PUT `/points_redemptions/{id}/refund` (U4): gives everything back, once."""
    if call.switches.refund_route == "absent":
        raise NoRouteError
    if call.switches.refund_route.upper() != call.method:
        raise WrongVerbError
    row = find_redemption(call)
    before = embedded(call, call.state.customers[row.customer_id])
    if row.refunded_at is None:
        _may_refund(call, row)
        row = _refund(call, row)
    return _written(call, row, before)


def _may_redeem(customer: Customer, reward: Reward) -> None:
    if is_excluded(customer):
        raise RefusedError("Customer is excluded from the loyalty program.")
    if customer.loyalty_status == "guest":
        raise RefusedError("Guests cannot redeem rewards.")
    if not reward.enabled or reward.source == "referrer":
        raise RefusedError("Reward is not available.")


def _price(call: Call, reward: Reward) -> Price:
    value = Decimal(str(reward.reward_value or 0))
    if reward.source == "credits":
        spent = call.form.decimal("credits_amount")
        if spent is None or spent <= 0:
            raise InvalidError(
                ["credits_amount is missing" if spent is None else _wrong("credits")]
            )
        return Price(0, -spent, f"{dollars(spent * value)} off coupon")
    points = reward.points_amount or 0
    if reward.points_type == "multiplier":
        points = _increments(call, reward)
        value *= Decimal(points) / (reward.increment_points_value or 1)
        return Price(-points, NO_CREDIT, f"{dollars(value)} off coupon")
    if reward.reward_type == "points_to_credit":
        return Price(-points, value, reward.name)
    return Price(-points, NO_CREDIT, reward.name)


def _increments(call: Call, reward: Reward) -> int:
    points = call.form.integer("points_amount")
    if points is None:
        raise InvalidError(["points_amount is missing"])
    step = reward.increment_points_value or 1
    least = reward.min_points_to_redeem_value or step
    most = reward.max_points_to_spend_value
    if points < least or points % step or (most is not None and points > most):
        raise InvalidError([_wrong("points")])
    return points


def _wrong(unit: str) -> str:
    return f"{unit}_amount does not have a valid value"


def _redeem(call: Call, customer: Customer, reward: Reward, price: Price) -> PointsRedemption:
    code = None
    if reward.reward_type != "points_to_credit":
        code = f"{reward.code_prefix}-{call.new_id('code'):012x}"
    row = PointsRedemption(
        id=call.new_id("points_redemption"),
        customer_id=customer.id,
        reward_id=reward.id,
        name=price.name,
        applied_at=call.now,
        code=code,
        points_diff=price.points,
        credits_diff=price.credits,
        expires_at=_expiry(call.now, reward.expiry_months),
    )
    call.state.points_redemptions[row.id] = row
    call.state.rewards[reward.id] = msgspec.structs.replace(
        reward, redeemed_count=reward.redeemed_count + 1
    )
    _book(call, row, price, "Redeemed a Reward")
    body = redemption_attributes(call, row)
    body["credits_amount"] = float(abs(row.credits_diff))
    call.announce("points_redemption/created", body)
    return row


def _book(call: Call, row: PointsRedemption, change: Price, title: str) -> None:
    call.state.ledger.add(
        "redemption" if row.refunded_at is None else "refund",
        row.customer_id,
        points=change.points,
        credits_=change.credits,
        at=call.now,
        reference=row.id,
        request=call.request,
    )
    if row.refunded_at is not None and call.switches.refund_event == "none":
        return
    event = PointsEvent(
        id=call.new_id("points_event"),
        customer_id=row.customer_id,
        source="points_purchase",
        title=title,
        applied_at=call.now,
        points_diff=change.points,
        credits_diff=change.credits,
        points_purchases_id=row.id,
    )
    record(call, event)


def _may_refund(call: Call, row: PointsRedemption) -> None:
    expired = row.expires_at is not None and row.expires_at <= call.now
    reward = call.state.rewards[row.reward_id]
    final = reward.reward_type in FINAL_REWARDS
    spent = row.used_at or row.revoked_at or expired or final
    if call.switches.spent_refund == "201" or not spent:
        return
    raise StatusError(int(call.switches.spent_refund), "This redemption cannot be refunded.")


def _refund(call: Call, row: PointsRedemption) -> PointsRedemption:
    refunded = msgspec.structs.replace(row, refunded_at=call.now)
    call.state.points_redemptions[row.id] = refunded
    _book(call, refunded, Price(-row.points_diff, -row.credits_diff, row.name), "Reward refunded")
    return refunded


def _written(call: Call, row: PointsRedemption, before: dict[str, Any]) -> Answer:
    shown = redemption_resource(call, row)
    match call.switches.redemption_customer:
        case "before":
            shown["attributes"]["customer"] = before
        case "absent":
            del shown["attributes"]["customer"]
        case _:  # the balance after, as it is
            pass
    return call.written(201, shown)


def _expiry(now: datetime, months: int | None) -> datetime | None:
    if months is None:
        return None
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)
