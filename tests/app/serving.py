"""The service as these tests run it: over sandboxes, on a clock that jumps, its log at hand."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec

from app.environment import load
from app.main import World, create_app
from app.observe import make_log
from app.settings import Settings, ShopSettings
from integrations.rivo_sandbox import Ids, Sandbox, Shop, Switches, demo_shop
from tests.app.loop import seconds
from tests.store.stage import Inline

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
RIVO_KEY = "rivo-key-of-the-shop-0001"
API_KEY = "key-of-a-caller-0001"
LEAD_KEY = "key-of-a-lead-0001"
GORGIAS_SECRET = "secret-of-a-widget-0001"
BUTTON_SECRET = "secret-of-a-button-0001"
ENVIRON = {
    "RIVO_API_KEY": RIVO_KEY,
    "API_KEY": API_KEY,
    "LEAD_KEY": LEAD_KEY,
    "GORGIAS_SECRET": GORGIAS_SECRET,
    "GORGIAS_BUTTON_SECRET": BUTTON_SECRET,
    "SECRET_KEY": "key-of-the-hashes-0001",
    "SHOP_CURRENCY": "USD",
    "SHOP_TIMEZONE": "America/New_York",
    "PUBLIC_URL": "https://loyalty.example.com",
    "DATABASE_URL": "sqlite://",
}
SARAH = "sarah.martinez@example.com"
MEMBER = "sarah.johnson@example.com"
MAYA = "maya.chen@example.com"
PROBLEM = ["type", "title", "status", "detail", "error", "code", "request_id"]
LOOPBACK = ("127.0.0.1", 40_000)
DONE = {"id": "op_...", "state": "succeeded", "applied": True, "safe_to_retry": False}
SAME = {**DONE, "applied": False}
UNKNOWN = {"id": "op_...", "state": "unknown", "applied": None, "safe_to_retry": False}
REJECTED = {"id": "op_...", "state": "rejected", "applied": False, "safe_to_retry": False}
NOT_SENT = {"id": "op_...", "state": "accepted", "applied": False, "safe_to_retry": True}

Transport = Callable[[ShopSettings], httpx.AsyncBaseTransport]


class Service:
    """One service over one sandbox a shop (or another `transport`)."""

    def __init__(
        self,
        environ: Mapping[str, str] = ENVIRON,
        *,
        settings: Settings | None = None,
        shop: Shop | None = None,
        switches: Switches | None = None,
        ids: Ids | None = None,
        transport: Transport | None = None,
        helpdesk: httpx.AsyncBaseTransport | None = None,
        triggers: httpx.AsyncBaseTransport | None = None,
        reload: Callable[[], Settings] | None = None,
        level: str = "debug",
        at: datetime = NOW,
        client: tuple[str, int] = LOOPBACK,
        **sandbox: Any,
    ) -> None:
        def now() -> datetime:
            return at + timedelta(seconds=seconds() - began)

        began = seconds()
        self.settings = settings or load(environ)
        self.out = io.BytesIO()
        self.sandboxes = {
            each.name: Sandbox(
                shop or demo_shop(at),
                clock=now,
                key=each.rivo_api_key,
                switches=switches,
                ids=ids,
                **{"requests_per_second": None, **sandbox},
            )
            for each in self.settings.shops
        }
        self._ids = iter(range(1, 1_000_000))
        self._opened = False
        self.app = create_app(
            self.settings,
            log=make_log(self.out, level=level, form="json"),
            world=World(
                clock=seconds,
                now=now,
                new_id=lambda: f"request-{next(self._ids)}",
                transport=transport or self._sandbox,
                helpdesk=lambda _: helpdesk,
                triggers=lambda _: triggers,
                executor=Inline,
                random=random.Random(0).randbytes,
            ),
            reload=reload,
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app, client=client),
            base_url="http://service.test",
            trust_env=False,
        )

    @property
    def sandbox(self) -> Sandbox:
        """The only shop's sandbox."""
        (only,) = self.sandboxes.values()
        return only

    async def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None = API_KEY,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Send one request, with a bearer key unless that is None."""
        await self.open()
        proof = {} if key is None else {"authorization": f"Bearer {key}"}
        return await self.http.request(
            method, path, headers={**proof, **(headers or {})}, **options
        )

    async def open(self) -> None:
        """Open the store, as the lifespan does that no client here runs."""
        if not self._opened:
            self._opened = True
            await self.app.state.store.open()

    async def act(self, action: str, /, *, key: Any = API_KEY, **inputs: Any) -> httpx.Response:
        """Call an action through /actions, inputs as JSON."""
        return await self.ask("POST", f"/actions/{action}", key=key, json=inputs)

    async def gorgias(
        self, action: str, /, *, key: Any = GORGIAS_SECRET, **inputs: Any
    ) -> httpx.Response:
        """Call an action through /gorgias, inputs as JSON."""
        return await self.ask("POST", f"/gorgias/{action}", key=key, json=inputs)

    async def raw(self, *, body: bytes = b"", **scope: Any) -> tuple[int, bytes]:
        """Send what an HTTP client would refuse to send, or take too long for."""
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.open()
        await self.app({"type": "http", "query_string": b"", **scope}, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])

    def lines(self) -> list[dict[str, Any]]:
        """The log so far, a dictionary a line."""
        return list(self._lines())

    def _lines(self) -> Iterator[dict[str, Any]]:
        for line in self.out.getvalue().splitlines():
            yield msgspec.json.decode(line)

    def _sandbox(self, shop: ShopSettings) -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(app=self.sandboxes[shop.name])


def ordered(value: object) -> bytes:
    """Spell JSON with its keys in their order, so that order counts in a comparison."""
    return msgspec.json.encode(value)


def operation(answer: httpx.Response) -> dict[str, Any]:
    """Return what an answer says of its operation, with `op_...` for an id of the right form."""
    told: dict[str, Any] = answer.json()["operation"]
    assert re.fullmatch("op_[0-9a-f]{32}", told["id"])
    return {**told, "id": "op_..."}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Look at a problem from all sides, and return it."""
    told: dict[str, Any] = answer.json()
    assert (status, code) == (answer.status_code, told["code"]), answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    assert PROBLEM == list(told)[: len(PROBLEM)]
    assert ("about:blank", status) == (told["type"], told["status"])
    assert told["detail"] == told["error"]
    if "idempotent-replayed" not in answer.headers:  # then it is the first request's answer
        assert answer.headers["x-request-id"] == told["request_id"]
    return told
