"""The breaker: who fails is left alone, and noticed within five seconds when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import stamina

from integrations.breaker import Breaker, State
from integrations.budget import Budget, Priority
from integrations.errors import HeldBackError, LostReplyError, NotSentError, UpstreamError
from integrations.upstream import Reply, Upstream, make_client
from tests.app.loop import SkippingLoop, seconds

pytestmark = pytest.mark.anyio

BASE = "https://upstream.test/v1"
Trouble = Callable[[], Awaitable[httpx.Response]]


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run on a loop whose time jumps: no outage takes longer than it takes to describe."""
    return "asyncio", {"loop_factory": SkippingLoop}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    stamina.instrumentation.set_on_retry_hooks([])


class Rivo(httpx.AsyncBaseTransport):
    """Answers after 140 ms, or does what it is told to; remembers what it was asked and when."""

    def __init__(self) -> None:
        self.trouble: Trouble | None = None
        self.asked: list[tuple[float, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((seconds(), request.url.path))
        if self.trouble is not None:
            return await self.trouble()
        await asyncio.sleep(0.14)
        return httpx.Response(200, json={})


async def dead() -> httpx.Response:
    raise httpx.ConnectError("refused")


async def hung() -> httpx.Response:
    await asyncio.sleep(2)  # as long as it is waited for
    raise httpx.ReadTimeout("hung")


async def failing() -> httpx.Response:
    await asyncio.sleep(0.05)
    return httpx.Response(500)


async def lost() -> httpx.Response:
    raise httpx.ReadError("reset")


def answering(status: int) -> Trouble:
    async def answer() -> httpx.Response:
        return httpx.Response(status, headers={"retry-after": "0"})

    return answer


OUTAGES = pytest.mark.parametrize("trouble", [dead, hung, failing, lost])


def connect(rivo: Rivo, **options: Any) -> Upstream:
    return Upstream(
        make_client(base_url=BASE, headers={}, transport=rivo),
        name="shop",
        clock=seconds,
        budget=Budget(clock=seconds, most=15),
        probe=("vip_tiers",),
        chance=lambda: 0.5,
        **options,
    )


async def ask(upstream: Upstream, count: int = 1, *, seconds: float = 2.0) -> list[type | int]:
    """Send so many reads at once; the status of each, or the class of its error."""
    calls = (upstream.call("GET", ["customers", 7], seconds=seconds) for _ in range(count))
    told = await asyncio.gather(*calls, return_exceptions=True)
    return [each.status if not isinstance(each, BaseException) else type(each) for each in told]


@OUTAGES
async def test_after_ten_calls_of_which_half_failed_nothing_is_sent_any_more(
    trouble: Trouble,
) -> None:
    rivo = Rivo()
    upstream = connect(rivo)
    await ask(upstream, 5)
    rivo.trouble = trouble
    await ask(upstream, 4)
    assert "closed" == upstream.state().breaker  # nine calls are not ten
    await ask(upstream)
    asked, began = len(rivo.asked), seconds()

    for priority in Priority:
        with pytest.raises(HeldBackError):
            await upstream.call("POST", ["points_events"], seconds=2.5, priority=priority)
    with pytest.raises(HeldBackError):
        await upstream.read(["customers", 7], seconds=2)

    assert (0.0, asked) == (seconds() - began, len(rivo.asked))
    state = upstream.state()
    assert ("open", 1, 6) == (state.breaker, state.times_opened, state.held_back)
    await upstream.close()


async def test_less_than_half_is_no_outage() -> None:
    rivo = Rivo()
    upstream = connect(rivo)
    for number in range(90):
        rivo.trouble = failing if number % 5 in (1, 3) else None
        await ask(upstream)

    assert "closed" == upstream.state().breaker


async def test_what_failed_more_than_ten_seconds_ago_is_forgotten() -> None:
    rivo = Rivo()
    upstream = connect(rivo)
    rivo.trouble = lost
    for _ in range(3):
        await ask(upstream, 9)
        await asyncio.sleep(10)

    assert "closed" == upstream.state().breaker


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 422, 429])
async def test_a_no_is_no_failure(status: int) -> None:
    rivo = Rivo()
    rivo.trouble = answering(status)
    upstream = connect(rivo)

    for _ in range(3):
        await ask(upstream, 10)
        await asyncio.sleep(2)

    assert "closed" == upstream.state().breaker


