"""One attempt: the address that was checked is the one connected to, under the host's name."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import httpx
import pytest

from app.delivery.names import Names
from app.delivery.posting import CheckedTransport, Posted, Wire, post
from app.settings import ShopSettings, TriggerSettings
from tests.delivery.stage import EARNED, SECRET, Stage

pytestmark = pytest.mark.anyio

CERTIFICATE = Path(__file__).with_name("receiver.test.pem")
"""Made for these tests: of receiver.test, by itself, with its key."""
HERE = ("127.0.0.0/8",)
BODY = b'{"points":1}'


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Run on a real loop: there are real sockets."""
    return "asyncio"


class Address(httpx.AsyncBaseTransport):
    """Stands in for the connections; `deaf` addresses cannot be connected to."""

    def __init__(self, *deaf: str) -> None:
        self.requests: list[httpx.Request] = []
        self._deaf = deaf

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host in self._deaf:
            raise httpx.ConnectError("deaf")
        return httpx.Response(204)

    @property
    def asked(self) -> list[str]:
        return [request.url.host for request in self.requests]


async def tell(
    transport: httpx.AsyncBaseTransport, url: str = "https://hooks.example.com/in?a=b"
) -> Posted:
    target = TriggerSettings(trigger="loyalty_points_earned", url=url, secrets=("secret-0001",))
    return await post(transport, target, message_id="msg_1", body=BODY, at=time.time())


def checked(
    found: Callable[[str, int], list[str]], inner: Address, networks: Sequence[str] = ()
) -> CheckedTransport:
    return CheckedTransport(names=Names(found), networks=networks, connect=lambda: inner)


async def test_the_checked_address_is_connected_to_under_the_hosts_name() -> None:
    inner = Address()

    posted = await tell(checked(lambda *_: ["8.8.8.8"], inner))

    assert Posted(became="delivered", status=204) == posted
    (request,) = inner.requests
    assert "https://8.8.8.8/in?a=b" == str(request.url)
    assert "hooks.example.com" == request.headers["host"]
    assert "hooks.example.com" == request.extensions["sni_hostname"]
    assert "msg_1" == request.headers["webhook-id"]
    assert BODY == await request.aread()


async def test_a_port_in_the_url_stays_there() -> None:
    inner, asked = Address(), []

    def found(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["2606:4700::1"]

    await tell(checked(found, inner), "https://hooks.example.com:8443/in")
    await tell(checked(found, inner), "http://hooks.example.com/in")

    assert [("hooks.example.com", 8443), ("hooks.example.com", 80)] == asked
    assert "https://[2606:4700::1]:8443/in" == str(inner.requests[0].url)
    assert "hooks.example.com:8443" == inner.requests[0].headers["host"]


@pytest.mark.parametrize(
    "private",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:10.0.0.1", "0.0.0.0"],  # noqa: S104
)
async def test_a_name_that_leads_to_a_private_address_is_told_nothing(private: str) -> None:
    inner = Address()

    posted = await tell(checked(lambda *_: [private], inner))

    assert Posted(became="failed", why="address_refused") == posted
    assert [] == inner.requests


async def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing() -> None:
    """DNS rebinding: what is checked is connected to, and the next attempt is checked anew."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"], ["127.0.0.1"]])
    inner = Address()
    transport = checked(lambda *_: next(answers), inner)

    assert "delivered" == (await tell(transport)).became
    assert "address_refused" == (await tell(transport)).why
    assert ["8.8.8.8"] == inner.asked
    assert [["127.0.0.1"]] == list(answers)  # one look-up for each attempt


async def test_of_several_addresses_only_those_that_are_allowed_are_tried() -> None:
    inner = Address("8.8.8.8")
    found = ["10.0.0.1", "8.8.8.8", "127.0.0.1", "1.1.1.1"]

    assert "delivered" == (await tell(checked(lambda *_: found, inner))).became
    assert ["8.8.8.8", "1.1.1.1"] == inner.asked


async def test_four_addresses_are_tried_at_most() -> None:
    found = [f"8.8.8.{n}" for n in range(9)]
    inner = Address(*found)

    assert "no_connection" == (await tell(checked(lambda *_: found, inner))).why
    assert found[:4] == inner.asked


async def test_a_network_that_is_named_is_connected_to() -> None:
    inner = Address()

    assert (
        "delivered" == (await tell(checked(lambda *_: ["10.1.2.3"], inner, ["10.0.0.0/8"]))).became
    )
    assert ["10.1.2.3"] == inner.asked


async def test_an_address_in_the_url_is_not_looked_up() -> None:
    def never(*_: object) -> list[str]:
        raise AssertionError

    inner = Address()
    for url in ("https://127.0.0.1/in", "https://[::1]/in", "https://[::ffff:127.0.0.1]/in"):
        assert "address_refused" == (await tell(checked(never, inner), url)).why
    assert "delivered" == (await tell(checked(never, inner, HERE), "https://127.0.0.1/in")).became


async def test_a_name_without_an_address_is_tried_again_later() -> None:
    def none(*_: object) -> list[str]:
        raise OSError("nobody knows it")

    inner = Address()

    assert Posted(became="failed", why="no_address") == await tell(checked(none, inner))
    assert "address_refused" == (await tell(checked(lambda *_: [], inner))).why
    assert [] == inner.requests


# Over real sockets.


@contextlib.asynccontextmanager
async def served(
    answer: bytes, *, then: bytes = b"", tls: bool = False
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Answer every connection so, and go on with `then` as long as somebody listens."""
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            await reader.readexactly(len(BODY))
            writer.write(answer)
            while then:
                writer.write(then)
                await writer.drain()
                await asyncio.sleep(0)
            await writer.drain()
        writer.close()

    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], heads


