"""The processes of a round: a Rivo that lives on, and a service that dies and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import msgspec

from tests.processes.service import Birth, Born

ROOT: Final = Path(__file__).parents[2]
POLL_SECONDS: Final = 0.01
START_SECONDS: Final = 20.0


class Nursery:
    """Bears services, one after the other; `rivo_url` is where all their shops are."""

    def __init__(self, births: subprocess.Popen[bytes], rivo_url: str) -> None:
        self.rivo_url = rivo_url
        self._births = births
        self._lock = threading.Lock()

    def bear(self, birth: Birth) -> Born:
        """Start a service; it listens already, and answers when it is ready."""
        assert self._births.stdin is not None
        assert self._births.stdout is not None
        with self._lock:
            self._births.stdin.write(msgspec.json.encode(birth) + b"\n")
            self._births.stdin.flush()
            line = self._births.stdout.readline()
        return msgspec.json.decode(line, type=Born)


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    """Run what services are born from, and the Rivo that outlives them."""
    with _running("tests.processes.rivo") as rivo, _running("tests.processes.service") as births:
        assert rivo.stdout is not None
        port = int(rivo.stdout.readline())
        yield Nursery(births, f"http://127.0.0.1:{port}")


@contextlib.contextmanager
def _running(module: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        # Nothing else of this process' environment: the tracer of coverage would not survive.
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with whatever it has borne
        process.communicate()


class Life:
    """One service process, from its birth to its death."""

    def __init__(self, born: Born) -> None:
        self.pid = born.pid
        self.url = f"http://127.0.0.1:{born.port}"

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    async def ready(self, http: httpx.AsyncClient) -> bool:
        """Wait until it serves; False where it died first."""
        async with asyncio.timeout(START_SECONDS):
            while self.alive:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"{self.url}/readyz")).status_code == 200:
                        return True
                await asyncio.sleep(POLL_SECONDS)
        return False

    async def died(self) -> None:
        """Wait until it is dead."""
        while self.alive:  # noqa: ASYNC110 - the death of another's child makes no event here
            await asyncio.sleep(POLL_SECONDS)

    def kill(self) -> bool:
        """Kill it; False where it was dead already."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True
