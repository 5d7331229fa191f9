"""An operation as people and programs see it: every key always there, nothing raw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from app.operations.operation import UNKNOWN_AGENT, Operation
from integrations.actions import State

AWAITED: Final[frozenset[State]] = frozenset({"sending", "unknown"})
REVERSIBLE: Final = "create_points_event"
WORDS: Final[dict[State, str]] = {
    "accepted": "It was not sent; the same request may be sent again.",
    "awaiting_approval": "Nothing is sent before somebody else has approved it.",
    "sending": "It is being sent right now.",
    "succeeded": "It was applied, once.",
    "rejected": "It was not applied.",
    "unknown": "Rivo has not confirmed it yet; do not repeat it.",
    "needs_review": "Rivo does not say whether it was applied; a person has to settle it.",
    "expired": "It was never sent, and it is too late for it now.",
}
APPROVED: Final = "It was approved and is sent within seconds."
ALREADY: Final = "It already was so; nothing was sent."
LATE: Final = "It showed up in Rivo after it had been told not to be applied."


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an operation's history: when, what, and by whom (null: by the service)."""

    at: str
    event: str
    by: str | None


class ShownOperation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation; times are ISO text in UTC.

    `message` says what its state means. `points` and `credits` are what it did, signed; null where
    that is not known. `assurance` says how sure the agent's name is: the helpdesk asserted it.
    `settle_after` is when the service looks next for a write whose reply was lost. `late_at` is
    when a write showed up of which "not applied" had been said.
    """

    id: str
    state: State
    applied: bool | None
    safe_to_retry: bool
    message: str
    action: str
    customer_email: str | None
    customer_id: int | None
    agent_email: str | None
    agent_name: str | None
    assurance: Literal["asserted"] | None
    caller: str
    ticket_id: str | None
    reason: str | None
    inputs: dict[str, Any]
    points: int | None
    credits: str | None
    created_at: str
    sent_at: str | None
    settle_after: str | None
    ended_at: str | None
    rivo_id: int | None
    evidence: list[str]
    approved_by: str | None
    settled_by: str | None
    reverses: str | None
    reversed_by: str | None
    late_at: str | None


class OperationAnswer(ShownOperation, frozen=True, kw_only=True):
    """One operation by itself, with everything that happened to it, the oldest first."""

    history: list[Happened]


def shown(operation: Operation, *, reversed_by: str | None) -> ShownOperation:
    """Show an operation; `reversed_by` is the id of the one that takes it back."""
    return ShownOperation(**_facts(operation, reversed_by))


def shown_whole(
    operation: Operation, *, reversed_by: str | None, history: Sequence[Happened]
) -> OperationAnswer:
    """Show an operation with its history."""
    return OperationAnswer(**_facts(operation, reversed_by), history=list(history))


def message(operation: Operation, *, reversed_by: str | None = None) -> str:
    """Say in one or two sentences what is known of an operation, and what there is to do."""
    words = WORDS[operation.state]
    if operation.state == "accepted" and operation.approved_by is not None:
        words = APPROVED
    elif operation.state == "succeeded" and operation.applied is False:
        words = ALREADY
    elif operation.late_at is not None and operation.applied is False:
        words = LATE
        if operation.action == REVERSIBLE and reversed_by is None:
            words += " reverse_points_event takes it back."
    return words if reversed_by is None else f"{words} It is taken back by {reversed_by}."


def when(seconds: float) -> str:
    """Spell a time of the store as Rivo spells its own."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _facts(operation: Operation, reversed_by: str | None) -> Mapping[str, Any]:
    who = operation.customer
    is_address = who is not None and "@" in who
    found = operation.customer_id or (None if is_address else who)
    agent = None if operation.agent == UNKNOWN_AGENT else operation.agent
    told = operation.told()
    return {
        **{name: getattr(operation, name) for name in SAME},
        "applied": told.applied,
        "safe_to_retry": told.safe_to_retry,
        "message": message(operation, reversed_by=reversed_by),
        "customer_email": who if is_address else None,
        "customer_id": int(found) if found is not None and found.isdecimal() else None,
        "agent_email": agent,
        "assurance": "asserted" if agent or operation.agent_name else None,
        "inputs": dict(operation.inputs),
        "points": operation.points_diff,
        "credits": operation.credits_diff,
        "created_at": when(operation.created_at),
        "settle_after": _when(operation.due_at if operation.state in AWAITED else None),
        "evidence": list(operation.evidence),
        "reversed_by": reversed_by,
        **{name: _when(getattr(operation, name)) for name in ("sent_at", "ended_at", "late_at")},
    }


def _when(seconds: float | None) -> str | None:
    return None if seconds is None else when(seconds)


SAME: Final = (
    "id",
    "state",
    "action",
    "agent_name",
    "caller",
    "ticket_id",
    "reason",
    "rivo_id",
    "approved_by",
    "settled_by",
    "reverses",
)
"""What stands in an operation as it is shown."""
