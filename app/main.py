"""The composition root: everything is made here, and handed down."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import stamina.instrumentation
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from structlog.typing import FilteringBoundLogger

from app.entrances import Entrances
from app.environment import SANDBOX_DATABASE
from app.gorgias import GorgiasManner
from app.health import health_routes
from app.manners import Manner, encode
from app.notes.writing import NoteWriter
from app.observe import Metrics, Observe
from app.openapi import openapi_routes
from app.operations.book import Book
from app.operations.housekeeping import Housekeeper
from app.operations.means import Means
from app.operations.routes import operations_routes
from app.operations.running import Operations
from app.operations.settling import Settler
from app.operations.telling import Teller
from app.pages.routes import page_routes
from app.problems import MEDIA_TYPE, HttpError, problem_of
from app.sandboxed import Sandboxes
from app.settings import FileState, Settings, SettingsError, ShopSettings
from app.shops import Shops, facts_of
from app.sidebar import Sidebar, sidebar_routes
from app.store.lock import FileLock
from app.store.sqlite import SqliteStore
from app.unrouted import unrouted
from integrations.memory import Memory
from integrations.rivo import ACTIONS, Rivo
from integrations.upstream import Upstream, make_client

SANDBOX_URL: Final = "http://rivo.sandbox/merchant_api/v1"
CHECK_FILES_SECONDS: Final = 2.0
LOCK_SECONDS: Final = 15.0
MEMORY_BYTES: Final = 256_000_000
"""So much of all shops' reads is remembered; of one shop's a quarter at most."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What the application has from outside: time, chance, sleep, and the way to Rivo.

    `clock` gives seconds that only go forward, `now` the time of day (UTC), `new_id` a request id,
    `chance` a number from 0 to 1, `random` that many bytes; `transport` is asked for each shop
    (None: the real network), and so is `helpdesk`, the way to a shop's helpdesks; `executor` is
    what the store runs on, one thread or inline. `alone` says that no other replica can be alive:
    whoever holds a lease from before is dead.
    """

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    new_id: Callable[[], str] = lambda: os.urandom(8).hex()
    chance: Callable[[], float] = random.random
    random: Callable[[int], bytes] = os.urandom
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    transport: Callable[[ShopSettings], httpx.AsyncBaseTransport | None] = lambda _: None
    helpdesk: Callable[[ShopSettings], httpx.AsyncBaseTransport | None] = lambda _: None
    executor: Callable[[], Executor] = lambda: ThreadPoolExecutor(1, thread_name_prefix="store")
    store: Callable[[str, Executor], SqliteStore] = lambda path, executor: SqliteStore(
        path, executor=executor
    )
    alone: bool = True


def create_app(
    settings: Settings,
    *,
    log: FilteringBoundLogger,
    world: World | None = None,
    reload: Callable[[], Settings] | None = None,
) -> Starlette:
    """Make the application; `reload` reads the settings again when one of their files changed."""
    sandboxes = Sandboxes(now=World().now) if settings.sandbox and world is None else None
    world = world or (World(transport=sandboxes.transport) if sandboxes else World())
    stamina.instrumentation.set_on_retry_hooks([])  # its own would count and log every retry
    metrics = Metrics(CollectorRegistry())
    shops = Shops(lambda shop: _make_rivo(shop, settings, world, metrics))
    shops.use(settings)
    plain = Manner()
    manners = {
        "actions": plain,
        "gorgias": GorgiasManner(settings.public_url),
        "zendesk": plain,
    }
    executor = world.executor()
    store = world.store(settings.database, executor)
    means = _make_means(
        settings, world, shops=shops, store=store, manners=manners, metrics=metrics, log=log
    )
    operations = Operations(means)
    settler, keeper = Settler(means, operations), Housekeeper(means)
    notes = NoteWriter(means, transport=world.helpdesk)
    entrances = Entrances(
        ACTIONS, shops=shops, manners=manners, desk=operations, clock=world.clock, now=world.now
    )
    sidebar = Sidebar(
        shops, action=ACTIONS["get_sidebar"], desk=operations, clock=world.clock, now=world.now
    )

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        lock = FileLock()
        await lock.acquire(
            settings.database, seconds=LOCK_SECONDS, sleep=world.sleep, clock=world.clock
        )
        if settings.sandbox and settings.database == SANDBOX_DATABASE:
            _forget(Path(settings.database))  # its shop begins anew as well
        await store.open()
        going = [
            asyncio.create_task(_watch(settings, shops, reload, log, world.sleep)),
            asyncio.create_task(settler.run()),
            asyncio.create_task(keeper.run()),
        ]
        if not settings.sandbox:  # what is done in a demo shop is no news on anybody's tickets
            going.append(asyncio.create_task(notes.run()))
        app.state.ready = True
        yield
        app.state.ready = False
        for each in going:
            each.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        await asyncio.gather(operations.close(), notes.close())
        await close_all([shop.rivo for shop in shops.all()])
        await store.close()
        executor.shutdown()
        lock.release()

    app = Starlette(
        routes=[
            *entrances.routes(),
            *operations_routes(shops=shops, store=store, judges=operations),
            *health_routes(shops, metrics),
            *page_routes(settings, shops, ACTIONS),
            *sidebar_routes(settings, sidebar),
            *(sandboxes.routes(shops) if sandboxes else []),
            *openapi_routes(settings.public_url, sandbox=sandboxes is not None),
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
            entrances.straight(),
        ],
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.ready = False
    app.state.store, app.state.settler, app.state.keeper = store, settler, keeper
    app.state.notes = notes
    return app


def sandbox_world() -> World:
    """Make a world in which each shop's Rivo is a demo shop of its own, in this process."""
    world = World()
    return replace(world, transport=Sandboxes(now=world.now).transport)


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
        Memory(
            clock=world.clock,
            max_bytes=MEMORY_BYTES // max(4, len(settings.shops)),
            last_known_seconds=settings.stale_if_error_seconds,
        ),
        facts=facts_of(shop),
        clock=world.clock,
        now=world.now,
        fresh_seconds=settings.fresh_seconds,
    )


def _make_means(
    settings: Settings,
    world: World,
    *,
    shops: Shops,
    store: SqliteStore,
    manners: Mapping[str, Manner],
    metrics: Metrics,
    log: FilteringBoundLogger,
) -> Means:
    return Means(
        store=store,
        shops=shops,
        actions=ACTIONS,
        teller=Teller(manners, ACTIONS),
        book=Book(settings.secret_key, world.random),
        clock=world.clock,
        now=world.now,
        sleep=world.sleep,
        new_id=lambda: f"op_{world.random(16).hex()}",
        owner=world.random(8).hex(),
        settle_seconds=settings.settle_seconds,
        alone=world.alone,
        log=log,
        metrics=metrics,
    )


def _forget(database: Path) -> None:
    """Begin with an empty database; what SQLite keeps beside it goes, too."""
    for each in (database, Path(f"{database}-wal"), Path(f"{database}-shm")):
        each.unlink(missing_ok=True)


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
