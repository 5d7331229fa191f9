"""SIGTERM, to a real process: unready at once, open for a while, nothing under way is dropped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from app.store.lock import FileLock
from tests.serving.process import Given

# What runs in the other process is not traced.
pytestmark = [pytest.mark.anyio, pytest.mark.no_cover]

ROOT = Path(__file__).parents[2]
SHORT = {"accept_seconds": 0.8, "finish_seconds": 3.0, "exit_seconds": 6.0}
GIVE = {"customer_email": "sarah.martinez@example.com", "points_amount": 5}

Start = Callable[..., Awaitable["Running"]]


@pytest.fixture
def anyio_backend() -> str:
    """Wait in real time: the process does."""
    return "asyncio"


class Running:
    """A process that serves, and a client of it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, database: Path) -> None:
        self.process = process
        self.database = database
        self.told = 0.0
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"X-Api-Key": "api-key-0001"},
            trust_env=False,
            timeout=10,
        )

    def tell(self, sig: signal.Signals) -> None:
        """Send a signal."""
        self.told = self.told or time.monotonic()
        self.process.send_signal(sig)

    async def left(self) -> float:
        """Wait until it has ended; how many seconds after the first signal that was."""
        await asyncio.to_thread(self.process.wait, 20)
        return time.monotonic() - self.told

    def holds_open(self, name: str) -> bool:
        """Say whether the process has opened a file of this name."""
        held = Path(f"/proc/{self.process.pid}/fd").iterdir()
        return any(str(each.readlink()).endswith(name) for each in held)

    def states(self) -> list[str]:
        """The states of all operations, as the next process finds them."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            return [state for (state,) in connection.execute("SELECT state FROM operations")]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start the service; `rivo_seconds` is how long a write takes, `is_ready` to wait for it."""
    async with contextlib.AsyncExitStack() as staying:

        async def begin(
            *, rivo_seconds: float = 0.0, is_ready: bool = True, **limits: float
        ) -> Running:
            database = tmp_path / "service.db"
            given = Given(
                database=str(database), rivo_seconds=rivo_seconds, limits={**SHORT, **limits}
            )
            process = staying.enter_context(_process(given))
            assert process.stdout is not None
            port = int(await asyncio.to_thread(process.stdout.readline))
            running = Running(process, port, database)
            await staying.enter_async_context(running.http)
            async with asyncio.timeout(20):
                while is_ready and (await running.http.get("/readyz")).status_code != 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            return running

        yield begin


@contextlib.contextmanager
def _process(given: Given) -> Any:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.serving.process"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(given) + b"\n")
    process.stdin.flush()
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_it_is_unready_first_and_finishes_what_it_began(start: Start) -> None:
    running = await start(rivo_seconds=1.5)
    write = asyncio.create_task(running.http.post("/actions/create_points_event", json=GIVE))
    await asyncio.sleep(0.3)

    running.tell(signal.SIGTERM)
    await asyncio.sleep(0.1)
    unready = await running.http.get("/readyz")
    alive = await running.http.get("/healthz")
    read = await running.http.get("/actions/list_vip_tiers")
    async with httpx.AsyncClient(trust_env=False) as another:  # on a connection of its own
        new = await another.get(running.http.base_url.join("/healthz"))
    answer = await write
    left = await running.left()

    assert (503, {"status": "not ready"}) == (unready.status_code, unready.json())
    assert [200, 200, 200] == [alive.status_code, read.status_code, new.status_code]
    assert 201 == answer.status_code
    assert True is answer.json()["operation"]["applied"]
    assert ["succeeded"] == running.states()
    assert SHORT["accept_seconds"] <= left < SHORT["exit_seconds"]
    assert -signal.SIGTERM == running.process.returncode


async def test_after_a_while_nobody_is_let_in(start: Start) -> None:
    running = await start(rivo_seconds=2.0)
    write = asyncio.create_task(running.http.post("/actions/create_points_event", json=GIVE))
    await asyncio.sleep(0.3)

    running.tell(signal.SIGTERM)
    await asyncio.sleep(SHORT["accept_seconds"] + 0.4)
    async with httpx.AsyncClient(trust_env=False) as another:
        with pytest.raises(httpx.ConnectError):
            await another.get(running.http.base_url.join("/healthz"))

    assert 201 == (await write).status_code
    assert await running.left() < SHORT["exit_seconds"]


async def test_a_client_that_never_ends_does_not_hold_it(start: Start) -> None:
    running = await start()
    host, port = running.http.base_url.host, running.http.base_url.port
    _, writer = await asyncio.open_connection(host, port)
    writer.write(b"POST /actions/get_customer HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
    await running.http.get("/healthz")  # and a connection that is kept for later

    running.tell(signal.SIGTERM)

    assert await running.left() < SHORT["accept_seconds"] + 2.5
    writer.transport.abort()


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM), (signal.SIGTERM, signal.SIGINT)],
    ids=["SIGINT", "SIGTERM twice", "SIGTERM and SIGINT"],
)
async def test_who_is_in_a_hurry_need_not_wait(
    start: Start, signals: tuple[signal.Signals, ...]
) -> None:
    running = await start(accept_seconds=30.0, exit_seconds=60.0)
    for each in signals:
        running.tell(each)
        await asyncio.sleep(0.2)

    assert await running.left() < 5


async def test_it_is_over_in_time_whatever_happens(start: Start) -> None:
    """A write that Rivo does not answer in time is left to the next process."""
    running = await start(
        rivo_seconds=9.0, accept_seconds=0.1, finish_seconds=0.5, exit_seconds=1.0
    )
    write = asyncio.create_task(running.http.post("/actions/create_points_event", json=GIVE))
    await asyncio.sleep(0.3)

    running.tell(signal.SIGTERM)
    left = await running.left()
    with contextlib.suppress(httpx.HTTPError):
        await write

    assert left < 2.5
    assert running.states()[0] in ("sending", "unknown")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
async def test_who_is_told_to_leave_while_it_opens_never_begins(
    start: Start, tmp_path: Path, sig: signal.Signals
) -> None:
    """Another process has the database for as long as this one waits."""
    lock = FileLock()
    await lock.acquire(
        tmp_path / "service.db", seconds=0, sleep=asyncio.sleep, clock=time.monotonic
    )
    running = await start(is_ready=False)
    async with asyncio.timeout(20):
        while not running.holds_open("service.db.lock"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    running.tell(sig)
    await asyncio.sleep(0.3)
    lock.release()

    assert await running.left() < 2.0
    assert not (tmp_path / "service.db").exists()
