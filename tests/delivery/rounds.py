"""One round: events are put down while receivers fail and the process dies, again and again.

All of it is drawn from a seed, in a time that jumps. In the end every event has to be told to every
URL at least once, under one id, or lie among the dead letters, and these are told when they are
sent again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, TypeVar

import httpx
import msgspec

from app.delivery import outbox
from app.delivery.outbox import Line
from app.delivery.sending import WAITS, Deliverer
from app.delivery.standard_webhooks import NotSignedError, verify
from app.settings import ShopSettings
from app.store.sqlite import SqliteStore, StoreError, Transaction
from tests.app.loop import SkippingLoop, seconds
from tests.delivery.stage import EARNED, REDEEMED, Stage, shop_of
from tests.store.stage import Inline

T = TypeVar("T")
EVENTS: Final = 1_000
URLS: Final = (
    "https://hooks.example.com/mesa/0001",
    "https://flaky.example.com/in",
    "https://awful.example.com/in?token=0003",
)
FAILS: Final = dict(zip(URLS, (0.1, 0.5, 0.85), strict=True))
OLD, NEW = "whsec_b2xkLXNlY3JldC0wMDAx", "new-secret-0001"
PUT_SECONDS: Final = 1_800.0
"""Within so long the events come; the process dies then, and at times later."""
DEATHS: Final = 40
ROLLED_BACK: Final = 0.05
AGAIN: Final = 0.1


class Told(msgspec.Struct, frozen=True):
    """What a receiver got: when, from which life, the whole message, and whether it said yes."""

    at: float
    life: int
    url: str
    id: str
    body: bytes
    yes: bool


class Receivers(httpx.AsyncBaseTransport):
    """All receivers; each takes a message in, or not, and answers as it happens to."""

    def __init__(self, chance: random.Random, stage: Callable[[], Played]) -> None:
        self.told: list[Told] = []
        self.unsigned: list[str] = []
        self.calm = False
        self.secret = OLD
        self._chance = chance
        self._played = stage

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url, played = str(request.url), self._played()
        fails = 0.0 if self.calm else FAILS[url]
        how = self._chance.random()
        await asyncio.sleep(self._chance.uniform(0.001, 0.3))
        if how < fails * 0.2:
            raise httpx.ConnectError("nobody there")
        body = await request.aread()
        try:
            message = verify(
                dict(request.headers),
                body,
                secrets=[self.secret],
                now=played.stage.now().timestamp(),
            )
        except NotSignedError as error:
            self.unsigned.append(f"unsigned: {error}")
            return httpx.Response(401)
        life = played.life
        if how < fails:
            self.told.append(Told(seconds(), life, url, message, body, yes=False))
            return await self._fail()
        self.told.append(Told(seconds(), life, url, message, body, yes=True))
        return httpx.Response(self._chance.choice((200, 202, 204)))

    async def _fail(self) -> httpx.Response:
        """Say no, or nothing at all, after all has arrived."""
        match self._chance.randrange(6):
            case 0:
                raise httpx.ReadError("lost")
            case 1:
                await asyncio.sleep(1_000)
                raise AssertionError
            case 2:
                return httpx.Response(429, headers={"retry-after": "40"})
            case 3:
                return httpx.Response(302, headers={"location": "https://elsewhere.example.com/"})
            case _:
                return httpx.Response(self._chance.choice((400, 404, 500, 502, 503)))


class Mortal(SqliteStore):
    """The store as one life sees it: after its death nothing reaches it any more."""

    def __init__(self, store: SqliteStore, chance: random.Random) -> None:
        super().__init__(":memory:", executor=Inline())
        self._store = store
        self._chance = chance
        self.dead = False

    async def write(self, job: Callable[[Transaction], T], *, durable: bool = True) -> T:
        await self._live()
        if self._chance.random() < 0.002:
            raise StoreError("The database cannot be used (FULL).")
        done = await self._store.write(job, durable=durable)
        await self._live()  # it may have died without hearing of its commit
        return done

    async def read(self, job: Callable[[Transaction], T]) -> T:
        await self._live()
        return await self._store.read(job)

    async def _live(self) -> None:
        if self.dead:
            await asyncio.Event().wait()


class Played:
    """A round as it is played, and what it left."""

    def __init__(self, seed: int, *, events: int = EVENTS) -> None:
        self.chance = random.Random(seed)
        self.receivers = Receivers(self.chance, lambda: self)
        self.stage = Stage(self._shop(OLD), receiver=self.receivers, chance=self.chance.random)
        self.events = events
        self.wanted: dict[str, tuple[str, bytes]] = {}
        """Of each message that has to be told, the URL and what it says."""
        self.life = 0
        self.lines: list[Line] = []
        self.dead_letters: dict[str, Line] = {}
        self._store: Mortal | None = None
        self._running: asyncio.Task[None] | None = None

    async def play(self) -> None:
        """Play it all."""
        await self.stage.store.open()
        dying = asyncio.create_task(self._die_again_and_again())
        await asyncio.gather(*(self._cause(number) for number in range(self.events)))
        await dying
        await self._rest()
        self.dead_letters = {
            line.id: line for line in await self.stage.lines() if line.state == "dead"
        }
        self.receivers.calm = True
        await self.stage.store.write(self._replay)
        await self._rest()
        self._end()
        self.lines = await self.stage.lines()

    def _shop(self, *secrets: str) -> ShopSettings:
        pairs = [(trigger, url) for url in URLS for trigger in (EARNED, REDEEMED)]
        return shop_of(*pairs, secrets=secrets)

    def _begin(self, deliverer: Callable[[], Deliverer]) -> None:
        self.life += 1
        running = deliverer()
        self._store = Mortal(self.stage.store, self.chance)
        object.__setattr__(running._outfit, "store", self._store)
        object.__setattr__(running._outfit, "sleep", self._sleep)
        self._running = asyncio.create_task(_alive(running))

    def _end(self) -> None:
        """Kill: what was asked of the store before is there or not, and nothing comes after."""
        if self._store is not None and self._running is not None:
            self._store.dead = True
            self._running.cancel()

    async def _sleep(self, wanted: float) -> None:
        """Look every second while much happens, and every minute later on."""
        busy = seconds() - self.stage.began < PUT_SECONDS + 60
        await asyncio.sleep(wanted if busy else 60)

    async def _die_again_and_again(self) -> None:
        times = sorted(self.chance.uniform(0, PUT_SECONDS) for _ in range(DEATHS - 10))
        times += sorted(self.chance.uniform(PUT_SECONDS, 90_000) for _ in range(10))
        for number, at in enumerate(times):
            self._begin(self.stage.deliver)
            await asyncio.sleep(max(at - (seconds() - self.stage.began), 0))
            await asyncio.sleep(0 if number % 2 else self.chance.uniform(0, 1))
            self._end()
            if number == DEATHS // 2:  # the secret is changed meanwhile: both, then the new one
                self.stage.use(self._shop(NEW, OLD))
            if number == DEATHS - 5:
                self.stage.use(self._shop(NEW))
                self.receivers.secret = NEW
        self._begin(self.stage.deliver)

    async def _rest(self) -> None:
        """Wait until nothing is on its way."""
        until = seconds() + 40 * 3_600
        while seconds() < until:
            await asyncio.sleep(600)
            counted = await self.stage.store.read(outbox.counts)
            if not {"waiting", "sending"} & {state for _, state, _ in counted}:
                return

    async def _cause(self, number: int) -> None:
        """Put down an event with its cause; some causes come to nothing, and some come twice."""
        await asyncio.sleep(self.chance.uniform(0, PUT_SECONDS))
        trigger = self.chance.choice((EARNED, REDEEMED))
        event, body = f"event-{number}", msgspec.json.encode({"number": number, "by": trigger})
        comes_to_nothing = self.chance.random() < ROLLED_BACK
        (shop,) = self.stage.shops.all()

        def job(tx: Transaction) -> None:
            tx.execute(
                "INSERT INTO webhooks VALUES ('acme', 'a/b', ?, '', 1) ON CONFLICT DO NOTHING",
                (event,),
            )
            at = self.stage.now().timestamp()
            outbox.put(
                tx,
                event=event,
                shop=shop.settings,
                trigger=trigger,
                body=body,
                customer=None,
                email=None,
                at=at,
            )
            if comes_to_nothing:
                raise _NothingError

        try:
            await self.stage.store.write(job)
        except _NothingError:
            return
        for url in URLS:
            self.wanted[outbox.message_id("acme", event, trigger, url)] = url, body
        if self.chance.random() < AGAIN:
            await asyncio.sleep(self.chance.uniform(0, 4_000))
            await self.stage.store.write(job)

    def _replay(self, tx: Transaction) -> None:
        for each in self.dead_letters:
            outbox.replay(tx, each, shops=["acme"], at=self.stage.now().timestamp())

    def findings(self) -> Iterator[str]:
        """Say what does not add up."""
        yield from self.receivers.unsigned
        told: dict[str, list[Told]] = {}
        for each in self.receivers.told:
            told.setdefault(each.id, []).append(each)
        for message in self.wanted:
            if not any(each.yes for each in told.get(message, ())):
                yield f"lost: {message} was never told"
        for message, some in told.items():
            if message not in self.wanted:
                yield f"made up: {message} was told, and nobody caused it"
            elif {self.wanted[message]} != {(each.url, each.body) for each in some}:
                yield f"mixed up: {message} says several things"
        states = {line.id: line for line in self.lines}
        if set(states) != set(self.wanted):
            yield f"rows: {len(states)} of {len(self.wanted)}"
        for line in self.lines:
            if line.state != "delivered":
                yield f"stuck: {line.id} is {line.state}"
        yield from self._paces(told)

    def _paces(self, told: dict[str, list[Told]]) -> Iterator[str]:
        """Check that nothing was given up early or tried without a pause."""
        for line in self.dead_letters.values():
            if line.tries != len(WAITS) + 1:
                yield f"too early: {line.id} was given up after {line.tries} tries"
        for message, some in told.items():
            for one, next_one in pairwise(some):
                if one.life == next_one.life and next_one.at - one.at < min(WAITS) - 0.5:
                    yield f"too soon: {message} was tried twice in {next_one.at - one.at:.1f} s"
        if self.events == EVENTS and not self.dead_letters:
            yield "calm: nothing was ever given up"


class _NothingError(Exception):
    """The cause came to nothing."""


async def _alive(deliverer: Deliverer) -> None:
    """Run a deliverer; when it is killed nothing of it goes on."""
    try:
        await deliverer.run()
    finally:
        for task in deliverer._rounds.values():
            task.cancel()


def play(seed: int, *, events: int = EVENTS) -> Played:
    """Play the round of a seed."""

    async def all_of_it() -> Played:
        played = Played(seed, events=events)
        await played.play()
        # What a killed life was doing ends here, unheard.
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        return played

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(all_of_it())


def summary(played: list[Played]) -> dict[str, int]:
    """Say what the rounds were made of."""
    told = [each for one in played for each in one.receivers.told]
    again = len(told) - len({each.id for each in told})
    return {
        "messages": sum(len(one.wanted) for one in played),
        "tries": len(told),
        "told again": again,
        "dead letters replayed": sum(len(one.dead_letters) for one in played),
        "lives": sum(one.life for one in played),
    }
