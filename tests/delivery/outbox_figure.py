"""The figure: rounds of triggers whose receivers fail and whose deliverer dies."""

from __future__ import annotations

from collections.abc import Iterable

from tests.delivery.rounds import DEATHS, EVENTS, play
from tests.soak.figures import Figure


def one(seed: int) -> Iterable[str]:
    """Play the round of a seed."""
    return play(seed).findings()


OUTBOX = Figure(
    one=one,
    each=EVENTS,
    simulated=f"time, receivers and deaths: {EVENTS} events a round, each for three URLs that fail "
    "10, 50 and 85 % of the time (no connection, lost or no answer, 3xx, 4xx, 429, 5xx); 5 % of "
    f"the causes rolled back, 10 % put down again; {DEATHS} deaths a round, the secret changed "
    "twice, 0.2 % of the store's writes fail; dead letters replayed. Power loss is not tried.",
)
