"""One round with real processes: webhooks come in, triggers go out, and the service is killed.

Rivo's side sends each webhook until it is acknowledged, with its own id. What was acknowledged has
to arrive at the receiver at least once, under one id; what the receiver refused for good lies among
the dead letters and arrives when it is replayed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import msgspec
from click.testing import CliRunner

from app import cli
from app.delivery.standard_webhooks import NotSignedError, verify
from tests.delivery.asking import PATH, SECRET, signed
from tests.processes.lives import Life, Nursery
from tests.processes.service import Birth

EVENTS: Final = 60
LIVES: Final = 5
SECONDS: Final = 2.0
"""Within so long the webhooks begin to come; the service dies meanwhile."""
QUIET_SECONDS: Final = 60.0
OUT_SECRET: Final = "whsec_c2VjcmV0LW9mLWEtcmVjZWl2ZXItMDAwMQ=="
FAILS: Final = 0.3
REFUSED: Final = 0.1
"""Of so many events the receiver will hear nothing until it is calm."""


class Told(NamedTuple):
    """What arrived: which event, under which id, and whether the receiver said yes."""

    event: str
    id: str
    yes: bool


class Receiver:
    """A receiver on a socket; `before` and `after` a yes somebody may be killed."""

    def __init__(self, chance: random.Random) -> None:
        self.told: list[Told] = []
        self.wrong: list[str] = []
        self.calm = False
        self.life: Life | None = None
        self.kill: str | None = None
        self._chance = chance
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """Listen; returns the URL."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/in"

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (h.partition(":") for h in head)
            }
            body = await reader.readexactly(int(headers["content-length"]))
            status = self._hear(headers, body)
            if status is not None:
                writer.write(f"HTTP/1.1 {status} -\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
                if status == 204:
                    self._reach("after")
        writer.close()

    def _hear(self, headers: dict[str, str], body: bytes) -> int | None:
        """Take a message in, and say how it is answered (None: not at all)."""
        try:
            message = verify(headers, body, secrets=[OUT_SECRET], now=time.time())
        except NotSignedError as error:
            self.wrong.append(f"unsigned: {error}")
            return 401
        event: str = msgspec.json.decode(body)["title"]
        refused = int(event.partition("-")[2]) % round(1 / REFUSED) == 0
        if not self.calm and (refused or self._chance.random() < FAILS):
            self.told.append(Told(event, message, yes=False))
            return self._chance.choice((500, 503, 404, None))
        self.told.append(Told(event, message, yes=True))
        return None if self._reach("before") else 204

    def _reach(self, point: str) -> bool:
        """Kill the service here, where that is how this life is to end."""
        if self.kill != point or self.life is None:
            return False
        self.kill = None
        return self.life.kill()


class Round:
    """One round, in a folder of its own."""

    def __init__(self, seed: int, births: Nursery, folder: Path) -> None:
        self._chance = random.Random(seed)
        self._births = births
        self._place = folder
        self._environ: dict[str, str] = {}
        self._life: Life | None = None
        self.receiver = Receiver(self._chance)
        self.acknowledged: set[str] = set()
        self.sent_again = 0
        self.deaths: list[str] = []
        self.replayed = 0
        self.states: dict[str, int] = {}

    async def play(self) -> None:
        """Play it: all lives, then until nothing is on its way, then the dead letters."""
        self._environ = {
            "RIVO_API_KEY": "rivo-key-of-the-shop-0001",
            "RIVO_API_URL": "http://127.0.0.1:9/merchant_api/v1",
            "RIVO_WEBHOOK_SECRET": SECRET,
            "MESA_WEBHOOK_URL": await self.receiver.open(),
            "MESA_WEBHOOK_SECRET": OUT_SECRET,
            "DATABASE_URL": f"sqlite:///{self._place}/service.db",
            "SECRET_KEY": "key-of-the-hashes-0001",
        }
        once = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(trust_env=False, timeout=5, limits=once) as http:
            try:
                coming = [asyncio.create_task(self._announce(http, n)) for n in range(EVENTS)]
                for _ in range(LIVES - 1):
                    await self._live(http)
                await self._bear(http)
                await asyncio.gather(*coming)
                await self._quiet()
                self.receiver.calm = True
                self.replayed = await asyncio.to_thread(self._replay)
                await self._quiet()
            finally:
                if self._life is not None:
                    self._life.kill()
                    await self._life.died()
                await self.receiver.close()
        self.states = self._count()

    async def _bear(self, http: httpx.AsyncClient) -> Life:
        birth = Birth(environ=self._environ, log=f"{self._place}/service.log")
        self.receiver.kill = None  # what was to end the life before does not end this one
        life = self.receiver.life = await asyncio.to_thread(self._births.bear, birth)
        await life.ready(http)
        self._life = life
        return life

    async def _live(self, http: httpx.AsyncClient) -> None:
        """Live for a while, and die: at a random time, or just when a trigger was told."""
        how = self._chance.choice(("random", "before", "after"))
        life = await self._bear(http)
        self.receiver.kill = None if how == "random" else how
        until = time.monotonic() + (self._chance.uniform(0.05, 1.0) if how == "random" else 3.0)
        while life.alive and time.monotonic() < until:  # noqa: ASYNC110 - another's child
            await asyncio.sleep(0.005)
        self.deaths.append("random" if life.kill() else how)
        await life.died()

    async def _announce(self, http: httpx.AsyncClient, number: int) -> None:
        """Send a webhook until it is acknowledged, and sometimes once more."""
        event = f"event-{number}"
        raw = msgspec.json.encode(
            {
                "id": number,
                "points_diff": 5,
                "title": event,
                "customer": {"id": 7, "email": "a@b.c"},
            }
        )
        more = self._chance.random() < 0.1
        await asyncio.sleep(self._chance.uniform(0, SECONDS))
        while event not in self.acknowledged or more:
            headers = signed(raw, at=datetime.now(UTC), name=f"msg_{number}")
            with contextlib.suppress(httpx.HTTPError):
                if self._life is not None:
                    answer = await http.post(
                        f"{self._life.url}{PATH}", content=raw, headers=headers
                    )
                    if answer.status_code == 200:
                        more = more and event not in self.acknowledged
                        self.acknowledged.add(event)
                        continue
            self.sent_again += 1
            await asyncio.sleep(0.05)

    async def _quiet(self) -> None:
        """Wait until nothing is on its way; where that takes too long, the states tell."""
        until = time.monotonic() + QUIET_SECONDS
        while time.monotonic() < until:
            states = self._count()
            if not {"waiting", "sending"} & set(states):
                return
            await asyncio.sleep(0.1)

    def _count(self) -> dict[str, int]:
        connection = sqlite3.connect(f"file:{self._place}/service.db?mode=ro", uri=True, timeout=10)
        with contextlib.closing(connection) as db:
            return dict(db.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())

    def _replay(self) -> int:
        """Send all dead letters again, by the command, beside the running service."""
        # The variables of this process stay away: one of them may name another database.
        environ = dict.fromkeys(os.environ) | self._environ
        done = CliRunner().invoke(cli.main, ["triggers", "replay", "--dead"], env=environ)
        assert done.exit_code == 0, done.output
        return int(done.stdout.partition(": ")[2].partition(".")[0])

    def findings(self) -> Iterator[str]:
        """Say what does not add up."""
        yield from self.receiver.wrong
        ids: dict[str, set[str]] = {}
        for each in self.receiver.told:
            ids.setdefault(each.event, set()).add(each.id)
        yes = {each.event for each in self.receiver.told if each.yes}
        if len(self.acknowledged) != EVENTS:
            yield f"acknowledged: {len(self.acknowledged)} of {EVENTS}"
        for event in sorted(self.acknowledged - yes):
            yield f"lost: {event} was acknowledged and never told"
        for event, some in ids.items():
            if len(some) != 1:
                yield f"ids: {event} was told under {len(some)}"
        if len(set().union(*ids.values())) != len(ids):
            yield "ids: one of them names several events"
        if self.states != {"delivered": EVENTS}:
            yield f"stuck: {self.states}"
