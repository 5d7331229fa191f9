"""The service as these tests ask it: every action through every door, a demo shop at rest."""

from __future__ import annotations

import contextlib
import io
import itertools
import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Final

import httpx
import jwt
from starlette.applications import Starlette

from app.helpdesks import SIDEBAR, WEBHOOK
from app.limits import RIGHTS, Limits
from app.main import World, create_app
from app.observe import make_log
from app.settings import (
    EVERY_ACTION,
    CallerSettings,
    Door,
    Settings,
    ShopSettings,
    ZendeskSettings,
    digest,
)
from integrations.rivo_sandbox import Sandbox, demo_shop
from tests.store.stage import Inline

NOW: Final = datetime(2026, 11, 21, 9, tzinfo=UTC)
KEY: Final = "key-of-every-caller-0001"
PROOF: Final = {"Authorization": f"Bearer {KEY}"}
DOORS: Final[tuple[Door, ...]] = ("actions", "gorgias", "zendesk")
ZENDESK: Final = ZendeskSettings(
    subdomain="acme",
    shared_secrets=("secret-of-a-zendesk-app-0001",),
    webhook_secrets=("secret-of-a-zendesk-webhook-0001",),
)
SHOP: Final = ShopSettings(
    name="shop",
    rivo_api_key="rivo-key-of-the-shop-0001",
    rivo_api_url="http://rivo.sandbox/merchant_api/v1",
    currency="USD",
    customer_fields=frozenset({"first_name", "last_name", "accepts_marketing"}),
    callers=(
        *(
            CallerSettings(
                name=door if door != "zendesk" else SIDEBAR.name,
                door=door,
                digests=(digest(KEY),) if door != "zendesk" else (),
                actions=EVERY_ACTION,
                limits=Limits(),
                rights=RIGHTS,
            )
            for door in DOORS
        ),
        WEBHOOK,
    ),
    zendesk=ZENDESK,
    webhook_secrets=("secret-of-rivos-webhooks-0001",),
)


def service(log: io.BytesIO | None = None) -> Starlette:
    """Make a service over a demo shop of its own, at a time that stands still."""
    settings = Settings(
        shops=(SHOP,),
        secret_key=b"key-of-the-hashes-0001",
        # No time passes, so that what was asked for within a second is never over.
        requests_per_second=1_000_000_000,
    )
    sandbox = Sandbox(demo_shop(NOW), clock=_now, key=SHOP.rivo_api_key, requests_per_second=None)
    return create_app(
        settings,
        log=make_log(log or io.BytesIO(), level="info", form="json"),
        world=World(
            clock=lambda: 0.0,
            now=_now,
            new_id=_counting(),
            transport=lambda _: httpx.ASGITransport(app=sandbox),
            executor=Inline,
            random=random.Random(0).randbytes,
        ),
    )


@contextlib.asynccontextmanager
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """Make a client of a service, with a key; the store is open as long as it is."""
    transport = httpx.ASGITransport(app=app)
    await app.state.store.open()
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://service.test",
        headers=PROOF,
        event_hooks={"request": [_prove]},
    ) as http:
        yield http
    await app.state.store.close()


async def _prove(request: httpx.Request) -> None:
    """Put a token in the place of the key where one is needed; none names itself twice."""
    if request.url.path.startswith("/zendesk"):
        claims = {"aud": ZENDESK.audience, "exp": int(NOW.timestamp()) + 60}
        secret = ZENDESK.shared_secrets[0].ljust(64, "\0")
        request.headers["authorization"] = f"Bearer {jwt.encode(claims, secret, 'HS256')}"


def _now() -> datetime:
    return NOW


def _counting() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"request-{next(numbers)}"
