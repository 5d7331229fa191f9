"""The composition root: everything is made here, and handed down."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import httpx
import stamina.instrumentation
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from structlog.typing import FilteringBoundLogger

from app.doors import Door, Manner, Straight, encode
from app.gorgias import GorgiasManner
from app.health import health_routes
from app.observe import Metrics, Observe
from app.openapi import openapi_routes
from app.pages.routes import page_routes
from app.problems import MEDIA_TYPE, HttpError, problem_of
from app.settings import FileState, Settings, SettingsError, ShopSettings
from app.shops import Shops, facts_of
from app.unrouted import unrouted
from integrations.memory import Memory
from integrations.rivo import ACTIONS, Rivo
from integrations.rivo_sandbox import Sandbox, demo_shop
from integrations.upstream import Upstream, make_client

SANDBOX_URL: Final = "http://rivo.sandbox/merchant_api/v1"
CHECK_FILES_SECONDS: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class World:
    """What the application has from outside: time, chance, sleep, and the way to Rivo.

    `clock` gives seconds that only go forward, `now` the time of day (UTC), `new_id` a request id,
    `chance` a number from 0 to 1; `transport` is asked for each shop (None: the real network).
    """

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    new_id: Callable[[], str] = lambda: os.urandom(8).hex()
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    transport: Callable[[ShopSettings], httpx.AsyncBaseTransport | None] = lambda _: None


def create_app(
    settings: Settings,
    *,
    log: FilteringBoundLogger,
    world: World | None = None,
    reload: Callable[[], Settings] | None = None,
) -> Starlette:
    """Make the application; `reload` reads the settings again when one of their files changed."""
    world = world or (sandbox_world() if settings.sandbox else World())
    stamina.instrumentation.set_on_retry_hooks([])  # its own would count and log every retry
    metrics = Metrics(CollectorRegistry())
    shops = Shops(lambda shop: _make_rivo(shop, settings, world, metrics))
    shops.use(settings)
    doors = {
        "/actions": Door(
            "actions",
            actions=ACTIONS,
            shops=shops,
            manner=Manner(),
            clock=world.clock,
        ),
        "/gorgias": Door(
            "gorgias",
            actions=ACTIONS,
            shops=shops,
            manner=GorgiasManner(settings.public_url),
            clock=world.clock,
        ),
    }

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(_watch(settings, shops, reload, log, world.sleep))
        app.state.ready = True
        yield
        app.state.ready = False
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await close_all([shop.rivo for shop in shops.all()])

    app = Starlette(
        routes=[
            *(Route(path, door) for path, door in doors.items()),
            *(Mount(path, app=door) for path, door in doors.items()),
            *health_routes(shops, metrics),
            *page_routes(settings, shops, ACTIONS),
            *openapi_routes(settings.public_url),
        ],
        exception_handlers={HTTPException: unrouted},
        middleware=[
            Middleware(
                Observe,
                log=log,
                metrics=metrics,
                clock=world.clock,
                new_id=world.new_id,
                last=_last_words,
            ),
            Middleware(Straight, doors=doors),
        ],
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.ready = False
    return app


def sandbox_world() -> World:
    """Make a world in which each shop's Rivo is a demo shop of its own, in this process."""
    world = World()

    def transport(shop: ShopSettings) -> httpx.AsyncBaseTransport:
        demo = demo_shop(world.now())
        return httpx.ASGITransport(app=Sandbox(demo, clock=world.now, key=shop.rivo_api_key))

    return replace(world, transport=transport)


async def close_all(rivos: list[Rivo]) -> None:
    """Let what is under way end, and close the connections."""
    for rivo in rivos:
        await rivo.memory.close()
        await rivo.upstream.close()


def _make_rivo(shop: ShopSettings, settings: Settings, world: World, metrics: Metrics) -> Rivo:
    client = make_client(
        base_url=SANDBOX_URL if settings.sandbox else shop.rivo_api_url,
        headers={"Authorization": shop.rivo_api_key},
        transport=world.transport(shop),
    )
    upstream = Upstream(
        client,
        name=shop.name,
        clock=world.clock,
        observe=metrics.called(shop.name),
        chance=world.chance,
    )
    return Rivo(
        upstream,
        Memory(clock=world.clock),
        facts=facts_of(shop),
        clock=world.clock,
        now=world.now,
        fresh_seconds=settings.fresh_seconds,
    )


async def _watch(
    settings: Settings,
    shops: Shops,
    reload: Callable[[], Settings] | None,
    log: FilteringBoundLogger,
    sleep: Callable[[float], Awaitable[object]],
) -> None:
    """Read the settings again within seconds of a change; a mistake in them changes nothing.

    What was refused is tried again until it is right: what mends it may be a file not read so far.
    """
    refused = None
    while reload is not None and settings.files:
        await sleep(CHECK_FILES_SECONDS)
        changed = any(FileState.of(path) != state for path, state in settings.files.items())
        if not changed and refused is None:
            continue
        try:
            settings = reload()
        except SettingsError as error:
            if refused != str(error):
                refused = str(error)
                log.error("settings.refused", reason=refused)
            continue
        refused = None
        retired = shops.use(settings)
        log.info("settings.changed", shops=len(settings.shops))
        await close_all(retired)


def _last_words(request_id: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Answer what should never happen, without saying anything of it."""
    error = HttpError(500, "internal", "Something went wrong here; it has been logged.")
    body = encode(problem_of(error, request_id))
    return [(b"content-type", MEDIA_TYPE), (b"content-length", str(len(body)).encode())], body
