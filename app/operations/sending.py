"""The step to sending: what has to be durable before the first byte, or why nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from app.limits import Limits
from app.operations import records
from app.operations.means import Means
from app.operations.operation import Operation
from app.operations.preparing import counts_customers
from app.operations.records import Transaction
from app.operations.reserving import Reserved, Taken, reserve
from app.operations.telling import NOT_SENT
from app.operations.windows import Over, effect_of, needs_approval, over_a_write
from integrations.errors import (
    ActionError,
    LimitError,
    RedemptionOpenError,
    RefusedError,
    TooFastError,
    UnavailableError,
    WriteOpenError,
)

LEASE_SECONDS: Final = 15.0


def step_to_sending(
    tx: Transaction, means: Means, wanted: Operation, limits: Limits, *, at: float
) -> Reserved:
    """Make the step with what it reserves and its row of the audit, or say why not."""
    if wanted.list is not None:
        since_id = records.newest_row(tx, wanted.shop, wanted.list)
        snapshot = {"since_id": since_id, **wanted.snapshot}
        wanted = msgspec.structs.replace(wanted, snapshot=snapshot)
    result = reserve(tx, wanted, limits, now=at, owner=means.owner, lease_until=at + LEASE_SECONDS)
    if isinstance(result, Operation):
        means.book.note(tx, result, "sending", at=at)
    return result


def ready(limits: Limits, draft: Operation, inputs: Mapping[str, Any]) -> Operation | None:
    """Complete a draft of which nothing has to be asked before it is sent; None for any other.

    That is a plain gift: it is put down and takes its step to sending in one transaction, which
    saves an agent the wait for a second one.
    """
    named = inputs.get("points_amount") or inputs.get("credits_amount")
    is_manual = inputs.get("source", "manual") == "manual"
    if draft.action != "create_points_event" or not is_manual or not named:
        return None
    effect, points, credits_milli = effect_of(draft.action, inputs)
    gift = msgspec.structs.replace(draft, effect=effect, points=points, credits_milli=credits_milli)
    if counts_customers(limits) or over_a_write(limits, gift) or needs_approval(limits, gift):
        return None
    return gift


def refusal(result: Over | Taken | None, operation: Operation) -> ActionError:
    """Put into words why an operation was not sent."""
    match result:
        case Over(too_fast=True):
            return TooFastError(result.sentence, retry_after=result.retry_after)
        case Over():
            return LimitError(result.sentence)
        case Taken(what="reverses"):
            return RefusedError("This was taken back before; nothing was changed.")
        case Taken() if operation.effect == "redemption":
            return RedemptionOpenError(
                "Another redemption of this customer has no outcome yet; nothing was sent."
            )
        case Taken():
            return WriteOpenError(
                "Another write about the same thing has no outcome yet; nothing was sent."
            )
        case _:
            return UnavailableError(NOT_SENT, retry_after=1)  # somebody else has it by now
