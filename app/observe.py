"""What can be seen from outside: one log line a request, and headers on every answer."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO, Final

import msgspec
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, FilteringBoundLogger

from app.metrics import Metrics
from app.serving.refusing import REFUSAL
from integrations.errors import NotConfiguredError

REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
LOUD: Final = frozenset({NotConfiguredError.code, "failed"})
"""Outcomes that an operator has to mend: no caller can."""
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
)
HEADERS: Final = (
    (b"content-security-policy", f"{POLICY}'none'".encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
TLS_HEADERS: Final = ((b"strict-transport-security", b"max-age=31536000"),)


class Seen(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is to be said of one request; whoever learns something fills it in."""

    request_id: str
    outcome: str | None = None
    door: str | None = None
    shop: str | None = None
    caller: str | None = None
    action: str | None = None
    customer: str | None = None
    ticket: str | None = None


class Observe:
    """Wraps the whole application: request id, headers, the log line, metrics, and the last catch.

    What escapes the application is logged by its class and place alone, and answered by `last`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        log: FilteringBoundLogger,
        metrics: Metrics,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        last: Callable[[str], tuple[list[tuple[bytes, bytes]], bytes]],
    ) -> None:
        self.app = app
        self.log = log
        self.metrics = metrics
        self.clock = clock
        self.new_id = new_id
        self.last = last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = self.clock()
        seen = scope["seen"] = Seen(request_id=self._request_id(scope))
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = message.get("headers", ())
                own = {name for name, _ in given}
                message["headers"] = [
                    *given,
                    (b"x-request-id", seen.request_id.encode()),
                    *(each for each in HEADERS if each[0] not in own),
                    *(TLS_HEADERS if scope.get("scheme") == "https" else ()),
                ]
            await send(message)

        try:
            await scope.get(REFUSAL, self.app)(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 -- the last catch: nobody sees a stack trace
            seen.outcome = "failed"
            self.log.error("request.failed", request_id=seen.request_id, **_place(error))
            if status == 0:
                headers, body = self.last(seen.request_id)
                await watched({"type": "http.response.start", "status": 500, "headers": headers})
                await watched({"type": "http.response.body", "body": body})
        finally:
            self._done(scope, seen, status, self.clock() - began)

    def _request_id(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
                return str(value, "ascii")
        return self.new_id()

    def _done(self, scope: Scope, seen: Seen, status: int, seconds: float) -> None:
        outcome = seen.outcome = seen.outcome or (
            "ok" if 0 < status < 400 else "refused" if 400 <= status < 500 else "failed"
        )
        self.metrics.answered(seen.door or "none", seen.action or "none", outcome, status, seconds)
        say = self.log.error if outcome in LOUD else self.log.info
        say(
            "action.done" if seen.action else "request.done",
            method=scope["method"],
            status=status,
            ms=round(seconds * 1000, 2),
            **msgspec.to_builtins(seen),
        )


def policy(*ancestors: str) -> str:
    """Say what a page may do that these origins may frame; all others may be framed by nobody."""
    return POLICY + " ".join(ancestors)


def make_log(out: BinaryIO, *, level: str, form: str) -> FilteringBoundLogger:
    """Make the log: one JSON line an event (`form` json), or text for people (console).

    httpx and httpcore print whole addresses at DEBUG: their own logs stay silent at every level.
    """
    for name in ("httpx", "httpcore"):
        silent = logging.getLogger(name)
        # The loggers below it go by its level, and what they say stops at it.
        silent.setLevel(logging.CRITICAL + 1)
        silent.propagate = False
        silent.handlers = [logging.NullHandler()]
    people = structlog.dev.ConsoleRenderer(colors=out.isatty())
    encode = msgspec.json.Encoder(enc_hook=str).encode

    def render(log: object, name: str, event: EventDict) -> bytes:
        event["level"] = name
        event["timestamp"] = datetime.now(UTC)  # the encoder spells it faster than Python does
        return people(log, name, event).encode() if form == "console" else encode(event)

    made: FilteringBoundLogger = structlog.wrap_logger(
        structlog.BytesLogger(out),
        processors=[
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    ).bind()  # what is wrapped and not bound is put together again for every line
    return made


def customer_hash(key: bytes, identifier: str) -> str:
    """Name a customer in the log without telling who it is: a keyed hash, 16 hex digits."""
    # BLAKE2 is keyed by itself, for a quarter of what an HMAC costs; its keys end at 64 bytes.
    named = identifier.casefold().encode()
    return hashlib.blake2b(named, key=key[:64], digest_size=8).hexdigest()


def _place(error: BaseException) -> dict[str, object]:
    """Say which error it was and where, without its message or anybody's values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else None
    return {"error": type(error).__name__, "where": where}
