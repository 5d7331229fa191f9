"""Clients that send nothing, or too slowly, or do not take their answer: none stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import repeat

import pytest

from tests.app.loop import seconds
from tests.serving.stage import LIMITS, PROMISED, Client, Echo, Stage, get, post, staged

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(Echo()) as ready:
        yield ready


async def trickle(client: Client, start: bytes, drops: Iterator[bytes]) -> None:
    """Send something every half second, for as long as the other side takes it."""
    client.send(start)
    while not client.gone:
        await asyncio.sleep(0.5)
        client.send(next(drops))


TRICKLES: Mapping[str, tuple[bytes, Iterator[bytes]]] = {
    "its first line": (b"GET /", repeat(b"x")),
    "a header": (b"GET / HTTP/1.1\r\nX-Slow: ", repeat(b"x")),
    "headers": (b"GET / HTTP/1.1\r\n", repeat(b"X-Slow: x\r\n")),
    "a body": (b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n", repeat(b"x")),
    "chunks": (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", repeat(b"1\r\nx\r\n")),
    "the length of a chunk": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        repeat(b"x"),
    ),
    "trailers": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        repeat(b"X-Slow: x\r\n"),
    ),
}


@pytest.mark.parametrize("what", TRICKLES)
async def test_who_trickles_is_told_so_and_closed(stage: Stage, what: str) -> None:
    start, drops = TRICKLES[what]
    client = await stage.connect()
    trickling = asyncio.create_task(trickle(client, start, drops))

    answer = await client.answer()
    closed = await client.closed()
    await trickling

    assert (408, "too_slow") == (answer.status, answer.problem["code"])
    assert "close" == answer.headers["connection"]
    assert LIMITS.receive_seconds <= closed < PROMISED


async def test_who_says_nothing_is_closed_without_a_word(stage: Stage) -> None:
    client = await stage.connect()

    assert LIMITS.receive_seconds <= await client.closed() < PROMISED


@pytest.mark.parametrize("nothing", [b"\r\n", b"\r\n" * 100])
async def test_empty_lines_are_no_request(stage: Stage, nothing: bytes) -> None:
    client = await stage.connect()
    client.send(nothing)

    assert LIMITS.receive_seconds <= await client.closed() < PROMISED


async def test_who_was_answered_may_ask_again_for_a_while(stage: Stage) -> None:
    client = await stage.connect()
    for _ in range(20):
        client.send(get())
        assert 200 == (await client.answer()).status
        await asyncio.sleep(LIMITS.idle_seconds - 0.1)
    client.send(get())
    await client.answer()
    client.began = seconds()

    assert LIMITS.idle_seconds == pytest.approx(await client.closed())


async def test_each_request_has_its_own_time(stage: Stage) -> None:
    client = await stage.connect()
    for _ in range(5):
        whole = post("/", b"x" * 10)
        for start in range(0, len(whole), 10):
            client.send(whole[start : start + 10])
            await asyncio.sleep(0.5)
        assert 200 == (await client.answer()).status


async def test_a_second_request_may_trickle_no_longer_than_the_first(stage: Stage) -> None:
    client = await stage.connect()
    client.send(get())
    await client.answer()
    client.began = seconds()
    trickling = asyncio.create_task(trickle(client, b"GET /", repeat(b"x")))
    answer = await client.answer()
    closed = await client.closed()
    await trickling

    assert 408 == answer.status
    assert LIMITS.receive_seconds <= closed < PROMISED


async def test_half_a_request_behind_one_that_is_served_is_waited_for_after_it(
    stage: Stage,
) -> None:
    client = await stage.connect()
    client.send(get("/slow/3") + get()[:10])
    first = await client.answer()
    client.began = seconds()
    second = await client.answer()

    assert [200, 408] == [first.status, second.status]
    assert LIMITS.receive_seconds <= await client.closed() < PROMISED


async def test_serving_has_no_end_that_a_socket_knows(stage: Stage) -> None:
    client = await stage.connect()
    client.send(get("/slow/60"))

    assert 200 == (await client.answer()).status


@pytest.mark.parametrize("headers", [(), ("Connection: close",)], ids=["kept", "closed"])
async def test_who_does_not_take_the_answer_is_cut_off(
    stage: Stage, headers: tuple[str, ...]
) -> None:
    client = await stage.connect(buffer=4096)
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    client.send(get("/large/20000000", *headers))
    await asyncio.sleep(1)
    assert 1 == len(stage.state.connections)
    await asyncio.sleep(PROMISED - 1)

    assert (set(), set()) == (stage.state.connections, stage.state.tasks)


async def test_who_takes_no_answer_while_many_wait_is_cut_off(stage: Stage) -> None:
    """The second answer waits for the first one to be taken, with all that it holds."""
    client = await stage.connect(buffer=4096)
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    client.send(get("/large/20000000") * 3)
    await asyncio.sleep(1)
    assert 1 == len(stage.state.tasks)
    await asyncio.sleep(PROMISED)

    assert (set(), set()) == (stage.state.connections, stage.state.tasks)


async def test_who_takes_the_answer_slowly_gets_all_of_it(stage: Stage) -> None:
    client = await stage.connect(buffer=4096)
    client.send(get("/large/3000000"))
    head = await client.reader.readuntil(b"\r\n\r\n")
    got = 0
    for _ in range(30):
        got += len(await client.reader.readexactly(100_000))
        await asyncio.sleep(0.2)

    assert head.startswith(b"HTTP/1.1 200 ")
    assert 3_000_000 == got


async def test_slow_ones_are_in_nobodys_way(stage: Stage) -> None:
    """Fifty that trickle and fifty that say nothing, while others are served at once."""
    slow = [await stage.connect() for _ in range(100)]
    for client in slow[:50]:
        client.send(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
    reading = [asyncio.create_task(client.reader.read()) for client in slow]
    for second in range(12):
        for client in slow[:50]:
            if not client.gone:
                client.send(b"x")
        if second < 10:
            assert 200 == (await stage.ask(get("/", "Connection: close"))).status
        await asyncio.sleep(1)

    assert 50 * [b"HTTP/1.1 408"] + 50 * [b""] == [(await each)[:12] for each in reading]
    assert set() == stage.state.connections
