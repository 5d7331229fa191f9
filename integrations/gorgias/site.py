"""What is to be in Gorgias for one shop, and how it is told from everything else there.

Every object of ours is found again by a marker with the shop's name: the integration by a text in
its description, widgets and macros by a header of the requests that they make.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

MARK: Final = "[rivo-helpdesk "
MARK_HEADER: Final = "X-Rivo-Helpdesk"
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
TRIGGERS: Final = {
    "ticket-created": True,
    "ticket-updated": True,
    "ticket-message-created": True,
    "ticket-self-unsnoozed": False,
    "ticket-message-failed": False,
}
"""Those that the documentation names; others have another payload and are left alone."""
UNNAMED: Final = ("shop", "sandbox")
"""Shops that have no name of their own: those of the environment."""

Context = Literal["ticket", "customer"]
Body = dict[str, Any]
Found = Mapping[str, Any]


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What the installation is told of a shop.

    `url` is where Gorgias finds the service; `secret` may read, `button_secret` may do `actions`.
    `reasons` are those that may be given (none: any), `most_points` and `most_credits` the largest
    gift that a macro may offer (None: any).
    """

    shop: str
    url: str
    secret: str
    button_secret: str
    actions: frozenset[str]
    reasons: tuple[str, ...] = ()
    reason_required: bool = False
    most_points: int | None = None
    most_credits: Decimal | None = None
    currency: str | None = None

    @property
    def brand(self) -> str:
        """Name the programme where several shops may share one Gorgias."""
        return brand(self.shop)

    def address(self, action: str) -> str:
        """Say where an action is found."""
        return f"{self.url}/gorgias/{action}"


def brand(shop: str) -> str:
    """Name a shop's programme: just Rivo where the shop has no name of its own."""
    return "Rivo" if shop in UNNAMED else f"Rivo {shop}"


def title(shop: str) -> str:
    """Name the integration, and the card in the sidebar."""
    return f"{brand(shop)} loyalty"


def integration(site: Site) -> Body:
    """Say what the HTTP integration is to be: it fetches the sidebar's data."""
    http = {
        "url": site.address("get_sidebar"),
        "method": "POST",
        "headers": {"Authorization": f"Bearer {site.secret}", MARK_HEADER: site.shop},
        "request_content_type": JSON,
        "response_content_type": JSON,
        "form": {"customer_email": "{{ticket.customer.email}}", "ticket_id": "{{ticket.id}}"},
        "triggers": TRIGGERS,
    }
    return {
        "name": title(site.shop),
        "description": (
            "Loyalty data beside tickets. Kept by rivo-helpdesk, which finds it again by this: "
            f"{_mark(site.shop)} {_fingerprint(http, site.secret)}"
        ),
        "type": "http",
        "deactivated_datetime": None,
        "http": http,
    }


def is_integration(found: Found, shop: str) -> bool:
    """Say whether an integration is ours and this shop's."""
    if found.get("type") != "http":
        return False
    headers = _mapping(_mapping(found.get("http")).get("headers"))
    return _mark(shop) in str(found.get("description")) or headers.get(MARK_HEADER) == shop


def is_marked(found: Found) -> bool:
    """Say whether an integration was made by us, for whichever shop."""
    headers = _mapping(_mapping(found.get("http")).get("headers"))
    return MARK in str(found.get("description")) or MARK_HEADER in headers


def marked(rows: object) -> str | None:
    """Read the marker among the headers of a button or of a macro; None where there is none."""
    for each in rows if isinstance(rows, list) else ():
        if isinstance(each, Mapping) and str(each.get("key")).lower() == MARK_HEADER.lower():
            return str(each.get("value"))
    return None


def headers(site: Site, key: str, direction: str | None) -> dict[str, str]:
    """Make the headers of a request that writes: who asks, which way, and our marker."""
    way = {"X-Rivo-Direction": direction} if direction else {}
    return {
        "Authorization": f"Bearer {site.button_secret}",
        **way,
        MARK_HEADER: f"{site.shop}/{key}",
    }


def _mark(shop: str) -> str:
    return f"{MARK}{shop}]"


def _fingerprint(http: Body, secret: str) -> str:
    """Tell one setting from another: Gorgias may not give back the headers, the secret in them."""
    told = msgspec.json.encode(http, order="sorted")
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()[:12]


def _mapping(value: object) -> Found:
    return value if isinstance(value, Mapping) else {}
