"""Load, by wrk alone: a client in Python would measure itself."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from tests.bench.processes import Cores, Server, kept_to

SCRIPT: Final = Path(__file__).with_name("figures.lua")
MISSING: Final = "wrk is not here: the bench needs it (Debian and Ubuntu: apt-get install wrk)."


class _Figures(msgspec.Struct, frozen=True):
    requests: int
    errors: int
    duration: int
    median: int
    p99: int


class Run(msgspec.Struct, frozen=True):
    """What one run of wrk against one server showed.

    `median_ms` and `p99_ms` are of the answers' latency, `cpu_ms` is what the server computed for
    each of them, `share` the part of the time in which it did: 1 is all of its core.
    """

    requests: int
    errors: int
    per_second: float
    median_ms: float
    p99_ms: float
    cpu_ms: float
    share: float


def is_here() -> bool:
    """Say whether wrk is installed."""
    return shutil.which("wrk") is not None


def put_load(
    server: Server,
    paths: Sequence[str],
    *,
    seconds: int,
    connections: int,
    cores: Cores,
    headers: Mapping[str, str],
) -> Run:
    """Ask for the paths in turn, over so many connections at once, for so many seconds."""
    shown = [f"--header={name}: {value}" for name, value in headers.items()]
    command = [
        *kept_to(cores.load),
        "wrk",
        "--threads=1",
        f"--connections={connections}",
        f"--duration={seconds}s",
        f"--script={SCRIPT}",
        *shown,
        f"{server.url}{paths[0]}",
        "--",
        *(paths if len(paths) > 1 else ()),
    ]
    began, computed = time.monotonic(), server.cpu_seconds()
    told = subprocess.run(command, capture_output=True, check=True, timeout=seconds + 30)
    computed = server.cpu_seconds() - computed
    lasted = time.monotonic() - began
    figures = msgspec.json.decode(told.stdout.splitlines()[-1], type=_Figures)
    return Run(
        requests=figures.requests,
        errors=figures.errors,
        per_second=figures.requests / (figures.duration / 1e6),
        median_ms=figures.median / 1000,
        p99_ms=figures.p99 / 1000,
        cpu_ms=computed * 1000 / max(1, figures.requests),
        share=computed / lasted,
    )
