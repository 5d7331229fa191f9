"""Upstream over real sockets on 127.0.0.1: every way in which the other side can misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest

from integrations import upstream as module
from integrations.errors import LostReplyError, NotSentError
from integrations.upstream import Reply, Upstream, make_client
from integrations.wire import TimeLeft

pytestmark = pytest.mark.anyio

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Behaviour = Callable[[Reader, Writer], Awaitable[object]]


class OtherSide:
    """A server that does to each connection what `behaviour` says."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.connections = 0
        self.address = ""

    async def accept(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        try:
            await self.behaviour(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[OtherSide]:
    other = OtherSide(behaviour)
    async with await asyncio.start_server(other.accept, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        other.address = f"{host}:{port}"
        yield other


@contextlib.asynccontextmanager
async def connected(
    base_url: str, *, connections: int = 2, max_bytes: int = 100_000
) -> AsyncIterator[Upstream]:
    client = make_client(base_url=base_url, headers={}, connections=connections)
    upstream = Upstream(
        client, name="test", clock=time.monotonic, connections=connections, max_bytes=max_bytes
    )
    yield upstream
    await upstream.close()


def said(reply: Reply) -> Reply:
    """Return the reply without the time when its request left."""
    return msgspec.structs.replace(reply, left=0.0)


async def answer(reader: Reader, writer: Writer) -> None:
    """Answer every request on a kept connection."""
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def saying(data: bytes) -> Behaviour:
    """Read the request, say `data`, close."""

    async def behaviour(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()

    return behaviour


def trickling(start: bytes, drop: bytes) -> Behaviour:
    """Say `start`, then `drop` every 10 ms for as long as anybody listens."""

    async def behaviour(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while not reader.at_eof():
            writer.write(drop)
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.01)

    return behaviour


async def hang(reader: Reader, _writer: Writer) -> None:
    await reader.read()


async def hang_within_the_body(reader: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{")
    await reader.read()


async def reset_at_accept(_reader: Reader, writer: Writer) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def reset_after_the_request(reader: Reader, writer: Writer) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await reset_at_accept(reader, writer)


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
FAULTS: dict[str, Behaviour] = {
    "hangs": hang,
    "hangs within the body": hang_within_the_body,
    "resets at accept": reset_at_accept,
    "resets after the request": reset_after_the_request,
    "closes after the request": saying(b""),
    "closes within the headers": saying(HEAD + b"Content-Le"),
    "closes within the body": saying(HEAD + b"Content-Length: 10\r\n\r\n{}"),
    "closes within a chunk": saying(CHUNKED + b"a\r\n{}"),
    "closes before the last chunk": saying(CHUNKED + b"2\r\n{}\r\n"),
    "talks garbage": saying(b"\0\1\2 garbage\r\n\r\n" * 10),
    "talks another protocol": saying(b"220 mail.test ESMTP\r\n"),
    "trickles headers": trickling(HEAD, b"X-More: 1\r\n"),
    "trickles a body": trickling(CHUNKED, b"1\r\nx\r\n"),
    "trickles in bytes": trickling(HEAD + b"Content-Length: 90000\r\n\r\n", b"x"),
    "says too much": saying(HEAD + b"Content-Length: 100001\r\n\r\n" + b"x" * 100_001),
    "never stops": trickling(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
async def test_every_fault_is_a_lost_reply_in_time_and_costs_no_connection(
    fault: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CUT_OFF_SECONDS", 0.1)
    async with serving(fault) as other, connected(f"http://{other.address}") as upstream:
        for _ in range(2):
            began = time.monotonic()
            ended = await asyncio.gather(
                upstream.call("POST", ["points_events"], form=[("a", "b")], seconds=0.3),
                upstream.call("POST", ["points_events"], form=[("a", "b")], seconds=0.3),
                return_exceptions=True,
            )
            took = time.monotonic() - began
            while upstream._running:
                await asyncio.wait(upstream._running)
            assert [type(error) for error in ended] == [LostReplyError, LostReplyError]
            assert took < 2
        other.behaviour = answer
        later = await asyncio.gather(*(upstream.call("GET", ["x"], seconds=5) for _ in range(4)))

    assert [said(reply) for reply in later] == [Reply(200, "", b"{}", None)] * 4


async def close(_reader: Reader, _writer: Writer) -> None:
    pass


async def talk_no_tls(reader: Reader, writer: Writer) -> None:
    await reader.read(100)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("behaviour", [hang, close, talk_no_tls, reset_at_accept])
async def test_without_tls_nothing_is_sent(behaviour: Behaviour) -> None:
    async with serving(behaviour) as other, connected(f"https://{other.address}") as upstream:
        began = time.monotonic()
        with pytest.raises(NotSentError):
            await upstream.call("POST", ["points_events"], form=[], seconds=0.2)
        took = time.monotonic() - began

    assert took < 2


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:{port}", "https://127.0.0.1:{port}", "ftp://127.0.0.1:{port}"]
)
async def test_where_nobody_listens_nothing_is_sent(base_url: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with connected(base_url.format(port=port)) as upstream:
            with pytest.raises(NotSentError):
                await upstream.call("POST", ["points_events"], form=[], seconds=1)


async def test_a_key_that_cannot_be_a_header_is_not_sent() -> None:
    async with serving(answer) as other:
        client = make_client(
            base_url=f"http://{other.address}", headers={"Authorization": "key\r\nX-Evil: 1"}
        )
        upstream = Upstream(client, name="test", clock=time.monotonic)
        with pytest.raises(NotSentError) as caught:
            await upstream.call("POST", ["points_events"], form=[], seconds=1)
        await upstream.close()

    assert "key" not in str(caught.value)


async def test_what_arrives_is_what_was_meant() -> None:
    heads: list[bytes] = []

    async def record(reader: Reader, writer: Writer) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        heads.append(await reader.readexactly(17))
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    async with serving(record) as other, connected(f"http://{other.address}/v1") as upstream:
        reply = await upstream.call(
            "PUT",
            ["customers", "a/b@c?d#e\r\n%2e%2e", 7],
            params=[("filters[customer_identifier]", "a+b@x.com"), ("q", "a b&c")],
            form=[("note", "ü+&")],
            seconds=1,
        )

    line, *headers = heads[0].decode().split("\r\n")
    assert reply.status == 201
    assert line == (
        "PUT /v1/customers/a%2Fb%40c%3Fd%23e%0D%0A%252e%252e/7"
        "?filters%5Bcustomer_identifier%5D=a%2Bb%40x.com&q=a+b%26c HTTP/1.1"
    )
    assert "Content-Type: application/x-www-form-urlencoded" in headers
    assert "Content-Length: 17" in headers
    assert heads[1] == b"note=%C3%BC%2B%26"


async def test_connections_are_kept_and_shared() -> None:
    async with serving(answer) as other, connected(f"http://{other.address}") as upstream:
        for _ in range(5):
            await asyncio.gather(*(upstream.call("GET", ["x"], seconds=5) for _ in range(5)))

        assert other.connections == 2


async def test_a_kept_connection_that_was_closed_is_replaced() -> None:
    async def once(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async with serving(once) as other, connected(f"http://{other.address}") as upstream:
        for _ in range(5):
            assert (await upstream.call("POST", ["x"], seconds=5)).status == 200
            # The end of the stream arrives here.
            for _ in range(20):
                await asyncio.sleep(0)

        assert other.connections == 5


@pytest.mark.parametrize("seconds", [0.05, 0.5, 2.0])
async def test_timeouts_follow_the_time_left(seconds: float) -> None:
    now = 0.0
    left = TimeLeft(lambda: now, seconds)

    assert left.get("connect") == min(seconds, 1.0)
    assert left.get("read") == left.get("write") == left.get("pool") == seconds
    now = seconds - 0.01
    assert left.get("connect") == pytest.approx(0.01)
    assert left.get("read") == pytest.approx(0.01)
    now = seconds + 1
    assert left.get("read") == 0.0
