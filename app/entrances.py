"""The doors, put together: what is behind each, who comes through, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol, get_args

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route

from app.credentials import by_key
from app.doors import Desk, Door, Straight
from app.manners import Manner
from app.settings import Door as DoorName
from app.shops import Shops
from app.store.sqlite import SqliteStore
from app.zendesk.proving import ByToken
from app.zendesk.webhook import PATH, PATH_OF_A_SHOP, Intake, Webhook
from integrations.actions import Action

DOORS: Final[tuple[DoorName, ...]] = get_args(DoorName)


class _Desk(Desk, Intake, Protocol):
    """Where writes are taken in, whether somebody waits for them or not."""


class Entrances:
    """All doors over the same actions and the same desk; the webhook of Zendesk with them."""

    def __init__(
        self,
        actions: Mapping[str, Action],
        *,
        shops: Shops,
        manners: Mapping[str, Manner],
        desk: _Desk,
        store: SqliteStore,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        by_token = ByToken(shops, now=now, clock=clock)
        self.doors = {
            f"/{name}": Door(
                name,
                actions=actions,
                shops=shops,
                manner=manners[name],
                desk=desk,
                clock=clock,
                proves=by_token if name == "zendesk" else by_key(shops, name),
                names_shops=name == "zendesk",
            )
            for name in DOORS
        }
        self.webhook = Webhook(
            actions=actions, shops=shops, desk=desk, store=store, clock=clock, now=now
        )

    def routes(self) -> list[BaseRoute]:
        """Make the routes; the webhook's come first, it lies below a door."""
        return [
            *(Route(path, self.webhook) for path in (PATH, PATH_OF_A_SHOP)),
            *(Route(path, door) for path, door in self.doors.items()),
            *(Mount(path, app=door) for path, door in self.doors.items()),
        ]

    def straight(self) -> Middleware:
        """Make the short way to the doors below which there are actions only."""
        plain = {path: door for path, door in self.doors.items() if not door.names_shops}
        return Middleware(Straight, doors=plain)
