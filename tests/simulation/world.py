"""One schedule from beginning to end in virtual time, and the record of what was seen of it."""

from __future__ import annotations

import asyncio
import io
import random
from datetime import datetime, timedelta
from typing import Any, Final
from unittest import mock

import msgspec

from app.limits import RIGHTS, Limits
from app.observe import make_log
from app.settings import EVERY_ACTION, CallerSettings, Settings, ShopSettings, digest
from integrations.rivo_sandbox import Entry, Sandbox, Switches, lists_only, paging
from tests.app.loop import SkippingLoop
from tests.simulation.instance import Instance, Strike
from tests.simulation.intents import APPROVAL_ABOVE
from tests.simulation.network import Network
from tests.simulation.people import DOORS, KEYS, People
from tests.simulation.plan import HEALTHY_AT, Plan
from tests.simulation.seen import Booked, Record
from tests.simulation.shop import NOW, SHOP
from tests.simulation.store import SHOP as NAME
from tests.simulation.store import Shared

RIVO_KEY: Final = "rivo-key-0001"
POLL_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 400.0
"""How long after its last trouble a schedule may take to become quiet, besides Q and D."""
BACK_SECONDS: Final = 5.0
LOOKS_SECONDS: Final = 700.0
FOR_EVER: Final = timedelta(days=9)


def run(plan: Plan, *, strike: Strike | None = None) -> Record:
    """Play a schedule; `strike` befalls the first instance before what the plan has for it."""
    rows = plan.page_rows or paging.MOST_ROWS
    with (
        mock.patch.object(paging, "MOST_ROWS", rows),
        asyncio.Runner(loop_factory=SkippingLoop) as runner,
    ):
        return runner.run(_Schedule(plan, strike).play())


def settings_of(plan: Plan) -> Settings:
    """Configure the service as the plan wants it."""
    limits = {
        "api": Limits(points_per_caller_day=plan.cap),
        "desk": Limits(approval_above_points=APPROVAL_ABOVE),
        "button": Limits(),
        "lead": Limits(),
    }
    callers = tuple(
        CallerSettings(
            name=name,
            door=DOORS.get(name, "actions"),
            digests=(digest(key),),
            actions=EVERY_ACTION,
            limits=limits[name],
            rights=RIGHTS if name == "lead" else frozenset(),
        )
        for name, key in KEYS.items()
    )
    return Settings(
        shops=(ShopSettings(name=NAME, rivo_api_key=RIVO_KEY, callers=callers),),
        database=":memory:",
        settle_seconds=plan.settle,
        secret_key=b"key-of-the-hashes-0001",
    )


