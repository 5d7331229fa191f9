"""What it costs that a write is made once: what operations add, and what finding one takes."""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from starlette.applications import Starlette

from app.doors import Door, Wanted
from app.environment import load
from app.main import World, create_app
from app.manners import Asked, Manner, Reply
from app.observe import make_log
from app.shops import Caller
from app.store.sqlite import MEMORY
from integrations.actions import Action, Context
from integrations.rivo.writing import Given, Writing
from integrations.rivo_sandbox import Sandbox, demo_shop

STRAIGHT, IN_MEMORY, ON_DISK = "straight", "memory", "disk"
WRITES: Final = 100
CALLER: Final = "a-key-for-the-bench"
ENVIRON: Final = {
    "RIVO_API_KEY": "sandbox-key",
    "API_KEY": CALLER,
    "SECRET_KEY": "a-secret-for-the-bench",
}
COMMIT: Final = b"\0" * 4120 * 12
"""A dozen pages of the log: the row, its indexes, and the audit."""
BODY: Final = msgspec.json.encode(
    {
        "customer_email": "sarah.martinez@example.com",
        "points_amount": 1,
        "external_note": "Sorry for the delay",
    }
)


class Written(msgspec.Struct, frozen=True):
    """Milliseconds a write took at the median, by way and round by round.

    `disk_ms` is what the disk itself took for as many bytes as a commit has, in the same rounds.
    """

    rounds: Mapping[str, list[float]]
    disk_ms: list[float]
    wrong: list[str]

    def added_ms(self, name: str) -> list[float]:
        """Return what it took longer than straight, by round."""
        pairs = zip(self.rounds[name], self.rounds[STRAIGHT], strict=True)
        return [took - straight for took, straight in pairs]


class Straight:
    """A desk that makes a write at once and keeps nothing: the same call without operations."""

    def admit(
        self, caller: Caller, action: Action, inputs: Mapping[str, Any], context: Context
    ) -> Context:
        """Let everything pass."""
        return context

    async def perform(self, wanted: Wanted) -> Reply:
        """Make the write and show what the action answers."""
        shop = wanted.caller.shop
        writing = Writing(
            reference=f"op_{os.urandom(16).hex()}", about_to_send=self._go, recall=self._recall
        )
        rivo = shop.rivo.for_write(writing, wanted.until)
        answer = await wanted.action.run(rivo, **wanted.inputs)
        return Manner().answer(Asked(shop, wanted.action, wanted.context), answer)

    async def _go(self, snapshot: Mapping[str, Any]) -> None:
        pass

    async def _recall(self, operation_id: str) -> Given:
        raise NotImplementedError


async def measure_writes(folder: Path, *, rounds: int, writes: int = WRITES) -> Written:
    """Make the same writes straight, and as operations in memory and on disk, in turn."""
    took: dict[str, list[float]] = {STRAIGHT: [], IN_MEMORY: [], ON_DISK: []}
    disk_ms, wrong = [], []
    async with contextlib.AsyncExitStack() as stack:
        apps = {
            name: await stack.enter_async_context(
                _serving(str(folder / "once.db") if name == ON_DISK else MEMORY)
            )
            for name in took
        }
        for route in apps[STRAIGHT].routes:
            door = getattr(route, "endpoint", None)
            if isinstance(door, Door):
                door.desk = Straight()
        for number in range(rounds + 1):
            for name, app in apps.items():
                spent = []
                for write in range(writes):
                    began = time.perf_counter()
                    status = await _give(app, f"{number}-{write}")
                    spent.append(time.perf_counter() - began)
                    if status != 201:
                        wrong.append(f"{name}: a write was answered {status}.")
                if number > 0:  # the first round only warms up
                    took[name].append(statistics.median(spent) * 1000)
            disk_ms.append(_disk_ms(folder / "disk", writes))
    return Written(rounds=took, disk_ms=disk_ms[1:], wrong=wrong)


def _disk_ms(path: Path, writes: int) -> float:
    """Write as much as a commit does, wait for the disk, and say how long that took."""
    spent = []
    with path.open("wb", buffering=0) as file:
        for _ in range(writes):
            began = time.perf_counter()
            file.write(COMMIT)
            os.fsync(file.fileno())
            spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1000


@contextlib.asynccontextmanager
async def _serving(database: str) -> AsyncIterator[Starlette]:
    """Start a service over a sandbox of its own, all in this process."""

    def now() -> datetime:
        return datetime.now(UTC)

    key = ENVIRON["RIVO_API_KEY"]
    sandbox = Sandbox(demo_shop(now()), clock=now, key=key, requests_per_second=None)
    app = create_app(
        msgspec.structs.replace(load(ENVIRON), database=database, requests_per_second=1_000_000),
        log=make_log(io.BytesIO(), level="info", form="json"),
        world=World(transport=lambda _: httpx.ASGITransport(app=sandbox)),
    )
    async with app.router.lifespan_context(app):
        yield app


async def _give(app: Starlette, key: str) -> int:
    """Ask for one write without a socket, and return its status."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": BODY}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/actions/create_points_event",
        "query_string": b"",
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(BODY)).encode()),
            (b"authorization", f"Bearer {CALLER}".encode()),
            (b"idempotency-key", key.encode()),
        ],
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
    }
    await app(scope, receive, send)
    return int(sent[0]["status"])
