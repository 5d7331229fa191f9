"""A helpdesk that takes notes: it keeps what came, and answers as it is told."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import httpx
import msgspec

from tests.app.loop import seconds
from tests.app.serving import ENVIRON

USER: Final = "loyalty-bot@shop.example.com"
GORGIAS_KEY: Final = "key-of-gorgias-0001"
ZENDESK_TOKEN: Final = "token-of-zendesk-0001"
WITH_GORGIAS: Final = {
    **ENVIRON,
    "GORGIAS_DOMAIN": "acme",
    "GORGIAS_USER": USER,
    "GORGIAS_API_KEY": GORGIAS_KEY,
}
WITH_ZENDESK: Final = {
    **ENVIRON,
    "ZENDESK_SUBDOMAIN": "acme",
    "ZENDESK_SHARED_SECRET": "shared-secret-of-zendesk-0001",
    "ZENDESK_WEBHOOK_SECRET": "webhook-secret-of-zendesk-0001",
    "ZENDESK_USER": USER,
    "ZENDESK_API_TOKEN": ZENDESK_TOKEN,
}

Answer = httpx.Response | Exception | None
"""What comes back, an error of the connection, or nothing for ever."""


class Helpdesk(httpx.AsyncBaseTransport):
    """Takes requests; `answers` come one after the other, then successes."""

    def __init__(self, *answers: Answer, always: Callable[[], Answer] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []
        self.closed = 0
        self._answers: Iterator[Answer] = iter(answers)
        self._always = always or (lambda: httpx.Response(201, json={"id": 1}))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        self.times.append(seconds())
        try:
            answer = next(self._answers)
        except StopIteration:
            answer = self._always()
        if answer is None:
            await asyncio.sleep(86_400)
            raise AssertionError("Nobody waits for so long.")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def aclose(self) -> None:
        self.closed += 1

    @property
    def notes(self) -> list[dict[str, Any]]:
        """The bodies that came."""
        return [msgspec.json.decode(request.content) for request in self.requests]

    @property
    def lines(self) -> list[list[str]]:
        """What the notes at Gorgias say, line by line."""
        return [note["body_text"].split("\n") for note in self.notes]


def basic(user: str, secret: str) -> str:
    """Spell basic authentication."""
    return f"Basic {base64.b64encode(f'{user}:{secret}'.encode()).decode()}"


def without(environ: Mapping[str, str], *names: str) -> dict[str, str]:
    """Leave names out of an environment."""
    return {name: value for name, value in environ.items() if name not in names}
