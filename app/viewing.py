"""How a read is answered: from what was made of it before, or made, and kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from app.manners import Asked, Manner, Reply
from app.shops import Shop
from app.tagging import with_tag

VIEW: Final = "get_sidebar"
"""What is asked for again and again while it is on a screen."""


async def read(asked: Asked, inputs: Mapping[str, Any], manner: Manner, until: float) -> Reply:
    """Answer a read by `until`, a time of the clock; what is asked for again has an ETag.

    An answer holds for the shop as its settings are: who changes them gets another one.
    """
    shop, action = asked.shop, asked.action
    views = shop.rivo.views
    key = manner, action.name, asked.context.shape, tuple(inputs.items())
    kept = cast(tuple[Shop, Reply] | None, views.find(key))
    if kept is not None and kept[0] is shop:
        return kept[1]
    rivo = shop.rivo.for_read(until)
    reply = manner.answer(asked, await action.run(rivo, **inputs))
    if action.name == VIEW and manner.tags_views:
        reply = with_tag(reply)
    views.keep(key, (shop, reply), size=len(reply.body), used=rivo.used)
    return reply
