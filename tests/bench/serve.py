"""What the service is measured against, and the slow Rivo behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from integrations.rivo_sandbox import Received, Sandbox, demo_shop
from tests.bench.plain_fastapi import plain_fastapi

UVICORN: Final[Mapping[str, Any]] = {
    "access_log": False,
    "log_level": "warning",
    "server_header": False,
    "proxy_headers": False,
    "timeout_graceful_shutdown": 5,
}
"""As `rivo-helpdesk serve` has it; `test_bench.py` compares."""

KEY: Final = "sandbox-key"
RIVO_SECONDS: Final = 0.140


def bare(argument: str) -> ASGIApp:
    """Answer every request with the bytes of a file, and nothing else."""
    body = Path(argument).read_bytes()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"  # there is no lifespan
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def relay(argument: str) -> ASGIApp:
    """Hand every request on to the Rivo at an address with httpx, and its answer back."""
    client = httpx.AsyncClient(
        base_url=argument, headers={"Authorization": KEY}, trust_env=False, timeout=5
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        answer = await client.get(scope["path"])
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(answer.content)).encode()),
        ]
        await send(
            {"type": "http.response.start", "status": answer.status_code, "headers": headers}
        )
        await send({"type": "http.response.body", "body": answer.content})

    return app


def fastapi(argument: str) -> ASGIApp:
    """Do the service's job as a plain FastAPI application does, over the demo shop in process."""
    sandbox = Sandbox(demo_shop(), clock=lambda: datetime.now(UTC), key=KEY)
    return plain_fastapi(
        httpx.AsyncClient(
            base_url="http://rivo.sandbox/merchant_api/v1",
            headers={"Authorization": KEY},
            transport=httpx.ASGITransport(app=sandbox),
        )
    )


def rivo(argument: str) -> ASGIApp:
    """Be a Rivo that answers after `RIVO_SECONDS` and knows no limit."""

    async def delay(_: Received) -> None:
        await asyncio.sleep(RIVO_SECONDS)

    return Sandbox(
        demo_shop(),
        clock=lambda: datetime.now(UTC),
        key=KEY,
        delay=delay,
        requests_per_second=None,
    )


def moody(argument: str) -> ASGIApp:
    """Be such a Rivo for another key; it hangs from POST /mood/hung until POST /mood/well."""
    well = asyncio.Event()
    well.set()

    async def delay(_: Received) -> None:
        await asyncio.sleep(RIVO_SECONDS)
        await well.wait()

    sandbox = Sandbox(
        demo_shop(),
        clock=lambda: datetime.now(UTC),
        key=argument,
        delay=delay,
        requests_per_second=None,
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        mood = scope["path"].partition("/mood/")[2]
        if not mood:
            await sandbox(scope, receive, send)
            return
        if mood == "hung":
            well.clear()
        else:
            well.set()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


APPS: Final[Mapping[str, Callable[[str], ASGIApp]]] = {
    made.__name__: made for made in (bare, relay, fastapi, rivo, moody)
}


@click.command()
@click.argument("name", type=click.Choice(list(APPS)))
@click.option(
    "--argument", default="", help="The file of bare, the address of relay, the key of moody."
)
@click.option("--port", type=int, required=True)
def main(name: str, argument: str, port: int) -> None:
    """Serve one of the applications until SIGTERM."""
    uvicorn.run(APPS[name](argument), host="127.0.0.1", port=port, **UVICORN)


if __name__ == "__main__":
    main()
