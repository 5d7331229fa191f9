"""The demo shops of `--sandbox`: a Rivo for each shop that is served, in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial

import httpx

from app.sandboxed.announcing import Courier
from app.settings import ShopSettings
from integrations.rivo_sandbox import Announcer, Fault, InProcess, Received, Sandbox, demo_shop


class Sandboxes:
    """The demo shops by name, and what is to go wrong in each; `now` is the time of day (UTC).

    What they announce is handed to the `courier`, if there is one; it is signed with the first
    secret that the shop's own webhooks are read with.
    """

    def __init__(self, *, now: Callable[[], datetime], courier: Courier | None = None) -> None:
        self.now = now
        self.faults: dict[str, deque[Fault]] = {}
        self._courier = courier
        self._open: dict[str, Sandbox] = {}

    def transport(self, shop: ShopSettings) -> httpx.AsyncBaseTransport:
        """Open a demo shop, and make the way to it."""
        faults = self.faults.setdefault(shop.name, deque())

        def next_fault(received: Received) -> Fault | None:
            return faults.popleft() if faults and received.method != "GET" else None

        announcer = None
        if self._courier is not None and shop.webhook_secrets:
            take = partial(self._courier.take, shop.name)
            announcer = Announcer(take, secret=shop.webhook_secrets[0])
        self._open[shop.name] = Sandbox(
            demo_shop(self.now()),
            clock=self.now,
            key=shop.rivo_api_key,
            faults=next_fault,
            announcer=announcer,
        )
        return InProcess(self._open[shop.name])

    def find(self, name: str) -> Sandbox | None:
        """Find a shop's Rivo; None where the shop is not served."""
        return self._open.get(name)
