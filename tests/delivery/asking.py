"""The service as Rivo tells it: with a signed webhook, in each of the shapes."""

from __future__ import annotations

import base64
import hmac
import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import httpx
import msgspec

from tests.app.loop import seconds
from tests.app.serving import ENVIRON, NOW, Service

SECRET: Final = "5f0d3a7be1c2949680de11f7a4b3c6d8e9f0a1b2c3d4e5f60718293a4b5c6d7e"
PATH: Final = "/rivo/webhooks"
HOOKED: Final = {**ENVIRON, "RIVO_WEBHOOK_SECRET": SECRET}
SAMPLES: Final = Path(__file__).parent / "samples"
Shape = Literal["live", "v1", "iso", "documented_base64", "documented_hex"]
SHAPES: Final[tuple[Shape, ...]] = ("live", "v1", "iso", "documented_base64", "documented_hex")


def sample(name: str) -> dict[str, Any]:
    """Read a sample by its name without the ending."""
    found: dict[str, Any] = msgspec.json.decode((SAMPLES / f"webhook_{name}.json").read_bytes())
    return found


def signed(
    raw: bytes,
    *,
    at: datetime,
    name: str = "msg_00000001",
    topic: str | None = "points_event/created",
    shape: Shape = "live",
    secret: str = SECRET,
) -> dict[str, str]:
    """Sign a body; the documented shapes have no headers besides."""
    key, headers = secret.encode(), {"content-type": "application/json"}
    if shape.startswith("documented"):
        mac = hmac.digest(key, raw, "sha256")
        written = mac.hex() if shape == "documented_hex" else base64.b64encode(mac).decode()
        return {**headers, "rivo-signature": written}
    timestamp = f"{at:%Y-%m-%dT%H:%M:%SZ}" if shape == "iso" else str(int(at.timestamp()))
    mac = hmac.digest(key, f"{name}.{timestamp}.".encode() + raw, "sha256")
    signature = base64.b64encode(mac).decode()
    return {
        **headers,
        "rivo-webhook-id": name,
        "rivo-webhook-timestamp": timestamp,
        **({} if topic is None else {"rivo-webhook-topic": topic}),
        "rivo-webhook-signature": f"v1,{signature}" if shape == "v1" else signature,
    }


class Hooked(Service):
    """A service that Rivo tells what happens."""

    def __init__(self, environ: Mapping[str, str] = HOOKED, **options: Any) -> None:
        self._began = seconds()
        self._count = itertools.count(1)
        super().__init__(environ, **options)

    async def announce(
        self,
        body: bytes | Mapping[str, Any],
        *,
        path: str = PATH,
        after: float = 0.0,
        name: str | None = None,
        headers: Mapping[str, Any] | None = None,
        **how: Any,
    ) -> httpx.Response:
        """Send one webhook, signed `after` so many seconds, with a name of its own."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        at = NOW + timedelta(seconds=seconds() - self._began + after)
        proof = signed(raw, at=at, name=name or f"msg_{next(self._count):08d}", **how)
        sent = {key: value for key, value in {**proof, **(headers or {})}.items() if value}
        return await self.ask("POST", path, key=None, content=raw, headers=sent)

    def taken(self) -> list[tuple[str, str]]:
        """List what the log says of each webhook: its topic, and what became of it."""
        return [
            (line["topic"], line["outcome"])
            for line in self.lines()
            if line["event"] == "webhook.taken"
        ]

    async def rows(self, table: str) -> list[dict[str, Any]]:
        """Look into a table."""
        await self.open()
        query = f"SELECT * FROM {table} ORDER BY rowid"  # noqa: S608 - named by the tests
        return await self.app.state.store.read(  # type: ignore[no-any-return]
            lambda tx: [dict(row) for row in tx.execute(query)]
        )
