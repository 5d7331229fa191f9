"""Twenty shops in one service whose ids all collide: only names and balances tell them apart."""

from __future__ import annotations

import functools
import random
import tempfile
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx
import msgspec

from app.environment import load
from app.settings import Settings, ShopSettings
from integrations.rivo_sandbox import Sandbox, Shop, demo_shop
from integrations.rivo_sandbox.faults import Fault
from integrations.rivo_sandbox.received import Received
from integrations.rivo_sandbox.transport import InProcess
from tests.app.loop import seconds
from tests.app.serving import NOW, Service

SHOPS: Final = 20
BALANCE: Final = 1_000_000
CALLERS: Final = {
    "agents": 'door = "actions"\nactions = ["*"]\nrights = ["read_operations"]',
    "lead": 'door = "actions"\nactions = ["*"]\nrights = ["read_operations", "settle", "approve"]',
    "helpdesk": 'door = "gorgias"\nactions = ["*"]',
}
LOST_AFTER: Final = Fault(kind="lost", applied=True)
LOST_BEFORE: Final = Fault(kind="lost")


def name_of(shop: int) -> str:
    """Name a shop."""
    return f"shop-{shop:02}"


def mark(shop: int) -> str:
    """Say what stands in every name that a shop has."""
    return f"Mark{shop:02}"


def most_points(shop: int) -> int:
    """Say how many points a write may give in a shop: its own limit in each."""
    return 100 + shop


def key_of(shop: int, caller: str) -> str:
    """Make a caller's key."""
    return f"key-of-the-{caller}-of-{name_of(shop)}"


def is_closed(shop: int) -> bool:
    """Say whether referrals are switched off in a shop."""
    return shop % 5 == 0


@functools.cache
def settings() -> Settings:
    """Read the CONFIG of all of them."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        config.write_text("\n".join(map(_table, range(SHOPS))))
        return load(
            {
                "CONFIG": str(config),
                "SECRET_KEY": "key-of-the-hashes-0001",
                "DATABASE_URL": "sqlite://",
            }
        )


def _table(shop: int) -> str:
    name, kill = name_of(shop), ["create_referral"] if is_closed(shop) else []
    lines = [f'[shops.{name}]\nrivo_api_key = "rivo-key-of-{name}"\nkill = {kill}']
    for caller, text in CALLERS.items():
        digest = sha256(key_of(shop, caller).encode()).hexdigest()
        lines.append(f'[shops.{name}.callers.{caller}]\n{text}\nsecret_sha256 = ["{digest}"]')
        lines.append(
            f"limits = {{ points_per_write = {most_points(shop)}, writes_per_agent_day = 1000000 }}"
        )
    return "\n".join(lines)


def seeded(shop: int, at: datetime) -> Shop:
    """Make a shop with the ids of all the others, and names and balances of its own."""
    demo, ours = demo_shop(at), mark(shop)
    change = msgspec.structs.replace
    return change(
        demo,
        customers=tuple(
            change(each, first_name=ours, opening_points=BALANCE * (shop + 1) + BALANCE // 2)
            for each in demo.customers
        ),
        rewards=tuple(change(each, name=f"{each.name} {ours}") for each in demo.rewards),
        vip_tiers=tuple(change(each, name=f"{each.name} {ours}") for each in demo.vip_tiers),
        points_events=tuple(
            change(each, title=f"{each.title} {ours}") for each in demo.points_events
        ),
        points_redemptions=tuple(
            change(each, name=f"{each.name} {ours}") for each in demo.points_redemptions
        ),
    )


class Town:
    """The service over twenty sandboxes; of every hundred writes, six lose their reply."""

    def __init__(self, seed: int) -> None:
        began = seconds()

        def now() -> datetime:
            return datetime.fromtimestamp(NOW.timestamp() + seconds() - began, tz=NOW.tzinfo)

        self.sandboxes = [
            Sandbox(
                seeded(shop, NOW),
                clock=now,
                key=f"rivo-key-of-{name_of(shop)}",
                requests_per_second=None,
                faults=_faults(random.Random(seed * SHOPS + shop)),
            )
            for shop in range(SHOPS)
        ]
        self.service = Service(settings=settings(), transport=self._way, level="error")

    def _way(self, shop: ShopSettings) -> httpx.AsyncBaseTransport:
        return InProcess(self.sandboxes[int(shop.name.rpartition("-")[2])])


def _faults(dice: random.Random) -> Callable[[Received], Fault | None]:
    def fault(received: Received) -> Fault | None:
        if received.method == "GET":
            return None
        drawn = dice.random()
        return LOST_AFTER if drawn < 0.04 else LOST_BEFORE if drawn < 0.06 else None

    return fault
