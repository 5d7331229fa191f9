"""The service for the sidebar's tests: on a port, over a demo shop that goes wrong when told to."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import uvicorn
from starlette.types import ASGIApp

from app.environment import load
from app.limits import Limits
from app.main import World, create_app
from app.observe import make_log
from app.settings import Settings, ShopSettings
from integrations.rivo_sandbox import Fault, InProcess, Received, Sandbox, demo_shop

REASONS = ("Late delivery", "Damaged item", "Goodwill")
LIMITS = Limits(
    points_per_write=500,
    credits_per_write=Decimal(25),
    approval_above_points=300,
    reason_required=True,
)


class Stage:
    """One service with its demo shop; tests set the attributes, and the next request minds them.

    `down`: Rivo takes no connection; `fails` names the lists of Rivo that answer 500 alone;
    `writes` are the faults of the next writes; `ahead` is by how many seconds the service's time
    goes before that of the browser.
    """

    def __init__(
        self,
        *,
        limits: Limits = LIMITS,
        reasons: tuple[str, ...] = REASONS,
        frame_ancestors: tuple[str, ...] = (),
    ) -> None:
        self.down = False
        self.fails: tuple[str, ...] = ()
        self.writes: deque[Fault] = deque()
        self.ahead = 0.0
        self.url = ""
        self.sandbox = Sandbox(
            demo_shop(datetime.now(UTC)),
            clock=self._now,
            key="sandbox",
            requests_per_second=None,
            faults=self._fault,
        )
        settings = load({"DATABASE_URL": "sqlite://"}, sandbox=True)
        shop = msgspec.structs.replace(settings.shops[0], limits=limits, reasons=reasons)
        self.settings: Settings = msgspec.structs.replace(
            settings, shops=(shop,), frame_ancestors=frame_ancestors
        )

    def app(self) -> ASGIApp:
        """Make the service."""
        return create_app(
            self.settings,
            log=make_log(io.BytesIO(), level="error", form="json"),
            world=World(
                clock=lambda: time.monotonic() + self.ahead,
                now=self._now,
                transport=self._transport,
            ),
        )

    @contextlib.contextmanager
    def open(self) -> Iterator[Stage]:
        """Serve until the block ends."""
        with serving(self.app()) as self.url:
            yield self

    def _now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def _transport(self, _shop: ShopSettings) -> InProcess:
        return InProcess(self.sandbox)

    def _fault(self, received: Received) -> Fault | None:
        if self.down:
            return Fault(kind="refuse")
        if received.method == "GET":
            fails = any(f"/{each}" in received.path for each in self.fails)
            return Fault(kind="server_error") if fails else None
        return self.writes.popleft() if self.writes else None


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an application on a free port of this machine, and say where."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        for _ in range(500):
            if server.started:
                break
            time.sleep(0.02)
        assert server.started
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
