"""What goes back: answers, Rivo's envelope, and its ways of saying no.

ProblemError
├── NoRouteError        unknown path, or an operation this store has not: HTML 404
├── WrongVerbError      known path, other verb: 405
├── StatusError         one fixed status and sentence
├── InvalidError        a parameter is missing or wrong (U2)
├── UnknownError        no such customer or reward (U6)
└── RefusedError        understood and not done (U1)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from integrations.rivo_sandbox.switches import Switches

Media = Literal["json", "html", "text", "none"]
Resource = Mapping[str, Any]

NOT_FOUND_PAGE = b"<!DOCTYPE html><html><body><h1>Not Found</h1></body></html>"


class Answer(Struct, frozen=True):
    """One complete answer; `media` becomes its Content-Type."""

    status: int
    body: bytes = b""
    media: Media = "none"
    headers: tuple[tuple[str, str], ...] = ()


class ProblemError(Exception):
    """Anything that a request may end with instead of what it asked for."""


class NoRouteError(ProblemError):
    """There is nothing under this path."""


class WrongVerbError(ProblemError):
    """There is something under this path, for another verb."""


class StatusError(ProblemError):
    """A fixed status with one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class InvalidError(ProblemError):
    """Parameters are missing or wrong; one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


class UnknownError(ProblemError):
    """There is no such customer or reward."""


class RefusedError(ProblemError):
    """The request was understood and is not allowed."""


def json_answer(status: int, body: Any) -> Answer:
    """Answer with JSON."""
    return Answer(status, msgspec.json.encode(body), "json")


def error_answer(status: int, sentence: str) -> Answer:
    """Answer with Grape's one-key error."""
    return json_answer(status, {"error": sentence})


def resource(kind: str, id_: int | None, attributes: Resource) -> dict[str, Any]:
    """Wrap attributes as a JSON:API resource."""
    return {"id": id_, "type": kind, "attributes": attributes}


def problem_answer(problem: ProblemError, switches: Switches) -> Answer:
    """Say no as this Rivo says it."""
    sentence = str(problem)
    match problem:
        case WrongVerbError():
            return error_answer(405, "405 Not Allowed")
        case StatusError(status=status):
            return error_answer(status, sentence)
        case InvalidError(problems=problems):
            return _invalid(problems, switches)
        case UnknownError():
            if switches.unknown == "200_null":
                return json_answer(200, {"data": None})
            return error_answer(int(switches.unknown), sentence)
        case RefusedError():
            return error_answer(int(switches.refusal.removesuffix("_error")), sentence)
        case _:
            return Answer(404, NOT_FOUND_PAGE, "html")


def _invalid(problems: list[str], switches: Switches) -> Answer:
    match switches.validation:
        case "error":
            return error_answer(400, ", ".join(problems))
        case "errors":
            return json_answer(422, {"errors": problems})
        case _:
            return json_answer(400, {"message": ", ".join(problems)})
