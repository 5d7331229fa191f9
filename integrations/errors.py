"""The words of failure.

    ActionError                     anything an action may end with instead of its answer
    ├── InputError                  an input is missing or wrong; names the field
    │   └── KeyReusedError          the same idempotency key, other inputs
    ├── ForbiddenError              the caller may not do this
    │   ├── SwitchedOffError        nobody may do this in this shop at the moment
    │   ├── OwnAddressError         an agent may not give to their own address
    │   └── LimitError              it would go beyond a limit
    ├── TooFastError                the caller writes too often; a later try may work
    ├── ConflictError               another write stands in the way; nothing was changed by this one
    │   ├── StillRunningError       the same write is being sent right now; nobody knows yet
    │   └── WriteOpenError          another write about the same thing has no outcome yet
    │       └── RedemptionOpenError  another redemption of the customer's
    ├── NotFoundError               Rivo knows no such customer or resource
    ├── RefusedError                Rivo understood and said no; its reason in plain words
    ├── NotAppliedError             it was found out that a write was never applied
    ├── NotAvailableError           this store's Rivo does not offer the operation
    ├── OutcomeUnknownError         a write may have been applied; it must not be repeated
    │   └── NeedsReviewError        the same, and a person has to find out
    ├── AwaitingApprovalError       nothing is sent before another person has approved it
    └── UnavailableError            nothing was changed and nothing can be served right now
        ├── NotConfiguredError      Rivo refuses our own key
        └── OverloadedError         too much is asked of this service at once

    UpstreamError                   one HTTP call did not bring a complete answer
    ├── NotSentError                it surely never reached the other side
    │   └── HeldBackError           we held it back ourselves: too much was asked, or fails there
    └── LostReplyError              it may have

Every message is one short sentence that may be shown to an agent: it never holds a key or an
address of the other system.
"""

from __future__ import annotations

from typing import ClassVar


class ActionError(Exception):
    """Anything an action may end with instead of its answer.

    `message` is one short sentence for people, `code` the same for programs, `retry_after` the
    seconds after which another try makes sense (None: it does not by itself).
    """

    code: ClassVar[str] = "action_failed"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class InputError(ActionError):
    """An input is missing or wrong.

    `field` is its documented name, `expected` says what would have been right, `given` what came
    (shortened; None where nothing came or where it may be a secret).
    """

    code = "invalid_input"

    def __init__(self, field: str, *, expected: str, given: str | None = None) -> None:
        came = "it is missing" if given is None else f"got {given}"
        super().__init__(f"{field} must be {expected}; {came}.")
        self.field = field
        self.expected = expected
        self.given = given


class KeyReusedError(InputError):
    """An idempotency key came again with other inputs."""

    code = "key_reused"


class ForbiddenError(ActionError):
    """The caller is known but may not do this."""

    code = "not_allowed"


class SwitchedOffError(ForbiddenError):
    """Nobody may do this in this shop at the moment."""

    code = "switched_off"


class OwnAddressError(ForbiddenError):
    """An agent may not give anything to their own address."""

    code = "own_address"


class LimitError(ForbiddenError):
    """It would go beyond a limit; nothing was sent."""

    code = "limit_exceeded"


class TooFastError(ActionError):
    """The caller writes too often; nothing was sent, and a later try may work."""

    code = "too_fast"


class ConflictError(ActionError):
    """Another write stands in the way; nothing was changed by this one."""

    code = "conflict"


class StillRunningError(ConflictError):
    """The same write is being sent right now; its outcome is not known yet."""

    code = "still_running"


class WriteOpenError(ConflictError):
    """Another write about the same thing has no outcome yet; nothing was sent."""

    code = "write_open"


class RedemptionOpenError(WriteOpenError):
    """Another redemption of this customer has no outcome yet; nothing was sent."""

    code = "redemption_open"


class NotFoundError(ActionError):
    """Rivo knows no such customer or resource."""

    code = "not_found"


class RefusedError(ActionError):
    """Rivo understood the request and said no; surely not applied. The message holds its reason.

    `doubtful` marks a no that came with a status of success: it is worth a look.
    """

    code = "refused_by_rivo"
    doubtful = False


class NotAppliedError(ActionError):
    """A write whose outcome was unknown, or that was never sent, surely was not applied."""

    code = "not_applied"


class NotAvailableError(ActionError):
    """This store's Rivo does not offer the operation; surely not applied."""

    code = "not_available_on_this_store"


class OutcomeUnknownError(ActionError):
    """A write was sent, its reply was lost: it may have been applied and must not be repeated."""

    code = "outcome_unknown"


class NeedsReviewError(OutcomeUnknownError):
    """Nobody could find out by reading Rivo back; a person has to."""

    code = "needs_review"


class AwaitingApprovalError(ActionError):
    """Nothing is sent before another person has approved it."""

    code = "awaiting_approval"


class UnavailableError(ActionError):
    """Nothing was changed, and there is nothing to serve right now; a later try may work."""

    code = "unavailable"


class NotConfiguredError(UnavailableError):
    """Rivo refuses our own key: an administrator has to mend the configuration."""

    code = "rivo_key_refused"


class OverloadedError(UnavailableError):
    """Too much is asked for at once; nothing was begun."""

    code = "overloaded"


class UpstreamError(Exception):
    """One HTTP call did not bring a complete answer; the message names the kind of trouble only."""


class NotSentError(UpstreamError):
    """The request surely never reached the other side; seconds after which to try again."""

    retry_after = 1.0


class HeldBackError(NotSentError):
    """We held the request back ourselves: too much was asked of the other side, or fails there."""

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LostReplyError(UpstreamError):
    """The request may have reached the other side; its answer did not come back whole."""
