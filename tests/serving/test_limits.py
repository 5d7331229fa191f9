"""How much a client may send, and that the answers stay in their order whatever it sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.serving.stage import LIMITS, Answer, Client, Echo, Stage, get, post, staged

pytestmark = pytest.mark.anyio

KB = 1024


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def stage(echo: Echo) -> AsyncIterator[Stage]:
    async with staged(echo) as ready:
        yield ready


def code_of(answer: Answer) -> tuple[int, str]:
    """The status and the code of a problem, after which the connection ends."""
    assert "close" == answer.headers["connection"]
    return answer.status, answer.problem["code"]


def chunked(*chunks: bytes, path: str = "/", end: bytes = b"0\r\n\r\n") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return head + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in chunks) + end


# The head.


def sized(size: int, *, line: int = 0) -> bytes:
    """Write a GET whose head has so many bytes, without the empty line at its end."""
    start = b"GET /%b HTTP/1.1\r\n" % (b"p" * line)
    counted = len(b"/") + line  # of the first line, its address
    one = b"X-Large: %b\r\n" % (b"v" * (size - counted - len(b"X-Large: \r\n")))
    return start + one + b"\r\n"


@pytest.mark.parametrize("line", [0, 9 * KB])
async def test_a_head_has_16_kilobytes_at_most(stage: Stage, line: int) -> None:
    fits = await stage.ask(sized(16 * KB, line=line))
    larger = await stage.ask(sized(16 * KB + 1, line=line))

    assert 200 == fits.status
    assert (431, "head_too_large") == code_of(larger)


async def test_a_head_without_an_end_is_refused_when_it_is_too_large(stage: Stage) -> None:
    for start in (b"GET /", b"GET / HTTP/1.1\r\nX-", b"GET / HTTP/1.1\r\nX-Large: "):
        client = await stage.connect()
        client.send(start)
        for _ in range(17):
            await asyncio.sleep(0)
            client.send(b"x" * KB)

        assert (431, "head_too_large") == code_of(await client.answer())


async def test_a_request_has_100_headers_at_most(stage: Stage) -> None:
    headers = [f"X-{number}: x" for number in range(99)]
    fits = await stage.ask(get("/", *headers))
    more = await stage.ask(get("/", *headers, "X-More: x"))

    assert 200 == fits.status
    assert (431, "head_too_large") == code_of(more)


async def test_large_heads_one_behind_the_other_are_counted_each(stage: Stage) -> None:
    client = await stage.connect()
    client.send(sized(12 * KB) * 4 + sized(20 * KB))

    statuses = [(await client.answer()).status for _ in range(5)]
    assert [200, 200, 200, 200, 431] == statuses


async def test_a_head_that_begins_behind_another_request_is_counted(stage: Stage) -> None:
    """In the piece that ends one request, nobody can tell how much of it is the next one's."""
    for size, status in ((15 * KB, 200), (16 * KB + 1, 431), (120 * KB, 431), (200 * KB, 431)):
        large = sized(size)
        for cut in (10, size - 10, 9 * KB):
            client = await stage.connect()
            client.send(get() + large[:cut])
            await asyncio.sleep(0.1)
            client.send(large[cut:])

            assert [200, status] == [(await client.answer()).status for _ in range(2)]


# The body.


@pytest.mark.parametrize(
    ("path", "most"),
    [("/", 64 * KB), ("/rivo/webhooks", 256 * KB), ("/rivo/webhooks/acme", 256 * KB)],
)
async def test_a_body_has_so_many_bytes_at_most(stage: Stage, path: str, most: int) -> None:
    fits = b"x" * most
    pieces = [fits[start : start + 10_000] for start in range(0, most, 10_000)]

    assert fits == (await stage.ask(post(path, fits))).body
    assert fits == (await stage.ask(chunked(*pieces, path=path))).body
    for larger in (post(path, fits + b"x"), chunked(*pieces, b"x", path=path)):
        answer = await stage.ask(larger)
        assert (413, "too_large") == code_of(answer)
        assert f"The body may have {most} bytes at most." == answer.problem["error"]


