"""The way to Rivo and back, in virtual time: what a plan makes of each request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import parse_qsl

import httpx

from integrations.rivo_sandbox import Answer, Received, Sandbox
from tests.simulation.plan import HEALTHY_AT, Plan, Trouble
from tests.simulation.seen import Arrived

FINE_READ = Trouble("none", 0.0, 0.05)
FINE_WRITE = Trouble("none", 0.05, 0.1)
MEDIA = {"html": "text/html", "text": "text/plain", "json": "application/json"}
NOTHING = Answer(200, b"{}", "json")
PIECE_SECONDS = 0.7


class Network:
    """Carries requests to one sandbox; what was sent stays sent, whoever dies meanwhile.

    `seconds` is the time since the schedule began, `say` writes a line of the trace.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        plan: Plan,
        *,
        seconds: Callable[[], float],
        say: Callable[[str], None],
    ) -> None:
        self.arrived: list[Arrived] = []
        self.under_way = 0
        self._sandbox = sandbox
        self._plan = plan
        self._seconds = seconds
        self._say = say
        self._count = 0
        self._reads: Iterator[Trouble] = iter(plan.reads)
        self._writes: Iterator[Trouble] = iter(plan.writes)

    async def carry(self, request: httpx.Request, instance: str) -> httpx.Response:
        """Take one request to the sandbox, and bring back what the plan lets through."""
        self._count += 1
        received = _received(request, self._count)
        reads = received.method == "GET"
        trouble = self._next(reads=reads)
        self._say(f"{instance} -> {self._count} {received.method} {_short(received)}: {trouble}")
        if trouble.kind == "refuse":
            if not reads:
                self._note(received, instance, trouble)
            raise httpx.ConnectError("refused")
        if trouble.kind == "too_many":
            if not reads:
                self._note(received, instance, trouble)
            await asyncio.sleep(trouble.takes)
            return _response(Answer(429, b'{"error":"Too many requests"}', "json"))
        if reads:
            return await self._bring(request, trouble, lambda: self._sandbox.answer(received))
        arrived = self._note(received, instance, trouble)
        answers: list[Answer] = []
        if trouble.after is not None:
            self.under_way += 1
            loop = asyncio.get_running_loop()
            loop.call_later(trouble.after, self._apply, received, arrived, answers)
        return await self._bring(request, trouble, lambda: answers[0] if answers else NOTHING)

    def _next(self, *, reads: bool) -> Trouble:
        if self._seconds() >= HEALTHY_AT:
            return FINE_READ if reads else FINE_WRITE
        return next(self._reads, FINE_READ) if reads else next(self._writes, FINE_WRITE)

    def _note(self, received: Received, instance: str, trouble: Trouble) -> Arrived:
        arrived = Arrived(
            number=received.number,
            at=self._seconds(),
            instance=instance,
            method=received.method,
            path=received.path.partition("/v1/")[2],
            form=dict(parse_qsl(received.body.decode())),
            trouble=trouble.kind,
        )
        self.arrived.append(arrived)
        return arrived

    def _apply(self, received: Received, arrived: Arrived, answers: list[Answer]) -> None:
        self.under_way -= 1
        answer = self._sandbox.answer(received, note_length=self._plan.note_length)
        answers.append(answer)
        arrived.answered = answer.status
        if answer.status < 300:
            arrived.applied_at = self._seconds()
        self._say(f"rivo    {received.number} answers {answer.status}")

    async def _bring(
        self, request: httpx.Request, trouble: Trouble, answer: Callable[[], Answer]
    ) -> httpx.Response:
        patience: float = request.extensions["timeout"].get("read")
        if trouble.kind == "drop" or trouble.takes >= patience:
            await asyncio.sleep(patience)
            raise httpx.ReadTimeout("dropped")
        await asyncio.sleep(trouble.takes)
        match trouble.kind:
            case "reset":
                raise httpx.ReadError("reset")
            case "error":
                return _response(Answer(500, b'{"error":"Internal Server Error"}', "json"))
            case "redirect":
                return _response(Answer(302, headers=(("location", "https://elsewhere.example"),)))
            case "error_200":
                return _response(Answer(200, b'{"error":"Not possible right now"}', "json"))
        true = answer()
        match trouble.kind:
            case "broken_json":
                return _response(Answer(true.status, true.body[: len(true.body) // 2], "json"))
            case "wrong_type":
                return _response(Answer(true.status, b"<html>Back soon</html>", "html"))
            case "trickle":
                response = _response(true)
                return httpx.Response(response.status_code, stream=_Trickle(true.body, patience))
        return _response(true)


class _Trickle(httpx.AsyncByteStream):
    """A body that comes so slowly that nobody waits for its end."""

    def __init__(self, body: bytes, patience: float) -> None:
        self._body = body
        self._patience = patience

    async def __aiter__(self) -> AsyncIterator[bytes]:
        waited = 0.0
        for at in range(0, len(self._body), 40):
            waited += PIECE_SECONDS
            if waited > self._patience:
                await asyncio.sleep(PIECE_SECONDS)
                raise httpx.ReadTimeout("trickled")
            await asyncio.sleep(PIECE_SECONDS)
            yield self._body[at : at + 40]


class Way(httpx.AsyncBaseTransport):
    """The transport of one instance: its points of death stand around each request."""

    def __init__(self, network: Network, name: str, gate: Callable[[str], object]) -> None:
        self._network = network
        self._name = name
        self._gate = gate

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        await self._gate(f"send {request.method}")  # type: ignore[misc]
        try:
            return await self._network.carry(request, self._name)
        finally:
            await self._gate(f"sent {request.method}")  # type: ignore[misc]


def _received(request: httpx.Request, number: int) -> Received:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    return Received(
        method=request.method,
        path=path,
        query=query,
        headers=tuple((k.decode().lower(), v.decode()) for k, v in request.headers.raw),
        body=request.content,
        number=number,
    )


def _response(answer: Answer) -> httpx.Response:
    headers = list(answer.headers)
    if answer.media != "none":
        headers.append(("content-type", MEDIA[answer.media]))
    return httpx.Response(answer.status, headers=headers, content=answer.body)


def _short(received: Received) -> str:
    query = re.sub(r"(filters|pagination|sort)%5B(\w+)%5D", r"\2", received.query)
    form = received.body.decode()
    return " ".join(part for part in (received.path.partition("/v1/")[2], query, form) if part)
