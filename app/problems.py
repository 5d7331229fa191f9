"""From an error to an answer: RFC 9457 problems, with `error` in one short sentence."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from integrations.actions import OperationState
from integrations.errors import (
    ActionError,
    AwaitingApprovalError,
    ConflictError,
    ForbiddenError,
    InputError,
    NotAppliedError,
    NotAvailableError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    TooFastError,
    UnavailableError,
)

MEDIA_TYPE: Final = b"application/problem+json"
STATUS: Final[dict[type[ActionError], int]] = {
    InputError: 422,
    ForbiddenError: 403,
    NotFoundError: 404,
    RefusedError: 422,
    NotAppliedError: 422,
    NotAvailableError: 422,
    OutcomeUnknownError: 202,
    AwaitingApprovalError: 202,
    ConflictError: 409,
    TooFastError: 429,
    UnavailableError: 503,
}

TITLES: Final = {
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""The phrases of RFC 9110; those of Python's `http` changed between 3.12 and 3.13."""


class HttpError(Exception):
    """A request that does not come as far as an action; `headers` go with the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An error as callers get it.

    `field`, `expected` and `given` are there for input problems only, `operation` where there is
    one.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    error: str
    code: str
    request_id: str
    field: str | msgspec.UnsetType = msgspec.UNSET
    expected: str | msgspec.UnsetType = msgspec.UNSET
    given: str | msgspec.UnsetType | None = msgspec.UNSET
    operation: OperationState | msgspec.UnsetType = msgspec.UNSET


def status_of(error: ActionError) -> int:
    """Find the status for an error, by its class or the nearest one above."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem_of(
    error: ActionError | HttpError, request_id: str, operation: OperationState | None = None
) -> Problem:
    """Describe an error for whoever called, with the operation where there is one."""
    status = error.status if isinstance(error, HttpError) else status_of(error)
    told = Problem(
        title=TITLES.get(status, "Error"),
        status=status,
        detail=error.message,
        error=error.message,
        code=error.code,
        request_id=request_id,
        operation=msgspec.UNSET if operation is None else operation,
    )
    if isinstance(error, InputError):
        return msgspec.structs.replace(
            told, field=error.field, expected=error.expected, given=error.given
        )
    return told


def headers_of(error: ActionError | HttpError) -> list[tuple[bytes, bytes]]:
    """Return the headers that go with an error: when to try again, which methods there are."""
    if isinstance(error, HttpError):
        return list(error.headers)
    if error.retry_after is None:
        return []
    return [(b"retry-after", str(max(1, round(error.retry_after))).encode())]


def silent_about(secrets: tuple[str, ...], problem: Problem) -> Problem:
    """Take secrets out of a problem: the caller's own, sent in a wrong place, and the shop's."""
    told = {name: getattr(problem, name) for name in ("error", "detail", "field", "given")}
    told = {name: text for name, text in told.items() if isinstance(text, str)}
    given = told.get("given", "")
    shown = given.strip("'\"…")
    for secret in secrets:
        start = secret[:8]
        if start in shown or (len(shown) >= 8 and shown in secret):
            told = {name: text.replace(given, "something else") for name, text in told.items()}
            told["given"] = None
            shown = ""
        for name, text in told.items():
            if text is not None and start in text:
                told[name] = re.sub(rf"\S*{re.escape(start)}\S*", "…", text)
    return msgspec.structs.replace(problem, **told)
