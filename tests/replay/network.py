"""The way to Rivo and back, with jitter: everything that arrives there is written down."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Final

import httpx
import msgspec

from integrations.rivo_sandbox import Answer, Received, Sandbox
from tests.replay.history import History
from tests.replay.plan import JITTER_SECONDS

THERE_SECONDS: Final = 0.03
BACK_SECONDS: Final = 0.05
SERVICE: Final = "service"
ASKER: Final = ContextVar("ASKER", default=SERVICE)
"""On whose behalf the service asks: tasks that it starts inherit it from the request."""


class Arrival(msgspec.Struct, frozen=True):
    """One request as it arrived at Rivo; `status` is what was answered."""

    at: float
    asker: str
    method: str
    path: str
    query: str
    status: int


class Network(httpx.AsyncBaseTransport):
    """A transport to one sandbox; `trouble` may answer, raise or hang in Rivo's place."""

    trouble: Callable[[], Awaitable[httpx.Response | None]] | None = None

    def __init__(
        self,
        sandbox: Sandbox,
        history: History,
        dice: random.Random,
        *,
        seconds: Callable[[], float],
    ) -> None:
        self.arrivals: list[Arrival] = []
        self.tried = 0
        self.applied: dict[str, float] = {}  # by who asked: when a write of theirs was applied
        self._sandbox = sandbox
        self._history = history
        self._dice = dice
        self._seconds = seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Let a request travel, be answered, and its answer travel."""
        asker = ASKER.get()
        self.tried += 1
        await asyncio.sleep(THERE_SECONDS + self._dice.uniform(0, JITTER_SECONDS))
        if self.trouble is not None and (instead := await self.trouble()) is not None:
            return instead
        at = self._seconds()
        path, _, query = request.url.raw_path.decode().partition("?")
        received = Received(
            number=len(self.arrivals) + 1,
            method=request.method,
            path=path,
            query=query,
            headers=tuple((k.lower(), v) for k, v in request.headers.items()),
            body=request.content,
        )
        answer = self._sandbox.answer(received)
        self.arrivals.append(Arrival(at, asker, request.method, path, query, answer.status))
        if request.method != "GET" and answer.status < 300:
            self._note(received, asker, at)
        await asyncio.sleep(BACK_SECONDS + self._dice.uniform(0, JITTER_SECONDS))
        return response_of(answer)

    def _note(self, received: Received, asker: str, at: float) -> None:
        identifier = dict(received.form)["customer_identifier"]
        by_email = (c.id for c in self._sandbox.state.customers.values() if c.email == identifier)
        customer_id = int(identifier) if identifier.isdecimal() else next(by_email)
        self.applied[asker] = at
        self._history.note(customer_id, at=at)


def response_of(answer: Answer) -> httpx.Response:
    """Make of a sandbox's answer what httpx would."""
    kind = "application/json" if answer.media == "json" else "text/html"
    return httpx.Response(
        answer.status,
        headers=[("content-type", kind), *answer.headers],
        stream=httpx.ByteStream(answer.body),
    )
