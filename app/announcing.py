"""What the service is told of a shop's announcements: Rivo's, that come in, and triggers, that go.

The environment and CONFIG name things differently; `named` says how a value is called there.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

from app.delivery.standard_webhooks import key_of
from app.settings import SettingsError, ShopSettings, TriggerSettings, digest, is_loopback

TRIGGERS: Final = (
    "loyalty_points_earned",
    "customer_vip_tier_updated",
    "points_redemption_created",
)
MOST_SECRETS: Final = 40
"""Rivo documents one secret for each webhook, and has about thirty of them."""
SHORTEST: Final = 8
"""Characters of a secret of Rivo's, bytes of one of ours: what is shorter was pasted wrongly."""
NETLOC: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
LOCALHOST: Final = ("127.0.0.0/8", "::1/128")

Named = Callable[[str], str]


def mesa(url: str | None, secrets: Sequence[str]) -> tuple[TriggerSettings, ...]:
    """Read where all triggers of the one shop go: both, or neither (none)."""
    if not url and not secrets:
        return ()
    if not url or not secrets:
        missing = "MESA_WEBHOOK_SECRET" if url else "MESA_WEBHOOK_URL"
        raise SettingsError(f"{missing} is missing: triggers need an address and a secret.")

    def named(field: str) -> str:
        return "MESA_WEBHOOK_SECRET" if field == "secret_file" else "MESA_WEBHOOK_URL"

    return tuple(
        trigger(named, name=name, url=url, secrets=secrets, networks=()) for name in TRIGGERS
    )


def trigger(
    named: Named, *, name: str, url: str, secrets: Sequence[str], networks: Iterable[str]
) -> TriggerSettings:
    """Check where a trigger goes: https, or http to this machine itself.

    Private addresses have to be named: by `networks`, or by standing in the URL themselves.
    """
    parts = _parts(url)
    if parts is None:
        raise SettingsError(
            f"{named('url')} must be an https address (http only on loopback), "
            "without a user, a password or a fragment."
        )
    if any(len(key_of(each)) < SHORTEST for each in secrets):
        raise SettingsError(
            f"{named('secret_file')} is too short: it needs {SHORTEST} bytes or more, "
            "behind whsec_ as base64."
        )
    return TriggerSettings(
        trigger=name,
        url=url,
        secrets=tuple(secrets),
        networks=(
            *(_network(named("networks"), each) for each in networks),
            *_in_the_url(parts.hostname or ""),
        ),
    )


def each_once(at: str, triggers: Sequence[TriggerSettings]) -> tuple[TriggerSettings, ...]:
    """Refuse a URL that is named twice for one trigger: it would be told twice."""
    seen = set()
    for each in triggers:
        if (each.trigger, each.url) in seen:
            raise SettingsError(f"{at}.{each.trigger} names the same url twice.")
        seen.add((each.trigger, each.url))
    return tuple(triggers)


def named_secrets(shop: ShopSettings, table: str | None) -> list[tuple[str, bytes]]:
    """List the digests of what Rivo signs with, and what that is called in CONFIG's `table`.

    An equal secret of two shops would leave open whose customers a webhook is about.
    """
    at = f"{table}.rivo_webhook_secret_file" if table else "RIVO_WEBHOOK_SECRET"
    return [(at, digest(each)) for each in shop.webhook_secrets]


def named_trigger_secrets(shop: ShopSettings, table: str | None) -> list[tuple[str, bytes]]:
    """List the digests of what triggers are signed with; shops may share who receives them.

    One that is a secret of ours besides would let the receiver come through a door.
    """
    at = "CONFIG: a trigger's secret_file" if table else "MESA_WEBHOOK_SECRET"
    return [(at, digest(secret)) for each in shop.triggers for secret in each.secrets]


def _parts(url: str) -> SplitResult | None:
    """Take an address apart; None where it may not be one to send to."""
    if not url.isprintable() or "#" in url:
        return None
    try:
        parts = urlsplit(url)
        sound = parts.port != 0 and NETLOC.fullmatch(parts.netloc)
    except ValueError:
        return None
    if not sound or not url.isascii() or " " in url:
        return None
    here = parts.scheme == "http" and is_loopback(parts.hostname or "")
    return parts if parts.scheme == "https" or here else None


def _in_the_url(host: str) -> tuple[str, ...]:
    """Name the addresses that a URL itself names."""
    if host == "localhost":
        return LOCALHOST
    try:
        return (str(ipaddress.ip_network(host)),)
    except ValueError:
        return ()


def _network(name: str, given: str) -> str:
    try:
        return str(ipaddress.ip_network(given))
    except ValueError:
        raise SettingsError(f"{name} lists networks like 10.0.0.0/8.") from None
