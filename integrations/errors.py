"""The words of failure.

    ActionError                     anything an action may end with instead of its answer
    ├── InputError                  an input is missing or wrong; names the field
    ├── ForbiddenError              the caller may not do this
    ├── NotFoundError               Rivo knows no such customer or resource
    ├── RefusedError                Rivo understood and said no; its reason in plain words
    ├── NotAvailableError           this store's Rivo does not offer the operation
    ├── OutcomeUnknownError         a write may have been applied; it must not be repeated
    └── UnavailableError            nothing was changed and nothing can be served right now
        └── NotConfiguredError      Rivo refuses our own key

    UpstreamError                   one HTTP call did not bring a complete answer
    ├── NotSentError                it surely never reached the other side
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


class ForbiddenError(ActionError):
    """The caller is known but may not do this."""

    code = "not_allowed"


class NotFoundError(ActionError):
    """Rivo knows no such customer or resource."""

    code = "not_found"


class RefusedError(ActionError):
    """Rivo understood the request and said no; surely not applied. The message holds its reason."""

    code = "refused_by_rivo"


class NotAvailableError(ActionError):
    """This store's Rivo does not offer the operation; surely not applied."""

    code = "not_available_on_this_store"


class OutcomeUnknownError(ActionError):
    """A write was sent, its reply was lost: it may have been applied and must not be repeated."""

    code = "outcome_unknown"


class UnavailableError(ActionError):
    """Nothing was changed, and there is nothing to serve right now; a later try may work."""

    code = "unavailable"


class NotConfiguredError(UnavailableError):
    """Rivo refuses our own key: an administrator has to mend the configuration."""

    code = "rivo_key_refused"


class UpstreamError(Exception):
    """One HTTP call did not bring a complete answer; the message names the kind of trouble only."""


class NotSentError(UpstreamError):
    """The request surely never reached the other side."""


class LostReplyError(UpstreamError):
    """The request may have reached the other side; its answer did not come back whole."""
