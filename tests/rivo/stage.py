"""One shop's Rivo over respx: what leaves is written down, what comes back the test says."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import httpx
import msgspec
import respx

from integrations.actions import Answer
from integrations.memory import Memory
from integrations.rivo import ACTIONS, Rivo, ShopFacts
from integrations.rivo.client import BASE_URL
from integrations.rivo.writing import Writing
from integrations.upstream import Upstream

KEY = "raw-key-without-bearer"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AS_OF = "2026-11-21T12:00:00.000Z"
SAMPLES = Path(__file__).parent / "samples"
SARAH = "sarah.martinez@example.com"
SARAH_ID = 7294851236742
DAY = 86_400

Answers = httpx.Response | type[Exception]


class Clock:
    """Seconds and a time of day that pass only when a test lets them."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds - 1_000.0)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Stage:
    """A Rivo whose clock stands still and whose network is respx's."""

    def __init__(
        self,
        router: respx.MockRouter,
        client: httpx.AsyncClient,
        facts: ShopFacts | None = None,
        *,
        stale: float = 0.0,
    ) -> None:
        self.router = router
        self.clock = Clock()
        self.upstream = Upstream(client, name="rivo", clock=self.clock)
        self.memory = Memory(clock=self.clock, stale_seconds=stale, last_known_seconds=DAY)
        self.rivo = Rivo(
            self.upstream,
            self.memory,
            facts=facts or ShopFacts(currency="USD"),
            clock=self.clock,
            now=self.clock.now,
            sleep=self.clock.sleep,
        )

    def on(self, method: str, path: str, *answers: object, status: int = 200) -> respx.Route:
        """Let Rivo answer a path, whatever the query: bodies, responses or errors, in turn."""
        route = self.router.route(method=method, url__regex=f"^{BASE_URL}{path}(\\?.*)?$")
        route.side_effect = [_answer(answer, status) for answer in answers]
        return route

    async def run(self, name: str, **inputs: Any) -> Answer:
        """Run an action as a door does: what came in as text is parsed first."""
        return await self.run_until(self.clock() + 4.0, name, **inputs)

    async def run_until(self, deadline: float, name: str, **inputs: Any) -> Answer:
        """Run an action that has to end at a deadline."""
        values, _ = ACTIONS[name].parse(inputs)
        writes = ACTIONS[name].writes
        rivo = self.rivo.until(deadline) if writes else self.rivo.for_read(deadline)
        answer = await ACTIONS[name].run(rivo, **values)
        assert isinstance(answer, ACTIONS[name].answer)
        return answer

    async def keep(self, writing: Writing, name: str, **inputs: Any) -> Answer:
        """Run a write of which account is kept."""
        values, _ = ACTIONS[name].parse(inputs)
        answer = await ACTIONS[name].run(self.rivo.for_write(writing, self.clock() + 4.0), **values)
        assert isinstance(answer, ACTIONS[name].answer)
        return answer

    @property
    def sent(self) -> list[str]:
        """What left, one line each: method, raw path, decoded query, body.

        Every request has to carry the key as it is, and a content type only with a body.
        """
        return [_line(call.request) for call in self.router.calls]

    @property
    def form(self) -> dict[str, str]:
        """The form of the last request."""
        body = self.router.calls.last.request.content.decode()
        pairs = [pair.split("=") for pair in body.split("&") if pair]
        assert len({name for name, _ in pairs}) == len(pairs)
        return {unquote_plus(name): unquote_plus(value) for name, value in pairs}


def sample(name: str) -> Any:
    """Read a sample afresh."""
    return msgspec.json.decode((SAMPLES / f"{name}.json").read_bytes())


def changed(body: Any, **attributes: object) -> Any:
    """Copy a single resource with other attributes."""
    mine = copy.deepcopy(body)
    mine["data"]["attributes"] |= attributes
    return mine


def row(number: int, **attributes: object) -> dict[str, object]:
    """Make a row of a list."""
    return {"id": number, "attributes": {"id": number, **attributes}}


def listed(*rows: object, **links: object) -> dict[str, object]:
    """Make a list as Rivo sends it; without links it is the last page."""
    return {"data": list(rows), "links": links or {"self": "x", "next": None, "last": "x"}}


def built(answer: Answer) -> Any:
    """Turn an answer into what JSON makes of it."""
    return msgspec.json.decode(msgspec.json.encode(answer))


def text_of(value: object) -> str:
    """Write JSON, the order of its keys included."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()


def _answer(answer: object, status: int) -> Answers:
    if isinstance(answer, httpx.Response):
        return answer
    if isinstance(answer, type) and issubclass(answer, Exception):
        return answer
    return httpx.Response(status, json=answer)


def _line(request: httpx.Request) -> str:
    headers: Mapping[str, str] = request.headers
    body = request.content.decode()
    kind = "application/x-www-form-urlencoded" if body else None
    assert KEY == headers["authorization"]
    assert kind == headers.get("content-type")
    assert "developer-api.rivo.io" == headers["host"]
    assert "gzip" == headers["accept-encoding"]
    path, _, query = request.url.raw_path.decode().partition("?")
    words = [request.method, path.removeprefix("/merchant_api/v1"), unquote_plus(query), body]
    return " ".join(word for word in words if word)
