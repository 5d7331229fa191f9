"""What can go wrong between the shop and whoever asks: faults that tests hand in, one by one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from msgspec import Struct

from integrations.rivo_sandbox.answers import Answer, error_answer
from integrations.rivo_sandbox.received import Received
from integrations.rivo_sandbox.switches import Switches

Kind = Literal[
    "status",
    "server_error",
    "too_many",
    "html",
    "broken_json",
    "wrong_content_type",
    "redirect",
    "lost",
    "hang",
    "refuse",
    "trickle",
    "answered",
]

BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head></html>"


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that goes wrong.

    `applied` says whether the shop did what was asked before it went wrong; with `after` a write is
    done that much later, whatever the client was told. Of its internal note `note_length`
    characters are kept. `status` (and `body`, `headers`) belong to the kind `status`, `error` to
    `lost` and `refuse`: it makes the exception that comes out of the application in place of an
    answer; `pieces` and `pause` (seconds) to `trickle`.

    - `status`: any status and JSON body;
    - `server_error`: an internal failure as U18 has it; `too_many`: a 429 as U16 has it;
    - `html`: a page with status 200; `redirect`: 302 to another host;
    - `broken_json`: the answer stops half way; `wrong_content_type`: it says it is a page;
    - `lost`: the connection is gone; `hang`: no answer until the client gives up;
    - `refuse`: no connection, the request never arrives;
    - `trickle`: the answer comes in pieces, a pause before each; `answered`: it comes as it should.
    """

    kind: Kind
    applied: bool = False
    status: int = 500
    body: bytes = b'{"error":"Something went wrong"}'
    headers: tuple[tuple[str, str], ...] = ()
    error: Callable[[], BaseException] | None = None
    after: timedelta | None = None
    note_length: int | None = None
    pieces: int = 8
    pause: float = 1.0


class LostConnectionError(ConnectionError):
    """The connection was closed without an answer, where no other exception was handed in."""


class RefusedConnectionError(ConnectionError):
    """There was no connection, where no other exception was handed in."""


def in_turn(*faults: Fault | None, method: str | None = None) -> Callable[[Received], Fault | None]:
    """Make a plan: the first request (of that method) gets the first fault, later ones none."""
    left = deque(faults)

    def plan(received: Received) -> Fault | None:
        if method not in (None, received.method) or not left:
            return None
        return left.popleft()

    return plan


def too_many_answer(switches: Switches) -> Answer:
    """Answer 429 (U16)."""
    sentence = "Too many Merchant API requests"
    match switches.too_many:
        case "error":
            return error_answer(429, sentence)
        case "retry_after":
            answer = error_answer(429, sentence)
            return Answer(429, answer.body, answer.media, (("retry-after", "1"),))
        case _:
            return Answer(429, sentence.encode(), "text")


def loses(fault: Fault, switches: Switches) -> bool:
    """Whether a fault ends without an answer (U18 makes an internal failure one of these)."""
    failed = fault.kind == "server_error" and switches.failure == "closed_connection"
    return failed or fault.kind == "lost"


def spoiled(fault: Fault, answer: Answer | None, switches: Switches) -> Answer:
    """Answer as a fault wants it; `answer` is the true one where the request was applied."""
    body = answer.body if answer and answer.body else b'{"data":{}}'
    status = answer.status if answer else 200
    match fault.kind:
        case "status":
            return Answer(fault.status, fault.body, "json", fault.headers)
        case "too_many":
            return too_many_answer(switches)
        case "html":
            return Answer(200, b"<!DOCTYPE html><html><body>Back soon</body></html>", "html")
        case "redirect":
            return Answer(302, headers=(("location", "https://elsewhere.example/login"),))
        case "broken_json":
            return Answer(status, body[: len(body) // 2], "json")
        case "wrong_content_type":
            return Answer(status, body, "html")
        case "trickle" | "answered":
            return answer or Answer(status, body, "json")
        case _ if switches.failure == "json_error":
            return error_answer(500, "Internal Server Error")
        case _:
            return Answer(502, BAD_GATEWAY, "html")