async def test_what_is_announced_as_too_large_is_refused_at_once(stage: Stage, echo: Echo) -> None:
    announced = await stage.ask(b"POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n")
    careful = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 999999999\r\n\r\n"
    client = await stage.connect()
    client.send(careful)
    first_line = await client.reader.readline()

    assert (413, "too_large") == code_of(announced)
    assert b"HTTP/1.1 413 Request Entity Too Large\r\n" == first_line
    assert [] == echo.served


async def test_who_asks_whether_to_go_on_is_told(stage: Stage) -> None:
    client = await stage.connect()
    client.send(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert b"HTTP/1.1 100 Continue\r\n\r\n" == await client.reader.readuntil(b"\r\n\r\n")
    client.send(b"{}")

    assert b"{}" == (await client.answer()).body


@pytest.mark.parametrize(
    "endless",
    [
        b"1;" + b"x" * 1_000_000,
        b"0\r\nX-Trailer: " + b"x" * 1_000_000,
        b"0\r\n" + b"X-Trailer: x\r\n" * 100_000,
        b"1\r\nx\r\n" * 64 * KB,
    ],
    ids=["an extension", "a trailer", "trailers", "chunks of a byte"],
)
async def test_what_is_sent_besides_a_body_has_an_end(stage: Stage, endless: bytes) -> None:
    answer = await stage.ask(chunked(end=endless))

    assert (413, "too_large") == code_of(answer)


async def test_a_trailer_is_no_header() -> None:
    seen: list[list[tuple[bytes, bytes]]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        seen.append(scope["headers"])
        await Echo()(scope, message, send)

    async def message() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async with staged(app) as stage:
        await stage.ask(chunked(b"{}", end=b"0\r\nX-Forwarded-For: ::1\r\n\r\n"))

    assert [[(b"transfer-encoding", b"chunked")]] == seen


async def test_who_still_sends_can_read_why_it_was_refused(stage: Stage) -> None:
    """To close at once would take the answer back from them."""
    client = await stage.connect()
    client.send(b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")
    for _ in range(50):
        client.send(b"x" * 100_000)
        await asyncio.sleep(0.01)

    assert (413, "too_large") == code_of(await client.answer())
    assert await client.closed() <= LIMITS.linger_seconds + 0.1


# What is none.

NONE_AT_ALL = {
    "noise": b"\x00\x01\x02\x03\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an unknown method": b"FETCH / HTTP/1.1\r\n\r\n",
    "an unknown version": b"GET / HTTP/7.0\r\n\r\n",
    "no address": b"GET HTTP/1.1\r\n\r\n",
    "an address of another alphabet": "GET /é HTTP/1.1\r\n\r\n".encode(),
    "half an address": b"GET http:// HTTP/1.1\r\n\r\n",
    "a tunnel": b"CONNECT service.test:443 HTTP/1.1\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    "a name with a space": b"GET / HTTP/1.1\r\nX Y: x\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nX: x\r\n y\r\n\r\n",
    "a byte that is none in a header": b"GET / HTTP/1.1\r\nX: \x00\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "a length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length below nothing": b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "a length that is no number": b"POST / HTTP/1.1\r\nContent-Length: 0x10\r\n\r\n",
    "a length without an end": b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 99 + b"\r\n\r\n",
    "chunks twice": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked, x\r\n\r\n",
    "a chunk without a length": chunked(end=b"x\r\n"),
    "a chunk that is too long": chunked(end=b"fffffffffffffffff\r\n"),
    "bare line ends": b"GET / HTTP/1.1\nX: x\n\n",
}


@pytest.mark.parametrize("what", NONE_AT_ALL)
async def test_what_is_no_request_is_a_problem(stage: Stage, echo: Echo, what: str) -> None:
    answer = await stage.ask(NONE_AT_ALL[what])

    assert (400, "unparsable") == code_of(answer)
    assert [] == echo.served


async def test_the_answer_to_a_head_has_no_body(stage: Stage) -> None:
    client = await stage.connect()
    client.send(b"HEAD / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n")

    assert 413 == (await client.answer(head=lambda: True)).status
    client.writer.write_eof()
    assert b"" == await client.reader.read()


@pytest.mark.parametrize("upgrade", ["h2c", "websocket", "TLS/1.0"])
async def test_who_would_speak_something_else_is_answered_all_the_same(
    stage: Stage, echo: Echo, upgrade: str
) -> None:
    client = await stage.connect()
    client.send(get("/1", "Connection: Upgrade", f"Upgrade: {upgrade}") + get("/2"))
    answer = await client.answer()

    assert (200, "close") == (answer.status, answer.headers["connection"])
    assert ["/1"] == [path for path, _ in echo.served]
    assert await client.closed() <= LIMITS.linger_seconds + 0.1


async def test_a_body_does_not_come_with_an_upgrade(stage: Stage, echo: Echo) -> None:
    """The parser takes what follows the headers for the other protocol: it would be lost."""
    wish = ("Connection: Upgrade", "Upgrade: h2c")
    for request in (
        post("/", b"{}", *wish),
        get("/", *wish, "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n",
    ):
        assert (400, "unparsable") == code_of(await stage.ask(request))
    assert 200 == (await stage.ask(post("/", b"", *wish))).status
    assert 1 == len(echo.served)


# One behind the other.


async def answers(client: Client, number: int) -> list[tuple[int, bytes]]:
    got = [await client.answer() for _ in range(number)]
    return [(each.status, each.body if each.status == 200 else b"") for each in got]


async def test_answers_come_in_the_order_of_the_requests(stage: Stage) -> None:
    client = await stage.connect()
    bodies = [f"{number}".encode() for number in range(9)]
    client.send(b"".join(post(f"/slow/{9 - int(body)}", body) for body in bodies))

    assert [(200, body) for body in bodies] == await answers(client, 9)


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
async def test_answers_do_not_depend_on_how_the_requests_are_cut(stage: Stage, size: int) -> None:
    client = await stage.connect()
    sent = post("/", b"1" * 500) + get("/slow/1") + chunked(b"2", b"2") + post("/slow/1", b"3")
    for start in range(0, len(sent), size):
        client.send(sent[start : start + size])
        await asyncio.sleep(0)

    told = [(200, b"1" * 500), (200, b"served"), (200, b"22"), (200, b"3")]
    assert told == await answers(client, 4)


async def test_what_is_wrong_is_said_in_its_turn(stage: Stage) -> None:
    """The answer to a write that is under way is not taken for its own by who sent nonsense."""
    for wrong, status in (
        (b"nonsense\r\n\r\n", 400),
        (sized(20 * KB), 431),
        (b"POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", 413),
        (chunked(b"x" * 65537), 413),
    ):
        client = await stage.connect()
        client.send(post("/slow/2", b"first") + wrong + post("/", b"never"))

        assert [(200, b"first"), (status, b"")] == await answers(client, 2)
        assert await client.closed() <= 2 + LIMITS.linger_seconds + 0.1


async def test_after_sixteen_that_wait_the_connection_ends(stage: Stage, echo: Echo) -> None:
    client = await stage.connect()
    client.send(get("/slow/1") + get() * 30)

    assert [(200, b"served")] * 17 == await answers(client, 17)
    assert 17 == len(echo.served)
    await client.closed()


async def test_one_large_piece_of_small_requests_takes_little_memory(echo: Echo) -> None:
    async with staged(echo, replace(LIMITS, pipelined=2)) as stage:
        client = await stage.connect()
        client.send(b"GET /slow/1 HTTP/1.1\r\n\r\n" * 10_000)
        await asyncio.sleep(0.5)
        (protocol,) = stage.state.connections

        assert 2 == len(protocol.pipeline)  # type: ignore[union-attr]
        await answers(client, 3)


async def test_nothing_is_begun_for_who_is_gone(stage: Stage, echo: Echo) -> None:
    client = await stage.connect()
    client.send(post("/slow/2", b"first") + post("/", b"second") + get("/")[:5])
    await asyncio.sleep(1)
    client.writer.transport.abort()
    await asyncio.sleep(3)

    assert [("/slow/2", b"first")] == echo.served
    assert (set(), set()) == (stage.state.connections, stage.state.tasks)
