"""Rivo dead, hung, slow, failing or busy: what helpdesks are told, and when it is over."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Literal

import httpx
import msgspec

from tests.app.serving import BUTTON_SECRET, GORGIAS_SECRET
from tests.replay.house import House, played
from tests.replay.plan import email_of

Way = Literal["dead", "hung", "slow", "500", "429", "on and off"]
WAYS: Final[tuple[Way, ...]] = ("dead", "hung", "slow", "500", "429", "on and off")
NOT_DOWN: Final = ("429", "on and off")
"""Whoever is busy, or comes and goes, is not simply left alone."""
READS: Final = ("get_sidebar", "get_customer", "list_customer_points_events")
DOWN: Final = "Not available right now"
DEADLINE_SECONDS: Final = 4.0
AT_ONCE_SECONDS: Final = 0.05
WARM_SECONDS: Final = 0.05
OPEN_AFTER_SECONDS: Final = 12.0
"""After so long, and a burst of requests, the service has to know that Rivo is down."""
RECOVERY_SECONDS: Final = 5.0
ROUND_TRIPS: Final = 0.5
"""So much more until somebody sees it: the last probe and the read itself, on their way."""
KNOWN, WRITTEN, BURST = range(40), range(40, 60), range(60, 90)
CUSTOMERS: Final = 1_000
FOR_EVER: Final = 1e6
OF_AGE: Final = ("stale", "message", "updated", "as_of")


class Outage(msgspec.Struct, kw_only=True):
    """What came of one outage; `warm` are the seconds that each answer of what was known took.

    They are those that the service waited (virtual) and those that it worked (real, of a processor:
    how busy the machine is with other things tells nothing). Counted once it is clear that Rivo is
    down.
    """

    found: list[str]
    counts: Counter[str]
    warm: list[float]
    recovery: float


def outage(seed: int, *, asks: int = 100, way: Way | None = None) -> Outage:
    """Let Rivo be down in one way for a minute or two, and look at every answer."""

    async def play() -> Outage:
        return await _Outage(seed, asks, way).play()

    return played(play)


class _Outage:
    def __init__(self, seed: int, asks: int, way: Way | None) -> None:
        self._dice = random.Random(seed)
        self._way = way or WAYS[seed % len(WAYS)]
        self._asks = asks
        self._house = House(customers=CUSTOMERS, dice=self._dice)
        self._strangers = iter(range(BURST.stop, CUSTOMERS))
        self._known: dict[tuple[str, int], dict[str, Any]] = {}
        self._is_open = False
        self._told = Outage(found=[], counts=Counter(), warm=[], recovery=0.0)

    async def play(self) -> Outage:
        async with self._house.open():
            for who in KNOWN:
                for name in READS:
                    _, told = await self._read(name, who)
                    self._known[name, who] = told
                    await asyncio.sleep(0.3)
            await asyncio.sleep(self._dice.choice((0, 60, 400, 7_200)))
            self._house.network.trouble = TROUBLES[self._way](self._dice)
            await self._suffer()
            self._house.network.trouble = None
            self._told.recovery = await self._recover()
        self._told.found += self._house.errors()
        return self._told

    async def _suffer(self) -> None:
        await asyncio.gather(*(self._ask("get_customer", who) for who in BURST))
        if self._way not in NOT_DOWN:
            self._is_open = await self._opens()
        doing: set[asyncio.Task[None]] = set()
        for _ in range(self._asks - len(BURST)):
            await asyncio.sleep(self._dice.expovariate(1.0))
            what = self._dice.random()
            if what < 0.2:
                doing.add(asyncio.create_task(self._write(self._dice.choice(WRITTEN))))
            elif what < 0.8:
                name, who = self._dice.choice([*self._known])
                await self._ask(name, who)
            else:
                await self._ask(self._dice.choice(READS), next(self._strangers))
        await asyncio.gather(*doing)

    async def _opens(self) -> bool:
        """Ask for somebody new until the service does not even try; whether it came to that."""
        began = self._house.seconds()
        while self._house.seconds() < began + OPEN_AFTER_SECONDS:
            tried, asked = self._house.network.tried, self._house.seconds()
            await self._ask("get_customer", next(self._strangers))
            if tried == self._house.network.tried and asked == self._house.seconds():
                return True
        self._wrong(f"after {OPEN_AFTER_SECONDS:g} s it is still asked")
        return False

    async def _recover(self) -> float:
        """Ask for somebody new until there is an answer: how long that took."""
        began = self._house.seconds()
        while self._house.seconds() < began + 60:
            _, told = await self._read("get_customer", next(self._strangers))
            if told["status"] != DOWN:
                break
            await asyncio.sleep(0.1)
        took = self._house.seconds() - began
        if took > RECOVERY_SECONDS + ROUND_TRIPS:
            self._wrong(f"seen {took:.2f} s after it was over")
        return took

    async def _ask(self, name: str, who: int) -> None:
        """Read, and look at what was answered."""
        began, worked = self._house.seconds(), time.thread_time()
        status, told = await self._read(name, who)
        took, worked = self._house.seconds() - began, time.thread_time() - worked
        if status != 200:
            self._wrong(f"{name}: {status}")
            return
        if took > DEADLINE_SECONDS:
            self._wrong(f"{name}: after {took:.2f} s")
        known = self._known.get((name, who))
        if known is None:
            self._told.counts["reads of what was not known"] += 1
            return
        self._told.counts["reads of what was known"] += 1
        if told["status"] == DOWN or _shown(told) != _shown(known):
            self._wrong(f"{name}: {told['status']}, though it was known")
        if self._is_open:
            self._told.warm.append(took + worked)
            if took > AT_ONCE_SECONDS:
                self._wrong(f"{name}: after {took:.2f} s, though it was known")

    async def _write(self, who: int) -> None:
        began = self._house.seconds()
        answer = await self._house.post(
            "/gorgias/create_points_event",
            BUTTON_SECRET,
            who=email_of(who),
            points_amount=self._dice.randint(1, 500),
            ticket_id=str(next(self._house.numbers)),
            agent_email=f"agent-{next(self._house.numbers)}@shop.example.com",
        )
        took = self._house.seconds() - began
        self._told.counts[f"writes {answer.status}"] += 1
        if took > DEADLINE_SECONDS or answer.status not in (201, 202, 409, 503):
            self._wrong(f"a write: {answer.status} after {took:.2f} s: {answer.body[:200]!r}")

    async def _read(self, name: str, who: int) -> tuple[int, dict[str, Any]]:
        answer = await self._house.post(f"/gorgias/{name}", GORGIAS_SECRET, who=email_of(who))
        return answer.status, msgspec.json.decode(answer.body)

    def _wrong(self, what: str) -> None:
        self._told.found.append(f"{self._way} at {self._house.seconds():.2f}: {what}")


def _shown(told: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says how old it is."""
    return {name: told[name] for name in told if name not in OF_AGE}


