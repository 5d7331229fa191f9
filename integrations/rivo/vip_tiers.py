"""VIP tiers: the ladder of a shop's programme.

Source: https://developer-docs.rivo.io/reference/vip_tier_memberships
"""

from __future__ import annotations

from typing import Any

import msgspec

from integrations.actions import ReadAnswer
from integrations.rivo.client import Rivo
from integrations.rivo.inputs import VipTierId
from integrations.rivo.paging import ListAnswer, Listing, Rows, whole
from integrations.rivo.resource import Resource


class VipTier(msgspec.Struct, frozen=True, kw_only=True):
    """A tier; what the threshold counts (points, spend, orders) Rivo does not tell."""

    id: int | None
    name: str | None
    threshold: int | float | None
    perks: list[Any]
    description: str | None
    icon_url: str | None

    @classmethod
    def from_rivo(cls, resource: Resource) -> VipTier:
        """Flatten Rivo's tier."""
        perks = resource.attributes.get("perks")
        return cls(
            id=resource.id,
            name=resource.text("name"),
            threshold=resource.number("threshold"),
            perks=perks if isinstance(perks, list) else [],
            description=resource.text("desc", "description"),
            icon_url=resource.text("icon_url"),
        )


class VipTierAnswer(ReadAnswer):
    """One tier."""

    vip_tier: VipTier


class VipTiersAnswer(ListAnswer):
    """The tiers from the lowest up."""

    vip_tiers: list[VipTier]


async def read_vip_tiers(rivo: Rivo) -> Rows:
    """Read the shop's tiers from the lowest threshold up; Rivo's order means nothing (trap 7)."""
    found = await whole(rivo, Listing(path=("vip_tiers",), who=None))
    return msgspec.structs.replace(
        found, rows=sorted(found.rows, key=lambda row: row.number("threshold") or 0)
    )


async def list_vip_tiers(rivo: Rivo) -> VipTiersAnswer:
    """List the shop's VIP tiers, sorted by threshold."""
    found = await read_vip_tiers(rivo)
    return VipTiersAnswer(
        vip_tiers=[VipTier.from_rivo(row) for row in found.rows],
        **found.ending(),
    ).made_from(found.full())


async def get_vip_tier(rivo: Rivo, *, vip_tier_id: VipTierId) -> VipTierAnswer:
    """Get one VIP tier."""
    found = await rivo.get("vip_tiers", vip_tier_id, who=None, single=True)
    return VipTierAnswer(
        vip_tier=VipTier.from_rivo(found.resource), as_of=found.as_of, stale=found.stale
    ).made_from(found.resource.full())
