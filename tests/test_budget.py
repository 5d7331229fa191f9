"""The budget: never a sixteenth in a second, the important first, and nobody waits in vain."""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import budget as module
from integrations.budget import (
    FLOOR,
    ROOM,
    SHARES,
    WINDOW_SECONDS,
    Budget,
    Priority,
)
from integrations.errors import HeldBackError
from integrations.rivo_sandbox.limit import Limit
from tests.app.loop import SkippingLoop, seconds
from tests.often import often

pytestmark = pytest.mark.anyio

WRITE, READ, SETTLE, REFRESH, EXPORT = Priority
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run on a loop whose time jumps: waiting for the next second costs none."""
    return "asyncio", {"loop_factory": SkippingLoop}


class Sent(msgspec.Struct):
    """What became of those who wanted to send: who left when, and who was refused when."""

    left: list[tuple[float, Priority]] = []
    refused: list[tuple[float, Priority]] = []

    def count(self) -> Counter[Priority]:
        """Count those who left, by what they were for."""
        return Counter(priority for _, priority in self.left)


async def send(
    budget: Budget,
    priority: Priority,
    sent: Sent,
    *,
    patience: float = 60.0,
    takes: float = 0.1,
    connects: float = 0.0,
) -> None:
    """Send one request that takes so many seconds, after making a connection for so many."""
    try:
        leaving = await budget.enter(priority, deadline=seconds() + patience)
    except HeldBackError:
        sent.refused.append((seconds(), priority))
        return
    if connects:
        budget.connecting(leaving)
        await asyncio.sleep(connects)
    budget.left(leaving)
    sent.left.append((seconds(), priority))
    await asyncio.sleep(takes)
    budget.leave(leaving)


def fullest(times: list[float], window: float) -> int:
    """Count how many there are at most within so many seconds."""
    times = sorted(times)
    first = most = 0
    for last, at in enumerate(times):
        while times[first] <= at - window:
            first += 1
        most = max(most, last - first + 1)
    return most


async def test_a_burst_is_sent_at_once_up_to_the_limit_and_the_next_a_window_later() -> None:
    budget, sent, began = Budget(clock=seconds, connections=50, most=15), Sent(), seconds()

    await asyncio.gather(*(send(budget, WRITE, sent) for _ in range(31)))

    times = [round(at - began, 2) for at, _ in sent.left]
    assert [0.0] * 15 + [1.1] * 15 + [2.2] == times


async def test_without_a_limit_only_connections_are_waited_for() -> None:
    budget, sent, began = Budget(clock=seconds, connections=10), Sent(), seconds()

    await asyncio.gather(*(send(budget, WRITE, sent) for _ in range(100)))

    assert 0.9 == round(sent.left[-1][0] - began, 2)
    assert 10 == fullest([at for at, _ in sent.left], 0.09)
    assert None is budget.state().most


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a load: when it comes, and what becomes of it; all in seconds.

    `connects` is what its connection takes to make, `way` how long it travels to Rivo, `leaves`
    whether who asked for it leaves while it waits.
    """

    at: float
    priority: Priority
    patience: float
    takes: float
    connects: float
    way: float
    leaves: bool


LOADS = st.lists(
    st.builds(
        Caller,
        at=st.floats(0, 6),
        priority=st.sampled_from(list(Priority)),
        patience=st.floats(0.1, 4),
        takes=st.floats(0.01, 1),
        connects=st.sampled_from([0.0, 0.0, 0.0, 0.2, 0.9]),
        way=st.floats(0, 0.1),
        leaves=st.booleans(),
    ),
    max_size=150,
)


STALLS = st.lists(st.tuples(st.floats(0, 3), st.floats(0.1, 3)), max_size=4)


