"""Served on a port: the same application over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import httpx
import pytest
import uvicorn

from integrations.rivo_sandbox import Fault, Received, Sandbox, Switches, demo_shop, in_turn
from tests.rivo_sandbox.stage import KEY, SARAH, Stage, attributes

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Serve a sandbox on a free port of this machine."""
    config = uvicorn.Config(sandbox, port=0, lifespan="on", ws="none", log_config=None)
    server = uvicorn.Server(config)
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve)
        while not server.started:
            await anyio.lowlevel.checkpoint()
        port = server.servers[0].sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/merchant_api/v1"
        headers = {"authorization": KEY}
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            yield client
        server.should_exit = True


def sandbox(*faults: Fault) -> Sandbox:
    return Sandbox(demo_shop(), clock=Stage().clock, faults=in_turn(*faults))


async def test_it_is_served_on_a_port() -> None:
    shop = sandbox()
    async with served(shop) as client:
        answer = await client.get("customers/lena%2Bshop%40example.com")
        listed = await client.get("customers", params={"pagination[per_page]": "2"})

    assert "Lena" == attributes(answer)["first_name"]
    assert str(listed.url.copy_with(query=None)) == listed.json()["links"]["next"].split("?")[0]
    assert "/merchant_api/v1/customers/lena%2Bshop%40example.com" == shop.requests[0].path


async def test_a_lost_connection_breaks_off() -> None:
    shop = sandbox(Fault(kind="lost", applied=True), Fault(kind="server_error"))
    shop.switches = Switches(failure="closed_connection")
    form = {"customer_identifier": str(SARAH), "source": "manual", "points_amount": "1"}
    async with served(shop) as client:
        for _ in range(2):
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post("points_events", data=form)

    assert 151 == shop.balance(SARAH)[0]


async def test_a_hanging_request_lasts_as_long_as_its_client() -> None:
    shop = sandbox(Fault(kind="hang"))
    async with served(shop) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get("rewards", timeout=0.05)
        again = await client.get("rewards")

    assert 200 == again.status_code


async def test_a_request_that_breaks_off_is_none() -> None:
    """Its sender died between the headers and the end of the body: nobody carries that out."""
    shop = sandbox()
    messages: Iterator[dict[str, object]] = iter(
        [
            {"type": "http.request", "body": b"customer_identifier=", "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(_: object) -> None:
        raise AssertionError("nobody is there to be answered")

    scope = {"type": "http", "method": "POST", "path": "/merchant_api/v1/points_events"}
    await shop({**scope, "query_string": b"", "headers": []}, receive, send)

    assert [] == list(shop.requests)


async def test_a_path_that_a_server_did_not_keep_raw_is_quoted_again() -> None:
    received: list[Received] = []
    shop = sandbox()
    shop.faults = received.append

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: object) -> None:
        return None

    scope = {"type": "http", "method": "GET", "path": "/merchant_api/v1/customers/ä@b"}
    await shop({**scope, "query_string": b"", "headers": []}, receive, send)

    assert "/merchant_api/v1/customers/%C3%A4%40b" == received[0].path
