"""The figures of the replay and of outages for the soak, each seed by seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.replay.outages import WAYS, outage, too_slow
from tests.replay.plan import CUSTOMERS, draw
from tests.replay.world import replay
from tests.soak.figures import Figure

OPENS: Final = 2_000
ASKS: Final = 200


def opens(seed: int) -> Iterator[str]:
    """Open so many tickets: what was wrong."""
    yield from replay(draw(seed, opens=OPENS), seed=seed).found


def outages(seed: int) -> Iterator[str]:
    """Ask so often while Rivo is down in one of the ways: what was wrong."""
    told = outage(seed, asks=ASKS)
    yield from told.found
    if too_slow(told.warm):
        yield f"{WAYS[seed % len(WAYS)]}: more than 1 % of what was known took over 50 ms"


REPLAY: Final = Figure(
    one=opens,
    each=OPENS,
    simulated="tickets opened, Zipf over "
    f"{CUSTOMERS:,} customers, five a second and bursts of up to 60 at 20 a second; 5 % writes, "
    "5 % changes in the shop, a tenth of them unannounced; webhooks 50 to 800 ms late; time, the "
    "network (up to 100 ms of jitter each way) and Rivo, limit on, are simulated in one process, "
    "all of the application is real",
)
OUTAGES: Final = Figure(
    one=outages,
    each=ASKS,
    simulated=f"Rivo and time: one of {', '.join(WAYS)} in turn, for a minute or more, what is "
    "known between 0 s and 2 h old; 50 ms are real ones, inside of the process",
)
