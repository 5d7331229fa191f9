"""One replay from beginning to end in virtual time, through the whole application."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Coroutine, Mapping
from typing import Any, Final

import msgspec

from integrations.rivo_sandbox import Announcement, Switches
from integrations.rivo_sandbox.backend import LAG
from tests.app.serving import API_KEY, GORGIAS_SECRET
from tests.replay.house import Answer, House, played
from tests.replay.judge import DEADLINE_SECONDS, Judge, Opened
from tests.replay.network import ASKER
from tests.replay.plan import CUSTOMERS, FIRST_ID, REWARD, TIERS, Step, email_of, id_of
from tests.replay.windows import LOOKED_AT, asked, most_in_a_second, named, needed
from tests.simulation.shop import NOW

WEBHOOK_JITTER: Final = (0.05, 0.8)
LOOKS_AGAIN: Final = (0.0, 2.0)
WATCHED: Final = 0.1
POLL_SECONDS: Final = 15.0
AFTERWARDS: Final = 20.0
MOST_A_SECOND: Final = 15
MOST_A_WINDOW: Final = 1.1
MOST_STALE_AGAIN: Final = 0.1
FEW: Final = 20


class Report(msgspec.Struct, kw_only=True):
    """What came of a replay; `found` are sentences about what was wrong."""

    found: list[str]
    counts: dict[str, int]
    figures: dict[str, float]


def replay(
    steps: list[Step],
    *,
    seed: int = 0,
    customers: int = CUSTOMERS,
    switches: Switches | None = None,
    environ: Mapping[str, str] | None = None,
) -> Report:
    """Play what was drawn, and look at all of it."""

    async def play() -> Report:
        return await _Replay(steps, seed, customers, switches, environ or {}).play()

    return played(play)


class _Replay:
    def __init__(
        self,
        steps: list[Step],
        seed: int,
        customers: int,
        switches: Switches | None,
        environ: Mapping[str, str],
    ) -> None:
        self._steps = steps
        self._dice = random.Random(seed + 1_000_003)
        self._tasks: set[asyncio.Task[None]] = set()
        self._looks: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        self._changes: defaultdict[int, list[float]] = defaultdict(list)
        self._found: list[str] = []
        self._counts: Counter[str] = Counter()
        self._house = House(
            customers=customers,
            dice=self._dice,
            announced=self._announced,
            switches=switches,
            environ=environ,
        )
        self._history, self._network = self._house.history, self._house.network
        self._seconds = self._house.seconds
        self._lags = switches is not None and switches.read_after_write == "delayed"
        self._judge = Judge(self._history, lag=LAG.total_seconds() if self._lags else 0.0)

    async def play(self) -> Report:
        """Play it."""
        real = time.perf_counter()
        async with self._house.open():
            for step in self._steps:
                await asyncio.sleep(step.at - self._seconds())
                self._start(self._do(step))
            await asyncio.sleep(AFTERWARDS)
            while self._tasks:
                await asyncio.wait(self._tasks)
        self._counts["seconds"] = round(self._seconds())
        return self._report(time.perf_counter() - real)

    def _start(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if (error := task.exception()) is not None:
            self._found.append(f"{type(error).__name__}: {error}")

    async def _do(self, step: Step) -> None:
        match step.kind:
            case "open":
                await self._open(step)
            case "write":
                await self._write(step)
            case "change":
                self._change(step)

    async def _open(self, step: Step) -> None:
        ASKER.set(f"look {next(self._house.numbers)}")
        door, action = step.what.split()
        key = GORGIAS_SECRET if door == "gorgias" else API_KEY
        began, known = self._seconds(), self._judge.known(step.who)
        for resource in LOOKED_AT[step.what]:
            self._looks[resource, step.who].append(began)
        answer = await self._house.post(f"/{door}/{action}", key, who=email_of(step.who))
        ended = self._seconds()
        opened = Opened(step.what, step.who, began, ended, answer.status, answer.body)
        self._judge.look(opened, known)
        self._counts["opens"] += 1
        if answer.etag and step.what == "actions get_sidebar" and self._dice.random() < WATCHED:
            self._start(self._watch(step, answer))

    async def _watch(self, step: Step, shown: Answer) -> None:
        """Keep a sidebar on the screen: it asks again and again whether anything is different."""
        for _ in range(self._dice.randint(2, 8)):
            await asyncio.sleep(POLL_SECONDS)
            began, known = self._seconds(), self._judge.known(step.who)
            for resource in LOOKED_AT[step.what]:
                self._looks[resource, step.who].append(began)
            answer = await self._house.post(
                "/actions/get_sidebar",
                API_KEY,
                who=email_of(step.who),
                headers={"if-none-match": shown.etag},
            )
            shown = shown if answer.status == 304 else answer
            self._counts[f"polls {answer.status}"] += 1
            opened = Opened(step.what, step.who, began, self._seconds(), shown.status, shown.body)
            self._judge.look(opened, known)

    async def _write(self, step: Step) -> None:
        asker = f"write {next(self._house.numbers)}"
        ASKER.set(asker)
        by_id = step.what == "give by id"
        inputs: dict[str, Any] = {"points_amount": step.amount}
        action = "create_points_event"
        if step.what == "redeem":
            action, inputs = "create_points_redemption", {"reward_id": REWARD}
        began = self._seconds()
        answer = await self._house.post(
            f"/actions/{action}",
            API_KEY,
            who=str(id_of(step.who)) if by_id else email_of(step.who),
            headers={"idempotency-key": asker},
            **inputs,
        )
        status, body, took = answer.status, answer.body, self._seconds() - began
        self._counts[f"writes {status}"] += 1
        if took > DEADLINE_SECONDS or status not in (201, 409, 503):
            self._found.append(f"{began:.2f}, {asker}: {status} after {took:.2f} s: {body[:200]!r}")
        if status == 201:
            self._wrote(step, asker, json.loads(body))
            await asyncio.sleep(self._dice.uniform(*LOOKS_AGAIN))
            what = self._dice.choice([*LOOKED_AT])
            await self._open(Step(self._seconds(), "open", what, step.who))

    def _wrote(self, step: Step, asker: str, told: dict[str, Any]) -> None:
        who = step.who
        at = self._network.applied[asker]
        (held,) = self._history.during(id_of(who), at, at)
        if told["customer"] is None:
            self._counts["writes without a balance"] += 1
        elif (balance := told["customer"]["points_tally"]) != held.points:
            self._found.append(f"{at:.2f}, {asker}: says {balance} points, not {held.points}")
        self._changes[who].append(at)
        if step.what != "redeem" or not self._lags:  # what it left behind may not be told (U20)
            self._judge.wrote(who, at=at)

    def _change(self, step: Step) -> None:
        """Let somebody change something who is not a caller of ours."""
        customer_id, shop = id_of(step.who), self._house.sandbox
        match step.what:
            case "customer redeems":
                done = shop.redeem(customer_id, REWARD) is not None
            case "shop moves":
                tier = shop.state.customers[customer_id].vip_tier_id or TIERS[0]
                done = shop.move(customer_id, TIERS[(TIERS.index(tier) + 1) % len(TIERS)])
            case what:
                announced = what != "shop gives in bulk"
                done = shop.give(customer_id, points=step.amount, announced=announced)
        assert done, step
        self._counts[step.what] += 1
        self._history.note(customer_id, at=self._seconds())

    def _announced(self, announcement: Announcement) -> None:
        self._start(self._deliver(announcement))

    async def _deliver(self, announcement: Announcement) -> None:
        """Bring a webhook, again where it was not taken; it may come late, and after another."""
        ASKER.set(f"webhook {announcement.topic}")
        happened = self._seconds()
        customer = json.loads(announcement.deliveries[0].body)
        who = _customer_in(customer) - FIRST_ID
        for delivery in announcement.deliveries:
            due = (delivery.at - NOW).total_seconds() + self._dice.uniform(*WEBHOOK_JITTER)
            await asyncio.sleep(due - self._seconds())
            answer = await self._house.ask(
                "POST", "/rivo/webhooks", headers=dict(delivery.headers), body=delivery.body
            )
            self._counts[f"webhooks {answer.status}"] += 1
            if answer.status // 100 == 2:
                self._told(who, happened)
                return

    def _told(self, who: int, happened: float) -> None:
        changes = self._changes[who]
        if self._judge.known(who)[1] < happened and happened not in changes:
            changes.append(self._seconds())
        self._judge.told(who, at=happened)

    def _report(self, took: float) -> Report:
        arrivals = self._network.arrivals
        most = most_in_a_second(arrivals)
        too_many = sum(each.status == 429 for each in arrivals)
        windows = needed(self._looks, self._changes)
        reads = asked(arrivals, by=("look", "webhook"))
        ratio = reads.total() / max(1, windows.total())
        found = [*self._found, *self._judge.found]
        if most > MOST_A_SECOND:
            found.append(f"{most} requests in a second")
        if too_many:
            found.append(f"{too_many} answers were 429")
        if ratio > MOST_A_WINDOW:
            found.append(f"{ratio:.3f} reads a window: {dict(reads)} for {dict(windows)}")
        again = self._judge.counts["stale again"]
        if again > MOST_STALE_AGAIN * self._judge.counts["stale parts"] + FEW:
            found.append(f"{again} times something stale was not looked up anew")
        found += self._house.errors()
        askers = Counter(
            f"{each.asker.split()[0]} {each.method} {named(each)[0]}" for each in arrivals
        )
        figures = {
            "most in a second": most,
            "reads a window": round(ratio, 4),
            "with those of writes": round(asked(arrivals).total() / max(1, windows.total()), 4),
            "slowest answer": round(self._judge.slowest, 3),
            "oldest shown": round(self._judge.oldest, 1),
            "real seconds": round(took, 1),
        }
        counts = self._counts + self._judge.counts + askers
        return Report(found=found, counts=dict(counts), figures=figures)


def _customer_in(body: dict[str, Any]) -> int:
    """Find whom a webhook is about: its nested customer, or itself."""
    customer_id = body.get("customer", body)["id"]
    assert isinstance(customer_id, int)
    return customer_id
