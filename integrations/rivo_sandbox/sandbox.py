"""The sandbox itself: an ASGI application that answers as Rivo's Merchant API does."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import anyio
from starlette.types import Receive, Scope, Send

from integrations.rivo_sandbox.answers import Answer
from integrations.rivo_sandbox.asgi import (
    break_off,
    live,
    read_request,
    send_answer,
    send_in_pieces,
)
from integrations.rivo_sandbox.backend import Backend
from integrations.rivo_sandbox.faults import (
    Fault,
    LostConnectionError,
    RefusedConnectionError,
    loses,
    spoiled,
)
from integrations.rivo_sandbox.received import Received
from integrations.rivo_sandbox.shop import Shop


class Sandbox(Backend):
    """One shop behind Rivo's API, in memory.

    `clock` answers the time in UTC, `ids` a new id for a noun (see `Ids`). `faults` is asked before
    every request. `delay` is awaited before every request, so that tests can make it slow or hold
    it, `sleep` between the pieces of an answer that trickles. Of the other `options`,
    `requests_per_second=None` switches the limit off; `announcer` is told what Rivo would announce
    by webhook; reads show the shop as it was `lag_of(request)` ago, at most `lag`, and without
    `lag_of` U20 says whether they lag at all. `requests` keeps the newest 10,000.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        clock: Callable[[], datetime],
        faults: Callable[[Received], Fault | None] | None = None,
        delay: Callable[[Received], Awaitable[None]] | None = None,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
        **options: Any,
    ) -> None:
        super().__init__(shop, clock=clock, **options)
        self.faults = faults
        self.requests: deque[Received] = deque(maxlen=10_000)
        self._delay = delay
        self._sleep = sleep
        self._arrived = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        received = await read_request(scope, receive, number=lambda: self._arrived + 1)
        if received is None:
            return  # whoever asked is gone
        fault = self.faults(received) if self.faults else None
        if fault is not None and fault.kind == "refuse":
            raise fault.error() if fault.error else RefusedConnectionError
        self._arrived += 1
        self.requests.append(received)
        if self._delay is not None:
            await self._delay(received)
        if fault is None:
            await send_answer(self.answer(received), send, charset=self._charset)
        else:
            await self._spoil(received, fault, receive, send)

    async def _spoil(self, received: Received, fault: Fault, receive: Receive, send: Send) -> None:
        answer: Answer | None = None
        if fault.applied:
            answer = self.answer(received, note_length=fault.note_length)
        if fault.after is not None:
            self.postpone(received, fault.after, note_length=fault.note_length)
        if fault.kind == "hang":
            await receive()  # the body is read: what comes next is that the client is gone
            return
        if loses(fault, self.switches):
            await break_off(send)
            raise fault.error() if fault.error else LostConnectionError
        told = spoiled(fault, answer, self.switches)
        if fault.kind == "trickle":
            await send_in_pieces(
                told,
                send,
                charset=self._charset,
                pieces=fault.pieces,
                pause=lambda: self._sleep(fault.pause),
            )
        else:
            await send_answer(told, send, charset=self._charset)

    @property
    def _charset(self) -> bool:
        return self.switches.content_type == "json_charset"
