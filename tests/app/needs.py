"""What an action needs to be done, some of which has to be there first."""

from __future__ import annotations

from typing import Any

from tests.app.serving import API_KEY, Service
from tests.app.test_shops import needed


async def made_ready(service: Service, action: str, *, key: str = API_KEY) -> dict[str, Any]:
    """Return inputs with which an action works; what it is to take back is given before."""
    inputs = needed(action)
    if action == "reverse_points_event":
        given = await service.act("create_points_event", key=key, **needed("create_points_event"))
        inputs["operation_id"] = given.json()["operation"]["id"]
    return inputs
