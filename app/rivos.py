"""Each shop's Rivo is made here: its connections, its budget, its share of the memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import httpx

from app.metrics import Metrics
from app.settings import Settings, ShopSettings
from app.shops import facts_of
from integrations.budget import Budget
from integrations.memory import Memory
from integrations.rivo import Rivo
from integrations.upstream import Upstream, make_client

SANDBOX_URL: Final = "http://rivo.sandbox/merchant_api/v1"
PROBE: Final = ("vip_tiers",)
"""What is asked of a Rivo that failed, to see whether it is back: small, and it changes nothing."""
MEMORY_BYTES: Final = 256_000_000
"""So much of all shops' reads is remembered; of one shop's a quarter at most."""


def make_rivo(
    shop: ShopSettings,
    settings: Settings,
    metrics: Metrics,
    *,
    transport: httpx.AsyncBaseTransport | None,
    clock: Callable[[], float],
    now: Callable[[], datetime],
    chance: Callable[[], float],
) -> Rivo:
    """Make one shop's Rivo; `transport` stands in for the network, `chance` spreads retries."""
    client = make_client(
        base_url=SANDBOX_URL if settings.sandbox else shop.rivo_api_url,
        headers={"Authorization": shop.rivo_api_key},
        transport=transport,
    )
    upstream = Upstream(
        client,
        name=shop.name,
        clock=clock,
        observe=metrics.called(shop.name),
        chance=chance,
        budget=Budget(clock=clock, most=settings.requests_per_second),
        probe=PROBE,
    )
    return Rivo(
        upstream,
        Memory(
            clock=clock,
            max_bytes=MEMORY_BYTES // max(4, len(settings.shops)),
            stale_seconds=settings.stale_seconds,
            last_known_seconds=settings.stale_if_error_seconds,
        ),
        facts=facts_of(shop),
        clock=clock,
        now=now,
        fresh_seconds=settings.fresh_seconds,
    )


async def close_all(rivos: list[Rivo]) -> None:
    """Let what is under way end, and close the connections."""
    for rivo in rivos:
        await rivo.memory.close()
        await rivo.upstream.close()