class _Schedule:
    def __init__(self, plan: Plan, strike: Strike | None) -> None:
        self._plan = plan
        self._settings = settings_of(plan)
        self._chance = random.Random(plan.seed)
        self._out = io.BytesIO()
        self._log = make_log(self._out, level="error", form="json")
        self._trace: list[str] = []
        self._slots: list[Instance] = []
        self._born: list[Instance] = []
        self._strikes: tuple[list[Strike], list[Strike]] = ([], [])
        self._backs: tuple[list[float], list[float]] = ([], [])
        if strike is not None:
            self._strikes[0].append(strike)
        for kill in plan.kills:
            self._strikes[kill.slot].append(Strike(kill.point))
            self._backs[kill.slot].append(kill.back)

    async def play(self) -> Record:
        """Play it."""
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        loop.set_exception_handler(self._unseen)
        guard = loop.call_later(100_000, self._say, "the end of time")  # something is always due
        plan, lag = self._plan, FOR_EVER if self._plan.blind else timedelta(seconds=self._plan.lag)
        self._sandbox = Sandbox(
            SHOP,
            clock=self._now,
            key=RIVO_KEY,
            switches=msgspec.convert(dict(plan.switches), Switches),
            requests_per_second=None,
            lag=lag,
            lag_of=lists_only(lag) if plan.blind else (lambda _: lag) if lag else None,
        )
        self._network = Network(self._sandbox, plan, seconds=self._seconds, say=self._say)
        self._shared = Shared(proven=plan.proven)
        self._people = People(self._slots, self._sandbox, seconds=self._seconds, say=self._say)
        try:
            for slot in range(1 if plan.alone else 2):
                self._slots.append(await self._start(slot))
            quiet = await self._through()
            return self._record(await self._people.operations() if quiet else None)
        finally:
            guard.cancel()
            await self._end()

    def _seconds(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    def _now(self) -> datetime:
        return NOW + timedelta(seconds=self._seconds())

    def _say(self, line: str) -> None:
        self._trace.append(f"{self._seconds():8.2f} {line}")

    def _unseen(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Note what nobody else has seen fail."""
        self._out.write(f'{{"event":"loop.failed","why":"{context["message"]}"}}\n'.encode())

    async def _start(self, slot: int) -> Instance:
        strikes = self._strikes[slot]
        instance = Instance(
            f"{'AB'[slot]}{len(self._born)}",
            self._settings,
            shared=self._shared,
            network=self._network,
            chance=self._chance,
            clock=asyncio.get_running_loop().time,
            now=self._now,
            log=self._log,
            say=self._say,
            alone=self._plan.alone,
            strike=strikes.pop(0) if strikes else None,
        )
        self._born.append(instance)
        starting = asyncio.create_task(instance.start())
        await asyncio.wait({starting, instance.dead}, return_when=asyncio.FIRST_COMPLETED)
        self._say(f"{instance.name} begins")
        return instance

    async def _watch(self, slot: int) -> None:
        """Start a new instance some time after one has died."""
        while True:
            await asyncio.wait({self._slots[slot].dead})
            backs = self._backs[slot]
            await asyncio.sleep(backs.pop(0) if backs else BACK_SECONDS)
            self._slots[slot] = await self._start(slot)

    async def _through(self) -> bool:
        """Play the clicks, wait until all is quiet, ask once more; whether it is quiet then."""
        plan, people = self._plan, self._people
        watching = [asyncio.create_task(self._watch(slot)) for slot in range(len(self._slots))]
        await asyncio.gather(
            *(people.click(i, click) for i in plan.intents for click in i.clicks),
            *(people.approve(i, *approval) for i in plan.intents for approval in i.approvals),
            *(people.buy(at, plan.intents[number]) for at, number in plan.storefront),
        )
        if plan.writes or plan.reads or plan.kills or self._born[0].strike is not None:
            # A loop wakes up a clock's resolution early, when something else is due just then.
            await asyncio.sleep(HEALTHY_AT - self._seconds() + 0.001)
        for instance in self._slots:
            instance.strike = None
        for strikes in self._strikes:
            strikes.clear()
        if plan.late > plan.settle:  # what shows up late is found at one of the looks that follow
            await asyncio.sleep(plan.late + LOOKS_SECONDS)
        quiet = await self._quiet(plan.settle + plan.late) and await self._once_more()
        for each in watching:
            each.cancel()
        return quiet

    async def _once_more(self) -> bool:
        """Ask for all of it again, now that all is well; whether it is quiet after that."""
        plan, people = self._plan, self._people
        for intent in plan.intents:
            await people.again(intent)
        quiet = await self._quiet(plan.settle)
        for intent in plan.intents:
            if people.was_blocked(intent):  # by one that had no outcome yet
                await people.again(intent)
        quiet = quiet and await self._quiet(plan.settle)
        if plan.cap is not None:
            await people.probe(plan.cap)
        return quiet

    async def _quiet(self, seconds: float) -> bool:
        """Wait until nothing moves any more; False where it takes too long."""
        until = self._seconds() + seconds + PATIENCE_SECONDS
        while self._seconds() <= until:
            alive = all(instance.alive for instance in self._slots)
            if alive and not self._network.under_way and not self._shared.is_moving():
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    def _record(self, operations: list[dict[str, Any]] | None) -> Record:
        plan = self._plan
        return Record(
            seed=plan.seed,
            settle=plan.settle,
            late=plan.late,
            lag=plan.lag,
            cap=plan.cap,
            proven=plan.proven,
            cut_notes=plan.note_length is not None,
            said=self._people.said,
            arrived=self._network.arrived,
            booked=[_booked(entry) for entry in self._sandbox.ledger],
            operations=operations or [],
            approvals=self._people.approvals,
            epoch=NOW.timestamp(),
            stuck=operations is None,
            points=tuple(self._born[0].reached),
            errors=self._out.getvalue().decode().splitlines(),
            trace=self._trace,
        )

    async def _end(self) -> None:
        """Let nothing of it go on."""
        for instance in self._born:
            instance.over = True
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._shared.drop()


def _booked(entry: Entry) -> Booked:
    return Booked(
        kind=entry.kind,
        customer_id=entry.customer_id,
        points=entry.points,
        credits=str(entry.credits),
        at=(entry.at - NOW).total_seconds(),
        row=entry.reference,
        request=entry.request,
    )
