"""Real answers of the sandbox, played back with one of them spoiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import msgspec

from integrations.errors import ActionError
from integrations.memory import Memory
from integrations.rivo import ACTIONS, Rivo
from integrations.rivo_sandbox import Sandbox, Switches
from integrations.upstream import Upstream, make_client
from tests.alternatives.service import FACTS, KEY, NOON, SHOP, account, plain

Spot = tuple[str | int, ...]
"""The way to a value inside a body."""


class Recorded(msgspec.Struct, frozen=True):
    """One complete answer, and the spots in it that hold something."""

    status: int
    body: bytes
    spots: list[Spot]


class Recording(httpx.AsyncBaseTransport):
    """Passes requests on to a sandbox and keeps what it answers."""

    def __init__(self, switches: Switches) -> None:
        self.answers: dict[str, Recorded] = {}
        self._inner = httpx.ASGITransport(
            Sandbox(SHOP, clock=lambda: NOON, switches=switches, requests_per_second=None)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        body = await response.aread()
        spots = list(_spots(msgspec.json.decode(body) if body else None))
        self.answers[_asked(request)] = Recorded(response.status_code, body, spots)
        return httpx.Response(response.status_code, content=body)


class Replay(httpx.AsyncBaseTransport):
    """Answers what was recorded; what was never asked before is not found.

    `spoil` makes what is sent of each answer.
    """

    def __init__(
        self, answers: dict[str, Recorded], spoil: Callable[[str, Recorded], bytes]
    ) -> None:
        self._answers = answers
        self._spoil = spoil
        self.wrote = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = _asked(request)
        self.wrote = self.wrote or request.method != "GET"
        answer = self._answers.get(asked)
        if answer is None:
            return httpx.Response(404, content=b'{"error":"Could not find that."}')
        return httpx.Response(answer.status, content=self._spoil(asked, answer))


async def run(transport: httpx.AsyncBaseTransport, name: str, inputs: Any) -> dict[str, Any]:
    """Run an action against a transport: its answer, or the code of its error."""
    client = make_client(
        base_url="http://rivo.example/merchant_api/v1",
        headers={"Authorization": KEY},
        transport=transport,
    )
    rivo = Rivo(
        Upstream(client, name="shop", clock=_still),
        Memory(clock=_still),
        facts=FACTS,
        clock=_still,
        now=lambda: NOON,
    )
    given, _ = ACTIONS[name].parse(inputs)
    try:
        rivo = rivo.for_write(account(), 4) if ACTIONS[name].writes else rivo.until(4)
        answer = await ACTIONS[name].run(rivo, **given)
    except ActionError as error:
        return {"error": error.code}
    plain(answer.resource)
    return {"answer": plain(answer)}


def replaced(body: bytes, spot: Spot, make: Callable[[Any], Any]) -> bytes:
    """Put something else in a spot; a spot within it that is gone by then is left alone."""
    whole = [msgspec.json.decode(body)]
    inside: Any = whole
    last: str | int = 0
    for step in spot:
        inside, last = inside[last], step
    value = make(inside[last])
    if value is GONE:
        del inside[last]
    else:
        inside[last] = value
    return msgspec.json.encode(whole[0] if whole else None)


GONE = object()
"""What `replaced` takes away."""


def _asked(request: httpx.Request) -> str:
    return f"{request.method} {request.url}"


def _still() -> float:
    return 0.0


def _spots(value: Any, spot: Spot = ()) -> Iterator[Spot]:
    """Walk to every value; of a list, two rows are enough."""
    yield spot
    inner: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value[:2]))
    for step, each in inner:
        yield from _spots(each, (*spot, step))
