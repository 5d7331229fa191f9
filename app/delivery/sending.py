"""The deliverer of triggers: sends what is due in the outbox until it is told, or given up.

At least once is the claim: what was begun and has no end is sent again, under the same id. Each URL
has rounds of its own, so that a slow receiver keeps none of the others waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import httpx
from structlog.typing import FilteringBoundLogger

from app.delivery import erasing, outbox
from app.delivery.outbox import Message, State
from app.delivery.posting import Posted, Wire, post
from app.metrics import Metrics
from app.settings import ShopSettings, TriggerSettings
from app.shops import Shops
from app.store.sqlite import SqliteStore, StoreError, Transaction

WAITS: Final = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
"""After each failed try but the last: a day and some hours in all."""
JITTER: Final = 0.2
"""A wait is up to so much of it longer, lest all that failed together comes back together."""
EVERY_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 15.0
"""Where nobody is named to be told, only what was put down before is looked for."""
MOST_AT_ONCE: Final = 8
LEASE_SECONDS: Final = 30.0
"""An attempt takes ten seconds at most, and is put down within the rest."""
DRAIN_SECONDS: Final = 3.0
COUNT_SECONDS: Final = 15.0
FORGET_SECONDS: Final = 3_600.0
TOLD_SECONDS: Final = 7 * 86_400.0
"""So long it is kept what a delivered trigger told, to be sent again where that is asked for."""
ENDED_SECONDS: Final = 30 * 86_400.0
MOST_FORGOTTEN: Final = 500

Way = Callable[[ShopSettings], httpx.AsyncBaseTransport | None]


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """What a deliverer takes: the store, the shops, and what comes from outside.

    `owner` names this replica, `alone` says that no other can be alive; `chance` gives a number
    from 0 to 1. `transport` is asked for each attempt: None is the network.
    """

    store: SqliteStore
    shops: Shops
    clock: Callable[[], float]
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[object]]
    chance: Callable[[], float]
    owner: str
    alone: bool
    log: FilteringBoundLogger
    metrics: Metrics
    transport: Way = lambda _: None

    def at(self) -> float:
        """Return the time of day in epoch seconds."""
        return self.now().timestamp()


class Deliverer:
    """Sends the triggers of all shops."""

    def __init__(self, outfit: Outfit, *, wire: Wire | None = None) -> None:
        self._outfit = outfit
        self._wire = wire or Wire()
        self._rounds: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._closing = False
        self._counted_at = self._forgot_at = float("-inf")

    async def run(self) -> None:
        """Go on until cancelled; what could not be done is done next time."""
        while True:
            try:
                await self._begin()
                await self._keep_house()
            except StoreError as error:
                self._outfit.log.error("store.failed", reason=str(error))
            except Exception as error:  # noqa: BLE001 - the next look may be luckier
                self._outfit.log.error("triggers.failed", error=type(error).__name__)
            is_told = any(shop.settings.triggers for shop in self._outfit.shops.all())
            await self._outfit.sleep(EVERY_SECONDS if is_told else IDLE_SECONDS)

    async def once(self) -> None:
        """Look once, and wait until everything that was due is told, or put off."""
        await self._begin()
        await asyncio.gather(*self._rounds.values())

    async def close(self) -> None:
        """Begin nothing more; what does not end in time is sent again by whoever comes next."""
        self._closing = True
        if self._rounds:
            _, late = await asyncio.wait(list(self._rounds.values()), timeout=DRAIN_SECONDS)
            for each in late:
                each.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _begin(self) -> None:
        """Start a round for each URL for which something is due and none is running."""
        it = self._outfit
        found = await it.store.read(
            lambda tx: outbox.waiting(tx, at=it.at(), owner=it.owner, alone=it.alone)
        )
        for whose in found:
            if whose not in self._rounds:
                task = asyncio.create_task(self._round(*whose))
                self._rounds[whose] = task
                task.add_done_callback(functools.partial(self._over, whose))

    def _over(self, whose: tuple[str, str], _: asyncio.Task[None]) -> None:
        del self._rounds[whose]

    async def _round(self, shop: str, url: str) -> None:
        """Send what is due for one URL, some at a time, until nothing is; failures are logged."""
        sending: set[asyncio.Task[None]] = set()
        try:
            while True:
                found = await self._claim(shop, url, MOST_AT_ONCE - len(sending))
                sending |= {asyncio.create_task(self._send(each)) for each in found}
                if not sending:
                    return
                done, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()
        except StoreError as error:
            self._outfit.log.error("store.failed", reason=str(error))
        except Exception as error:  # noqa: BLE001 - other triggers still have to be sent
            self._outfit.log.error("triggers.failed", shop=shop, error=type(error).__name__)
        finally:
            for each in sending:
                each.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    async def _claim(self, shop: str, url: str, most: int) -> list[Message]:
        it = self._outfit
        if self._closing:
            return []
        return await it.store.write(
            lambda tx: outbox.claim(
                tx,
                shop=shop,
                url=url,
                at=it.at(),
                owner=it.owner,
                alone=it.alone,
                lease=LEASE_SECONDS,
                most=most,
            )
        )

    async def _send(self, message: Message) -> None:
        """Send a message once, and put down what became of it."""
        found = self._target(message)
        if found is None:
            await self._end(message, "dead", Posted(became="failed", why="not_named"))
            return
        posted = await self._post(*found, message)
        match posted.became:
            case "delivered":
                await self._end(message, "delivered", posted)
            case "gone":
                await self._end(message, "dead", posted)
            case "failed" if message.tries > len(WAITS):
                await self._end(message, "dead", posted)
            case "failed":
                due_at = self._outfit.at() + self._wait(message.tries, posted.retry_after)
                await self._end(message, "waiting", posted, due_at=due_at)

    async def _post(self, shop: ShopSettings, target: TriggerSettings, message: Message) -> Posted:
        transport = given = self._outfit.transport(shop)
        if transport is None:
            transport = self._wire.to(target.networks)
        try:
            return await post(
                transport,
                target,
                message_id=message.id,
                body=message.body,
                at=self._outfit.at(),
            )
        finally:
            if given is None:
                with contextlib.suppress(httpx.HTTPError):
                    await transport.aclose()

    def _target(self, message: Message) -> tuple[ShopSettings, TriggerSettings] | None:
        """Find what the settings say of a URL now; what they do not name is not sent to."""
        shop = self._outfit.shops.find(message.shop)
        for each in shop.settings.triggers if shop else ():
            if shop and (each.trigger, each.url) == (message.trigger, message.url):
                return shop.settings, each
        return None

    def _wait(self, tries: int, asked: float | None) -> float:
        wait = WAITS[max(tries, 1) - 1] * (1 + JITTER * self._outfit.chance())
        return max(wait, min(asked or 0.0, max(WAITS)))

    async def _end(
        self, message: Message, state: State, posted: Posted, *, due_at: float | None = None
    ) -> None:
        """Put down and log what became of a message; the URL's path may be a secret."""
        it = self._outfit
        at = it.at()
        await it.store.write(
            lambda tx: outbox.end(
                tx, message, state, at=at, due_at=due_at, status=posted.status, why=posted.why
            )
        )
        it.metrics.posted(message.shop, message.trigger, state)
        say = it.log.info if state == "delivered" else it.log.warning
        say(
            f"trigger.{'put_off' if state == 'waiting' else state}",
            message=message.id,
            shop=message.shop,
            trigger=message.trigger,
            host=urlsplit(message.url).hostname,
            tries=message.tries,
            status=posted.status,
            why=posted.why,
        )

    async def _keep_house(self) -> None:
        """Count what is not delivered, and once an hour forget what is old."""
        it, clock = self._outfit, self._outfit.clock()
        if clock < self._counted_at + COUNT_SECONDS:
            return
        self._counted_at = clock
        it.metrics.outbox(await it.store.read(outbox.counts))
        if clock >= self._forgot_at + FORGET_SECONDS:
            self._forgot_at = clock
            await self._forget()

    async def _forget(self) -> None:
        """Forget all that is old, piece by piece: others write in between."""
        at, number = self._outfit.at(), 0

        def job(tx: Transaction) -> int:
            told, ended = at - TOLD_SECONDS, at - ENDED_SECONDS
            return erasing.forget(tx, told=told, ended=ended, most=MOST_FORGOTTEN)

        while piece := await self._outfit.store.write(job):
            number += piece
        if number:
            self._outfit.log.info("triggers.forgotten", number=number)
