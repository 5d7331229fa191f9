"""What may come back besides an answer: every refusal with its codes, and the headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from app.openapi.flat import WRITE
from app.openapi.inputs import SCHEMAS, Schema
from app.operations import telling
from app.operations.operation import told
from app.operations.states import applied_in
from app.problems import MEDIA_TYPE, STATUS, HttpError, problem_of
from app.serving.refusing import HEAD_TOO_LARGE, TOO_MUCH, TOO_SLOW
from integrations.actions import State
from integrations.errors import (
    ActionError,
    AwaitingApprovalError,
    ConflictError,
    ForbiddenError,
    InputError,
    KeyReusedError,
    LimitError,
    NeedsReviewError,
    NotAppliedError,
    NotAvailableError,
    NotConfiguredError,
    NotFoundError,
    OutcomeUnknownError,
    OverloadedError,
    OwnAddressError,
    RedemptionOpenError,
    RefusedError,
    StillRunningError,
    SwitchedOffError,
    TooFastError,
    UnavailableError,
    WriteOpenError,
)

JSON: Final = "application/json"
PROBLEM: Final = MEDIA_TYPE.decode()
RESPONSES: Final = "#/components/responses/"
EXAMPLE_ID: Final = "4f1c0a5d2b7e9386"
EXAMPLE_OPERATION: Final = "op_8c9f2f1e6b3d4a5f9e0d7c6b5a493827"

HEADERS: Final[dict[str, Schema]] = {
    "X-Request-Id": {
        "description": "Names this request in the log: yours, where you sent one (1 to 64 letters, "
        "digits, dots, hyphens and underscores).",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "Retry-After": {
        "description": "The seconds after which another try makes sense.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "Location": {
        "description": "Where to look up what became of the write.",
        "required": True,
        "schema": {"type": "string", "pattern": "^/operations/op_[0-9a-f]{32}$"},
    },
    "Idempotent-Replayed": {
        "description": "`true` where a write was asked for before: nothing was done twice.",
        "schema": {"const": "true"},
    },
    "ETag": {
        "description": "Names what is answered, for `If-None-Match`.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
    },
    "Allow": {
        "description": "The methods that there are.",
        "required": True,
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {
        "description": "How to prove who you are.",
        "required": True,
        "schema": {"type": "string"},
    },
}

TAG: Final[Schema] = {"ETag": {"$ref": "#/components/headers/ETag"}}

BEFORE_AN_ACTION: Final = (
    HttpError(400, "unparsable", "The body is not JSON."),
    HttpError(400, "disconnected", "The request ended before it was complete."),
    HttpError(
        401, "unauthorized", "A valid key is needed, as Authorization: Bearer or as X-Api-Key."
    ),
    HttpError(404, "closed", "The door /gorgias is closed: it has no secret."),
    HttpError(405, "method_not_allowed", "This answers GET, POST only."),
    TOO_SLOW,
    HttpError(413, "too_large", "The body may have 65536 bytes at most."),
    HttpError(
        415,
        "unsupported_media_type",
        "The body must be application/json or application/x-www-form-urlencoded.",
    ),
    HEAD_TOO_LARGE,
)
FROM_AN_ACTION: Final[tuple[tuple[ActionError, State | None], ...]] = (
    (OutcomeUnknownError(telling.UNKNOWN), "unknown"),
    (NeedsReviewError(telling.REVIEW), "needs_review"),
    (AwaitingApprovalError(telling.WAITS), "awaiting_approval"),
    (ForbiddenError("This key may not use create_points_event."), None),
    (SwitchedOffError("create_points_event is switched off in this shop at the moment."), None),
    (OwnAddressError("An agent may not give anything to their own address."), None),
    (LimitError("This write would give more than 500 points."), "rejected"),
    (NotFoundError("Rivo knows no such customer or resource."), None),
    (ConflictError("This operation cannot be settled: its state is succeeded."), None),
    (StillRunningError(telling.RUNNING, retry_after=1), "sending"),
    (
        WriteOpenError("Another write about the same thing has no outcome yet; nothing was sent."),
        "accepted",
    ),
    (
        RedemptionOpenError(
            "Another redemption of this customer has no outcome yet; nothing was sent."
        ),
        "accepted",
    ),
    (InputError("points_amount", expected="a whole number", given="'ten'"), None),
    (
        KeyReusedError(
            "idempotency_key", expected="a new one for other inputs", given="one used before"
        ),
        None,
    ),
    (RefusedError("Rivo refused this: Insufficient points"), "rejected"),
    (NotAppliedError(telling.NEVER_APPLIED), "rejected"),
    (NotAvailableError("Rivo does not offer this on this store; nothing was changed."), "rejected"),
    (TooFastError("This key writes too often; nothing was sent.", retry_after=7), "accepted"),
    (UnavailableError("Rivo is not available right now.", retry_after=1), None),
    (
        NotConfiguredError(
            "Rivo refuses the service's API key; an administrator has to set it right."
        ),
        None,
    ),
    (OverloadedError(TOO_MUCH.message, retry_after=1), None),
)
"""Each with the state of the operation that it is about, where there is one."""
WORDS: Final = {
    202: "Not confirmed by Rivo (yet), or waiting for approval: it must not be repeated. "
    "`Location` says where its outcome can be looked up.",
    400: "The query or the body cannot be read.",
    401: "The key is missing or wrong.",
    403: "This key may not do this, nobody may at the moment, or it would go beyond a limit.",
    404: "Rivo knows no such customer or resource; or the door is closed (code `closed`).",
    405: "Not by this method.",
    408: "The request did not come as a whole within nine seconds.",
    409: "Another request stands in the way: the same write is being sent right now (`applied` is "
    "null), or another write about the same thing has no outcome yet (`applied` is false).",
    413: "The body is larger than 64 KB.",
    415: "The body is neither JSON nor a form.",
    422: "An input is missing or wrong; `field` names it. Or Rivo said no; nothing was changed.",
    429: "Too many writes; nothing was sent.",
    431: "There are more than 100 headers, or more than 16 KB of them.",
    503: "Surely not applied, or nothing to serve right now.",
}
NAMES: Final = {
    202: "Accepted",
    400: "Unparsable",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    408: "TooSlow",
    409: "Conflict",
    413: "TooLarge",
    415: "UnsupportedMediaType",
    422: "Refused",
    429: "TooFast",
    431: "HeadTooLarge",
    503: "Unavailable",
}
MORE_HEADERS: Final = {
    202: "Location",
    401: "WWW-Authenticate",
    405: "Allow",
    409: "Retry-After",
    429: "Retry-After",
    503: "Retry-After",
}
OF_WRITES: Final = frozenset({202, 409, 429})
"""What a read is never answered."""
REPLAYED: Final = frozenset({202, 403, 404, 409, 422, 429, 503})
"""The refusals that a repeated write may be answered, too."""


def headers(status: int, *, replayed: bool = False) -> Schema:
    """Point to the headers of an answer with this status; `replayed`: of one to a write."""
    names = ["X-Request-Id", *([MORE_HEADERS[status]] if status in MORE_HEADERS else [])]
    if replayed or status in REPLAYED:
        names.append("Idempotent-Replayed")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def shared_responses() -> dict[str, Schema]:
    """Describe every refusal: as a problem, and as the /gorgias door has it."""
    problems = {name: _problem(status, PROBLEMS[status]) for status, name in NAMES.items()}
    flat = {f"Gorgias.{NAMES[status]}": _flat(status) for status in FLAT}
    return problems | flat


def refusals(*, writes: bool, gorgias: bool) -> dict[str, Schema]:
    """Point to the refusals of one operation, by status."""
    statuses = {status for status in NAMES if writes or status not in OF_WRITES}
    if gorgias and not writes:
        # Whatever is wrong with what it asks, a read is answered with a status in words.
        statuses -= {422, 503}
    flat = FLAT if gorgias and writes else frozenset()
    return {
        str(status): {"$ref": RESPONSES + ("Gorgias." if status in flat else "") + NAMES[status]}
        for status in sorted(statuses)
    }


def answered(words: str, content: Schema, *, status: int = 200, wrote: bool = False) -> Schema:
    """Describe an answer with its content by media type; `wrote`: to a write."""
    named = headers(status, replayed=wrote)
    return {"description": words, "headers": named, "content": content}


def unchanged() -> Schema:
    """Describe the answer that says that what is known is still so."""
    told = answered("What `If-None-Match` names is still so.", {})
    return told | {"headers": told["headers"] | TAG}


def _by_status() -> dict[int, list[tuple[str, Mapping[str, Any]]]]:
    found: dict[int, list[tuple[str, Mapping[str, Any]]]] = {}
    errors: list[tuple[ActionError | HttpError, State | None]] = [
        *FROM_AN_ACTION,
        *((error, None) for error in BEFORE_AN_ACTION),
    ]
    for error, state in errors:
        operation = state and told(EXAMPLE_OPERATION, state, applied=applied_in(state))
        problem = problem_of(error, EXAMPLE_ID, operation or None)
        found.setdefault(problem.status, []).append((error.code, msgspec.to_builtins(problem)))
    return found


PROBLEMS: Final = _by_status()
FLAT: Final = frozenset(STATUS.values())
"""The statuses with which an action ends: on /gorgias a write says them in a flat object."""


def _problem(status: int, examples: list[tuple[str, Mapping[str, Any]]]) -> Schema:
    said = {
        "properties": {
            "status": {"const": status},
            "code": {"enum": [code for code, _ in examples]},
        }
    }
    schema = {"allOf": [{"$ref": f"{SCHEMAS}Problem"}, said]}
    shown = {code: {"value": value} for code, value in examples}
    return answered(WORDS[status], {PROBLEM: {"schema": schema, "examples": shown}}, status=status)


def _flat(status: int) -> Schema:
    content: Schema = {JSON: {"schema": {"$ref": f"{SCHEMAS}{WRITE}"}}}
    before = [each for each in BEFORE_AN_ACTION if each.status == status]
    if before:
        shown = [(code, told) for code, told in PROBLEMS[status] if code == before[0].code]
        content |= _problem(status, shown)["content"]
    return answered(WORDS[status], content, status=status)