Trouble = Callable[[], Awaitable[httpx.Response | None]]


def _dead(_: random.Random) -> Trouble:
    async def trouble() -> None:
        raise httpx.ConnectError("refused")

    return trouble


def _waiting(seconds: float) -> Callable[[random.Random], Trouble]:
    def make(_: random.Random) -> Trouble:
        async def trouble() -> None:
            await asyncio.sleep(seconds)

        return trouble

    return make


def _status(status: int, *headers: tuple[str, str]) -> Callable[[random.Random], Trouble]:
    def make(dice: random.Random) -> Trouble:
        async def trouble() -> httpx.Response:
            chosen = [header for header in headers if dice.random() < 0.5]
            return httpx.Response(status, headers=chosen, stream=httpx.ByteStream(b"<html>"))

        return trouble

    return make


def _on_and_off(dice: random.Random) -> Trouble:
    """Be hung, failing or well, for seconds each."""
    inner = [_waiting(FOR_EVER)(dice), _status(502)(dice), _dead(dice)]
    turn = dice.uniform(1, 10)

    async def trouble() -> httpx.Response | None:
        now = int(asyncio.get_running_loop().time() / turn)
        return await inner[now // 2 % len(inner)]() if now % 2 else None

    return trouble


TROUBLES: Final[Mapping[Way, Callable[[random.Random], Trouble]]] = {
    "dead": _dead,
    "hung": _waiting(FOR_EVER),
    "slow": _waiting(3.0),
    "500": _status(502),
    "429": _status(429, ("retry-after", "1")),
    "on and off": _on_and_off,
}


def too_slow(warm: Sequence[float]) -> bool:
    """Say whether more than one in a hundred took longer than what is warm may take."""
    late = sum(seconds > WARM_SECONDS for seconds in warm)
    return late > max(1, len(warm) // 100)
