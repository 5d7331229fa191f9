"""Processes of the bench's own: each on its core, on a free port, stopped by its id."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0


class Cores(msgspec.Struct, frozen=True):
    """Which core the servers have, and which the load; None where nobody can be kept to one."""

    server: int | None = None
    load: int | None = None

    @classmethod
    def found(cls) -> Cores:
        """Take the first two cores that this process may use."""
        if sys.platform != "linux" or shutil.which("taskset") is None:
            return cls()
        cores = sorted(os.sched_getaffinity(0))
        return cls(cores[0], cores[1]) if len(cores) > 1 else cls()


class Server(msgspec.Struct, frozen=True):
    """A server that runs: its address and its process."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """Tell how long the process has been computing."""
        # The clock of another process on Linux, as clock_getcpuclockid(3) makes it; no library asks
        # that function, and /proc counts in hundredths of a second.
        return time.clock_gettime_ns((~self.pid << 3) | 2) / 1e9


def kept_to(core: int | None) -> list[str]:
    """Begin a command so that it runs on one core."""
    return [] if core is None else ["taskset", "--cpu-list", str(core)]


@contextlib.contextmanager
def serving(
    command: Sequence[str],
    *,
    log: Path,
    core: int | None,
    environ: Mapping[str, str] | None = None,
) -> Generator[Server]:
    """Run a Python server while the block lasts; `--port` is added, what it says goes to the log.

    RuntimeError where it does not listen within `START_SECONDS`.
    """
    port = _free_port()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*kept_to(core), sys.executable, *command, "--port", str(port)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        if not _listens(process, port):
            raise RuntimeError(f"A server of the bench did not start: {log.read_text()}")
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.send_signal(signal.SIGINT)  # to SIGTERM the service goes on for seconds
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        time.sleep(0.02)
    return False
