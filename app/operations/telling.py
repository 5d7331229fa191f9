"""What a caller is told of an operation, in the manner of the caller's door."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from app.manners import Asked, Manner, Reply
from app.operations.operation import Operation, Stored
from app.problems import problem_of, silent_about
from app.shops import Shop
from integrations.actions import Action, Answer, Context, OperationState
from integrations.errors import (
    ActionError,
    AwaitingApprovalError,
    NeedsReviewError,
    NotAppliedError,
    OutcomeUnknownError,
    StillRunningError,
    UnavailableError,
)

UNKNOWN: Final = (
    "Rivo has not confirmed this yet; do not repeat it. What became of it is being looked up."
)
REVIEW: Final = (
    "Rivo does not say whether this was applied; do not repeat it. A person looks at it."
)
WAITS: Final = "Nothing is sent before somebody else has approved it; do not repeat it."
RUNNING: Final = "This is being sent right now."
NOT_SENT: Final = "Rivo could not be reached; nothing was changed."
NEVER_APPLIED: Final = (
    "Rivo shows that this was never applied; whoever still wants it sends it anew."
)
EXPIRED: Final = "This was never sent and has expired; whoever still wants it sends it anew."
REPLAYED: Final = (b"idempotent-replayed", b"true")


class Teller:
    """Turns operations into replies; `manners` are those of the doors."""

    def __init__(self, manners: Mapping[str, Manner], actions: Mapping[str, Action]) -> None:
        self._manners = manners
        self._actions = actions

    def tell(
        self,
        shop: Shop,
        operation: Operation,
        ended: Answer | ActionError,
        *,
        request_id: str | None = None,
        secrets: tuple[str, ...] = (),
        known: OperationState | None = None,
    ) -> Reply:
        """Show how an operation ended; `known` is said of it instead of its own state."""
        asked = self._asked(shop, operation)
        state = known or operation.told()
        manner = self._manners[operation.door]
        if not isinstance(ended, ActionError):
            ended.operation = state  # type: ignore[attr-defined]
            return manner.answer(asked, ended)
        problem = problem_of(ended, request_id or operation.id, state)
        problem = silent_about((*secrets, shop.settings.rivo_api_key), problem)
        reply = manner.refuse(asked, ended, problem)
        if problem.status == 202:
            reply.headers.append((b"location", f"/operations/{operation.id}".encode()))
        return Reply(reply.status, reply.body, reply.media_type, reply.headers, ended.code)

    def current(self, shop: Shop, operation: Operation, *, request_id: str) -> Reply:
        """Show how an operation stands: its stored answer once it has ended."""
        if operation.reply is not None:
            reply = operation.reply
            return Reply(reply.status, reply.body, reply.media_type.encode())
        if operation.state == "succeeded":
            asked = self._asked(shop, operation)
            return self._manners[operation.door].settled(asked, operation.told())
        return self.tell(shop, operation, standing(operation), request_id=request_id)

    def again(self, shop: Shop, operation: Operation, reply: Reply) -> Reply:
        """Show an answer to whoever asks for it when the operation has long ended."""
        at = datetime.fromtimestamp(operation.sent_at or operation.created_at, UTC)
        return self._manners[operation.door].repeated(self._asked(shop, operation), reply, at=at)

    def _asked(self, shop: Shop, operation: Operation) -> Asked:
        return Asked(shop, self._actions[operation.action], Context(shape=operation.shape))


def standing(operation: Operation) -> ActionError:
    """Put into words how an operation stands that has no answer of its own."""
    match operation.state:
        case "accepted":
            return UnavailableError(NOT_SENT, retry_after=1)
        case "awaiting_approval":
            return AwaitingApprovalError(WAITS)
        case "sending":
            return StillRunningError(RUNNING, retry_after=1)
        case "unknown":
            return OutcomeUnknownError(UNKNOWN)
        case "needs_review":
            return NeedsReviewError(REVIEW)
        case "expired":
            return NotAppliedError(EXPIRED)
        case _:
            return NotAppliedError(NEVER_APPLIED)


def replayed(reply: Reply) -> Reply:
    """Mark an answer as that of an earlier request."""
    return Reply(
        reply.status, reply.body, reply.media_type, [*reply.headers, REPLAYED], reply.outcome
    )


def stored(reply: Reply) -> Stored:
    """Keep an answer, to be repeated byte for byte."""
    return Stored(reply.status, reply.media_type.decode(), reply.body)