async def test_what_we_did_not_send_is_no_failure_of_rivos() -> None:
    rivo = Rivo()
    upstream = connect(rivo)

    await ask(upstream, 40, seconds=0.6)  # most of them have no share of the budget
    for _ in range(20):
        with pytest.raises(NotSentError):
            await upstream.call("GET", [".."], seconds=2)

    assert upstream.state().budget.refused > 20
    assert "closed" == upstream.state().breaker


async def test_that_too_little_time_was_left_is_no_failure_of_rivos() -> None:
    rivo = Rivo()
    upstream = connect(rivo)
    rivo.trouble = hung

    for _ in range(20):
        await ask(upstream, seconds=0.3)
        await asyncio.sleep(2)
    assert "closed" == upstream.state().breaker
    await upstream.close()


@OUTAGES
@pytest.mark.parametrize("lasts", [0.5, 3.0, 7.3, 60.0, 61.1, 62.2, 63.3, 64.4])
async def test_that_it_is_back_is_noticed_within_five_seconds_without_anybody_asking(
    trouble: Trouble, lasts: float
) -> None:
    rivo = Rivo()
    upstream = connect(rivo)
    rivo.trouble = trouble
    while upstream.state().breaker == "closed":
        await ask(upstream, 10)
    await asyncio.sleep(lasts)
    rivo.trouble, back = None, seconds()

    while upstream.state().breaker != "closed" and seconds() - back <= 5.0:  # noqa: ASYNC110
        await asyncio.sleep(0.01)

    assert "closed" == upstream.state().breaker
    assert [200] == await ask(upstream)


async def test_it_is_asked_once_in_a_while_and_only_by_ourselves() -> None:
    """One request in 4.5 s while it is down; three, when it is back, before anybody else's."""
    rivo = Rivo()
    upstream = connect(rivo)
    rivo.trouble = dead
    await ask(upstream, 10)
    del rivo.asked[:]
    began = seconds()

    for _ in range(200):
        assert [HeldBackError] == await ask(upstream)
        await asyncio.sleep(0.1)
    down = [round(at - began, 1) for at, _ in rivo.asked]
    rivo.trouble = None
    await asyncio.sleep(5)
    paths = [path for _, path in rivo.asked]

    assert [4.5, 9.0, 13.5, 18.0] == down
    assert ["/v1/vip_tiers"] * (4 + 3) == paths
    assert [200] == await ask(upstream)


async def test_one_bad_probe_of_three_keeps_it_open() -> None:
    rivo = Rivo()
    upstream = connect(rivo)
    rivo.trouble = dead
    await ask(upstream, 10)

    async def only_the_first() -> httpx.Response:
        return httpx.Response(200 if len(rivo.asked) == 11 else 500)

    rivo.trouble = only_the_first
    await asyncio.sleep(4.6)

    assert 13 == len(rivo.asked)
    assert [HeldBackError] == await ask(upstream)
    await upstream.close()


async def test_a_probe_has_two_seconds_and_the_next_begins_no_later() -> None:
    rivo = Rivo()
    upstream = connect(rivo)
    rivo.trouble = hung
    await ask(upstream, 10)
    began = seconds()
    del rivo.asked[:]
    await asyncio.sleep(4.6)
    assert "half_open" == upstream.state().breaker
    await asyncio.sleep(2)
    assert "open" == upstream.state().breaker
    await asyncio.sleep(3)

    assert [4.5, 9.0] == [round(at - began, 1) for at, _ in rivo.asked]
    await upstream.close()


async def test_who_waits_for_the_budget_is_told_at_once_when_it_opens() -> None:
    rivo = Rivo()
    upstream = connect(rivo)
    rivo.trouble = failing
    began = seconds()

    told = await ask(upstream, 15)

    assert [500] * 10 + [HeldBackError] * 5 == told
    assert seconds() - began < 0.2
    assert 0 == upstream.state().budget.waiting
    await upstream.close()


