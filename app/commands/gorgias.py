"""`rivo-helpdesk gorgias`: the sidebar, its buttons and macros put into Gorgias, or taken out."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import click

from app.commands.choosing import shop_of
from app.commands.database import settings_to_look
from app.commands.gorgias_site import gorgias_of, site_of
from app.commands.steps import DONE, TO_DO, looking, progress, show_requests, show_steps
from app.settings import ShopSettings
from integrations.gorgias.installing import Step, install, planned, removal, remove
from integrations.gorgias.ours import There, look
from integrations.gorgias.rest import (
    GorgiasApi,
    GorgiasError,
    MaybeDoneError,
    NotDoneError,
    headers_of,
)
from integrations.gorgias.site import Site
from integrations.upstream import Upstream, make_client

T = TypeVar("T")
SHOP: Final = click.option(
    "--shop", "name", metavar="NAME", help="Which shop, where CONFIG has several."
)
DRY_RUN: Final = click.option(
    "--dry-run", is_flag=True, help="Change nothing; print what would be sent, as JSON."
)
MOST_BYTES: Final = 20_000_000
"""Of one page: a hundred macros may be long ones."""
INSTALLED: Final = (
    "Gorgias has it all. A ticket from before shows data as soon as something happens on it: an "
    "internal note is enough."
)
UNKEPT: Final = "Gorgias did not keep everything: the guide says what to look at."
REMOVED: Final = "Nothing that install made is left in Gorgias."
REFUSED: Final = "Gorgias refused some of it, as the table says; the rest was done."
AGAIN: Final = "What was done before it stays; run the same command again to go on."


@click.group()
def gorgias() -> None:
    """Put the sidebar, its buttons and macros into Gorgias, or take them out.

    GORGIAS_DOMAIN, GORGIAS_USER and GORGIAS_API_KEY say which Gorgias it is, PUBLIC_URL where it
    finds this service. It sends GORGIAS_SECRET, its buttons GORGIAS_BUTTON_SECRET. Secrets may be
    in files (GORGIAS_SECRET_FILE).
    """


@gorgias.command("install")
@SHOP
@DRY_RUN
def install_everything(name: str | None, *, dry_run: bool) -> None:
    """Make or mend everything; what is as it should be is left alone."""
    shop, site = _site(name)

    async def run(api: GorgiasApi) -> list[Step]:
        there = await _looked(api, site.shop, site.address("get_sidebar"))
        steps = planned(site, there)
        if dry_run:
            return steps
        with progress(len(steps)) as tell:
            return await install(api, site, there, tell)

    secrets = (site.secret, site.button_secret)
    steps = _ask(shop, run, secrets)
    if dry_run:
        show_requests(steps, secrets)
        return
    show_steps(steps, DONE, about="not kept")
    _end(steps, UNKEPT if any(step.differences for step in steps) else INSTALLED)


@gorgias.command()
@SHOP
def diff(name: str | None) -> None:
    """Show what install would change.

    The exit code is 1 where that is anything.
    """
    shop, site = _site(name)

    async def run(api: GorgiasApi) -> list[Step]:
        there = await _looked(api, site.shop, site.address("get_sidebar"))
        return planned(site, there)

    steps = _ask(shop, run, (site.secret, site.button_secret))
    show_steps(steps, TO_DO, about="differs in")
    sys.exit(0 if all(step.verb == "keep" for step in steps) else 1)


@gorgias.command()
@SHOP
@DRY_RUN
def uninstall(name: str | None, *, dry_run: bool) -> None:
    """Delete everything that install made, and nothing else."""
    shop = _shop(name)

    async def run(api: GorgiasApi) -> list[Step]:
        there = await _looked(api, shop.name)
        steps = removal(shop.name, there)
        if dry_run:
            return steps
        with progress(len(steps)) as tell:
            return await remove(api, steps, tell)

    steps = _ask(shop, run, ())
    if dry_run:
        show_requests(steps, ())
        return
    if steps:
        show_steps(steps, DONE, about="")
    _end(steps, REMOVED)


async def _looked(api: GorgiasApi, shop: str, url: str | None = None) -> There:
    with looking():
        there = await look(api, shop, url=url)
    _say(*there.notes)
    return there


def _shop(name: str | None) -> ShopSettings:
    return shop_of(settings_to_look(os.environ, sandbox=False), name)


def _site(name: str | None) -> tuple[ShopSettings, Site]:
    settings = settings_to_look(os.environ, sandbox=False)
    shop = shop_of(settings, name)
    return shop, site_of(settings, shop, os.environ)


def _ask(
    shop: ShopSettings, run: Callable[[GorgiasApi], Awaitable[T]], secrets: tuple[str, ...]
) -> T:
    """Ask Gorgias something; whatever goes wrong is one sentence, and how to go on."""
    told = gorgias_of(shop)

    async def asked() -> T:
        proof = headers_of(told.user, told.api_key)
        client = make_client(base_url=told.api_url, headers=proof, connections=1)
        api = GorgiasApi(
            Upstream(
                client, name="gorgias", clock=time.monotonic, connections=1, max_bytes=MOST_BYTES
            ),
            clock=time.monotonic,
            sleep=asyncio.sleep,
            hidden=(*secrets, told.api_key, proof["Authorization"]),
        )
        try:
            return await run(api)
        finally:
            await api.close()

    try:
        return asyncio.run(asked())
    except (NotDoneError, MaybeDoneError) as error:
        raise click.ClickException(f"{error.message} {AGAIN}") from None
    except GorgiasError as error:
        raise click.ClickException(error.message) from None


def _end(steps: list[Step], well: str) -> None:
    """Say how it went; what was refused makes the command fail."""
    if any(step.refused is not None for step in steps):
        raise click.ClickException(REFUSED)
    _say(well)


def _say(*sentences: str) -> None:
    for sentence in sentences:
        click.echo(sentence, err=True)