@given(LOADS, st.sampled_from([1, 4, 15]), st.sampled_from([2, 10, 40]), STALLS)
def test_rivo_never_sees_more_in_a_second_than_it_allows(
    load: list[Caller], most: int, connections: int, stalls: list[tuple[float, float]]
) -> None:
    """Whoever comes, waits, connects and leaves when, with up to 100 ms of jitter on the way.

    Also where the whole process stands still now and then, as it does without a processor.
    """
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        arrived = runner.run(carried(load, most=most, connections=connections, stalls=stalls))

    limit = Limit(most)
    assert all(limit.admits(at, kind="rolling") for at in arrived)


def test_rivo_never_sees_more_in_a_second_however_long_too_much_is_wanted(
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    dice = random.Random(5)
    count = often(suite=2_000, commit=20_000)
    load = [
        Caller(
            at=dice.uniform(0, count / 20),
            priority=dice.choice(list(Priority)),
            patience=dice.uniform(0.1, 4),
            takes=dice.expovariate(3),
            connects=dice.choice([0.0, 0.0, 0.3]),
            way=dice.uniform(0, 0.1),
            leaves=dice.random() < 0.1,
        )
        for _ in range(count)
    ]
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        arrived = runner.run(carried(load, most=15, connections=10))

    limit = Limit(15)
    record_testsuite_property("requests that a budget let through", len(arrived))
    assert len(arrived) > count / 4
    assert all(limit.admits(at, kind="rolling") for at in arrived)


@pytest.mark.parametrize("slip", ["a window of a second", "counted when it sets out"])
def test_that_would_be_noticed(slip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if slip == "a window of a second":
        monkeypatch.setattr(module, "WINDOW_SECONDS", 1.0)
    else:
        monkeypatch.setattr(Budget, "connecting", lambda _, __: None)
        left = Budget.left
        monkeypatch.setattr(
            Budget, "left", lambda self, it: left(self, it) if it.at == math.inf else None
        )
    dice = random.Random(1)
    load = [
        Caller(
            at=dice.uniform(0, 20),
            priority=Priority.WRITE,
            patience=4,
            takes=0.1,
            connects=dice.choice([0.0, 0.3]),
            way=dice.uniform(0, 0.1),
            leaves=False,
        )
        for _ in range(400)
    ]
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        arrived = runner.run(carried(load, most=15, connections=40))

    limit = Limit(15)
    assert not all(limit.admits(at, kind="rolling") for at in arrived)


async def carry(
    budget: Budget, caller: Caller, arrived: list[float], clock: Callable[[], float]
) -> None:
    """Send one request, if it may leave."""
    try:
        leaving = await budget.enter(caller.priority, deadline=clock() + caller.patience)
    except HeldBackError:
        return
    try:
        for _ in range(3):  # a task is made, and what lies between it and the socket
            await asyncio.sleep(0)
        if caller.connects:
            budget.left(leaving)
            budget.connecting(leaving)
            await asyncio.sleep(caller.connects)
        budget.left(leaving)
        arrived.append(clock() + caller.way)
        await asyncio.sleep(caller.takes)
    finally:
        budget.leave(leaving)


async def carried(
    load: list[Caller],
    *,
    most: int,
    connections: int,
    stalls: Sequence[tuple[float, float]] = (),
) -> list[datetime]:
    """Play a load, and return when its requests arrived at Rivo.

    `stalls` are moments, each so long after the one before, at which the clock jumps.
    """
    stood = 0.0
    arrived: list[float] = []

    def clock() -> float:
        return seconds() + stood

    budget = Budget(clock=clock, most=most, connections=connections)

    async def stall() -> None:
        nonlocal stood
        for after, lasts in stalls:
            await asyncio.sleep(after)
            stood += lasts

    async def come(caller: Caller) -> None:
        await asyncio.sleep(caller.at)
        task = asyncio.create_task(carry(budget, caller, arrived, clock))
        if caller.leaves:
            await asyncio.sleep(caller.patience / 2)
            task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    await asyncio.gather(stall(), *map(come, load))
    state = budget.state()
    assert (0, 0) == (state.waiting, state.under_way)
    return [NOON + timedelta(seconds=at) for at in sorted(arrived)]


async def test_a_connection_that_takes_long_to_make_lets_no_bunch_arrive() -> None:
    budget, sent = Budget(clock=seconds, connections=40, most=15), Sent()

    cold = [send(budget, READ, sent, connects=0.9) for _ in range(13)]
    warm = [send(budget, WRITE, sent) for _ in range(30)]
    await asyncio.gather(*cold, *warm)

    assert 15 == fullest([at for at, _ in sent.left], WINDOW_SECONDS)


# Who goes first.


async def test_who_waits_is_served_by_what_it_is_for() -> None:
    budget, sent = Budget(clock=seconds, connections=1), Sent()
    order = [EXPORT, REFRESH, WRITE, SETTLE, READ, WRITE, READ]

    await asyncio.gather(*(send(budget, each, sent) for each in order))

    assert [EXPORT, WRITE, WRITE, READ, READ, SETTLE, REFRESH] == [each for _, each in sent.left]


@pytest.mark.parametrize(("priority", "most"), [(each, ROOM[each]) for each in Priority])
async def test_each_leaves_room_for_who_goes_before_it(priority: Priority, most: int) -> None:
    budget, sent, began = Budget(clock=seconds, connections=50, most=15), Sent(), seconds()

    await asyncio.gather(*(send(budget, priority, sent) for _ in range(40)))

    at_once = sum(at - began < 1 for at, _ in sent.left)
    assert most == at_once


async def test_a_write_finds_room_at_once_while_all_others_want_more_than_there_is() -> None:
    budget, sent = Budget(clock=seconds, connections=50, most=15), Sent()
    below = (READ, SETTLE, REFRESH, EXPORT)
    others = [asyncio.create_task(send(budget, each, sent)) for each in below * 40]
    waited = []
    for _ in range(8):
        await asyncio.sleep(1.3)
        began = seconds()
        await send(budget, WRITE, sent, takes=0)
        waited.append(seconds() - began)
    await asyncio.gather(*others)

    assert [0.0] * 8 == waited


@pytest.mark.parametrize("most", [1, 2, 5, 15, 30])
async def test_nobody_starves_however_many_writes_there_are(most: int) -> None:
    """Of fifteen that leave each gets its floor, whatever waits before it."""
    budget, sent = Budget(clock=seconds, connections=50, most=most), Sent()

    await asyncio.gather(
        *(send(budget, each, sent, patience=1000) for each in list(Priority) * 60),
        *(send(budget, WRITE, sent, patience=1000) for _ in range(300)),
    )

    order = [priority for _, priority in sent.left]
    windows = [Counter(order[at : at + SHARES]) for at in range(SHARES, 150)]
    assert 600 == len(order)
    for priority in Priority:
        assert all(FLOOR[priority] <= each[priority] + 1 for each in windows), priority
        assert sum(each[priority] for each in windows) >= FLOOR[priority] * len(windows) * 0.9


def test_floors_leave_something_over_and_rooms_get_smaller() -> None:
    assert sum(FLOOR.values()) < SHARES
    assert [15, 13, 12, 10, 8] == [ROOM[each] for each in Priority]


# Until when.


async def test_what_cannot_leave_in_time_is_refused_at_once() -> None:
    budget, sent = Budget(clock=seconds, connections=50, most=15), Sent()
    waiting = [asyncio.create_task(send(budget, WRITE, sent)) for _ in range(30)]
    await asyncio.sleep(0)

    began = seconds()
    with pytest.raises(HeldBackError) as caught:
        await budget.enter(WRITE, deadline=began + 2.5, least=1.2)  # there will be room at 2.2

    assert 0.0 == seconds() - began
    assert 2.2 == round(caught.value.retry_after, 2)
    assert 1 == budget.state().refused
    await asyncio.gather(*waiting)
    assert 30 == len(sent.left)


async def test_what_can_leave_in_time_waits_for_it() -> None:
    budget, sent = Budget(clock=seconds, connections=50, most=15), Sent()
    waiting = [asyncio.create_task(send(budget, WRITE, sent)) for _ in range(28)]
    await asyncio.sleep(0)

    began = seconds()
    leaving = await budget.enter(WRITE, deadline=began + 2.0, least=0.5)

    assert 1.1 == round(seconds() - began, 2)
    budget.leave(leaving)
    await asyncio.gather(*waiting)


async def test_who_waits_for_a_connection_is_refused_when_it_is_too_late_to_send() -> None:
    budget, sent = Budget(clock=seconds, connections=1, most=15), Sent()
    hanging = asyncio.create_task(send(budget, READ, sent, takes=30))
    await asyncio.sleep(0)

    began = seconds()
    with pytest.raises(HeldBackError):
        await budget.enter(READ, deadline=began + 2.0, least=0.5)

    assert 1.5 == round(seconds() - began, 2)
    assert (0, 1) == (budget.state().waiting, budget.state().under_way)
    await hanging


async def test_who_need_not_wait_is_sent_however_little_time_there_is() -> None:
    budget = Budget(clock=seconds, most=15)

    leaving = await budget.enter(READ, deadline=seconds() + 0.01, least=0.5)

    assert 1 == budget.state().under_way
    budget.leave(leaving)


async def test_a_caller_that_is_cancelled_leaves_the_queue() -> None:
    budget, sent = Budget(clock=seconds, connections=50, most=1), Sent()
    tasks = [asyncio.create_task(send(budget, WRITE, sent)) for _ in range(4)]
    await asyncio.sleep(0.5)
    tasks[1].cancel()
    tasks[2].cancel()
    began = seconds()

    await asyncio.wait(tasks)

    assert 2 == len(sent.left)
    assert 0.6 == round(sent.left[-1][0] - began, 2)
    assert 0 == budget.state().waiting


async def test_a_caller_that_is_cancelled_as_it_is_served_gives_everything_back() -> None:
    budget, sent = Budget(clock=seconds, connections=1, most=2), Sent()
    first = await budget.enter(WRITE, deadline=seconds() + 9)
    second = asyncio.create_task(send(budget, WRITE, sent))
    third = asyncio.create_task(send(budget, WRITE, sent))
    await asyncio.sleep(0)

    budget.leave(first)  # serves the second, which has not heard of it
    second.cancel()
    await asyncio.wait({second, third})

    assert 1 == len(sent.left)
    assert (2, 0, 0) == (budget.state().used, budget.state().under_way, budget.state().waiting)


class Clock:
    """Seconds that pass only when somebody lets them: the loop stands still meanwhile."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_who_wakes_too_late_gives_back_its_connection_however_long_the_loop_stood() -> None:
    clock = Clock()
    budget = Budget(clock=clock, most=15, connections=10)
    out = [await budget.enter(READ, deadline=clock.now + 10) for _ in range(10)]
    waiting = [
        asyncio.create_task(budget.enter(READ, deadline=clock.now + 2, least=0.5)) for _ in range(3)
    ]
    await asyncio.sleep(0)
    clock.now += 1.2
    for leaving in out:
        budget.leave(leaving)  # lets in those who wait, who do not hear of it yet
    clock.now += 1.3

    told = await asyncio.gather(*waiting, return_exceptions=True)

    assert [HeldBackError] * 3 == [type(each) for each in told]
    assert (0, 0, 0) == (
        budget.state().used,
        budget.state().waiting,
        budget.state().under_way,
    )


async def test_who_was_let_in_before_the_loop_stood_still_is_counted_when_it_leaves() -> None:
    clock = Clock()
    budget = Budget(clock=clock, most=15, connections=40)
    left: list[float] = []

    async def one() -> None:
        leaving = await budget.enter(WRITE, deadline=clock.now + 4)
        for _ in range(3):
            await asyncio.sleep(0)
        budget.left(leaving)
        left.append(clock.now)

    tasks = [asyncio.create_task(one()) for _ in range(30)]
    await asyncio.sleep(0)  # fifteen are let in
    clock.now += 1.2
    budget._serve()
    for _ in range(20):
        await asyncio.sleep(0)

    assert [clock.now] * 15 == left
    assert (15, 15) == (budget.state().used, budget.state().waiting)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@pytest.mark.parametrize("connects", [False, True])
async def test_the_last_word_on_when_it_left_counts_however_late_it_comes(
    connects: bool,
) -> None:
    clock = Clock()
    budget = Budget(clock=clock, most=15)
    leaving = await budget.enter(WRITE, deadline=clock.now + 4)
    budget.left(leaving)
    clock.now += 1.2
    assert 0 == budget.state().used

    if connects:
        budget.connecting(leaving)
        clock.now += 1.2
        assert 1 == budget.state().used
    budget.left(leaving)

    assert 1 == budget.state().used
    budget.leave(leaving)
    clock.now += 1.1
    assert (0, 0) == (budget.state().used, budget.state().under_way)


async def test_nobody_enters_a_closed_budget_and_nobody_waits_in_it() -> None:
    budget, sent = Budget(clock=seconds, connections=50, most=1), Sent()
    waiting = [asyncio.create_task(send(budget, WRITE, sent)) for _ in range(3)]
    await asyncio.sleep(0)

    budget.close()
    await asyncio.gather(*waiting)
    await send(budget, WRITE, sent)

    assert (1, 3) == (len(sent.left), len(sent.refused))
    assert None is budget._timer


# What Rivo says of it.


async def test_after_a_429_nothing_leaves_for_a_second_and_then_half_as_much() -> None:
    budget, sent = Budget(clock=seconds, connections=50, most=15), Sent()
    began = seconds()
    budget.too_many(None)

    await asyncio.gather(*(send(budget, WRITE, sent) for _ in range(60)))

    batches = Counter(round(at - began, 1) for at, _ in sent.left)
    assert {1.0: 7, 2.1: 8, 3.2: 9, 4.3: 10, 5.4: 11, 6.5: 12, 7.6: 3} == batches


async def test_it_grows_by_one_a_window_until_all_of_it_is_there_again() -> None:
    budget = Budget(clock=seconds, most=15)
    budget.too_many(1.0)

    told = []
    for _ in range(12):
        told.append(budget.state().most)
        await asyncio.sleep(WINDOW_SECONDS)

    assert [7, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15, 15] == told


async def test_retry_after_is_kept_to_and_one_burst_of_429_is_one_piece_of_news() -> None:
    budget = Budget(clock=seconds, most=15)
    for _ in range(5):
        budget.too_many(4.0)
    began = seconds()

    leaving = await budget.enter(READ, deadline=began + 9)

    assert 4.0 == round(seconds() - began, 2)
    assert 7 == budget.state().most
    budget.leave(leaving)


async def test_while_it_is_paused_who_has_no_time_is_told_when_to_come_again() -> None:
    budget = Budget(clock=seconds, most=15)
    budget.too_many(7.0)

    began = seconds()
    with pytest.raises(HeldBackError) as caught:
        await budget.enter(WRITE, deadline=began + 2.5, least=1.2)

    assert (0.0, 7.0) == (seconds() - began, caught.value.retry_after)


async def test_a_retry_after_of_an_hour_is_not_believed() -> None:
    budget = Budget(clock=seconds, most=15)
    budget.too_many(3600.0)
    began = seconds()

    budget.leave(await budget.enter(READ, deadline=began + 99))

    assert 30.0 == round(seconds() - began, 1)


async def test_429_says_nothing_where_nothing_is_counted() -> None:
    budget = Budget(clock=seconds)
    budget.too_many(7.0)

    budget.leave(await budget.enter(READ, deadline=seconds() + 1))

    assert None is budget.state().most