async def test_a_write_that_is_held_back_never_arrives_and_is_told_when_to_come_again() -> None:
    rivo = Rivo()
    upstream = connect(rivo)
    rivo.trouble = dead
    await ask(upstream, 10)
    asked = len(rivo.asked)

    with pytest.raises(NotSentError) as caught:
        await upstream.call("POST", ["points_events"], seconds=2.5)

    assert asked == len(rivo.asked)
    assert 4.5 == round(caught.value.retry_after, 1)
    await upstream.close()


async def test_one_shops_trouble_does_not_touch_another() -> None:
    broken, well = Rivo(), Rivo()
    one, other = connect(broken), connect(well)
    broken.trouble = hung
    asking = asyncio.create_task(ask(one, 10))
    took = []
    for _ in range(100):
        began = seconds()
        assert [200] == await ask(other)
        took.append(seconds() - began)
    assert {LostReplyError} == set(await asking)

    assert 0.14 == round(max(took), 2)
    assert ("open", "closed") == (one.state().breaker, other.state().breaker)
    await one.close()


async def test_nobody_asks_any_more_when_it_is_closed_for_good() -> None:
    rivo = Rivo()
    upstream = connect(rivo)
    rivo.trouble = hung
    await ask(upstream, 10)
    await asyncio.sleep(4.6)  # a probe is under way

    await upstream.close()
    asked = len(rivo.asked)
    await asyncio.sleep(60)

    assert asked == len(rivo.asked)
    assert [] == [task for task in asyncio.all_tasks() if task.get_name() in ("shop", "breaker")]


async def test_where_nothing_harmless_can_be_asked_nothing_is_held_back() -> None:
    rivo = Rivo()
    rivo.trouble = dead
    upstream = Upstream(
        make_client(base_url=BASE, headers={}, transport=rivo), name="notes", clock=seconds
    )

    await ask(upstream, 50)

    assert 50 == len(rivo.asked)


async def test_a_probe_that_breaks_is_a_bad_one_and_the_next_one_comes() -> None:
    told = iter([KeyError("a mistake of ours"), None])

    async def probe() -> bool:
        if (trouble := next(told, None)) is not None:
            raise trouble
        return True

    breaker = Breaker(clock=seconds, probe=probe)
    for _ in range(10):
        breaker.count(failed=True)
    await asyncio.sleep(4.6)
    after_the_first = breaker.state
    await asyncio.sleep(4.5)

    assert (State.OPEN, State.CLOSED) == (after_the_first, breaker.state)


# Second attempts.


async def test_second_attempts_are_a_tenth_of_the_first_and_one_a_second() -> None:
    """For a minute every third read fails: its second attempts would be a third more."""
    rivo = Rivo()
    upstream = connect(rivo)
    turn = iter(range(1_000_000))

    async def every_third() -> httpx.Response:
        await asyncio.sleep(0.05)
        return httpx.Response(500 if next(turn) % 3 == 0 else 200)

    rivo.trouble = every_third
    first = 0
    tasks = []
    for _ in range(600):
        first += 1
        tasks.append(asyncio.create_task(upstream.read(["customers", 7], seconds=4)))
        await asyncio.sleep(0.1)
    await asyncio.gather(*tasks, return_exceptions=True)

    second = len(rivo.asked) - first
    assert "closed" == upstream.state().breaker
    assert 0 < second <= first / 10 + 60 + 10
    assert upstream.state().retries_refused > 20


@pytest.mark.parametrize("trouble", [dead, failing, lost])
async def test_an_outage_is_not_asked_twice_as_much(trouble: Trouble) -> None:
    rivo = Rivo()
    rivo.trouble = trouble
    upstream = Upstream(  # without a breaker
        make_client(base_url=BASE, headers={}, transport=rivo),
        name="shop",
        clock=seconds,
        connections=100,
    )

    for _ in range(20):
        reads = (upstream.read(["customers", 7], seconds=4) for _ in range(50))
        told = await asyncio.gather(*reads, return_exceptions=True)
        assert all(isinstance(each, UpstreamError | Reply) for each in told)

    assert 1000 < len(rivo.asked) <= 1000 + 100 + 10 + 20
