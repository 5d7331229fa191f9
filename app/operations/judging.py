"""What people decide: an operation is settled with evidence, or approved by somebody else."""

from __future__ import annotations

from typing import Final, Literal

from app.operations import records
from app.operations.book import Book
from app.operations.operation import Operation
from app.operations.records import Transaction
from integrations.errors import ConflictError, ForbiddenError

TO_SETTLE: Final = ("needs_review", "unknown")


def settle(
    tx: Transaction,
    book: Book,
    operation: Operation,
    *,
    by: str,
    outcome: Literal["applied", "not_applied"],
    evidence: str,
    rivo_id: int | None,
    at: float,
) -> Operation:
    """Say for good whether an operation was applied, and how that is known.

    ConflictError where it is not open to judgement (any more).
    """
    applied = outcome == "applied"
    settled = None
    if operation.state in TO_SETTLE:
        settled = records.step(
            tx,
            operation,
            "succeeded" if applied else "rejected",
            applied=applied,
            settled_by=by,
            evidence=(*operation.evidence, evidence),
            rivo_id=rivo_id if applied else operation.rivo_id,
            ended_at=at,
            due_at=None,
            owner=None,
            lease_until=0.0,
        )
    if settled is None:
        raise _not_open(operation, "settled")
    book.note(tx, settled, "settled", at=at, by=by, evidence=evidence)
    return settled


def approve(
    tx: Transaction,
    book: Book,
    operation: Operation,
    *,
    by: str,
    at: float,
    owner: str | None = None,
    lease_until: float = 0.0,
) -> Operation:
    """Let an operation be sent that needed somebody else's word, once.

    Without `owner` the service sends it as soon as it looks. ForbiddenError where whoever asked for
    it approves it, ConflictError where it does not wait for approval (any more).
    """
    if by == operation.caller:
        raise ForbiddenError("Whoever asks for a write cannot approve it; somebody else has to.")
    approved = None
    if operation.state == "awaiting_approval":
        approved = records.step(
            tx,
            operation,
            "accepted",
            approved_by=by,
            due_at=at,
            owner=owner,
            lease_until=lease_until,
        )
    if approved is None:
        raise _not_open(operation, "approved")
    book.note(tx, approved, "approved", at=at, by=by)
    return approved


def _not_open(operation: Operation, what: str) -> ConflictError:
    state = operation.state.replace("_", " ")
    return ConflictError(f"This operation cannot be {what}: its state is {state}.")
