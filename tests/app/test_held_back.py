"""What a caller is told where the budget or the breaker lets nothing through to Rivo."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import msgspec
import pytest

from app.shops import Shops
from integrations.rivo_sandbox import Fault
from integrations.upstream import Upstream
from tests.app.loop import seconds
from tests.app.serving import DONE, ENVIRON, MAYA, NOT_SENT, SARAH, Service, operation, problem

pytestmark = pytest.mark.anyio

HELD_BACK = "Rivo is overloaded or failing right now; nothing was sent or changed."


def limited(**options: Any) -> Service:
    """Return a service over a sandbox that answers 429 to the sixteenth request in a second."""
    return Service(requests_per_second=15, **options)


def refused(_: Any) -> Fault:
    return Fault(kind="lost", error=lambda: httpx.ConnectError("refused"))


def upstream_of(service: Service) -> Upstream:
    (shop,) = shops_of(service).all()
    return shop.rivo.upstream


def shops_of(service: Service) -> Shops:
    shops: Shops = service.app.state.settler._means.shops
    return shops


async def flood(service: Service, count: int = 60) -> list[httpx.Response]:
    """Ask for so many customers at once whom Rivo does not know."""
    return await asyncio.gather(
        *(service.act("get_customer", customer_email=f"n{n}@example.com") for n in range(count))
    )


async def give(service: Service, **inputs: Any) -> httpx.Response:
    return await service.act("create_points_event", customer_email=SARAH, points_amount=5, **inputs)


async def metrics(service: Service) -> dict[str, float]:
    text = (await service.ask("GET", "/metrics", key=None)).text
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def test_who_asks_too_much_gets_503_from_us_and_rivo_never_has_to_say_429() -> None:
    service = limited()

    answers = await flood(service)

    assert {404, 503} == {answer.status_code for answer in answers}
    for answer in answers:
        if answer.status_code == 503:
            problem(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) >= 1
    counts = await metrics(service)
    sent = counts['rivo_helpdesk_upstream_calls_total{method="GET",outcome="4xx",shop="shop"}']
    assert sent == len(service.sandbox.requests)
    assert not [name for name in counts if 'outcome="429"' in name]


async def test_a_write_goes_before_all_that_waits() -> None:
    service = limited()
    waiting = asyncio.create_task(flood(service))
    await asyncio.sleep(0.05)

    began = seconds()
    answer = await give(service)

    assert (201, True) == (answer.status_code, seconds() - began < 0.1)
    await waiting


async def test_a_write_that_found_no_room_was_not_sent_and_may_be_sent_again() -> None:
    service = limited()
    upstream_of(service)._budget.too_many(9.0)

    began = seconds()
    answer = await give(service)

    assert 0.0 == round(seconds() - began, 3)
    told = problem(answer, 503, "unavailable")
    assert HELD_BACK == told["detail"]
    assert "9" == answer.headers["retry-after"]
    assert NOT_SENT == operation(answer)
    assert [] == list(service.sandbox.requests)

    await asyncio.sleep(9)
    again = await give(service)
    assert 201 == again.status_code
    assert {**DONE, "state": "succeeded"} == operation(again)
    assert told["operation"]["id"] == again.json()["operation"]["id"]


async def test_what_is_known_is_shown_at_once_where_rivo_may_not_be_asked() -> None:
    service = limited()
    known = (await service.act("get_customer", customer_email=MAYA)).json()
    await asyncio.sleep(3600)
    upstream_of(service)._budget.too_many(9.0)

    began = seconds()
    answer = await service.act("get_customer", customer_email=MAYA)

    assert 0.0 == round(seconds() - began, 3)
    assert {**known, "stale": True} == answer.json()


async def test_a_dead_rivo_is_answered_from_memory_at_once_and_writes_are_not_sent() -> None:
    dead = False
    service = limited(faults=lambda received: refused(received) if dead else None)
    known = (await service.act("get_customer", customer_email=MAYA)).json()
    await asyncio.sleep(3600)
    dead = True
    await flood(service)
    asked = len(service.sandbox.requests)

    began = seconds()
    answers = [await service.act("get_customer", customer_email=MAYA) for _ in range(20)]
    shown = await service.gorgias("get_customer", customer_email=MAYA)
    unknown = await service.gorgias("get_customer", customer_email=SARAH)
    write = await give(service)

    assert 0.0 == round(seconds() - began, 3)
    assert [{**known, "stale": True}] * 20 == [answer.json() for answer in answers]
    assert (200, "Yes") == (shown.status_code, shown.json()["stale"])
    assert (200, "Not available right now") == (unknown.status_code, unknown.json()["status"])
    assert HELD_BACK == problem(write, 503, "unavailable")["detail"]
    assert NOT_SENT == operation(write)
    assert asked == len(service.sandbox.requests)
    counts = await metrics(service)
    assert 1 == counts['rivo_helpdesk_upstream_breaker{shop="shop",state="open"}']
    assert 0 == counts['rivo_helpdesk_upstream_breaker{shop="shop",state="closed"}']
    assert 1 == counts['rivo_helpdesk_upstream_breaker_opened_total{shop="shop"}']
    assert 15 == counts['rivo_helpdesk_upstream_budget_most{shop="shop"}']
    assert 20 < counts['rivo_helpdesk_upstream_refused_total{by="breaker",shop="shop"}']

    dead = False
    await asyncio.sleep(5)
    answer = await service.act("get_customer", customer_email=MAYA)
    assert answer.json()["as_of"] > known["as_of"]
    assert (await give(service)).status_code == 201


async def test_one_shops_flood_or_outage_costs_another_nothing() -> None:
    (only,) = Service(ENVIRON).settings.shops
    other = msgspec.structs.replace(only, name="other", rivo_api_key="rivo-key-of-the-other-0001")
    settings = Service(ENVIRON).settings
    both = msgspec.structs.replace(settings, shops=(other, only))
    service = limited(settings=both)
    (first, second) = shops_of(service).all()

    waiting = [
        asyncio.create_task(first.rivo.upstream.call("GET", ["customers", n], seconds=4))
        for n in range(60)
    ]
    await asyncio.sleep(0)
    began = seconds()
    replies = await asyncio.gather(
        *(second.rivo.upstream.call("GET", ["vip_tiers"], seconds=4) for _ in range(15))
    )

    assert {200: 15} == Counter(reply.status for reply in replies)
    assert seconds() - began < 0.1
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_changed_setting_keeps_the_budget_of_a_shop_that_stays() -> None:
    service = limited()
    await flood(service, 10)

    shops_of(service).use(msgspec.structs.replace(service.settings, fresh_seconds=10))

    assert 10 == upstream_of(service).state().budget.used
