"""Asks Rivo one thing after another: GET only, slowly, bounded, and keeps what came back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import httpx
import msgspec

from app.check.finding import Finding, Result, shape
from integrations.errors import UpstreamError
from integrations.rivo.replies import body_of
from integrations.upstream import Upstream, make_client

PAUSE_SECONDS: Final = 0.12
CALL_SECONDS: Final = 5.0
ALL_SECONDS: Final = 90.0
MOST_REQUESTS: Final = 30
PATIENCE_SECONDS: Final = 2.0
NO_TIME: Final = "no time was left to ask"

Params = Mapping[str, str | int]
NOTHING: Final[Params] = {}


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What came back for one request; `trouble` says why nothing did."""

    status: int = 0
    headers: Mapping[str, str] = {}
    body: Any = None
    ms: float | None = None
    trouble: str | None = None

    @property
    def rows(self) -> list[dict[str, Any]] | None:
        """The attributes of a list's rows, each with its `id`; None if this is no list."""
        data = self.body.get("data") if isinstance(self.body, dict) else None
        if self.status != 200 or not isinstance(data, list):
            return None
        return [attributes(row) for row in data if isinstance(row, dict)]

    @property
    def row(self) -> dict[str, Any] | None:
        """The attributes of the one resource; None if there is none."""
        data = self.body.get("data", self.body) if isinstance(self.body, dict) else None
        if self.status != 200 or not isinstance(data, dict) or "error" in data:
            return None
        return attributes(data)

    @property
    def links(self) -> dict[str, Any]:
        """How a list says that it goes on."""
        links = self.body.get("links") if isinstance(self.body, dict) else None
        return links if isinstance(links, dict) else {}

    def finding(
        self, question: str, result: Result, seen: str, contract: str, *, essential: bool = False
    ) -> Finding:
        """Say what this answer tells about a question."""
        return Finding(
            question=question,
            result=result,
            seen=seen,
            contract=contract,
            ms=self.ms,
            essential=essential,
        )

    def failure(self, question: str, contract: str, *, essential: bool = False) -> Finding | None:
        """Say why this answer tells nothing about a question; None if it is a 200."""
        result: Result = "could not tell"
        if self.trouble is not None:
            seen = self.trouble
        elif self.status == 200:
            return None
        elif self.status in (401, 403):
            seen = f"the key is refused here ({self.status})"
        elif self.status == 404:
            result, seen = "missing", f"404 with {shape(self.body)}: not on this store"
        elif self.status == 429 or self.status >= 500:
            seen = f"Rivo is busy or broken ({self.status})"
        else:
            result, seen = "differs", f"{self.status} with {shape(self.body)}"
        return self.finding(question, result, seen, contract, essential=essential)


def attributes(row: dict[str, Any]) -> dict[str, Any]:
    """Return a resource's attributes with its own id, which counts more than the one inside."""
    inner = row.get("attributes")
    found = inner if isinstance(inner, dict) else row
    return {**found, "id": row.get("id", found.get("id"))}


class Asker:
    """Asks one shop's Rivo; `heard` keeps every answer, `requests` counts what was sent.

    `clock` gives seconds that only go forward; `sleep` waits. It never sends anything but GET, at
    most eight in a second and 30 in all, and stops asking after a minute and a half.
    """

    def __init__(
        self,
        *,
        base_url: str,
        key: str,
        transport: httpx.AsyncBaseTransport | None,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        client = make_client(
            base_url=base_url, headers={"Authorization": key}, transport=transport, connections=1
        )
        client.event_hooks = {"response": [self._note]}
        self.heard: list[Heard] = []
        self.requests = 0
        self._upstream = Upstream(client, name="check", clock=clock, connections=1)
        self._clock = clock
        self._sleep = sleep
        self._until = clock() + ALL_SECONDS
        self._headers: Mapping[str, str] = {}

    async def ask(self, *segments: str | int, params: Params = NOTHING) -> Heard:
        """Ask for a path below the base address; after a 429 once more."""
        heard = await self._once(segments, params)
        if heard.status == 429:
            await self._sleep(PATIENCE_SECONDS)
            heard = await self._once(segments, params)
        return heard

    async def close(self) -> None:
        """Close the connection."""
        await self._upstream.close()

    async def _once(self, segments: tuple[str | int, ...], params: Params) -> Heard:
        if self.requests >= MOST_REQUESTS or self._clock() >= self._until:
            return Heard(trouble=NO_TIME)
        if self.requests:
            await self._sleep(PAUSE_SECONDS)
        self.requests += 1
        self._headers = {}
        began = self._clock()
        try:
            reply = await self._upstream.call(
                "GET",
                segments,
                params=[(name, str(value)) for name, value in params.items()],
                seconds=CALL_SECONDS,
            )
        except UpstreamError as error:
            return Heard(trouble=str(error), ms=self._since(began))
        heard = Heard(
            status=reply.status,
            headers=self._headers,
            body=body_of(reply),
            ms=self._since(began),
        )
        self.heard.append(heard)
        return heard

    def _since(self, began: float) -> float:
        return round((self._clock() - began) * 1000, 1)

    async def _note(self, response: httpx.Response) -> None:
        self._headers = {name.lower(): value for name, value in response.headers.items()}
