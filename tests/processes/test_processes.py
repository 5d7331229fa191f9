"""Real processes, real sockets, SIGKILL: nothing is lost, nothing doubled, nobody told wrong."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import msgspec
import pytest

from tests.processes.killing import POINTS
from tests.processes.lives import Nursery, nursery
from tests.processes.round import Played, findings, play
from tests.processes.script import Script, at_points, draw
from tests.soak.figures import bound, count

# What is reached here, other tests reach, too; under the tracer a round would take longer.
pytestmark = [pytest.mark.anyio, pytest.mark.no_cover]

AT_ONCE = 6
HALF = len(POINTS) // 2 + 1


@pytest.fixture(scope="module")
def births() -> Iterator[Nursery]:
    """What services are born from."""
    with nursery() as running:
        yield running


class Rounds(msgspec.Struct, frozen=True):
    """Rounds in which all goes well but for the deaths.

    Dying at every point, killed as it is installed, and robbed of its database between two lives.
    """

    dying: list[Played]
    installed: Played
    robbed: Played


@pytest.fixture(scope="module")
def rounds(births: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Rounds:
    """All of them at once: most of a round is waiting."""
    return asyncio.run(play_rounds(births, tmp_path_factory.mktemp("rounds")))


async def play_rounds(births: Nursery, folder: Path) -> Rounds:
    pairs = zip_longest(POINTS[:HALF], POINTS[HALF:])
    dying, installed, robbed = await asyncio.gather(
        play_all([at_points(*pair) for pair in pairs], births, folder),
        play(at_points(None, None), births, folder, bear=births.start),
        play(at_points("outcome.after", None), births, folder, between=rob),
    )
    return Rounds(dying, installed, robbed)


def rob(place: Path) -> None:
    for path in place.glob("service.db*"):
        path.unlink()


async def play_all(scripts: list[Script], births: Nursery, folder: Path) -> list[Played]:
    """Play rounds, some of them at once."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(script: Script) -> Played:
        async with room:
            return await play(script, births, folder)

    return await asyncio.gather(*map(one, scripts))


def wrong(rounds: list[Played]) -> list[str]:
    """Everything that does not add up, with the seed of its round."""
    return [f"seed {each.record.seed}: {said}" for each in rounds for said in findings(each)]


def test_a_service_may_die_at_every_point(rounds: Rounds) -> None:
    assert [] == wrong(rounds.dying)
    assert set(POINTS) <= {point for each in rounds.dying for point in each.reached}
    for each in rounds.dying:
        # Of some nothing was kept when it died: they were asked for again in a later life.
        assert 3 == len(each.record.operations)


def test_the_service_as_it_is_installed_may_die(rounds: Rounds) -> None:
    """By its own command, with nothing of these tests in the process."""
    assert [] == findings(rounds.installed)
    assert 3 == len(rounds.installed.record.operations)


async def test_killed_services_lose_and_double_nothing(births: Nursery, tmp_path: Path) -> None:
    n = count("processes", suite=5, commit=30)

    played = await play_all([draw(seed) for seed in range(1, n + 1)], births, tmp_path)

    told = wrong(played)
    ends = Counter(point for each in played for point in each.reached)
    troubles = Counter(arrived.trouble for each in played for arrived in each.record.arrived)
    sys.stdout.write(f"seeds 1 to {n}: {bound(n, len(told))}; {ends}; {troubles}\n")
    assert [] == told


def test_a_database_that_is_lost_is_noticed(rounds: Rounds) -> None:
    """What the check is worth: a service that forgets does not pass it."""
    assert any(said.startswith("lost: ") for said in findings(rounds.robbed))


def test_what_is_applied_twice_is_noticed(rounds: Rounds) -> None:
    record = msgspec.structs.replace(rounds.dying[0].record)
    first = next(arrived for arrived in record.arrived if arrived.applied_at is not None)
    booked = next(entry for entry in record.booked if entry.request == first.number)
    record.arrived = [*record.arrived, msgspec.structs.replace(first, number=999)]
    record.booked = [*record.booked, msgspec.structs.replace(booked, request=999)]

    told = findings(Played(record=record, reached=[]))

    assert any(said.startswith("doubled: ") for said in told)
