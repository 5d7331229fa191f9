"""A server on 127.0.0.1 in the test's own loop, and clients that write what they like."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import msgspec
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from app.serving.incoming import Held
from app.serving.limits import Limits
from app.serving.protocol import Protocol
from tests.app.loop import seconds

LIMITS: Final = Limits()
PROMISED: Final = 10.0
"""Whatever a client does not do in time, its connection is gone after so many seconds."""
HEAD: Final = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r]*\r\n((?:[^\r]+\r\n)*)\r\n")


class Answer(msgspec.Struct, frozen=True):
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """What it says is wrong."""
        assert "application/problem+json" == self.headers["content-type"], self
        told: dict[str, Any] = msgspec.json.decode(self.body)
        assert self.headers["x-request-id"] == told["request_id"]
        return told


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.began = seconds()

    def send(self, data: bytes) -> None:
        """Write, whoever reads it."""
        self.writer.write(data)

    @property
    def gone(self) -> bool:
        """Whether the other side is known to be gone."""
        return self.reader.at_eof() or self.reader.exception() is not None

    async def answer(self, *, head: Callable[[], bool] = lambda: False) -> Answer:
        """Read one answer; `head` is asked whether it has no body."""
        raw = await self.reader.readuntil(b"\r\n\r\n")
        while raw.startswith(b"HTTP/1.1 100 "):
            raw = await self.reader.readuntil(b"\r\n\r\n")
        found = HEAD.fullmatch(raw)
        assert found is not None, raw
        lines = found[2].decode("latin-1").splitlines()
        headers = {name.lower(): told for name, _, told in (line.partition(": ") for line in lines)}
        length = 0 if head() else int(headers["content-length"])
        return Answer(int(found[1]), headers, await self.reader.readexactly(length))

    async def closed(self) -> float:
        """Wait until the other side is gone; how many seconds after the beginning that was."""
        with contextlib.suppress(ConnectionError):
            assert b"" == await self.reader.read()
        return seconds() - self.began


class Stage:
    """A server, and whoever connects to it."""

    def __init__(self, server: asyncio.Server, state: ServerState) -> None:
        self.state = state
        self.address = server.sockets[0].getsockname()[:2]
        self._clients: list[Client] = []

    async def connect(self, *, buffer: int | None = None) -> Client:
        """Connect; `buffer` is how many bytes the client's side keeps that nobody reads."""
        one = socket.socket()
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # nothing waits in real time
        if buffer is not None:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        one.setblocking(False)
        await asyncio.get_running_loop().sock_connect(one, self.address)
        client = Client(*await asyncio.open_connection(sock=one, limit=2**20))
        self._clients.append(client)
        return client

    async def ask(self, data: bytes) -> Answer:
        """Send one request on a connection of its own."""
        client = await self.connect()
        client.send(data)
        return await client.answer()

    async def close(self) -> None:
        """Let all clients go."""
        for client in self._clients:
            client.writer.transport.abort()


@contextlib.asynccontextmanager
async def staged(app: ASGIApp, limits: Limits = LIMITS) -> AsyncIterator[Stage]:
    """Serve an application, without its lifespan, while the block lasts."""
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="off")
    config.load()
    state, held = ServerState(), Held()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Protocol(config, state, {}, limits=limits, held=held), "127.0.0.1", 0
    )
    stage = Stage(server, state)
    try:
        yield stage
    finally:
        await stage.close()
        server.close()
        for _ in range(20):  # what was cut arrives
            await asyncio.sleep(0)
        assert set() == state.connections
        assert set() == state.tasks
        assert 0 == held.bytes


class Echo:
    """An application that answers what it was asked, after `seconds` where the path names them.

    `/slow/2` takes two seconds, `/large/1000000` is answered with as many bytes.
    """

    def __init__(self) -> None:
        self.served: list[tuple[str, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope["seen"] = Seen(request_id="request-1")
        if "refusal" in scope:
            await scope["refusal"](scope, receive, _naming(send))
            return
        message = await receive()
        assert not message["more_body"]
        self.served.append((scope["path"], message["body"]))
        _, kind, number = [*scope["path"].split("/"), "", ""][:3]
        if kind == "slow":
            await asyncio.sleep(float(number))
        body = b"x" * int(number) if kind == "large" else message["body"] or b"served"
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Seen(msgspec.Struct):
    """What a refusal asks for."""

    request_id: str
    outcome: str | None = None


def _naming(send: Send) -> Send:
    async def named(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"].append((b"x-request-id", b"request-1"))
        await send(message)

    return named


def get(path: str = "/", *headers: str, version: str = "1.1") -> bytes:
    """Write a GET."""
    lines = [f"GET {path} HTTP/{version}", "Host: service.test", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def post(path: str, body: bytes, *headers: str) -> bytes:
    """Write a POST with its length."""
    lines = [f"POST {path} HTTP/1.1", "Host: service.test", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body
