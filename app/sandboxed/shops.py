"""The demo shops of `--sandbox`: a Rivo for each shop that is served, in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import httpx

from app.sandboxed.announcing import Courier
from app.settings import ShopSettings
from integrations.rivo_sandbox import Announcer, Fault, InProcess, Received, Sandbox, demo_shop


class Sandboxes:
    """The demo shops by name, and what is to go wrong in each; `now` is the time of day (UTC).

    What they announce is handed to the `courier`, who brings it while he runs. It is signed with
    the first of the secrets that the shop's webhooks are read with; without any it is not told.
    """

    def __init__(
        self, *, now: Callable[[], datetime], sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        self.now = now
        self.courier = Courier(now=now, sleep=sleep)
        self.faults: dict[str, deque[Fault]] = {}
        self._open: dict[str, Sandbox] = {}

    def transport(self, shop: ShopSettings) -> httpx.AsyncBaseTransport:
        """Open a demo shop, and make the way to it."""
        faults = self.faults.setdefault(shop.name, deque())

        def next_fault(received: Received) -> Fault | None:
            return faults.popleft() if faults and received.method != "GET" else None

        announcer = None
        if shop.webhook_secrets:
            take = partial(self.courier.take, shop.name)
            announcer = Announcer(take, secret=shop.webhook_secrets[0])
        self._open[shop.name] = Sandbox(
            demo_shop(self.now()),
            clock=self.now,
            key=shop.rivo_api_key,
            faults=next_fault,
            announcer=announcer,
        )
        return InProcess(self._open[shop.name])

    def of(self, name: str) -> Sandbox:
        """Return the Rivo of a shop that is served."""
        return self._open[name]
