"""Real processes, real sockets, SIGKILL: what Rivo was told is kept is told on, under one id."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.killed import EVENTS, Round
from tests.processes.lives import Nursery, _running
from tests.soak.figures import bound, count

# What is reached here, other tests reach, too; under the tracer a round would take longer.
pytestmark = pytest.mark.no_cover

ROUNDS = count("outbox_killed", suite=2, commit=8)


@pytest.fixture(scope="module")
def births() -> Iterator[Nursery]:
    """What services are born from; there is no Rivo: nothing asks it anything."""
    with _running("tests.delivery.outbox_service") as process:
        yield Nursery(process, "")


def test_killed_services_lose_no_trigger(births: Nursery, tmp_path: Path) -> None:
    async def one(seed: int) -> Round:
        place = tmp_path / str(seed)
        place.mkdir()
        played = Round(seed, births, place)
        async with room:
            await played.play()
        return played

    async def play_all() -> list[Round]:
        return await asyncio.gather(*map(one, range(1, ROUNDS + 1)))

    room = asyncio.Semaphore(2)
    rounds = asyncio.run(play_all())

    told = [f"seed {n}: {said}" for n, each in enumerate(rounds, 1) for said in each.findings()]
    heard = [each for one in rounds for each in one.receiver.told]
    deaths = Counter(death for one in rounds for death in one.deaths)
    sys.stdout.write(
        f"seeds 1 to {ROUNDS}: {bound(EVENTS * ROUNDS, len(told))}; deaths {dict(deaths)}; "
        f"{len(heard)} tries, {sum(each.replayed for each in rounds)} dead letters replayed, "
        f"{sum(each.sent_again for each in rounds)} webhooks sent again\n"
    )
    assert [] == told
    assert all(each.replayed for each in rounds)
    assert {"before", "after"} & set(deaths)
