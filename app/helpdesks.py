"""What the service is told of a shop's helpdesks: where they are, and the secrets shared with them.

The environment and CONFIG name things differently; `named` says how a value is called there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from app.limits import BUILT_IN
from app.settings import (
    EVERY_ACTION,
    CallerSettings,
    GorgiasSettings,
    SettingsError,
    ShopSettings,
    ZendeskSettings,
    address,
    digest,
    is_loopback,
    sendable,
)

ZENDESK_WRITES: Final = frozenset(
    {
        "create_points_event",
        "create_points_redemption",
        "redeem_customer_points",
        "refund_points_redemption",
        "update_customer_dob",
        "cancel_membership",
    }
)
ZENDESK_READS: Final = frozenset(
    name
    for name in EVERY_ACTION
    if name in ("get_sidebar", "get_customer", "get_membership", "list_rewards", "list_vip_tiers")
    or name.startswith("list_customer_")
)
WEBHOOK_ACTIONS: Final = frozenset({"create_points_event"})
"""What a macro may do; nothing else comes through the webhook, whatever CONFIG lists."""
SIDEBAR: Final = CallerSettings(
    name="zendesk_shared_secret",
    door="zendesk",
    digests=(),
    actions=ZENDESK_READS | ZENDESK_WRITES,
    limits=BUILT_IN,
    sources=frozenset({"manual"}),
)
WEBHOOK: Final = CallerSettings(
    name="zendesk_webhook_secret",
    door="zendesk",
    digests=(),
    actions=WEBHOOK_ACTIONS,
    limits=BUILT_IN,
    sources=frozenset({"manual"}),
)
PUBLISHED: Final = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
"""What Zendesk signs test calls of unsaved webhooks with; its documentation names it."""
LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"

Named = Callable[[str], str]


def gorgias(
    named: Named, *, domain: str | None, user: str | None, api_key: list[str]
) -> GorgiasSettings | None:
    """Read where a shop's Gorgias is and who we are there; all of it, or none (None)."""
    if not (domain or user or api_key):
        return None
    if not (domain and user and api_key):
        missing = "domain" if not domain else "user" if not user else "api_key"
        raise SettingsError(
            f"{named(missing)} is missing: Gorgias needs domain, user and key, or none of them."
        )
    host, api_url = _gorgias_host(named("domain"), domain)
    return GorgiasSettings(
        domain=host,
        user=_user(named("user"), user),
        api_key=sendable(named("api_key"), _only(named("api_key"), api_key)),
        api_url=api_url,
    )


def zendesk(
    named: Named,
    *,
    subdomain: str | None,
    shared_secrets: list[str],
    webhook_secrets: list[str],
    user: str | None,
    api_token: list[str],
) -> ZendeskSettings | None:
    """Read a shop's Zendesk and what is shared with it; None where nothing is said of it."""
    if not (subdomain or shared_secrets or webhook_secrets or user or api_token):
        return None
    if not subdomain:
        raise SettingsError(f"{named('subdomain')} is missing: it says whose Zendesk this is.")
    if bool(user) != bool(api_token):
        missing = named("api_token" if user else "user")
        raise SettingsError(f"{missing} is missing: notes need user and token, or neither.")
    if PUBLISHED in webhook_secrets:
        raise SettingsError(
            f"{named('webhook_secret')} is the one that everybody knows from Zendesk's "
            "documentation: take that of the webhook itself."
        )
    label = _label(named("subdomain"), subdomain, "zendesk.com")
    return ZendeskSettings(
        subdomain=label,
        shared_secrets=tuple(shared_secrets),
        webhook_secrets=tuple(webhook_secrets),
        user=_user(named("user"), user) if user else None,
        api_token=sendable(named("api_token"), _only(named("api_token"), api_token))
        if api_token
        else None,
        api_url=f"https://{label}.zendesk.com/api/v2",
    )


def zendesk_callers(
    settings: ZendeskSettings | None,
    *,
    sidebar: CallerSettings = SIDEBAR,
    webhook: CallerSettings = WEBHOOK,
) -> tuple[CallerSettings, ...]:
    """Say who comes through /zendesk: the app's installation, and the webhook of the macros."""
    if settings is None:
        return ()
    pairs = ((settings.shared_secrets, sidebar), (settings.webhook_secrets, webhook))
    return tuple(caller for secrets, caller in pairs if secrets)


def named_secrets(shop: ShopSettings, table: str | None) -> list[tuple[str, bytes]]:
    """List the digests of a shop's secrets with what each is called in CONFIG's `table`.

    What we are known by in a helpdesk may be the same for two shops: they may share the helpdesk.
    """
    found: list[tuple[str, str]] = []
    if (here := shop.gorgias) is not None:
        found.append((_called(None, "gorgias", "api_key", config=table), here.api_key))
    if (there := shop.zendesk) is not None:
        for name, secrets in (
            ("shared_secret", there.shared_secrets),
            ("webhook_secret", there.webhook_secrets),
        ):
            found += [(_called(table, "zendesk", name, config=table), each) for each in secrets]
        if there.api_token is not None:
            found.append((_called(None, "zendesk", "api_token", config=table), there.api_token))
    return [(at, digest(secret)) for at, secret in found]


def _called(table: str | None, helpdesk: str, name: str, *, config: str | None) -> str:
    if config is None:
        return f"{helpdesk}_{name}".upper()
    return f"{table or 'CONFIG: shops'}.{helpdesk}.{name}_file"


def _gorgias_host(name: str, given: str) -> tuple[str, str]:
    """Take "acme", "acme.gorgias.com" or its address; http to this machine itself, for tests."""
    scheme, found, rest = given.partition("://")
    host = rest.partition("/")[0]
    if found and is_loopback(host.rpartition(":")[0] or host):
        return host, f"{address(name, f'{scheme}://{host}')}/api"
    domain = f"{_label(name, given, 'gorgias.com')}.gorgias.com"
    return domain, f"https://{domain}/api"


def _label(name: str, given: str, domain: str) -> str:
    """Take an account's name, alone or with the helpdesk's domain behind it."""
    label = given.strip().lower().removeprefix("https://").rstrip("/").removesuffix(f".{domain}")
    if not re.fullmatch(LABEL, label):
        raise SettingsError(f"{name} must be like acme or acme.{domain}.")
    return label


def _user(name: str, user: str) -> str:
    """Check who we are there; a colon would end the name in basic authentication."""
    if not (user.isascii() and user.isprintable()) or ":" in user or " " in user:
        raise SettingsError(f"{name} must be an e-mail address.")
    return user


def _only(name: str, keys: list[str]) -> str:
    if len(keys) > 1:
        raise SettingsError(f"{name} holds {len(keys)} keys: give the one that is valid.")
    return keys[0]
