"""What may come back besides an answer: every refusal with its codes, and the headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from app.openapi.flat import WRITE
from app.openapi.inputs import SCHEMAS, Schema
from app.problems import MEDIA_TYPE, STATUS, HttpError, problem_of
from integrations.errors import (
    ActionError,
    ForbiddenError,
    InputError,
    NotAvailableError,
    NotConfiguredError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)

JSON: Final = "application/json"
PROBLEM: Final = MEDIA_TYPE.decode()
RESPONSES: Final = "#/components/responses/"
EXAMPLE_ID: Final = "4f1c0a5d2b7e9386"

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

BEFORE_AN_ACTION: Final = (
    HttpError(400, "unparsable", "The body is not JSON."),
    HttpError(400, "disconnected", "The request ended before it was complete."),
    HttpError(
        401, "unauthorized", "A valid key is needed, as Authorization: Bearer or as X-Api-Key."
    ),
    HttpError(404, "closed", "The door /gorgias is closed: it has no secret."),
    HttpError(405, "method_not_allowed", "This answers GET, POST only."),
    HttpError(413, "too_large", "The body may have 65536 bytes at most."),
    HttpError(
        415,
        "unsupported_media_type",
        "The body must be application/json or application/x-www-form-urlencoded.",
    ),
)
FROM_AN_ACTION: Final[tuple[ActionError, ...]] = (
    OutcomeUnknownError(
        "Rivo did not confirm the change: it may have been applied. "
        "Do not repeat it before you have looked at the customer."
    ),
    ForbiddenError("This key may not use create_points_event."),
    NotFoundError("Rivo knows no such customer or resource."),
    InputError("points_amount", expected="a whole number", given="'ten'"),
    RefusedError("Rivo refused this: Insufficient points"),
    NotAvailableError("Rivo does not offer this on this store; nothing was changed."),
    UnavailableError("Rivo is not available right now.", retry_after=1),
    NotConfiguredError("Rivo refuses the service's API key; an administrator has to set it right."),
)
WORDS: Final = {
    202: "Sent, but Rivo did not confirm it: it may have been applied and must not be repeated.",
    400: "The query or the body cannot be read.",
    401: "The key is missing or wrong.",
    403: "This key may not use this action.",
    404: "Rivo knows no such customer or resource; or the door is closed (code `closed`).",
    405: "Not by this method.",
    413: "The body is larger than 64 KB.",
    415: "The body is neither JSON nor a form.",
    422: "An input is missing or wrong; `field` names it. Or Rivo said no; nothing was changed.",
    503: "Surely not applied, or nothing to serve right now.",
}
NAMES: Final = {
    202: "OutcomeUnknown",
    400: "Unparsable",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    413: "TooLarge",
    415: "UnsupportedMediaType",
    422: "Refused",
    503: "Unavailable",
}
MORE_HEADERS: Final = {401: "WWW-Authenticate", 405: "Allow", 503: "Retry-After"}


def headers(status: int) -> Schema:
    """Point to the headers of an answer with this status."""
    names = ["X-Request-Id", *([MORE_HEADERS[status]] if status in MORE_HEADERS else [])]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def shared_responses() -> dict[str, Schema]:
    """Describe every refusal: as a problem, and as the /gorgias door has it."""
    problems = {name: _problem(status, PROBLEMS[status]) for status, name in NAMES.items()}
    flat = {f"Gorgias.{NAMES[status]}": _flat(status) for status in FLAT}
    return problems | flat


def refusals(*, writes: bool, gorgias: bool) -> dict[str, Schema]:
    """Point to the refusals of one operation, by status."""
    statuses = {status for status in NAMES if writes or status != 202}
    if gorgias and not writes:
        # Whatever is wrong with what it asks, a read is answered with a status in words.
        statuses -= {422, 503}
    flat = FLAT if gorgias and writes else frozenset()
    return {
        str(status): {"$ref": RESPONSES + ("Gorgias." if status in flat else "") + NAMES[status]}
        for status in sorted(statuses)
    }


def answered(words: str, content: Schema, *, status: int = 200) -> Schema:
    """Describe an answer with its content by media type."""
    return {"description": words, "headers": headers(status), "content": content}


def _by_status() -> dict[int, list[tuple[str, Mapping[str, Any]]]]:
    found: dict[int, list[tuple[str, Mapping[str, Any]]]] = {}
    errors: list[ActionError | HttpError] = [*FROM_AN_ACTION, *BEFORE_AN_ACTION]
    for error in errors:
        problem = problem_of(error, EXAMPLE_ID)
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
