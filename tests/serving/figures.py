"""The figure: slow sockets by the thousand on the service as it is installed, in real time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterable
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import httpx

from tests.soak.figures import Figure

TRICKLING: Final = 1000
SILENT: Final = 1000
PROMISED: Final = 10.0
START_SECONDS: Final = 30.0
ASKED: Final = "/actions/get_customer?customer_email=sarah.martinez@example.com"
SERVED_WITHIN: Final = 2.0
"""On cores that the sockets' own process keeps busy, too; an answer takes a millisecond alone."""
STARTS: Final = (
    b"GET /actions/get_customer?x=",
    b"GET / HTTP/1.1\r\nX-Slow: ",
    b"POST /gorgias/get_sidebar HTTP/1.1\r\nContent-Length: 1000\r\n\r\n",
    b"POST /actions/get_customer HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;",
)


def one(seed: int) -> Iterable[str]:
    """Play one round; gives a sentence for each socket that stayed and each answer that did not."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return asyncio.run(_play(random.Random(f"slow sockets {seed}")))


async def _play(dice: random.Random) -> list[str]:
    wrong: list[str] = []
    async with _service() as url:
        slow = [
            _slow(url, dice, trickles=number < TRICKLING) for number in range(TRICKLING + SILENT)
        ]
        others, stalls = _Others(url), _Stalls()
        served = asyncio.create_task(asyncio.to_thread(others.ask))
        stalling = asyncio.create_task(stalls.watch())
        lasted = await asyncio.gather(*slow)
        stalling.cancel()
        most = PROMISED + stalls.longest
        wrong += [
            f"a socket was open for {each:.2f} s; the client itself stood still for "
            f"{stalls.longest:.2f} s"
            for each in lasted
            if each > most
        ]
        others.stop()
        wrong += await served
    return wrong


class _Stalls:
    """How long this process stood still, while others had its core."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        """Look twenty times a second."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.05)
            self.longest = max(self.longest, time.monotonic() - began - 0.05)


async def _slow(url: httpx.URL, dice: random.Random, *, trickles: bool) -> float:
    """Be one of them; how long the connection was open."""
    await asyncio.sleep(dice.uniform(0, 1))
    start, pause = dice.choice(STARTS), dice.uniform(0.2, 3)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    began = time.monotonic()
    reading = asyncio.create_task(_read(reader))
    if trickles:
        writer.write(start)
        while not reading.done():
            await asyncio.wait([reading], timeout=pause)
            if not reading.done():
                writer.write(b"x")
    ended = await reading
    writer.transport.abort()
    return ended - began


async def _read(reader: asyncio.StreamReader) -> float:
    with contextlib.suppress(ConnectionError):
        await reader.read()
    return time.monotonic()


class _Others:
    """Somebody who asks again and again in a thread of their own, each time on a new connection."""

    def __init__(self, url: httpx.URL) -> None:
        self._url = url
        self._enough = threading.Event()

    def stop(self) -> None:
        """Ask no more."""
        self._enough.set()

    def ask(self) -> list[str]:
        """Ask until there is no need any more; gives a sentence for each answer that did not do."""
        wrong: list[str] = []
        while not self._enough.wait(0.1):
            began = time.monotonic()
            status = self._one()
            took = time.monotonic() - began
            if status != 200 or took > SERVED_WITHIN:
                wrong.append(f"somebody else was answered {status} after {took:.2f} s")
        return wrong

    def _one(self) -> object:
        connection = HTTPConnection(self._url.host, self._url.port, timeout=10)
        try:
            connection.request("GET", ASKED, headers={"X-Api-Key": "demo"})
            answer = connection.getresponse()
            answer.read()
        except OSError as error:
            return type(error).__name__
        finally:
            connection.close()
        return answer.status


@contextlib.asynccontextmanager
async def _service() -> AsyncIterator[httpx.URL]:
    """Run the service by its command, over its demo shop."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        probe.close()
        process = _start(port, folder)
        try:
            url = httpx.URL(f"http://127.0.0.1:{port}")
            await _ready(url)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            await asyncio.to_thread(process.wait)


def _start(port: int, folder: str) -> subprocess.Popen[bytes]:
    command = str(Path(sys.executable).with_name("rivo-helpdesk"))
    return subprocess.Popen(
        [command, "serve", "--sandbox", "--port", str(port)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{folder}/service.db"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def _ready(url: httpx.URL) -> None:
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False) as http:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get(url.join("/readyz"))).status_code == 200:
                    return
            await asyncio.sleep(0.05)


SOCKETS = Figure(
    one=one,
    each=TRICKLING + SILENT,
    simulated="the clients; the service is a process of its own over its demo shop, its limits the "
    "real ones (9 s for a whole request). 1,000 connections trickle a first line, a header, a body "
    "or a chunk's length, a byte in 0.2 to 3 s, and 1,000 say nothing, all at once on loopback; "
    "meanwhile somebody reads a customer on a new connection ten times a second and has the answer "
    "within 2 s. Open means: from connected to closed, by the client's clock, without the longest "
    "time for which the client itself stood still.",
)
