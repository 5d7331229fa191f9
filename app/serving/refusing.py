"""What is refused before any work: a request is marked, and `Observe` lets the mark answer."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from starlette.types import Receive, Scope, Send

from app.manners import encode
from app.problems import MEDIA_TYPE, HttpError, problem_of

REFUSAL: Final = "refusal"
"""Where a scope holds the application that answers instead: its answer is seen like any other."""
OVERLOADED: Final = "overloaded"
"""Marks a scope that a door has to refuse, since only the door knows how."""
NEVER_SHED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
HAS_ITS_OWN_WORDS: Final = "/gorgias/"

UNPARSABLE: Final = HttpError(400, "unparsable", "This is no HTTP request.")
BODY_LOST: Final = HttpError(
    400, "unparsable", "A request that asks for another protocol may have no body."
)
TOO_SLOW: Final = HttpError(408, "too_slow", "The request took too long to come.")
HEAD_TOO_LARGE: Final = HttpError(431, "head_too_large", "The headers are too many, or too long.")
TOO_MUCH: Final = HttpError(
    503,
    "overloaded",
    "Too much is asked for at once; nothing was done.",
    headers=((b"retry-after", b"1"),),
)

UNKNOWN: Final = {"method": "", "path": "", "raw_path": b"", "query_string": b""}
"""What is said of a request whose first line could not be read."""


class StopError(Exception):
    """Stops the parser; `error` is the answer, or None where those before are the last ones."""

    def __init__(self, error: HttpError | None) -> None:
        super().__init__()
        self.error = error


class Refusal(NamedTuple):
    """An application that answers one error, whatever it is asked."""

    error: HttpError

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer."""
        seen: Any = scope["seen"]
        seen.outcome = self.error.code
        body = encode(problem_of(self.error, seen.request_id))
        headers = [
            (b"content-type", MEDIA_TYPE),
            (b"content-length", str(len(body)).encode()),
            *self.error.headers,
        ]
        start = {"type": "http.response.start", "status": self.error.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})


def shed(scope: Scope) -> None:
    """Let a request go unserved, unless it asks whether the service is alive.

    A helpdesk that counts failures gets its own words, once its secret is right: its door does
    that, and waits for nothing meanwhile.
    """
    if scope["path"] in NEVER_SHED or REFUSAL in scope:
        return
    if scope["path"].startswith(HAS_ITS_OWN_WORDS):
        scope[OVERLOADED] = True
    else:
        scope[REFUSAL] = Refusal(TOO_MUCH)
