"""The figure: rounds of real processes that are killed, and what has to add up after each."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.processes.lives import Nursery, nursery
from tests.processes.round import findings, play
from tests.processes.script import draw
from tests.soak.figures import Figure


@functools.cache
def _nursery() -> Nursery:
    """Start the processes that all rounds of this process share, once."""
    staying = contextlib.ExitStack()
    atexit.register(staying.close)
    return staying.enter_context(nursery())


def one(seed: int) -> Iterable[str]:
    """Play the round of a seed."""
    with tempfile.TemporaryDirectory() as folder:
        return findings(asyncio.run(play(draw(seed), _nursery(), Path(folder))))


PROCESSES = Figure(
    one=one,
    simulated="Rivo, by the sandbox as a process of its own; 45 % of the writes go wrong: lost or "
    "500 before, after or late (D 0.3 s, L 0.3 s, Q 2 s), 429, hang, broken, redirected. Real: "
    "service processes on sockets and a SQLite file, two SIGKILLs a round, at a named point around "
    "a commit or a request, or at random. Power loss is not tried.",
)
