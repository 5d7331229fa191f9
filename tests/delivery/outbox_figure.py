"""The figures: triggers whose receivers fail and whose deliverer dies, in virtual time and real."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.delivery import killed, rounds
from tests.processes.lives import Nursery, _running
from tests.soak.figures import Figure


def one(seed: int) -> Iterable[str]:
    """Play the round of a seed."""
    return rounds.play(seed).findings()


@functools.cache
def _births() -> Nursery:
    """Start what all services of this process are born from, once."""
    staying = contextlib.ExitStack()
    atexit.register(staying.close)
    return Nursery(staying.enter_context(_running("tests.delivery.outbox_service")), "")


def one_killed(seed: int) -> Iterable[str]:
    """Play the round of a seed with real processes."""
    with tempfile.TemporaryDirectory() as folder:
        played = killed.Round(seed, _births(), Path(folder))
        asyncio.run(played.play())
        return list(played.findings())


OUTBOX = Figure(
    one=one,
    each=rounds.EVENTS,
    simulated=f"time, receivers and deaths: {rounds.EVENTS} events a round, each for three URLs "
    "that fail 10, 50 and 85 % of the time (no connection, lost or no answer, 3xx, 4xx, 429, 5xx); "
    f"5 % of the causes rolled back, 10 % put down again; {rounds.DEATHS} deaths a round, the "
    "secret changed twice, 0.2 % of the store's writes fail; dead letters replayed. Power loss is "
    "not tried.",
)
KILLED = Figure(
    one=one_killed,
    each=killed.EVENTS,
    simulated="Rivo, which sends each webhook until it is acknowledged, and the receiver, which "
    f"fails {killed.FAILS:.0%} of the time and refuses {killed.REFUSED:.0%} of the events until "
    "they are replayed; waits of a second in the place of hours. Real: service processes on "
    f"sockets and a SQLite file, {killed.LIVES - 1} SIGKILLs a round, at random or just before or "
    "after a yes. Power loss is not tried.",
)
