"""One round: a service is killed, and killed again, and in the end everything has to add up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from tests.processes.config import configured
from tests.processes.lives import Life, Nursery
from tests.processes.people import People
from tests.processes.rivo import LAG, LATE, Seen
from tests.processes.script import Script
from tests.processes.service import Birth
from tests.simulation.checker import check
from tests.simulation.seen import Record

SETTLE: Final = 2.0
"""Q: well above D and L, with room for a machine that is busy."""
GRACE_SECONDS: Final = 0.3
QUIET_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.25


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of a round, and which points killed a life before anybody else did."""

    record: Record
    reached: list[str]


async def play(
    script: Script,
    nursery: Nursery,
    folder: Path,
    *,
    bear: Callable[[Birth], Life] | None = None,
    between: Callable[[Path], object] = lambda _: None,
) -> Played:
    """Play a round in a folder of its own below `folder`.

    `bear` starts a life in another way than the nursery, `between` two lives may spoil something.
    """
    name = f"round-{script.seed}-{time.monotonic_ns()}"
    place = folder / name
    place.mkdir()
    control = f"{nursery.rivo_url}/control/{name}"
    url = f"{nursery.rivo_url}/{name}/merchant_api/v1"
    epoch = time.time()
    # No connection is kept: a server closes an idle one just when something is sent on it.
    once = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, timeout=10, limits=once) as http:
        await http.post(f"{control}/open", json={"seed": script.seed, "calm": script.calm})
        people = People(http, rivo_url=control, epoch=epoch)
        playing = _Round(
            script,
            people=people,
            http=http,
            bear=bear or nursery.bear,
            place=place,
            config=configured(place, rivo_url=url),
        )
        reached = []
        for life in range(len(script.ends)):
            reached += await playing.live(life)
            between(place)
        quiet, operations = await playing.outlive(control)
        seen = msgspec.json.decode((await http.get(f"{control}/seen")).content, type=Seen)
        await http.post(f"{control}/close")
    record = _record(
        script, people, seen, operations, errors=_errors(place), epoch=epoch, stuck=not quiet
    )
    return Played(record=record, reached=reached)


class _Round:
    def __init__(
        self,
        script: Script,
        *,
        people: People,
        http: httpx.AsyncClient,
        bear: Callable[[Birth], Life],
        place: Path,
        config: Path,
    ) -> None:
        self._script = script
        self._people = people
        self._http = http
        self._bear_one = bear
        self._place = place
        self._config = config

    async def live(self, number: int) -> list[str]:
        """Live one life to its end; names the point where it ended by itself."""
        end = self._script.ends[number]
        life = await self._bear(number)
        calling = asyncio.create_task(self._call(number))
        dying = asyncio.create_task(life.died())
        done, _ = await asyncio.wait(
            {dying, calling}, timeout=end.after, return_when=asyncio.FIRST_COMPLETED
        )
        if done and not dying.done():
            await asyncio.wait({dying}, timeout=GRACE_SECONDS)
        by_itself = not life.kill()
        await dying
        await calling
        return [end.name] if by_itself or end.kill is None else []

    async def outlive(self, control: str) -> tuple[bool, list[dict[str, Any]]]:
        """Live the last life, which nobody ends, until nothing goes wrong and all is quiet."""
        last = len(self._script.ends)
        life = await self._bear(last)
        try:
            assert life.alive, "the last life did not begin"
            await self._call(last)
            await self._http.post(f"{control}/calm")
            quiet = await self._quiet(control)
            for each in self._script.intents:  # one by one, so that none is in another's way
                await self._people.again(each)
            quiet = quiet and await self._quiet(control)
            return quiet, await self._people.operations()
        finally:
            life.kill()
            await life.died()

    async def _bear(self, number: int) -> Life:
        end = self._script.ends[number] if number < len(self._script.ends) else None
        life = await asyncio.to_thread(
            self._bear_one,
            Birth(
                environ={
                    "CONFIG": str(self._config),
                    "DATABASE_URL": f"sqlite:///{self._place}/service.db",
                    "SETTLE_SECONDS": str(SETTLE),
                    "SECRET_KEY": "key-of-the-hashes-0001",
                },
                log=f"{self._place}/service.log",
                kill=end.kill if end else None,
            ),
        )
        self._people.url = life.url
        await life.ready(self._http)
        return life

    async def _call(self, life: int) -> None:
        intents = self._script.intents
        calls = [call for call in self._script.calls if call.life == life]
        await asyncio.gather(*(self._people.call(call, intents[call.intent]) for call in calls))

    async def _quiet(self, control: str) -> bool:
        """Wait until nothing moves any more; False where it takes too long."""
        until = time.monotonic() + QUIET_SECONDS
        while time.monotonic() < until:
            seen = msgspec.json.decode((await self._http.get(f"{control}/seen")).content, type=Seen)
            operations = await self._people.operations()
            if not seen.waiting and not any(map(_is_moving, operations)):
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False


def findings(played: Played) -> list[str]:
    """Say what does not add up; how long an answer took on a busy machine is not meant here."""
    return [each for each in check(played.record).findings if not each.startswith("slow: ")]


def _is_moving(operation: dict[str, Any]) -> bool:
    if operation["state"] == "accepted":
        return operation["approved_by"] is not None
    return operation["state"] in ("sending", "unknown")


def _errors(place: Path) -> list[str]:
    """Read what the lives logged as errors, and what they said besides their log."""
    lines = (place / "service.log").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if '"level":"error"' in line or not line.startswith("{")]


def _record(
    script: Script,
    people: People,
    seen: Seen,
    operations: list[dict[str, Any]],
    *,
    errors: list[str],
    epoch: float,
    stuck: bool,
) -> Record:
    for booked in seen.booked:
        booked.at -= epoch
    for arrived in seen.arrived:
        arrived.at -= epoch
        if arrived.applied_at is not None:
            arrived.applied_at -= epoch
    return Record(
        seed=script.seed,
        settle=SETTLE,
        late=LATE,
        lag=LAG,
        cap=None,
        proven=False,
        cut_notes=False,
        said=people.said,
        arrived=seen.arrived,
        booked=seen.booked,
        operations=operations,
        approvals=people.approvals,
        epoch=epoch,
        stuck=stuck,
        points=(),
        errors=errors,
        trace=[],
    )
