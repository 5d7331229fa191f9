"""Reads through the doors: put together once while fresh, anew when anything is different."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.manners import Manner
from integrations.rivo_sandbox import Fault, Switches
from tests.app.loop import seconds
from tests.app.serving import MAYA, MEMBER, Service

pytestmark = pytest.mark.anyio

POLL_SECONDS = 15


class Poll:
    """A page that shows somebody's sidebar, and asks for it again with what it knows."""

    def __init__(self, service: Service, who: str = MAYA) -> None:
        self.service = service
        self.who = who
        self.etag = ""
        self.view: dict[str, Any] = {}

    async def once(self) -> int:
        """Ask, and take in what came."""
        answer = await self.service.ask(
            "POST",
            "/actions/get_sidebar",
            json={"customer_email": self.who},
            headers={"if-none-match": self.etag} if self.etag else {},
        )
        assert answer.headers["etag"]
        if answer.status_code == 200:
            self.view, self.etag = answer.json(), answer.headers["etag"]
        return answer.status_code

    @property
    def points(self) -> int:
        """The balance on the screen."""
        return int(self.view["balance"]["points"])


@pytest.fixture
async def service() -> Service:
    return Service()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is put together, by the action."""
    made: list[str] = []
    answer = Manner.answer

    def counted(self: Manner, asked: Any, said: Any) -> Any:
        made.append(asked.action.name)
        return answer(self, asked, said)

    monkeypatch.setattr(Manner, "answer", counted)
    return made


def customer_id(service: Service, email: str) -> int:
    """Look an id up in the sandbox."""
    return next(each.id for each in service.sandbox.state.shop.customers if each.email == email)


async def test_a_view_that_is_fresh_is_put_together_once(service: Service, made: list[str]) -> None:
    poll = Poll(service)

    statuses = [await poll.once() for _ in range(5)]

    assert ([200, 304, 304, 304, 304], ["get_sidebar"]) == (statuses, made)


async def test_every_door_and_shape_has_its_own(service: Service) -> None:
    asked: dict[str, Any] = {"customer_email": MAYA}
    for _ in range(2):
        flat = (await service.act("get_customer", **asked)).json()
        full = (await service.act("get_customer", **asked, shape="full")).json()
        gorgias = (await service.gorgias("get_customer", **asked)).json()
        hers = (await service.act("get_customer", customer_email=MEMBER)).json()

        assert ["customer", "as_of", "stale"] == list(flat)
        assert ["data", "as_of", "stale"] == list(full)
        assert "Found" == gorgias["status"]
        assert (MAYA, MEMBER) == (flat["customer"]["email"], hers["customer"]["email"])


async def test_a_write_is_in_the_next_view(service: Service) -> None:
    poll = Poll(service)
    await poll.once()

    await service.act("create_points_event", customer_email=MAYA, points_amount=60)

    assert (200, 1900, False) == (await poll.once(), poll.points, poll.view["stale"])
    assert 304 == await poll.once()


async def test_what_was_made_without_a_part_is_made_anew() -> None:
    fails = True
    service = Service(
        faults=lambda got: (
            Fault(kind="server_error") if fails and "redemptions" in got.path else None
        )
    )
    poll = Poll(service)
    await poll.once()
    assert poll.view["parts"]["codes"]["error"]

    fails = False

    assert 200 == await poll.once()
    assert poll.view["parts"]["codes"]["error"] is None


async def test_a_change_that_is_announced_to_nobody_is_seen_within_75_seconds(
    service: Service,
) -> None:
    """A page asks every 15 s: what it costs, and how long what it shows may be out of date."""
    maya = customer_id(service, MAYA)
    for after in (1, 14, 16, 29, 31):
        poll = Poll(service)
        await poll.once()
        await asyncio.sleep(after)
        assert service.sandbox.give(maya, points=10, announced=False)
        given, points = seconds(), poll.points + 10
        while True:
            await asyncio.sleep(POLL_SECONDS - (seconds() - given + after) % POLL_SECONDS)
            await poll.once()
            if poll.points == points:
                break
        assert seconds() - given <= 75
        await asyncio.sleep(400)


async def test_a_page_that_polls_for_ten_minutes_costs_one_look_in_half_a_minute(
    service: Service,
) -> None:
    poll = Poll(service)
    for _ in range(40):
        await poll.once()
        await asyncio.sleep(POLL_SECONDS)

    asked = [each.path for each in service.sandbox.requests]
    of_hers = [path for path in asked if "rewards" not in path and "vip_tiers" not in path]
    assert 4 * 20 >= len(of_hers) >= 4 * 15
    assert 2 * 3 >= len(asked) - len(of_hers)


async def test_what_lags_behind_our_write_is_marked_and_not_kept() -> None:
    service = Service(switches=Switches(read_after_write="delayed"))
    poll = Poll(service)
    await poll.once()

    await service.act("create_points_event", customer_email=MAYA, points_amount=60)
    await poll.once()
    lagging = poll.points, poll.view["stale"]
    await asyncio.sleep(5)
    await poll.once()

    assert (1840, True) == lagging
    assert (1900, False) == (poll.points, poll.view["stale"])


async def test_the_metrics_tell_what_was_remembered(service: Service) -> None:
    for after in (0, 0, 31, 1):
        await asyncio.sleep(after)
        await service.act("get_customer", customer_email=MAYA)

    told = (await service.ask("GET", "/metrics")).text

    for line in (
        'rivo_helpdesk_memory_reads_total{found="fresh",shop="shop"} 2.0',
        'rivo_helpdesk_memory_reads_total{found="stale",shop="shop"} 1.0',
        'rivo_helpdesk_memory_reads_total{found="miss",shop="shop"} 1.0',
    ):
        assert line in told
    assert 'rivo_helpdesk_memory_bytes{shop="shop"}' in told
