"""A shop that is checked: a sandbox, and what lies between it and whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from app.check.asking import Asker
from app.check.finding import Finding
from app.check.report import Report
from app.check.run import check
from integrations.rivo_sandbox import Fault, Received, Sandbox, Shop, Switches, demo_shop

KEY = "key-of-the-checked-shop"
Edit = Callable[[str, Any], Any]


class Edited(httpx.AsyncBaseTransport):
    """Passes answers on as `edit(path, body)` wants them, with headers of its own besides."""

    def __init__(
        self, app: Sandbox, *, edit: Edit | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self._through = httpx.ASGITransport(app=app)
        self._edit = edit
        self._headers = headers or {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._through.handle_async_request(request)
        body = await response.aread()
        if self._edit is not None:
            path = request.url.path.removeprefix("/merchant_api/v1/")
            body = msgspec.json.encode(self._edit(path, msgspec.json.decode(body)))
        return httpx.Response(
            response.status_code,
            headers={**_kept(response), **self._headers},
            content=body,
        )


class Checked:
    """One run of the check; `naps` are the seconds that it slept between its questions."""

    def __init__(
        self,
        shop: Shop | None = None,
        *,
        switches: Switches | None = None,
        faults: Callable[[Received], Fault | None] | None = None,
        key: str = KEY,
        edit: Edit | None = None,
        headers: dict[str, str] | None = None,
        nap_is: float = 1.0,
    ) -> None:
        self.sandbox = Sandbox(
            shop or demo_shop(),
            clock=lambda: datetime(2026, 11, 3, 12, tzinfo=UTC),
            switches=switches,
            faults=faults,
            key=KEY,
            requests_per_second=None,
        )
        self.naps: list[float] = []
        self._now = 0.0
        self._nap_is = nap_is
        self._asker = Asker(
            base_url="https://developer-api.rivo.io/merchant_api/v1",
            key=key,
            transport=Edited(self.sandbox, edit=edit, headers=headers),
            clock=lambda: self._now,
            sleep=self._nap,
        )

    async def report(self, customer: str | None = None) -> Report:
        findings = await check(self._asker, customer=customer)
        await self._asker.close()
        return Report(shop="acme", sandbox=False, requests=self._asker.requests, findings=findings)

    async def found(self, question: str, customer: str | None = None) -> Finding:
        """Check everything, and return what was found out about one question."""
        report = await self.report(customer)
        return next(each for each in report.findings if each.question == question)

    async def _nap(self, seconds: float) -> None:
        self.naps.append(seconds)
        self._now += seconds * self._nap_is


def _kept(response: httpx.Response) -> dict[str, str]:
    return {name: each for name, each in response.headers.items() if name == "content-type"}
