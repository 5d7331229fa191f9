"""What is found out of a write before it is sent, and what is told of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from app.limits import Limits
from app.operations.fingerprint import restore
from app.operations.operation import Operation
from app.operations.telling import WAITS
from app.operations.windows import (
    counts_amounts,
    effect_of,
    needs_approval,
    over_a_write,
)
from integrations.actions import Action
from integrations.errors import AwaitingApprovalError, LimitError, NotFoundError, RefusedError
from integrations.rivo import Rivo
from integrations.rivo.customers import customer_key
from integrations.rivo.earning_rules import rule_amounts
from integrations.rivo.writing import Given, Sent

OF_A_CUSTOMER: Final = tuple(n for n in Limits.__struct_fields__ if "per_customer" in n)


async def found_out(
    rivo: Rivo, limits: Limits, action: Action, inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """Find out what a write would move and what it is about, as columns by name.

    LimitError where a limit needs an amount that nobody knows.
    """
    moved = None
    if action.name == "create_points_event" and counts_amounts(limits):
        moved = await _by_rule(rivo, inputs)
    effect, points, credits_milli = effect_of(action.name, inputs, moved)
    kind = action.once.subject(inputs) if action.once else None
    key, customer = None, inputs.get("customer_email")
    if customer is not None and (kind is not None or counts_customers(limits)):
        key = await customer_key(rivo, customer)
    # A kind of one word is about the customer; "refund 24101330" says itself what it is about.
    subject = f"{kind} {key}" if kind is not None and " " not in kind else kind
    return {
        "effect": effect,
        "points": points,
        "credits_milli": credits_milli,
        "customer_id": key,
        "subject": subject,
    }


def counts_customers(limits: Limits) -> bool:
    """Say whether any of the limits is on what one customer gets."""
    return any(getattr(limits, name) is not None for name in OF_A_CUSTOMER)


async def _by_rule(rivo: Rivo, inputs: Mapping[str, Any]) -> tuple[int, Decimal] | None:
    """Find what an event without amounts of its own will give."""
    source = inputs.get("source", "manual")
    if source == "manual" or inputs.get("points_amount") or inputs.get("credits_amount"):
        return None
    amounts = await rule_amounts(rivo, source, inputs.get("custom_action_name"))
    if amounts is None:
        raise LimitError("What this would give is not known, so it needs an amount of its own.")
    return amounts


def hold_against(limits: Limits, operation: Operation) -> None:
    """Stop what no single write may do (LimitError), or not alone (AwaitingApprovalError)."""
    if over := over_a_write(limits, operation):
        raise LimitError(over.sentence)
    if needs_approval(limits, operation):
        raise AwaitingApprovalError(WAITS)


def taken_back(operation: Operation | None) -> Given:
    """Say what an earlier points event gave, which is now to be taken back.

    NotFoundError where it is none, RefusedError where it is not known to have been applied.
    """
    if operation is None or operation.action != "create_points_event":
        raise NotFoundError("There is no points event of ours with this operation_id.")
    is_there = operation.state == "succeeded" or operation.late_at is not None
    if not is_there or operation.points_diff is None or operation.customer is None:
        raise RefusedError("What that operation gave is not known; there is nothing to take back.")
    return Given(
        customer=operation.customer,
        points=operation.points_diff,
        credits=operation.credits_diff or "0",
    )


def applied_changes(answer: Any) -> dict[str, Any]:
    """Read off an answer which row it is about and what it moved."""
    event = getattr(answer, "points_event", None)
    row = event or getattr(answer, "points_redemption", None) or getattr(answer, "referral", None)
    return {
        "rivo_id": row and row.id,
        "points_diff": event and event.points_diff,
        "credits_diff": event and event.credits_diff,
    }


def sent_of(
    action: Action,
    operation: Operation,
    *,
    proven: bool = False,
    claimed: frozenset[int] = frozenset(),
) -> Sent:
    """Say of a write that was sent what is needed to find it again."""
    return Sent(
        reference=operation.id,
        inputs=restore(action, operation.inputs),
        snapshot=operation.snapshot,
        proven=proven,
        claimed=claimed,
    )
