"""The whole application over one sandbox in virtual time, and how these tests ask it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import json
import random
from collections.abc import Callable, Coroutine, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from unittest import mock

import msgspec

import app.main
from app.environment import load
from app.main import World, create_app
from app.observe import make_log
from integrations.rivo_sandbox import Announcement, Announcer, Sandbox, Switches
from tests.app.loop import SkippingLoop
from tests.app.serving import ENVIRON, RIVO_KEY
from tests.replay.history import History
from tests.replay.network import Network
from tests.replay.plan import shop_of
from tests.simulation.shop import NOW
from tests.store.stage import Inline

WEBHOOK_SECRET: Final = "secret-of-a-webhook-0001"
T = TypeVar("T")


def played(play: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Play something on a loop whose time jumps."""
    with (
        # Nobody looks at them here, and to make them takes longer than many a replay.
        mock.patch.object(app.main, "openapi_routes", return_value=[]),
        mock.patch.object(app.main, "page_routes", return_value=[]),
        asyncio.Runner(loop_factory=SkippingLoop) as runner,
    ):
        return runner.run(play())


class Answer(msgspec.Struct, frozen=True):
    """What came back; `etag` is empty where there is none."""

    status: int
    body: bytes
    etag: str


class House:
    """One service; `announced` hears of what Rivo would tell by webhook."""

    def __init__(
        self,
        *,
        customers: int,
        dice: random.Random,
        announced: Callable[[Announcement], None] = lambda _: None,
        switches: Switches | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._began = asyncio.get_running_loop().time()
        self._out = io.BytesIO()
        self.numbers: Iterator[int] = itertools.count(1)
        self.sandbox = Sandbox(
            shop_of(customers),
            clock=self.now,
            key=RIVO_KEY,
            announcer=Announcer(announced, secret=WEBHOOK_SECRET),
            switches=switches,
        )
        self.history = History(self.sandbox)
        self.network = Network(self.sandbox, self.history, dice, seconds=self.seconds)
        self.app = create_app(
            load({**ENVIRON, "RIVO_WEBHOOK_SECRET": WEBHOOK_SECRET, **(environ or {})}),
            log=make_log(self._out, level="error", form="json"),
            world=World(
                clock=asyncio.get_running_loop().time,
                now=self.now,
                new_id=lambda: f"request-{next(self.numbers)}",
                chance=dice.random,
                random=dice.randbytes,
                transport=lambda _: self.network,
                executor=Inline,
            ),
        )

    def seconds(self) -> float:
        """Seconds since the beginning."""
        return asyncio.get_running_loop().time() - self._began

    def now(self) -> datetime:
        """Return the time of day that the service and Rivo share."""
        return NOW + timedelta(seconds=self.seconds())

    def open(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Let it live."""
        return self.app.router.lifespan_context(self.app)

    def errors(self) -> list[str]:
        """List what it has logged as an error."""
        return self._out.getvalue().decode().splitlines()

    async def post(
        self,
        path: str,
        proof: str,
        *,
        who: str,
        headers: Mapping[str, str] | None = None,
        **inputs: Any,
    ) -> Answer:
        """Call an action about a customer, inputs as JSON."""
        proofs = {"authorization": f"Bearer {proof}", "content-type": "application/json"}
        body = json.dumps({"customer_email": who, **inputs}).encode()
        return await self.ask("POST", path, headers={**proofs, **(headers or {})}, body=body)

    async def ask(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """Send one request as a server would hand it on."""
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 40_000),
            "server": ("service.test", 80),
        }
        await self.app(scope, receive, send)
        return Answer(
            sent[0]["status"],
            b"".join(message.get("body", b"") for message in sent[1:]),
            dict(sent[0]["headers"]).get(b"etag", b"").decode(),
        )
