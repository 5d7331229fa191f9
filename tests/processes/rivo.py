"""`python -m tests.processes.rivo`: sandboxes on a port, one below each path, and what they saw.

They outlive every service that asks them. `/control/...` opens, calms, looks at and closes one.
"""

from __future__ import annotations

import os
import random
import socket
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from integrations.rivo_sandbox import Fault, Received, Sandbox
from tests.simulation.seen import Arrived, Booked
from tests.simulation.shop import SHOP

KEY: Final = "rivo-key-0001"
LATE: Final = 0.3
"""D: a write is done so many seconds after it was asked for at most."""
LAG: Final = 0.3
"""L: lists show it so many seconds later at most."""
SPOILED: Final = 0.45
"""Which share of the writes goes wrong."""
FAULTS: Final[tuple[tuple[int, Fault], ...]] = (
    (4, Fault(kind="lost", applied=True)),
    (3, Fault(kind="lost")),
    (3, Fault(kind="server_error", applied=True)),
    (3, Fault(kind="server_error")),
    (3, Fault(kind="lost", after=timedelta(seconds=LATE))),
    (2, Fault(kind="server_error", after=timedelta(seconds=LATE / 2))),
    (2, Fault(kind="too_many")),
    (1, Fault(kind="hang", applied=True)),
    (1, Fault(kind="hang", after=timedelta(seconds=LATE))),
    (1, Fault(kind="broken_json", applied=True)),
    (1, Fault(kind="wrong_content_type", applied=True)),
    (1, Fault(kind="redirect", applied=True)),
    (1, Fault(kind="trickle", applied=True, pause=0.02)),
)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a shop saw; times are epoch seconds."""

    arrived: list[Arrived]
    booked: list[Booked]
    waiting: bool


class ShopOnAPort:
    """One sandbox with the troubles of a seed, until it is calmed."""

    def __init__(self, seed: int, *, calm: bool) -> None:
        self._chance = random.Random(seed)
        self._calm = calm
        self._arrived: dict[int, Arrived] = {}
        self.sandbox = Sandbox(
            SHOP,
            clock=lambda: datetime.now(UTC),
            key=KEY,
            faults=self._fault,
            lag=timedelta(seconds=LAG),
            lag_of=lambda _: timedelta(seconds=self._chance.uniform(0, LAG)),
            requests_per_second=None,
        )

    def calm(self) -> None:
        """Let nothing go wrong from now on."""
        self._calm = True

    def seen(self) -> Seen:
        """Tell what came and what was done."""
        self.sandbox.settle()
        done = {each.request: each.at.timestamp() for each in self.sandbox.applied}
        for number, arrived in self._arrived.items():
            arrived.applied_at = done.get(number)
        booked = [
            Booked(
                kind=entry.kind,
                customer_id=entry.customer_id,
                points=entry.points,
                credits=str(entry.credits),
                at=entry.at.timestamp(),
                row=entry.reference,
                request=entry.request,
            )
            for entry in self.sandbox.ledger
        ]
        waiting = self.sandbox.due is not None
        return Seen(arrived=[*self._arrived.values()], booked=booked, waiting=waiting)

    def _fault(self, received: Received) -> Fault | None:
        if received.method == "GET":
            return None
        fault = None
        if not self._calm and self._chance.random() < SPOILED:
            weights = [weight for weight, _ in FAULTS]
            fault = self._chance.choices([each for _, each in FAULTS], weights)[0]
        self._arrived[received.number] = Arrived(
            number=received.number,
            at=time.time(),
            instance="",
            method=received.method,
            path=received.path.partition("/v1/")[2],
            form=dict(received.form),
            trouble="none" if fault is None else fault.kind,
        )
        return fault


class Rivo:
    """The application: shops by their names, each below a path of its own."""

    def __init__(self) -> None:
        self._shops: dict[str, ShopOnAPort] = {}
        self._control = Starlette(
            routes=[
                Route("/control/{name}/open", self._open, methods=["POST"]),
                Route("/control/{name}/calm", self._calm, methods=["POST"]),
                Route("/control/{name}/buy", self._buy, methods=["POST"]),
                Route("/control/{name}/seen", self._seen),
                Route("/control/{name}/close", self._close, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path: str = scope.get("path", "")
        name = path.split("/")[1] if path else ""
        if name in self._shops:
            inner = {
                **scope,
                "path": path.removeprefix(f"/{name}"),
                "raw_path": scope["raw_path"].removeprefix(f"/{name}".encode()),
            }
            await self._shops[name].sandbox(inner, receive, send)
        else:
            await self._control(scope, receive, send)

    async def _open(self, request: Request) -> Response:
        self._shops[request.path_params["name"]] = ShopOnAPort(**await _json(request))
        return Response()

    async def _calm(self, request: Request) -> Response:
        self._shop(request).calm()
        return Response()

    async def _buy(self, request: Request) -> Response:
        wanted = await _json(request)
        self._shop(request).sandbox.redeem(wanted["customer_id"], wanted["reward_id"])
        return Response()

    async def _seen(self, request: Request) -> Response:
        return Response(msgspec.json.encode(self._shop(request).seen()))

    async def _close(self, request: Request) -> Response:
        del self._shops[request.path_params["name"]]
        return Response()

    def _shop(self, request: Request) -> ShopOnAPort:
        return self._shops[request.path_params["name"]]


async def _json(request: Request) -> Mapping[str, Any]:
    found: Mapping[str, Any] = msgspec.json.decode(await request.body())
    return found


def main() -> None:
    """Say on which port, and serve."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    config = uvicorn.Config(Rivo(), log_config=None, access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[listening])


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
