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

from app.delivery.forgetting import Forgetter
from app.delivery.sending import Deliverer, Outfit
from app.delivery.taking import Taking
from app.delivery.webhook import Webhooks
from app.entrances import Entrances
from app.environment import SANDBOX_DATABASE
from app.gorgias import GorgiasManner
from app.health import health_routes
from app.manners import Manner, encode
from app.metrics import Metrics
from app.notes.writing import NoteWriter
from app.observe import Observe
from app.openapi import openapi_routes
from app.operations.book import Book
from app.operations.housekeeping import Housekeeper
from app.operations.means import Means
from app.operations.routes import operations_routes
from app.operations.running import Operations
from app.operations.settling import Settler
from app.operations.telling import Teller
from app.pages.admin import Admin
from app.pages.routes import Pages, page_routes
from app.problems import MEDIA_TYPE, HttpError, problem_of
from app.reloading import watch
from app.rivos import close_all, make_rivo
from app.sandboxed.faults import Faults
from app.sandboxed.shops import Sandboxes
from app.settings import Settings, ShopSettings
from app.shops import Shops
from app.sidebar import Sidebar, sidebar_routes
from app.standing import Standing
from app.store.lock import FileLock
from app.store.sqlite import SqliteStore
from app.unrouted import unrouted
from integrations.rivo import ACTIONS, Rivo

LOCK_SECONDS: Final = 15.0


@dataclass(frozen=True, kw_only=True)
class World:
    """What the application has from outside: time, chance, sleep, and the way to Rivo.

    `clock` gives seconds that only go forward, `now` the time of day (UTC), `new_id` a request id,
    `chance` a number from 0 to 1, `random` that many bytes; `transport` is asked for each shop
    (None: the real network), and so are `helpdesk`, the way to a shop's helpdesks, and `triggers`,
    the way to whoever is told of triggers; `executor` is what the store runs on, one thread or
    inline. `alone` says that no other replica can be alive: whoever holds a lease from before is
    dead.
    """

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    new_id: Callable[[], str] = lambda: os.urandom(8).hex()
    chance: Callable[[], float] = random.random
    random: Callable[[int], bytes] = os.urandom
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    transport: Callable[[ShopSettings], httpx.AsyncBaseTransport | None] = lambda _: None
    helpdesk: Callable[[ShopSettings], httpx.AsyncBaseTransport | None] = lambda _: None
    triggers: Callable[[ShopSettings], httpx.AsyncBaseTransport | None] = lambda _: None
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
    sandboxes = _demo_shops(World()) if settings.sandbox and world is None else None
    world = world or (World(transport=sandboxes.transport) if sandboxes else World())
    stamina.instrumentation.set_on_retry_hooks([])  # its own would count and log every retry
    metrics = Metrics(CollectorRegistry())

    def rivo_of(shop: ShopSettings) -> Rivo:
        return make_rivo(
            shop,
            settings,
            metrics,
            transport=world.transport(shop),
            clock=world.clock,
            now=world.now,
            chance=world.chance,
        )

    shops = Shops(rivo_of)
    shops.use(settings)
    metrics.registry.register(Standing(shops))
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
    taking = Taking(
        shops=shops, store=store, seen=settler.hint, now=world.now, metrics=metrics, log=log
    )
    deliverer = Deliverer(_make_outfit(means, world))
    entrances = Entrances(
        ACTIONS,
        shops=shops,
        manners=manners,
        desk=operations,
        store=store,
        clock=world.clock,
        now=world.now,
    )
    forgetter = Forgetter(store, now=world.now, sleep=world.sleep, log=log)
    sidebar = Sidebar(
        shops, action=ACTIONS["get_sidebar"], desk=operations, clock=world.clock, now=world.now
    )
    pages = Pages(settings, shops, ACTIONS, admin=sandboxes is not None)

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
            asyncio.create_task(watch(settings, shops, reload, log, world.sleep)),
            asyncio.create_task(settler.run()),
            asyncio.create_task(keeper.run()),
            asyncio.create_task(forgetter.run()),
            asyncio.create_task(deliverer.run()),
        ]
        if not settings.sandbox:  # what is done in a demo shop is no news on anybody's tickets
            going.append(asyncio.create_task(notes.run()))
        if sandboxes is not None:
            going.append(asyncio.create_task(sandboxes.courier.run(app)))
        app.state.ready = True
        yield
        app.state.ready = False
        for each in going:
            each.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        await asyncio.gather(operations.close(), notes.close(), taking.close(), deliverer.close())
        await close_all([shop.rivo for shop in shops.all()])
        await store.close()
        executor.shutdown()
        lock.release()

    app = Starlette(
        routes=[
            *entrances.routes(),
            *Webhooks(taking, shops=shops, now=world.now).routes(),
            *operations_routes(shops=shops, store=store, judges=operations),
            *health_routes(shops, metrics),
            *page_routes(pages),
            *sidebar_routes(settings, sidebar),
            *(Faults(sandboxes, shops).routes() if sandboxes else []),
            *(Admin(pages, sandboxes, store).routes() if sandboxes else []),
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
    app.state.notes, app.state.deliverer = notes, deliverer
    return app


def sandbox_world() -> World:
    """Make a world in which each shop's Rivo is a demo shop of its own, in this process."""
    world = World()
    return replace(world, transport=_demo_shops(world).transport)


def _demo_shops(world: World) -> Sandboxes:
    return Sandboxes(now=world.now, sleep=world.sleep)


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


def _make_outfit(means: Means, world: World) -> Outfit:
    return Outfit(
        store=means.store,
        shops=means.shops,
        clock=world.clock,
        now=world.now,
        sleep=world.sleep,
        chance=world.chance,
        owner=means.owner,
        alone=world.alone,
        log=means.log,
        metrics=means.metrics,
        transport=world.triggers,
    )


def _forget(database: Path) -> None:
    """Begin with an empty database; what SQLite keeps beside it goes, too."""
    for each in (database, Path(f"{database}-wal"), Path(f"{database}-shm")):
        each.unlink(missing_ok=True)


def _last_words(request_id: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Answer what should never happen, without saying anything of it."""
    error = HttpError(500, "internal", "Something went wrong here; it has been logged.")
    body = encode(problem_of(error, request_id))
    return [(b"content-type", MEDIA_TYPE), (b"content-length", str(len(body)).encode())], body
