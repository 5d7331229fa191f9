"""Brings what the demo shops announce to our own door for webhooks, as Rivo is taken to do it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Final

import httpx
import msgspec
from starlette.types import ASGIApp

from integrations.rivo_sandbox import Announcement, Delivery

PATH: Final = "/rivo/webhooks"
MOST_KEPT: Final = 50
ANSWER_SECONDS: Final = 10.0
"""How long Rivo waits for an answer nobody knows; ours takes milliseconds."""


class Told(msgspec.Struct, kw_only=True):
    """One announcement, and how it went so far: `status` is the last answer's, None before one.

    `due` is when it is (first or again) sent, None where it is not any more.
    """

    shop: str
    topic: str
    at: datetime
    about: str
    tries: int = 0
    status: int | None = None
    due: datetime | None = None

    @property
    def taken(self) -> bool:
        """Whether we have confirmed it."""
        return self.status is not None and 200 <= self.status < 300


class Courier:
    """Takes announcements at once and brings them later, in their order, until they are taken.

    `now` is the time of day (UTC), `sleep` waits so many seconds. `told` are the newest, by shop.
    """

    def __init__(
        self, *, now: Callable[[], datetime], sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        self.told: dict[str, deque[Told]] = {}
        self._now = now
        self._sleep = sleep
        self._waiting: asyncio.Queue[tuple[Told, Announcement]] = asyncio.Queue()

    def take(self, shop: str, announcement: Announcement) -> None:
        """Take an announcement of a shop; nothing is sent before `run`."""
        told = Told(
            shop=shop,
            topic=announcement.topic,
            at=self._now(),
            about=_about(announcement.deliveries[0].body),
            due=announcement.deliveries[0].at,
        )
        self.told.setdefault(shop, deque(maxlen=MOST_KEPT)).append(told)
        self._waiting.put_nowait((told, announcement))

    async def run(self, app: ASGIApp) -> None:
        """Bring whatever is announced to `app`, until cancelled."""
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with (
            httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", trust_env=False
            ) as http,
            asyncio.TaskGroup() as tasks,
        ):
            while True:
                told, announcement = await self._waiting.get()
                first, *later = announcement.deliveries
                if first.at > self._now():
                    tasks.create_task(self._go_on(http, told, announcement.deliveries))
                elif not await self._try(http, told, first):
                    tasks.create_task(self._go_on(http, told, later))

    async def _go_on(
        self, http: httpx.AsyncClient, told: Told, deliveries: Iterable[Delivery]
    ) -> None:
        """Try again when it is time, as often as Rivo would."""
        for delivery in deliveries:
            told.due = delivery.at
            await self._sleep(max(0.0, (delivery.at - self._now()).total_seconds()))
            if await self._try(http, told, delivery):
                return
        told.due = None

    async def _try(self, http: httpx.AsyncClient, told: Told, delivery: Delivery) -> bool:
        told.tries += 1
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await http.post(
                    f"{PATH}/{told.shop}",
                    content=delivery.body,
                    headers=list(delivery.headers),
                )
            told.status = answer.status_code
        except (httpx.HTTPError, TimeoutError):
            told.status = None
        if told.taken:
            told.due = None
        return told.taken


def _about(body: bytes) -> str:
    """Say whom a body is about: the e-mail address of the customer in it, or nothing."""
    said = msgspec.json.decode(body)
    customer = said.get("customer") or said
    return str(customer.get("email") or "")
