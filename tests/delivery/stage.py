"""An outbox with its deliverer, in a time that jumps, and a receiver that is told as it likes."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

import httpx
import msgspec
from prometheus_client import CollectorRegistry

from app.delivery import outbox
from app.delivery.outbox import Line
from app.delivery.sending import Deliverer, Outfit
from app.delivery.standard_webhooks import verify
from app.metrics import Metrics
from app.observe import make_log
from app.settings import Settings, ShopSettings, TriggerSettings
from app.shops import Shops
from app.store.sqlite import MEMORY, SqliteStore, Transaction
from integrations.rivo import Rivo
from tests.app.loop import seconds
from tests.store.stage import Inline

NOW: Final = datetime(2026, 11, 3, 12, tzinfo=UTC)
AT: Final = NOW.timestamp()
EARNED: Final = "loyalty_points_earned"
REDEEMED: Final = "points_redemption_created"
SECRET: Final = "whsec_c2VjcmV0LW9mLWEtcmVjZWl2ZXItMDAwMQ=="
URL: Final = "https://hooks.example.com/mesa/capability-0001"
OTHER_URL: Final = "https://slow.example.com/in"
BODY: Final = b'{"customer_id":7,"customer_email":"ana@example.com","trigger":"x"}'

Answer = httpx.Response | Exception | None
"""What comes back, an error of the connection, or nothing for ever."""


def shop_of(
    *targets: tuple[str, str], name: str = "acme", secrets: tuple[str, ...] = (SECRET,)
) -> ShopSettings:
    """Make a shop whose triggers go to these (trigger, URL)."""
    return ShopSettings(
        name=name,
        rivo_api_key=f"key-of-{name}",
        triggers=tuple(
            TriggerSettings(trigger=trigger, url=url, secrets=secrets) for trigger, url in targets
        ),
    )


class Told(msgspec.Struct, frozen=True):
    """One request that came, with the time and the id under which it was signed."""

    at: float
    id: str
    request: httpx.Request


class Receiver(httpx.AsyncBaseTransport):
    """Takes triggers, each checked by its signature; `answer` says what comes back for one."""

    def __init__(self, answer: Callable[[Told], Answer] | None = None) -> None:
        self.told: list[Told] = []
        self.at_once = self.most_at_once = 0
        self.secret = SECRET
        self._answer = answer or (lambda _: httpx.Response(204))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        at = seconds()
        now = float(request.headers["webhook-timestamp"])
        who = verify(dict(request.headers), body, secrets=[self.secret], now=now)
        self.told.append(Told(at, who, request))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            answer = self._answer(self.told[-1])
            if answer is None:
                await asyncio.sleep(1_000_000)
        finally:
            self.at_once -= 1
        if isinstance(answer, Exception):
            raise answer
        assert answer is not None
        return answer

    def times(self, url: str = URL) -> list[float]:
        """The seconds, from the first, at which a URL was told something."""
        at = [each.at for each in self.told if str(each.request.url) == url]
        return [round(each - at[0], 3) for each in at]


def answering(status: int, headers: Mapping[str, str] | None = None) -> Callable[[Told], Answer]:
    """Always answer so."""
    return lambda _: httpx.Response(status, headers=headers)


class Stage:
    """A store, a shop, and deliverers over it, one after the other."""

    def __init__(
        self,
        *shops: ShopSettings,
        receiver: httpx.AsyncBaseTransport | None,
        path: str | Path = MEMORY,
        chance: Callable[[], float] = lambda: 0.0,
        alone: bool = True,
    ) -> None:
        self.receiver = receiver
        self.out = io.BytesIO()
        self.store = SqliteStore(path, executor=Inline())
        self.metrics = Metrics(CollectorRegistry())
        self.began = seconds()
        self._chance = chance
        self._alone = alone
        self._made = 0
        self.use(*shops)

    def use(self, *shops: ShopSettings) -> None:
        """Let the settings be these."""
        self.shops = Shops(_no_rivo)
        self.shops.use(Settings(shops=shops))
        self.deliverer = self.deliver()

    def now(self) -> datetime:
        return NOW + timedelta(seconds=seconds() - self.began)

    def deliver(self) -> Deliverer:
        """Make a deliverer as another process would: it owns nothing of what was left behind."""
        self._made += 1
        return Deliverer(
            Outfit(
                store=self.store,
                shops=self.shops,
                clock=seconds,
                now=self.now,
                sleep=asyncio.sleep,
                chance=self._chance,
                owner=f"owner-{self._made}",
                alone=self._alone,
                log=make_log(self.out, level="debug", form="json"),
                metrics=self.metrics,
                transport=lambda _: self.receiver,
            )
        )

    async def put(self, *events: str, trigger: str = EARNED, body: bytes = BODY) -> None:
        """Put down triggers of the only shop, caused by these events."""
        (shop,) = self.shops.all()

        def job(tx: Transaction) -> None:
            for event in events:
                outbox.put(
                    tx,
                    event=event,
                    shop=shop.settings,
                    trigger=trigger,
                    body=body,
                    customer="7",
                    email="ana@example.com",
                    at=self.now().timestamp(),
                )

        await self.store.write(job)

    async def until_ended(self) -> None:
        """Let the deliverer look whenever something is due, until nothing is on its way."""
        while True:
            await self.deliverer.once()
            due = [line.due_at for line in await self.lines() if line.due_at is not None]
            if not due:
                return
            await asyncio.sleep(max(min(due) - self.now().timestamp(), 0.001))

    async def for_seconds(self, wanted: float) -> None:
        """Let the deliverer run for so long."""
        running = asyncio.create_task(self.deliverer.run())
        await asyncio.sleep(wanted)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def lines(self) -> list[Line]:
        """Read the outbox, the newest first."""
        names = [shop.name for shop in self.shops.all()]
        return await self.store.read(
            lambda tx: outbox.page(tx, shops=names, state=None, most=1_000_000)
        )

    async def states(self) -> list[str]:
        """Read what became of each trigger."""
        return [line.state for line in await self.lines()]

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Read the log lines of an event."""
        found = [msgspec.json.decode(line) for line in self.out.getvalue().splitlines()]
        return [line for line in found if line["event"] == event]


def _no_rivo(_: ShopSettings) -> Rivo:
    return cast(Rivo, None)
