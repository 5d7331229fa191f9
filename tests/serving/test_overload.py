"""More at once than there is room for: that is said before any work, and nobody else waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.app.loop import seconds
from tests.app.serving import API_KEY, GORGIAS_SECRET, Service
from tests.serving.stage import LIMITS, PROMISED, Answer, Client, Echo, get, post, staged

pytestmark = pytest.mark.anyio

FEW = replace(LIMITS, requests=3)
FEW_CONNECTIONS = replace(LIMITS, connections=4)


def overloaded(answer: Answer) -> dict[str, Any]:
    """Look at a problem that says that nothing was done."""
    assert (503, "1") == (answer.status, answer.headers["retry-after"])
    told = answer.problem
    assert "overloaded" == told["code"]
    return told


async def test_what_there_is_no_room_for_is_not_begun() -> None:
    echo = Echo()
    async with staged(echo, FEW) as stage:
        busy = [await stage.connect() for _ in range(3)]
        for client in busy:
            client.send(post("/slow/3", b"a write"))
        await asyncio.sleep(1)
        began = seconds()
        client = await stage.connect()
        client.send(post("/", b"{}"))
        refused = await client.answer()
        took = seconds() - began
        finished = [await each.answer() for each in busy]
        client.send(post("/", b"{}"))  # on the same connection, when there is room
        later = await client.answer()

    overloaded(refused)
    assert 0 == took
    assert 3 * [b"a write"] == [each.body for each in finished]
    assert b"{}" == later.body
    assert 3 * [("/slow/3", b"a write")] + [("/", b"{}")] == echo.served


async def test_a_request_that_is_still_coming_takes_no_room() -> None:
    async with staged(Echo(), FEW) as stage:
        for _ in range(10):
            client = await stage.connect()
            client.send(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nx")

        assert 200 == (await stage.ask(get())).status


async def test_bodies_that_are_still_coming_fill_no_memory() -> None:
    """Each is small enough, and all of them together are not."""
    service = Service()
    await service.open()
    secret = f"Authorization: Bearer {GORGIAS_SECRET}"
    async with staged(service.app, replace(LIMITS, held_bytes=100_000)) as stage:
        for _ in range(3):
            client = await stage.connect()
            client.send(post("/actions/get_customer", b"x" * 32_000)[:-1])
        refused = await stage.ask(post("/actions/get_customer", b"x" * 32_000))
        sidebar = await stage.ask(post("/gorgias/get_sidebar", b"x" * 32_000, secret))
        small = await stage.ask(post("/actions/get_customer", b"x" * 8 * 1024))
        await asyncio.sleep(PROMISED)
        later = await stage.ask(post("/actions/get_customer", b"x" * 32_000))

    overloaded(refused)  # what is small is let in all the same
    assert "Not available right now" == msgspec.json.decode(sidebar.body)["status"]
    assert [401, 401] == [small.status, later.status]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_whether_it_is_alive_is_always_answered(path: str) -> None:
    async with staged(Echo(), replace(LIMITS, requests=0)) as stage:
        overloaded(await stage.ask(get()))

        assert 200 == (await stage.ask(get(path))).status


async def test_a_connection_too_many_is_told_so_and_closed() -> None:
    async with staged(Echo(), FEW_CONNECTIONS) as stage:
        held = [await stage.connect() for _ in range(4)]
        for each in held:
            each.send(get())
            await each.answer()
        crowded = await stage.connect()
        crowded.send(get())
        answer = await crowded.answer()
        alive = await stage.connect()

        overloaded(answer)
        assert "close" == answer.headers["connection"]
        await crowded.closed()
        alive.send(get("/healthz"))
        assert 200 == (await alive.answer()).status


async def test_a_connection_too_many_that_says_nothing_is_soon_closed() -> None:
    async with staged(Echo(), FEW_CONNECTIONS) as stage:
        for _ in range(4):
            await stage.connect()
        crowded = await stage.connect()

        assert LIMITS.crowded_seconds == pytest.approx(await crowded.closed())


async def test_far_too_many_connections_are_cut() -> None:
    async with staged(Echo(), FEW_CONNECTIONS) as stage:
        clients = [await stage.connect() for _ in range(20)]
        await asyncio.sleep(0.1)
        number = len(stage.state.connections)
        await asyncio.sleep(PROMISED)

        assert 5 == number
        assert all(client.gone for client in clients[5:])
        assert 200 == (await stage.ask(get())).status


async def ask_at_once(service: Service, *requests: bytes) -> list[Answer]:
    """Ask a service that has no room for anything, each on a connection of its own."""
    await service.open()
    async with staged(service.app, replace(LIMITS, requests=0)) as stage:
        clients: list[Client] = []
        for each in requests:
            clients.append(await stage.connect())
            clients[-1].send(each)
        return [await client.answer() for client in clients]


async def test_every_door_refuses_in_its_own_words() -> None:
    service = Service()
    ours, theirs = f"Authorization: Bearer {API_KEY}", f"Authorization: Bearer {GORGIAS_SECRET}"
    who = b'{"customer_email": "sarah.martinez@example.com"}'
    give = b'{"customer_email": "sarah.martinez@example.com", "points_amount": 5}'

    read, write, listed, page = await ask_at_once(
        service,
        post("/actions/get_customer", who, ours),
        post("/actions/create_points_event", give, ours),
        get("/actions", "Authorization: Bearer wrong"),
        get("/docs"),
    )
    sidebar, one, button, wrong, closed, alive = await ask_at_once(
        service,
        post("/gorgias/get_sidebar", who, theirs),
        get("/gorgias/get_customer?customer_email=sarah.martinez@example.com", theirs),
        post("/gorgias/create_points_event", give, theirs),
        post("/gorgias/get_sidebar", who, "Authorization: Bearer wrong"),
        get("/gorgias/no_such_action", theirs),
        get("/healthz"),
    )

    for refused in (read, write, listed, page):
        overloaded(refused)
    assert [200, 200] == [sidebar.status, one.status]
    down = msgspec.json.decode(sidebar.body)
    assert "Not available right now" == down["status"]
    assert "Too much is asked for at once; nothing was done." == down["message"]
    assert "Not available right now" == msgspec.json.decode(one.body)["status"]
    assert (503, "1") == (button.status, button.headers["retry-after"])
    told = msgspec.json.decode(button.body)
    assert ("No", "Yes") == (told["ok"], told["safe_to_retry"])
    assert (401, "unauthorized") == (wrong.status, wrong.problem["code"])
    assert (404, "no_such_action") == (closed.status, closed.problem["code"])
    assert 200 == alive.status
    assert [] == [*service.sandbox.applied]
    outcomes = [line["outcome"] for line in service.lines() if line["event"] != "rivo.answered"]
    assert 4 == outcomes[:4].count("overloaded")
    assert 3 == outcomes[4:].count("overloaded")


async def test_what_the_server_answers_is_logged_and_counted_like_the_rest() -> None:
    service = Service()
    await service.open()
    async with staged(service.app) as stage:
        silent = await stage.connect()
        slow = await stage.connect()
        slow.send(b"POST /actions/get_customer HTTP/1.1\r\nX-Request-Id: mine-1\r\nHost: ")
        nonsense = await stage.ask(b"nonsense\r\n\r\n")
        large = await stage.ask(get("/", "X-Request-Id: mine-2", "X: " + "x" * 17_000))
        late = await slow.answer()
        await silent.closed()
        metrics = (await stage.ask(get("/metrics"))).body.decode()

    lines = [line for line in service.lines() if line["status"] in (400, 408, 431)]
    assert [(400, "unparsable"), (431, "head_too_large"), (408, "too_slow")] == [
        (line["status"], line["outcome"]) for line in lines
    ]
    assert ["mine-2", "mine-1"] == [line["request_id"] for line in lines[1:]]
    assert ["mine-2", "mine-1"] == [large.problem["request_id"], late.problem["request_id"]]
    for each in (nonsense, large, late):
        assert "nosniff" == each.headers["x-content-type-options"]
        assert "no-store" == each.headers["cache-control"]
    counted = (
        'rivo_helpdesk_requests_total{action="none",door="none",outcome="too_slow",status="408"}'
    )
    assert f"{counted} 1.0" in metrics
