"""The figures of the replay and of outages for the soak, each seed by seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from integrations.rivo_sandbox import Switches
from tests.replay.outages import WAYS, outage, too_slow
from tests.replay.plan import CUSTOMERS, draw
from tests.replay.world import replay
from tests.soak.figures import Figure

OPENS: Final = 2_000
ASKS: Final = 200
VARIANTS: Final[tuple[dict[str, str], ...]] = (
    {"read_after_write": "delayed"},
    {"webhook_order": "duplicates"},
    {"webhook_order": "out_of_order"},
    {"limit": "token_bucket"},
    {"limit": "fixed_window"},
    {"signature": "v1_base64", "webhook_timestamp": "iso_8601"},
    {"signature": "documented_base64"},
    {"signature": "documented_hex"},
    {"redemption_customer": "before"},
    {"redemption_customer": "absent"},
    {"write_answer": "bare"},
)
"""What nobody knows of Rivo, as far as it matters here."""


def opens(seed: int) -> Iterator[str]:
    """Open so many tickets, every other time with a Rivo unlike the usual: what was wrong."""
    unlike = VARIANTS[seed // 2 % len(VARIANTS)] if seed % 2 else {}
    switches = msgspec.convert(unlike, Switches)
    yield from replay(draw(seed, opens=OPENS), seed=seed, switches=switches).found


def outages(seed: int) -> Iterator[str]:
    """Ask so often while Rivo is down in one of the ways: what was wrong."""
    told = outage(seed, asks=ASKS)
    yield from told.found
    if too_slow(told.warm):
        yield f"{WAYS[seed % len(WAYS)]}: more than 1 % of what was known took over 50 ms"


REPLAY: Final = Figure(
    one=opens,
    each=OPENS,
    simulated=f"tickets opened, Zipf over {CUSTOMERS:,} customers, five a second, bursts of up to "
    "60 at 20 a second, some about one customer; sidebars on screen that poll; 5 % writes, 5 % "
    "changes in the shop, a tenth of them unannounced; webhooks 50 to 800 ms late; time, network "
    "(up to 100 ms of jitter each way) and Rivo, limit on, are simulated in one process, all of "
    "the application is real; half of the seeds with one of 11 other ways in which Rivo may work",
)
OUTAGES: Final = Figure(
    one=outages,
    each=ASKS,
    simulated=f"Rivo and time: one of {', '.join(WAYS)} in turn, for a minute or more, what is "
    "known between 0 s and 2 h old; the 50 ms are what the service waits (virtual) and works "
    "(real, of a processor)",
)
