"""One operation: a write that somebody wants, and everything that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from integrations.actions import OperationState, State

Effect = Literal["grant", "deduction", "redemption", "other"]
UNKNOWN_AGENT: Final = "unknown"
TERMINAL: Final[frozenset[State]] = frozenset({"succeeded", "rejected", "expired"})
COUNTED: Final[tuple[State, ...]] = ("sending", "succeeded", "unknown", "needs_review")
"""The states in which what an operation reserved is held."""


class Stored(msgspec.Struct, frozen=True):
    """An answer as it left, kept to be repeated."""

    status: int
    media_type: str
    body: bytes


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the store; times are epoch seconds, `credits_milli` thousandths of store credit.

    `points` and `credits_milli` are what it may move at most (absolute, reserved against limits),
    `points_diff` and `credits_diff` what it did (signed). `evidence` are short sentences.
    """

    id: str
    shop: str
    door: str
    caller: str
    action: str
    shape: str | None = None
    key: str | None = None
    fingerprint: bytes
    ticket_id: str | None = None
    agent: str = UNKNOWN_AGENT
    agent_name: str | None = None
    reason: str | None = None
    inputs: Mapping[str, Any]
    customer: str | None = None
    customer_id: str | None = None
    list: str | None = None
    subject: str | None = None
    reverses: str | None = None
    state: State = "accepted"
    applied: bool | None = False
    attempt: int = 0
    owner: str | None = None
    lease_until: float = 0.0
    created_at: float
    sent_at: float | None = None
    due_at: float | None = None
    ended_at: float | None = None
    looks: int = 0
    effect: Effect = "other"
    points: int = 0
    credits_milli: int = 0
    reserved_at: float | None = None
    points_diff: int | None = None
    credits_diff: str | None = None
    snapshot: Mapping[str, Any] = {}
    rivo_id: int | None = None
    approved_by: str | None = None
    settled_by: str | None = None
    late_at: float | None = None
    evidence: tuple[str, ...] = ()
    reply: Stored | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether nothing will ever change about it."""
        return self.state in TERMINAL

    def told(self) -> OperationState:
        """Say what every answer says of an operation."""
        return told(self.id, self.state, applied=self.applied)


def told(operation_id: str, state: State, *, applied: bool | None) -> OperationState:
    """Say what every answer says of an operation in a state."""
    return OperationState(
        id=operation_id, state=state, applied=applied, safe_to_retry=state == "accepted"
    )
