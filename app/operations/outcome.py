"""How a write ended: one function from what an action raised to what that means."""

from __future__ import annotations

import enum

from integrations.errors import (
    ForbiddenError,
    InputError,
    NotAvailableError,
    NotConfiguredError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)


class Outcome(enum.Enum):
    """What is known of a write when its action has ended.

    applied: confirmed; rejected: surely not applied, and no repeat will be; not_sent: surely not
    applied, a repeat may be; unknown: it may be applied; doubtful: refused with a status of
    success, to be read back at once.
    """

    APPLIED = "applied"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    DOUBTFUL = "doubtful"


def outcome_of(ended: BaseException | None, *, sent: bool) -> Outcome:
    """Say what became of a write whose action ended with an answer (None) or an error.

    `sent` says that the action told that it was about to send. Of errors only those count whose
    words say that nothing was changed; whatever else ends an action after it may have sent (a bug,
    a cancellation, a lost store) leaves the outcome unknown.
    """
    match ended:
        case None:
            return Outcome.APPLIED
        case RefusedError() if sent and ended.doubtful:
            return Outcome.DOUBTFUL
        case RefusedError() | NotFoundError() | NotAvailableError():
            return Outcome.REJECTED
        case InputError() | ForbiddenError():
            return Outcome.REJECTED
        case NotConfiguredError() if sent:  # a complete 401 or 403: Rivo looked and said no
            return Outcome.REJECTED
        case UnavailableError():
            return Outcome.NOT_SENT
        case _:
            return Outcome.UNKNOWN if sent else Outcome.NOT_SENT
