"""What an action needs to be done, some of which has to be there first."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from app.limits import Limits
from app.settings import Settings, ShopSettings
from tests.app.serving import API_KEY, Service
from tests.app.test_shops import needed


async def made_ready(
    service: Service, action: str, *, key: str = API_KEY, **instead: Any
) -> dict[str, Any]:
    """Return inputs with which an action works; what it is to take back is given before.

    `instead` are other values for those inputs that it has.
    """
    if action != "reverse_points_event":
        inputs = needed(action)
        return inputs | {name: instead[name] for name in instead.keys() & inputs.keys()}
    giving = await made_ready(service, "create_points_event", key=key, **instead)
    given = await service.act("create_points_event", key=key, **giving)
    return {"operation_id": given.json()["operation"]["id"]}


def without_limits(settings: Settings) -> Settings:
    """Let every caller write as much as it likes."""

    def free(shop: ShopSettings) -> ShopSettings:
        callers = [replace(each, limits=Limits()) for each in shop.callers]
        return replace(shop, callers=tuple(callers))

    return replace(settings, shops=tuple(free(shop) for shop in settings.shops))
