"""A shop in which much happens, told by webhooks: late, shuffled, twice, and some of them forged.

What is remembered stays fresh for a day here: only webhooks can make it right again.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, Final, NamedTuple

import httpx
import msgspec
import pytest

from app.store.sqlite import StoreError
from integrations.rivo_sandbox import (
    Announcement,
    Announcer,
    Customer,
    Delivery,
    Sandbox,
    Switches,
)
from tests.app.loop import SkippingLoop, seconds
from tests.app.serving import NOW
from tests.delivery.asking import HOOKED, PATH, SECRET, Hooked
from tests.soak.figures import Figure

DELIVERIES: Final = 200
FORGED: Final = 2
MESA: Final = {
    "MESA_WEBHOOK_URL": "https://mesa.example.com/hook",
    "MESA_WEBHOOK_SECRET": "secret-of-mesa-0001",
}
ENVIRON: Final = {
    **HOOKED,
    **MESA,
    "FRESH_SECONDS": "86400",
    "RIVO_REQUESTS_PER_SECOND": "1000",
}
READS: Final = (
    "get_customer",
    "get_sidebar",
    "list_customer_points_events",
    "list_customer_points_redemptions",
)
TIERS: Final = (552287, 552288, 552289)
REWARDS: Final = (709485, 709486, 709487)
LATE_SECONDS: Final = 120.0
QUIET_SECONDS: Final = 6.0
OF_NOW: Final = ("as_of", "stale")
TRIGGERS: Final = {
    "points_redemption/created": "points_redemption_created",
    "customer_vip_tier/upgraded": "customer_vip_tier_updated",
    "customer_vip_tier/downgraded": "customer_vip_tier_updated",
}


class Post(NamedTuple):
    """One request that is to reach the door, and whether Rivo sent it."""

    due: float
    number: int
    headers: dict[str, str]
    body: bytes
    forged: str | None = None


class Slow(httpx.AsyncBaseTransport):
    """A way to a shop whose answers are on the way for a while: meanwhile more may happen."""

    def __init__(self, shop: Callable[[], Sandbox], dice: random.Random) -> None:
        self._shop = shop
        self._dice = dice

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await httpx.ASGITransport(app=self._shop()).handle_async_request(request)
        await asyncio.sleep(self._dice.uniform(0, 0.8))
        return answer


class Day:
    """One seed: what happens in the shop, what is posted when, and what was wrong."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.wrong: list[str] = []
        self.posts: list[Post] = []
        self.planned = 0
        self.expected: Counter[str] = Counter()
        self.began = seconds()
        self._numbers = itertools.count()
        self._turn = seed * FORGED
        self.switches = Switches(
            signature=self.dice.choice(
                ("bare_base64", "v1_base64", "documented_base64", "documented_hex")
            ),
            webhook_timestamp=self.dice.choice(("unix_seconds", "iso_8601")),
            webhook_order=self.dice.choice(("in_order", "out_of_order")),
        )
        self.agents: set[asyncio.Task[object]] = set()
        self.swift = False
        self.delivered = 0
        self.forgeries = self.dice.sample(range(1, DELIVERIES // 2), FORGED)
        self.service = Hooked(
            ENVIRON,
            transport=lambda _: Slow(lambda: self.shop, random.Random(seed)),
            switches=self.switches,
            announcer=Announcer(self.announced, secret=SECRET),
        )
        self.customers = [
            each
            for each in self.shop.state.customers.values()
            if each.loyalty_status == "member" and each.appears_at is None  # of that nobody is told
        ]

    @property
    def shop(self) -> Sandbox:
        return self.service.sandbox

    def announced(self, told: Announcement) -> None:
        """Plan the deliveries of what Rivo announces: each at least once, late and more often."""
        body = msgspec.json.decode(told.deliveries[0].body)
        if told.topic == "points_event/created" and (body["points_diff"] or 0) > 0:
            self.expected["loyalty_points_earned"] += 1
        elif told.topic in TRIGGERS:
            self.expected[TRIGGERS[told.topic]] += 1
        if self.swift:
            self.post(told.deliveries[0], within=0.1)
            return
        for _ in range(self.dice.choice((1, 1, 2, 3, 5))):
            self.post(self.dice.choice(told.deliveries))

    def post(self, delivery: Delivery, *, within: float = LATE_SECONDS) -> None:
        """Plan one request: never before it was signed, and in no order."""
        signed = (delivery.at - NOW).total_seconds() + self.began
        due = max(signed, seconds()) + self.dice.uniform(0, within)
        self.planned += 1
        headers = dict(delivery.headers)
        heapq.heappush(self.posts, Post(due, next(self._numbers), headers, delivery.body))

    async def happen(self, customer: Customer, *, swift: bool) -> None:
        """Let the merchant or a customer do something; if it is told swiftly, agents look on."""
        if swift:
            for read in READS:
                self.start(self.service.act(read, customer_email=customer.email))
            await asyncio.sleep(0.01)
        self.swift = swift
        kind, who = self.dice.randrange(6), customer.id
        if kind < 2:
            self.shop.give(who, points=self.dice.choice((5, 50, 700, -5, -20)), note="goodwill")
        elif kind == 2:
            self.shop.give(who, credits_amount=Decimal("2.50"))
        elif kind == 3:
            self.shop.redeem(who, self.dice.choice(REWARDS))
        else:
            self.shop.move(who, self.dice.choice(TIERS))
        self.swift = False

    def start(self, doing: Coroutine[Any, Any, object]) -> None:
        """Let an agent do something while all else goes on."""
        agent = asyncio.create_task(doing)
        self.agents.add(agent)
        agent.add_done_callback(self.agents.discard)

    async def act(self) -> None:
        """Let an agent look somebody up, or give points."""
        who = self.dice.choice(self.customers).email
        if self.dice.random() < 0.9 or not self.is_open:
            await self.service.act(self.dice.choice(READS), customer_email=who)
        else:
            await self.service.act(
                "create_points_event", customer_email=who, points_amount=self.dice.choice((7, -3))
            )

    def forge(self, post: Post) -> None:
        """Make a request of a genuine one that Rivo never sent, or not now."""
        live = "rivo-webhook-signature" in post.headers
        name = "rivo-webhook-signature" if live else "rivo-signature"
        headers, body = dict(post.headers), post.body
        kinds = ["body", "signature", "none", *(("id", "late", "moved") if live else ())]
        kind = kinds[self._turn % len(kinds)]  # three seeds have them all
        self._turn += 1
        due = seconds() + self.dice.uniform(0, 30)
        if kind == "body":
            body = body.replace(b"{", b"{ ", 1)
        elif kind == "signature":
            headers[name] = headers[name][:-4] + ("AAA=" if "=" in headers[name] else "0000")
        elif kind == "none":
            del headers[name]
        elif kind == "id":
            headers["rivo-webhook-id"] += "0"
        elif kind == "late":  # overheard, and kept for long enough
            due = seconds() + 301 + LATE_SECONDS
        else:
            headers["rivo-signature"] = headers.pop(name)
        heapq.heappush(self.posts, Post(due, next(self._numbers), headers, body, kind))

    async def run(self) -> list[str]:
        """Live through the day, and look whether everybody is told the truth in the end."""
        while self.is_open or self.posts:
            if self.is_open and self.dice.random() < 0.3:
                await self.happen(self.dice.choice(self.customers), swift=self.dice.random() < 0.3)
            if self.dice.random() < 0.5:
                self.start(self.act())
            await asyncio.sleep(min(self.dice.expovariate(1.0), self._next()))
            await self.deliver_due()
        for customer in self.customers:  # and nothing comes after that would make it right
            await self.happen(customer, swift=True)
        while self.posts:
            await asyncio.sleep(self._next())
            await self.deliver_due()
        await asyncio.gather(*self.agents)
        await asyncio.sleep(QUIET_SECONDS)
        await self.compare()
        return self.wrong

    @property
    def is_open(self) -> bool:
        """Say whether more may happen before the end."""
        return self.planned < DELIVERIES - FORGED - len(self.customers)

    async def deliver_due(self) -> None:
        """Send what is due by now, and forge something of it now and then."""
        while self.posts and self.posts[0].due <= seconds():
            post = heapq.heappop(self.posts)
            await self.deliver(post)
            self.delivered += 1
            if self.delivered in self.forgeries:
                self.forge(post)

    def _next(self) -> float:
        """Say how long it is until the next request."""
        return max(self.posts[0].due - seconds(), 0.0) if self.posts else 5.0

    async def deliver(self, post: Post) -> None:
        """Send one request; what the store cannot keep comes again, as from Rivo."""
        store, before = self.service.app.state.store, []
        if post.forged is not None:
            before = await self.service.rows("webhooks")
        broken = post.forged is None and self.dice.random() < 0.02
        with pytest.MonkeyPatch.context() as patch:
            if broken:
                patch.setattr(store, "write", _fails)
            answer = await self.service.ask(
                "POST", PATH, key=None, content=post.body, headers=post.headers
            )
        if broken:
            if answer.status_code != 503:
                self.wrong.append(f"kept nothing and answered {answer.status_code}")
            again = post._replace(due=seconds() + 10, number=next(self._numbers))
            heapq.heappush(self.posts, again)
            return
        if post.forged is not None:
            if answer.status_code != 401 or before != await self.service.rows("webhooks"):
                self.wrong.append(f"forged ({post.forged}) and answered {answer.status_code}")
        elif answer.status_code != 200:
            self.wrong.append(f"of Rivo's and answered {answer.status_code}")

    async def compare(self) -> None:
        """Hold what is remembered against the ledger, and against who remembers nothing."""
        cold = Hooked(ENVIRON, transport=lambda _: httpx.ASGITransport(app=self.shop))
        asked = [(who, read) for who in self.customers for read in READS]
        for who, read in asked:  # what is old is shown once more, and asked for behind it
            await self.service.act(read, customer_email=who.email)
        await asyncio.sleep(QUIET_SECONDS)
        for who, read in asked:
            warm = (await self.service.act(read, customer_email=who.email)).json()
            true = (await cold.act(read, customer_email=who.email)).json()
            if _timeless(warm) != _timeless(true):
                self.wrong.append(f"{read} is not true in the end")
            if read == "get_customer":
                told = warm["customer"]
                balance = (told["points_tally"], Decimal(told["credits_tally"]))
                if balance != self.shop.balance(who.id):
                    self.wrong.append("a balance is not the ledger's")
        caused = Counter(row["trigger"] for row in await self.service.rows("outbox"))
        if caused != self.expected:
            self.wrong.append(f"caused {dict(caused)} and not {dict(self.expected)}")


def webhooks(seed: int) -> list[str]:
    """Live through a day of about two hundred webhooks; a sentence for whatever was wrong."""
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(_live(seed))


async def _live(seed: int) -> list[str]:
    return await Day(seed).run()


async def _fails(*_given: object, **_options: object) -> None:
    raise StoreError("the disk is full")


def _timeless(answer: Any) -> Any:
    """Leave out of an answer when it was true."""
    if isinstance(answer, dict):
        return {name: _timeless(value) for name, value in answer.items() if name not in OF_NOW}
    return [_timeless(each) for each in answer] if isinstance(answer, list) else answer


WEBHOOKS: Final = Figure(
    one=webhooks,
    each=DELIVERIES,
    simulated="Rivo, its signatures, time and the store's failures are; the door, the memory and "
    "SQLite are real",
)
