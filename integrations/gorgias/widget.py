"""The card in the sidebar: what it shows of the flat answer, and its buttons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from integrations.gorgias.buttons import buttons
from integrations.gorgias.site import Body, Context, Found, Site, marked, title

SHOWN: Final = {
    "status": "Status",
    "message": "Note",
    "points": "Points",
    "store_credit": "Store credit",
    "vip_tier": "VIP tier",
    "next_tier": "Next tier",
    "to_next_tier": "To the next tier",
    "points_expire": "Points expire",
    "membership": "Membership",
    "next_billing": "Next billing",
    "birthday": "Birthday",
    "orders": "Orders",
    "total_spent": "Total spent",
    "last_activity": "Last activity",
    "rewards_available": "Can redeem",
    "referral_code": "Referral code",
    "referral_link": "Referral link",
}
AGE: Final = {"updated": "As of", "stale": "Out of date"}
LINKS: Final = ("referral_link",)
CONTEXTS: Final[tuple[Context, ...]] = ("ticket", "customer")


def widget(site: Site, context: Context, integration_id: int | str) -> Body:
    """Say what the widget of a context is to be.

    Everything is text, as the service sends it: of other types it is not known how they show.
    """
    above = [_leaf(path, title, order) for order, (path, title) in enumerate(SHOWN.items())]
    codes = {
        "type": "list",
        "path": "unused_codes",
        "order": len(above),
        "meta": {"limit": "5", "orderBy": ""},
        "widgets": [
            {
                "type": "card",
                "title": "{{code}}",
                "meta": {"displayCard": True},
                "widgets": [_leaf("reward", "Unused code for", 0), _leaf("expires", "Expires", 1)],
            }
        ],
    }
    below = [_leaf(path, title, len(above) + 1 + n) for n, (path, title) in enumerate(AGE.items())]
    card = {
        "type": "card",
        "title": title(site.shop),
        "path": "",
        "order": 0,
        "meta": {"displayCard": True, "custom": {"links": [], "buttons": buttons(site, context)}},
        "widgets": [*above, codes, *below],
    }
    return {
        "context": context,
        "type": "http",
        "integration_id": integration_id,
        "deactivated_datetime": None,
        "template": {"type": "wrapper", "widgets": [card]},
    }


def is_widget(found: Found, shop: str, integration_ids: frozenset[int]) -> bool:
    """Say whether a widget is ours and this shop's: by a button's marker, or by its title.

    The title counts only over an integration of ours: a card may have no button.
    """
    if found.get("type") != "http":
        return False
    marks = [mark for card in _cards(found) for mark in _marks(card)]
    if marks:
        return any(mark.rpartition("/")[0] == shop for mark in marks)
    titled = any(card.get("title") == title(shop) for card in _cards(found))
    return titled and found.get("integration_id") in integration_ids


def _cards(found: Found) -> Iterator[Mapping[str, Any]]:
    template = found.get("template")
    rows = template.get("widgets") if isinstance(template, Mapping) else None
    for card in rows if isinstance(rows, list) else ():
        if isinstance(card, Mapping):
            yield card


def _marks(card: Mapping[str, Any]) -> Iterator[str]:
    meta = card.get("meta")
    custom = meta.get("custom") if isinstance(meta, Mapping) else None
    rows = custom.get("buttons") if isinstance(custom, Mapping) else None
    for button in rows if isinstance(rows, list) else ():
        action = button.get("action") if isinstance(button, Mapping) else None
        mark = marked(action.get("headers")) if isinstance(action, Mapping) else None
        if mark is not None:
            yield mark


def _leaf(path: str, shown: str, order: int) -> Body:
    kind = "url" if path in LINKS else "text"
    return {"type": kind, "title": shown, "path": path, "order": order}
