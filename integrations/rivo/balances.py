"""What a customer has after a write, as far as anything surely tells it.

The customer in a redemption's answer may be the one before it (contract, U5), and what is read
after a write may lag behind by seconds (U20). So the balance is looked at before as well: the one
that has moved from it by what was spent or given back is the one after.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from integrations.errors import ActionError
from integrations.rivo.client import Rivo
from integrations.rivo.customers import Balance, find_customer
from integrations.rivo.identities import identity, tags_of_customer
from integrations.rivo.proofs import Told
from integrations.rivo.resource import Resource

PREPARATION_SECONDS = 1.2


class Move(msgspec.Struct, frozen=True):
    """What a write gave, or took where it is below zero."""

    points: int = 0
    credits: Decimal = Decimal(0)

    @classmethod
    def of(cls, redemption: Resource, *, sign: int) -> Move:
        """Read what a redemption took (`sign` -1), or what its refund gave (1)."""
        points = redemption.whole("points_amount") or 0
        credit = Decimal(redemption.money("credits_amount") or 0)
        return cls(sign * abs(points), sign * abs(credit))

    def leads(self, before: Balance, after: Balance) -> bool:
        """Say whether one balance becomes the other by this.

        Where points move, store credit may move as well, and which way Rivo does not say.
        """
        if before.points_tally is None or after.points_tally is None:
            return False
        if before.points_tally + self.points != after.points_tally:
            return False
        credit = Decimal(before.credits_tally or 0) + self.credits
        return bool(self.points) or credit == Decimal(after.credits_tally or 0)


class Seen(msgspec.Struct, frozen=True):
    """A balance as it was read; `settled` says that no write of ours can be missing in it."""

    balance: Balance
    settled: bool


def before_sending(rivo: Rivo) -> Rivo:
    """Return the same Rivo for what is read before a write, so that time is left to send it.

    Of a write of which account is kept it is read past the memory: it may decide what is sent.
    """
    by = rivo.writing.prepared_by if rivo.writing else None
    early = rivo.until(min(rivo.deadline, by or rivo.clock() + PREPARATION_SECONDS))
    return early.afresh() if rivo.writing else early


async def look_at_balance(rivo: Rivo, identifier: str) -> Seen | None:
    """Read what a customer has; None where that cannot be had."""
    try:
        balance = Balance.from_rivo((await find_customer(rivo, identifier)).resource)
    except ActionError:
        return None
    tags = tags_of_customer(identity(balance.customer_id, balance.email))
    return Seen(balance, rivo.memory.is_settled(tags))


async def balance_now(rivo: Rivo, identifier: str) -> Balance | None:
    """Read what a customer has now; None where that cannot be had."""
    seen = await look_at_balance(rivo, identifier)
    return seen.balance if seen else None


async def balance_after(
    rivo: Rivo, identifier: str, before: Seen | None, told: Balance | None, move: Move
) -> Balance | None:
    """Find what a customer has after a redemption or refund; None where nothing surely tells it.

    `told` is the balance in the answer to the write, `move` what the write moved.
    """
    if before is None:
        return None
    if told and _is_after(before, told, move):
        return told
    now = await look_at_balance(rivo, identifier)
    return now.balance if now and move.leads(before.balance, now.balance) else None


def _is_after(before: Seen, told: Balance, move: Move) -> bool:
    return before.settled and move.leads(before.balance, told)


def told_by_event(said: Resource) -> Mapping[str, object]:
    """Read off the answer to a points event what the customer surely has after it."""
    told = balance_told(said)
    return _held(told) if told else {}


def told_by_move(before: Seen | None, *, sign: int) -> Told:
    """Make what reads the same off the answer to a redemption, or to a refund (`sign` as there)."""

    def read(said: Resource) -> Mapping[str, object]:
        told = balance_told(said)
        if told and before and _is_after(before, told, Move.of(said, sign=sign)):
            return _held(told)
        return {}

    return read


def _held(balance: Balance) -> Mapping[str, object]:
    held = {"points_tally": balance.points_tally, "credits_tally": balance.credits_tally}
    return {name: value for name, value in held.items() if value is not None}


def balance_told(said: Resource) -> Balance | None:
    """Read the balance in a write's answer; what is odd about it does not undo the write."""
    try:
        customer = said.inner("customer")
        balance = Balance.from_rivo(customer) if customer else None
    except ActionError:
        return None
    return balance if balance and balance.points_tally is not None else None
