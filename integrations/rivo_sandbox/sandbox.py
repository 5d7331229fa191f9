"""The sandbox itself: an ASGI application that answers as Rivo's Merchant API does."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import quote, unquote

from starlette.types import Receive, Scope, Send

from integrations.rivo_sandbox.announcements import Announcer
from integrations.rivo_sandbox.answers import (
    Answer,
    NoRouteError,
    ProblemError,
    error_answer,
    problem_answer,
)
from integrations.rivo_sandbox.call import Call, Happening
from integrations.rivo_sandbox.faults import (
    Fault,
    LostConnectionError,
    loses,
    spoiled,
    too_many_answer,
)
from integrations.rivo_sandbox.ids import Ids
from integrations.rivo_sandbox.ledger import Entry
from integrations.rivo_sandbox.limit import Limit
from integrations.rivo_sandbox.params import Params, read_body, read_query
from integrations.rivo_sandbox.received import Received
from integrations.rivo_sandbox.routes import find_operation
from integrations.rivo_sandbox.shop import Shop
from integrations.rivo_sandbox.state import State, open_shop
from integrations.rivo_sandbox.switches import Switches

ROOT = "/merchant_api/v1"
UNAUTHORIZED_PAGE = b"<!DOCTYPE html><html><body>Unauthorized</body></html>"
MEDIA_TYPES = {"html": "text/html; charset=utf-8", "text": "text/plain; charset=utf-8"}
LAG = timedelta(seconds=3)
BREAKS_OFF = [(b"content-type", b"application/json"), (b"content-length", b"64")]


class Sandbox:
    """One shop behind Rivo's API, in memory.

    `clock` answers the time in UTC, `ids` a new id for a noun (see `Ids`). `faults` is asked before
    every request. `delay` is awaited before every request, so that tests can make it slow or hold
    it. `requests_per_second=None` switches the limit off. `announcer` is told what Rivo would
    announce by webhook. `requests` keeps the newest 10,000.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        clock: Callable[[], datetime],
        switches: Switches | None = None,
        ids: Callable[[str], int] | None = None,
        key: str = "sandbox-key",
        faults: Callable[[Received], Fault | None] | None = None,
        delay: Callable[[Received], Awaitable[None]] | None = None,
        requests_per_second: int | None = 15,
        announcer: Announcer | None = None,
    ) -> None:
        self.switches = switches or Switches()
        self.faults = faults
        self.requests: deque[Received] = deque(maxlen=10_000)
        self._clock = clock
        self._ids = ids or Ids()
        self._key = key
        self._delay = delay
        self._announcer = announcer
        self._limit = None if requests_per_second is None else Limit(requests_per_second)
        self._state = open_shop(shop, at=clock())
        self._past: deque[tuple[datetime, State]] = deque()

    @property
    def ledger(self) -> tuple[Entry, ...]:
        """Every change of a balance so far, oldest first."""
        return self._state.ledger.entries

    def balance(self, customer_id: int) -> tuple[int, Decimal]:
        """Fold the ledger into a customer's points and store credit."""
        return self._state.ledger.balance(customer_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        received = await _read(scope, receive)
        self.requests.append(received)
        fault = self.faults(received) if self.faults else None
        if self._delay is not None:
            await self._delay(received)
        if fault is None:
            await self._send(self.answer(received), send)
            return
        answer = self.answer(received) if fault.applied else None
        if fault.kind == "hang":
            await receive()  # the body is read: what comes next is that the client is gone
            return
        if loses(fault, self.switches):
            # Over a socket the client has to see an answer that breaks off, not the server's 500.
            await send({"type": "http.response.start", "status": 200, "headers": BREAKS_OFF})
            raise fault.error() if fault.error else LostConnectionError
        await self._send(spoiled(fault, answer, self.switches), send)

    def answer(self, received: Received) -> Answer:
        """Do what a request asks for, and answer it."""
        now = self._clock()
        authorized = received.header("authorization") == self._key
        kind = self.switches.limit
        if authorized and self._limit and not self._limit.admits(now, kind=kind):
            return too_many_answer(self.switches)
        try:
            return self._operate(received, now, authorized=authorized)
        except ProblemError as problem:
            return problem_answer(problem, self.switches)

    def _operate(self, received: Received, now: datetime, *, authorized: bool) -> Answer:
        operation, values = find_operation(received.method, _segments(received.path))
        if not authorized:
            return self._unauthorized()
        reads = received.method == "GET"
        form = {} if reads else read_body(received.body, received.header("content-type") or "")
        query = read_query(received.query)
        happened: list[Happening] = []
        host = received.header("host") or "localhost"
        call = Call(
            method=received.method,
            url=f"{received.scheme}://{host}{received.path}",
            segments=values,
            query=Params(query),
            form=Params(query | form),
            state=self._seen(now) if reads else self._state,
            switches=self.switches,
            now=now,
            new_id=self._ids,
            happened=happened,
        )
        if not reads and self.switches.read_after_write == "delayed":
            self._past.append((now, self._state.copy()))
        answer = operation(call)
        if self._announcer is not None:
            for happening in happened:
                self._announcer.tell(happening, now=now, switches=self.switches)
        return answer

    def _seen(self, now: datetime) -> State:
        """Answer the state that a read sees: the newest, or that of three seconds ago (U20)."""
        while self._past and self._past[0][0] <= now - LAG:
            self._past.popleft()
        return self._past[0][1] if self._past else self._state

    def _unauthorized(self) -> Answer:
        match self.switches.unauthorized:
            case "error":
                return error_answer(401, "Unauthorized")
            case "html":
                return Answer(401, UNAUTHORIZED_PAGE, "html")
            case _:
                return Answer(401)

    async def _send(self, answer: Answer, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        if answer.media != "none":
            charset = "; charset=utf-8" if self.switches.content_type == "json_charset" else ""
            media = MEDIA_TYPES.get(answer.media, f"application/json{charset}")
            headers.append((b"content-type", media.encode()))
        if answer.status != 204:
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


def _segments(path: str) -> list[str]:
    root, found, rest = path.partition(f"{ROOT}/")
    if root or not found:
        raise NoRouteError
    return [unquote(segment) for segment in rest.removesuffix("/").split("/")]


async def _read(scope: Scope, receive: Receive) -> Received:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    return Received(
        method=scope["method"],
        path=raw.decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]),
        body=body,
        scheme=scope.get("scheme", "http"),
    )


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
