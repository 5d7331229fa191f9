"""`python -m tests.serving.process`: the service over a slow demo shop, to be told to leave.

A line of JSON (`Given`) says how; the port is written when it listens.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import msgspec

from app.environment import load
from app.main import World, create_app
from app.observe import make_log
from app.serving.limits import Limits
from app.serving.server import make_server
from integrations.rivo_sandbox import Received, Sandbox, demo_shop

RIVO_KEY = "rivo-key-of-the-shop-0001"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """The database, how long Rivo takes for a write, and the limits that differ."""

    database: str
    rivo_seconds: float
    limits: dict[str, float]


def main() -> None:
    """Serve until a signal comes."""
    given = msgspec.json.decode(sys.stdin.buffer.readline(), type=Given)
    settings = load(
        {
            "RIVO_API_KEY": RIVO_KEY,
            "API_KEY": "api-key-0001",
            "SECRET_KEY": "key-of-the-hashes-0001",
            "DATABASE_URL": f"sqlite:///{given.database}",
        }
    )

    async def delay(received: Received) -> None:
        if received.method != "GET":
            await asyncio.sleep(given.rivo_seconds)

    sandbox = Sandbox(demo_shop(), clock=lambda: datetime.now(UTC), key=RIVO_KEY, delay=delay)
    world = replace(World(), transport=lambda _: httpx.ASGITransport(app=sandbox))
    log = make_log(sys.stderr.buffer, level="info", form="json")
    app = create_app(settings, log=log, world=world)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    limits = msgspec.convert({**msgspec.to_builtins(Limits()), **given.limits}, Limits)
    server = make_server(app, port=0, limits=limits)
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
