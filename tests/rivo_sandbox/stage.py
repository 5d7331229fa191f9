"""A sandbox with a clock that stands still, and one line for each request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from integrations.rivo_sandbox import Sandbox, Shop, Switches, demo_shop

ROOT = "https://developer-api.rivo.io/merchant_api/v1"
KEY = "sandbox-key"
SAMPLES = Path(__file__).parent / "samples"

SARAH = 7294851236742
MAYA = 7301448820193
PRIYA_GUEST = 7322901847365
OSKAR_EXCLUDED = 7338015926471
AIKO = 7366840215973


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Stage:
    """One sandbox, its clock, and a client that knows its key."""

    def __init__(
        self,
        shop: Shop | None = None,
        *,
        now: datetime = datetime(2026, 11, 3, 12, tzinfo=UTC),
        requests_per_second: int | None = None,
        **options: Any,
    ) -> None:
        self.clock = Clock(now)
        self.sandbox = Sandbox(
            shop or demo_shop(),
            clock=self.clock,
            requests_per_second=requests_per_second,
            **options,
        )
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.sandbox),
            base_url=ROOT,
            headers={"authorization": KEY},
            trust_env=False,
        )

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self._http.get(path, params=params or None)

    async def query(self, path: str, params: dict[str, str]) -> httpx.Response:
        return await self._http.get(path, params=params)

    async def post(self, path: str, **form: str | int) -> httpx.Response:
        return await self._http.post(path, data=form)

    async def put(self, path: str, **form: str | int) -> httpx.Response:
        return await self._http.put(path, data=form)

    async def delete(self, path: str, **params: str) -> httpx.Response:
        return await self._http.delete(path, params=params)

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return await self._http.request(method, path, **options)


async def redeem(stage: Stage, who: int, reward: int, **form: str | int) -> dict[str, Any]:
    """Redeem a reward and answer the attributes of the redemption."""
    answer = await stage.post(
        "points_redemptions", customer_identifier=who, reward_id=reward, **form
    )
    assert 201 == answer.status_code, answer.text
    return attributes(answer)


def switched(**values: str) -> Switches:
    """Switch by name, where a test goes through the values."""
    return msgspec.convert(values, Switches)


def sample(name: str) -> Any:
    """Read a recorded or documented body."""
    return msgspec.json.decode((SAMPLES / f"{name}.json").read_bytes())


def attributes(answer: httpx.Response) -> dict[str, Any]:
    """The attributes of a single resource."""
    found: dict[str, Any] = answer.json()["data"]["attributes"]
    return found


def rows(answer: httpx.Response) -> list[dict[str, Any]]:
    """The attributes of every row of a list."""
    assert answer.status_code == 200, answer.text
    return [row["attributes"] for row in answer.json()["data"]]
