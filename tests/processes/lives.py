"""The processes of a round: a Rivo that lives on, and a service that dies and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import msgspec

from tests.processes.service import Birth, Born

ROOT: Final = Path(__file__).parents[2]
POLL_SECONDS: Final = 0.01
START_SECONDS: Final = 20.0


class Life:
    """One service process, from its birth to its death."""

    def __init__(self, born: Born, alive: Callable[[], bool] | None = None) -> None:
        self.pid = born.pid
        self.url = f"http://127.0.0.1:{born.port}"
        self._alive = alive

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        if self._alive is not None:
            return self._alive()
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
        if not self.alive:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
            return True
        return False


class Nursery:
    """Bears services, one after the other; `rivo_url` is where all their shops are."""

    def __init__(self, births: subprocess.Popen[bytes], rivo_url: str) -> None:
        self.rivo_url = rivo_url
        self._births = births
        self._lock = threading.Lock()

    def bear(self, birth: Birth) -> Life:
        """Start a service; it listens already, and answers when it is ready."""
        assert self._births.stdin is not None
        assert self._births.stdout is not None
        with self._lock:
            self._births.stdin.write(msgspec.json.encode(birth) + b"\n")
            self._births.stdin.flush()
            line = self._births.stdout.readline()
        return Life(msgspec.json.decode(line, type=Born))

    def start(self, birth: Birth) -> Life:
        """Start a service by its command; it cannot be told to die by itself."""
        assert birth.kill is None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        command = [str(Path(sys.executable).with_name("rivo-helpdesk")), "serve"]
        with Path(birth.log).open("ab") as log:
            process = subprocess.Popen(
                [*command, "--port", str(port)],
                env={"PATH": os.environ["PATH"], "LOG_LEVEL": "error", **birth.environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.DEVNULL,
            )
        return Life(Born(process.pid, port), lambda: process.poll() is None)


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
