"""One instance of the service, which can die at any input or output: then all of it hangs."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Literal, cast
from unittest import mock

import msgspec
from structlog.typing import FilteringBoundLogger

import app.main
from app.main import World, create_app
from app.operations.settling import EVERY_SECONDS
from app.settings import Settings
from app.store.sqlite import SqliteStore, StoreError
from tests.simulation.network import Network, Way
from tests.simulation.store import Inline, Shared, Shelf

Ways = Literal["kill", "raise", "hang", "cancel"]
STALL_SECONDS = 30.0


class Strike(msgspec.Struct, frozen=True):
    """What befalls an instance, and at which of its inputs and outputs (0 is the first)."""

    point: int
    way: Ways = "kill"


class StruckError(Exception):
    """What a struck input or output raises."""


class Instance:
    """One replica, by `name`, over a shared store and network.

    `say` writes a line of the trace. `points` counts inputs and outputs so far, `reached` names
    them where `lists` says so.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        shared: Shared,
        network: Network,
        chance: random.Random,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        log: FilteringBoundLogger,
        say: Callable[[str], None],
        alone: bool = False,
        strike: Strike | None = None,
    ) -> None:
        self.name = name
        self.points = 0
        self.reached: list[str] = []
        self.strike = strike
        self.over = False
        self.dead: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._say = say
        self._shared = shared
        self._now = now
        self._ids = 0
        self._hanging: list[asyncio.Future[None]] = []  # or they would be collected
        world = World(
            clock=clock,
            now=now,
            new_id=self._new_id,
            chance=chance.random,
            random=chance.randbytes,
            sleep=self._sleep,
            transport=lambda _: Way(network, name, self.gate),
            executor=Inline,
            store=lambda _, __: cast(SqliteStore, Shelf(shared, self.gate)),
            alone=alone,
        )
        with (
            # Nobody looks at them here, and to make them takes longer than a schedule.
            mock.patch.object(app.main, "openapi_routes", return_value=[]),
            mock.patch.object(app.main, "page_routes", return_value=[]),
        ):
            self.app = create_app(settings, log=log, world=world)
        self._living = self.app.router.lifespan_context(self.app)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return not self.dead.done()

    async def start(self) -> None:
        """Start it, as its server does."""
        await self._living.__aenter__()

    async def gate(self, what: str) -> None:
        """Stand at an input or output: pass, or be struck here."""
        if self.over:
            raise asyncio.CancelledError
        if self.alive:
            number, self.points = self.points, self.points + 1
            self.reached.append(what)
            if self.strike is not None and number == self.strike.point:
                self._say(f"{self.name} {self.strike.way} at {number} ({what})")
                await self._strike(self.strike.way, what)
        if not self.alive:
            self._hanging.append(asyncio.get_running_loop().create_future())
            await self._hanging[-1]

    async def _strike(self, way: Ways, what: str) -> None:
        match way:
            case "kill":
                self.dead.set_result(None)
            case "raise":
                raise _trouble(what)
            case "hang":
                await asyncio.sleep(STALL_SECONDS)
            case "cancel":
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                await asyncio.sleep(0)

    async def _sleep(self, seconds: float) -> None:
        await self.gate("sleep")
        if _is_settler(asyncio.current_task()):
            await self._nap()
        else:
            await asyncio.sleep(seconds)
        await self.gate("slept")

    async def _nap(self) -> None:
        """Sleep as the settler does, but through the rounds in which it would find nothing."""
        loop = asyncio.get_running_loop()
        began, nap = loop.time(), loop.create_future()
        waking: list[asyncio.TimerHandle] = []

        def wake() -> None:
            if not nap.done():
                nap.set_result(None)

        def plan() -> None:
            for handle in waking:
                handle.cancel()
            due = loop.time() + self._shared.next_due() - self._now().timestamp()
            at = began + EVERY_SECONDS * max(math.ceil((due - began) / EVERY_SECONDS), 1)
            waking[:] = [loop.call_at(at, wake)]

        plan()
        self._shared.changed.append(plan)
        try:
            await nap
        finally:
            self._shared.changed.remove(plan)
            waking[0].cancel()

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self.name}-{self._ids}"

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        query: bytes = b"",
        leaves: float | None = None,
        cut: bool = False,
    ) -> tuple[int, dict[str, str], bytes] | None:
        """Send one request; None where no answer comes, or nobody is there to take it."""
        sent: list[dict[str, Any]] = []
        gone = asyncio.Event()
        received = 0

        async def receive() -> dict[str, Any]:
            nonlocal received
            received += 1
            if received > 1:
                await gone.wait()
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            "scheme": "http",
            "client": ("127.0.0.1", 40_000),
            "server": ("service.test", 80),
            "http_version": "1.1",
            "root_path": "",
        }
        serving: Awaitable[None] = self.app(scope, receive, send)  # type: ignore[arg-type]
        task = asyncio.ensure_future(serving)
        await asyncio.wait({task, self.dead}, timeout=leaves, return_when=asyncio.FIRST_COMPLETED)
        gone.set()
        if not task.done():
            if cut and self.alive:
                task.cancel()
            return None
        with contextlib.suppress(asyncio.CancelledError):
            task.result()
        if not sent or not self.alive:
            return None
        told = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        return sent[0]["status"], told, b"".join(m.get("body", b"") for m in sent[1:])


def _is_settler(task: asyncio.Task[Any] | None) -> bool:
    """Say whether a task is some settler's rounds."""
    coroutine: Any = None if task is None else task.get_coro()
    return getattr(coroutine, "__qualname__", "") == "Settler.run"


def _trouble(what: str) -> Exception:
    """Raise what that input or output would raise."""
    if what in ("commit", "committed", "read"):
        return StoreError("The database cannot be used (struck).")
    return StruckError(what)
