"""Which settings and which shop a command is about; what is wrong with them is one sentence."""

from __future__ import annotations

from collections.abc import Mapping

import click

from app.environment import load
from app.settings import Settings, SettingsError, ShopSettings


def settings_of(environ: Mapping[str, str], *, sandbox: bool) -> Settings:
    """Read the settings."""
    try:
        return load(environ, sandbox=sandbox)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def shop_of(settings: Settings, name: str | None) -> ShopSettings:
    """Choose the shop; where there are several, one has to be named."""
    names = ", ".join(sorted(shop.name for shop in settings.shops))
    if name is None and len(settings.shops) > 1:
        raise click.ClickException(f"There are several shops: name one with --shop ({names}).")
    for shop in settings.shops:
        if name in (None, shop.name):
            return shop
    raise click.ClickException(f"There is no shop of that name: there is {names}.")
