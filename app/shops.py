"""The shops served, their callers, and what each caller may do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection
from typing import Final, get_args

import msgspec

from app.limits import Right
from app.settings import CallerSettings, Door, Settings, ShopSettings
from integrations.actions import Action
from integrations.rivo import Rivo, ShopFacts

LOOKING: Final = "get_customer"
"""The read whose right covers the looking modes of a write by list."""


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """One shop as it is served: its settings, and its Rivo with the shop's own memory."""

    settings: ShopSettings
    rivo: Rivo

    @property
    def name(self) -> str:
        """The shop's name in CONFIG."""
        return self.settings.name


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has proved who they are, at one door of one shop."""

    shop: Shop
    settings: CallerSettings

    @property
    def name(self) -> str:
        """The caller's name within the shop."""
        return self.settings.name

    def may(self, action: Action, *, looks: bool = False) -> bool:
        """Say whether the caller may call this; to look takes no more than the right to read."""
        allowed = self.settings.actions
        return action.name in allowed or (looks and LOOKING in allowed)

    def can(self, right: Right) -> bool:
        """Say whether the caller has a right over operations."""
        return right in self.settings.rights


class Shops:
    """All shops; `make_rivo` builds one's Rivo, `use` takes new settings without losing the others.

    A shop whose key and address stay the same keeps what it remembers. `settings` are those that
    hold now.
    """

    def __init__(self, make_rivo: Callable[[ShopSettings], Rivo]) -> None:
        self.settings = Settings(shops=())
        self._make_rivo = make_rivo
        self._shops: dict[str, Shop] = {}
        self._callers: dict[Door, tuple[Caller, ...]] = {}

    def use(self, settings: Settings) -> list[Rivo]:
        """Serve these shops from now on; returns the Rivos that are not needed any more."""
        before = self._shops
        self.settings = settings
        self._shops = {each.name: self._shop(each) for each in settings.shops}
        callers = [
            Caller(shop=shop, settings=caller)
            for shop in self._shops.values()
            for caller in shop.settings.callers
        ]
        doors: Collection[Door] = get_args(Door)
        self._callers = {
            door: tuple(c for c in callers if c.settings.door == door) for door in doors
        }
        kept = {id(shop.rivo) for shop in self._shops.values()}
        return [shop.rivo for shop in before.values() if id(shop.rivo) not in kept]

    def is_open(self, door: Door) -> bool:
        """Say whether anybody may come through a door."""
        return bool(self._callers.get(door))

    def through(self, door: Door) -> tuple[Caller, ...]:
        """Return who may come through a door."""
        return self._callers.get(door, ())

    def caller(self, door: Door, credential: bytes) -> Caller | None:
        """Find whose secret this is, in constant time over all that are live."""
        presented = hashlib.sha256(credential).digest()
        found = None
        for caller in self._callers.get(door, ()):
            for known in caller.settings.digests:
                if hmac.compare_digest(known, presented):
                    found = caller
        return found

    def find(self, name: str) -> Shop | None:
        """Find a shop by its name; None where it is not served (any more)."""
        return self._shops.get(name)

    def all(self) -> tuple[Shop, ...]:
        """Return the shops served."""
        return tuple(self._shops.values())

    def _shop(self, settings: ShopSettings) -> Shop:
        now = self._shops.get(settings.name)
        if now is not None and _same_rivo(now.settings, settings):
            rivo = now.rivo
            rivo.facts = facts_of(settings)
            return Shop(settings=settings, rivo=rivo)
        return Shop(settings=settings, rivo=self._make_rivo(settings))


def facts_of(settings: ShopSettings) -> ShopFacts:
    """Tell Rivo's side what the configuration says of a shop."""
    return ShopFacts(
        currency=settings.currency,
        timezone=settings.timezone,
        tier_basis=settings.tier_basis,
        customer_fields=settings.customer_fields,
    )


def _same_rivo(one: ShopSettings, other: ShopSettings) -> bool:
    return (one.rivo_api_key, one.rivo_api_url) == (other.rivo_api_key, other.rivo_api_url)