def wire(*, trusting: bool = True, to: Sequence[str] = ("127.0.0.1",)) -> Wire:
    trusted = ssl.create_default_context(cafile=str(CERTIFICATE)) if trusting else None
    return Wire(Names(lambda *_: list(to)), trusted)


async def send(way: Wire, url: str) -> Posted:
    async with way.to(HERE) as transport:
        return await tell(transport, url)


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def test_a_message_arrives_whole() -> None:
    async with served(OK) as (port, heads):
        posted = await send(wire(), f"http://receiver.test:{port}/in?token=1")

    assert Posted(became="delivered", status=200) == posted
    (head,) = heads
    lines = head.decode().splitlines()
    assert "POST /in?token=1 HTTP/1.1" == lines[0]
    assert f"Host: receiver.test:{port}" in lines
    assert "webhook-id: msg_1" in lines


async def test_a_certificate_has_to_be_that_of_the_hosts_name() -> None:
    async with served(OK, tls=True) as (port, heads):
        right = await send(wire(), f"https://receiver.test:{port}/in")
        other = await send(wire(), f"https://another.test:{port}/in")
        unknown = await send(wire(trusting=False), f"https://receiver.test:{port}/in")

    assert Posted(became="delivered", status=200) == right
    assert ["not_trusted"] * 2 == [other.why, unknown.why]
    assert 1 == len(heads)


async def test_a_redirect_is_not_followed() -> None:
    async with served(OK) as (other, others):
        location = f"location: http://127.0.0.1:{other}/\r\n".encode()
        answer = b"HTTP/1.1 307 Temporary Redirect\r\ncontent-length: 0\r\n" + location + b"\r\n"
        async with served(answer) as (port, heads):
            posted = await send(wire(), f"http://receiver.test:{port}/in")

    assert ("failed", 307) == (posted.became, posted.status)
    assert (1, 0) == (len(heads), len(others))


async def test_an_answer_without_end_is_left() -> None:
    began = time.monotonic()
    async with served(b"HTTP/1.1 202 Accepted\r\n\r\n", then=b"x" * 4096) as (port, _):
        posted = await send(wire(), f"http://receiver.test:{port}/in")

    assert Posted(became="delivered", status=202) == posted
    assert time.monotonic() - began < 5


async def test_what_is_no_answer_is_none() -> None:
    for answer in (b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200"):
        async with served(answer) as (port, _):
            posted = await send(wire(), f"http://receiver.test:{port}/in")
        assert Posted(became="failed", why="broken_off") == posted


async def test_nobody_listening_is_no_connection() -> None:
    async with served(OK) as (port, _):
        pass

    posted = await send(wire(), f"http://receiver.test:{port}/in")

    assert Posted(became="failed", why="no_connection") == posted


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with served(OK) as (port, _):
        assert "delivered" == (await send(wire(), f"http://receiver.test:{port}/in")).became


async def test_the_deliverer_reaches_a_receiver_by_itself() -> None:
    async with served(OK) as (port, heads):
        target = TriggerSettings(
            trigger=EARNED, url=f"http://127.0.0.1:{port}/in", secrets=(SECRET,), networks=HERE
        )
        shop = ShopSettings(name="acme", rivo_api_key="key-of-acme", triggers=(target,))
        stage = Stage(shop, receiver=None)
        await stage.store.open()
        await stage.put("event-1", body=BODY)
        await stage.deliverer.once()

        assert ["delivered"] == await stage.states()
        await stage.store.close()

    assert [True] == [head.startswith(b"POST /in HTTP/1.1") for head in heads]
