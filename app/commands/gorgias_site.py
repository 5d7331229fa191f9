"""What an installation in Gorgias is told: from settings and secrets to a `Site`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, TypeVar
from urllib.parse import urlsplit

import click

from app.limits import tightest
from app.settings import (
    CallerSettings,
    GorgiasSettings,
    Settings,
    SettingsError,
    ShopSettings,
    Sources,
    digest,
    is_loopback,
    sendable,
)
from integrations.gorgias.site import Site

Cap = TypeVar("Cap", int, Decimal)
READ: Final = ("GORGIAS_SECRET", "get_sidebar")
WRITE: Final = ("GORGIAS_BUTTON_SECRET", "create_points_event")


def gorgias_of(shop: ShopSettings) -> GorgiasSettings:
    """Say which Gorgias a shop has, and who we are there."""
    if shop.gorgias is None:
        raise click.ClickException(
            "It is not said which Gorgias this is: set GORGIAS_DOMAIN, GORGIAS_USER and "
            f"GORGIAS_API_KEY (in CONFIG: the table shops.{shop.name}.gorgias)."
        )
    return shop.gorgias


def site_of(settings: Settings, shop: ShopSettings, environ: Mapping[str, str]) -> Site:
    """Say what is to be in Gorgias; a ClickException names what is missing or wrong."""
    url = _public_url(settings, gorgias_of(shop))
    try:
        secret, reader = _secret(shop, environ, READ)
        button_secret, buttons = _secret(shop, environ, WRITE)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    if reader.name == buttons.name:
        raise click.ClickException(
            f"{READ[0]} and {WRITE[0]} are those of one caller: buttons need a secret of their own."
        )
    limits = tightest(shop.limits, buttons.limits)
    return Site(
        shop=shop.name,
        url=url,
        secret=secret,
        button_secret=button_secret,
        actions=buttons.actions - shop.kill,
        reasons=shop.reasons,
        reason_required=limits.reason_required,
        most_points=_smallest(limits.points_per_write, limits.approval_above_points),
        most_credits=_smallest(limits.credits_per_write, limits.approval_above_credits),
        currency=shop.currency,
    )


def _public_url(settings: Settings, gorgias: GorgiasSettings) -> str:
    if settings.public_url is None:
        raise click.ClickException("PUBLIC_URL is missing: it says where Gorgias finds us.")
    told, there = urlsplit(settings.public_url), urlsplit(gorgias.api_url)
    # On one machine, as in tests, http will do.
    alone = is_loopback(told.hostname or "") and is_loopback(there.hostname or "")
    if told.scheme != "https" and not alone:
        raise click.ClickException("PUBLIC_URL must be https: secrets are sent there.")
    return settings.public_url


def _secret(
    shop: ShopSettings, environ: Mapping[str, str], told: tuple[str, str]
) -> tuple[str, CallerSettings]:
    """Read a secret as it is to be sent, and whose it is; of two the first one counts.

    The service keeps digests only, so that the secret itself has to be given here, too.
    """
    name, action = told
    given = Sources(environ).secrets(name)
    if not given:
        raise SettingsError(f"{name} is missing: Gorgias sends it, set it or {name}_FILE.")
    secret = sendable(name, given[0])
    for caller in shop.callers:
        if caller.door == "gorgias" and digest(secret) in caller.digests:
            if action not in caller.actions:
                raise SettingsError(f"{name} may not use {action} in the shop {shop.name}.")
            return secret, caller
    raise SettingsError(f"{name} is not a secret that the shop {shop.name} knows at /gorgias.")


def _smallest(*caps: Cap | None) -> Cap | None:
    return min((cap for cap in caps if cap is not None), default=None)
