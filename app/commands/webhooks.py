"""`rivo-helpdesk webhooks`: what Rivo shall announce to this service, registered in Rivo."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar
from urllib.parse import urlsplit

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.commands.choosing import shop_of
from app.commands.database import settings_to_look
from app.commands.spelling import HIDDEN, spelt
from app.commands.tables import console
from app.settings import Settings, SettingsError, ShopSettings, is_loopback, public_address
from integrations.budget import Budget
from integrations.rivo.hooks import (
    METHODS,
    SIGNED_OTHERWISE,
    TOPICS,
    UNKNOWN_SIGNATURE,
    Step,
    Verb,
    planned,
    removal,
)
from integrations.rivo.webhooks import RivoWebhooks, WebhooksError
from integrations.upstream import Upstream, make_client

T = TypeVar("T")
GENTLE: Final = 4
"""Of the fifteen requests a second that the shop has: the rest is for who works meanwhile."""
PATH: Final = "/rivo/webhooks"
DONE: Final[dict[Verb, str]] = {
    "keep": "unchanged",
    "create": "registered",
    "update": "changed",
    "delete": "removed",
}
COLOURS: Final = {"create": "green", "update": "yellow", "delete": "red"}
SHOP: Final = click.option(
    "--shop", "name", metavar="NAME", help="Which shop, where CONFIG has several."
)
URL: Final = click.option(
    "--url", metavar="URL", help="[default: PUBLIC_URL/rivo/webhooks, with several shops /SHOP]"
)
DRY_RUN: Final = click.option(
    "--dry-run", is_flag=True, help="Change nothing; print what would be sent, as JSON."
)
UNPROVED: Final = (
    "Rivo does not show what it signs with. Let it send a test (its settings have a button): "
    "the log says webhook.taken, or 401 where the secret is another."
)
OTHERWISE: Final = (
    "Rivo signs with a secret of its own: copy it from Rivo's settings to RIVO_WEBHOOK_SECRET "
    "(several may stand there, separated by spaces), or nothing that it sends is believed."
)
BY_HAND: Final = "What is missing can be entered in Rivo's own settings, one webhook for each:"


@click.group()
def webhooks() -> None:
    """Register this service in Rivo, so that it hears of changes.

    Rivo documents these operations and not the names of their fields: what was registered is read
    back, and what cannot be confirmed is said.
    """


@webhooks.command()
@SHOP
@URL
@DRY_RUN
def register(name: str | None, url: str | None, *, dry_run: bool) -> None:
    """Register what is missing; what is as it should be is left alone."""
    settings, shop = _chosen(name)
    there = _address(settings, shop, url)
    if not shop.webhook_secrets:
        raise click.ClickException("RIVO_WEBHOOK_SECRET is missing: Rivo is to sign with it.")
    secret = shop.webhook_secrets[0]

    async def run(rivo: RivoWebhooks) -> list[Step]:
        steps = planned(await rivo.all(), url=there, secret=secret)
        if dry_run:
            return steps
        return await rivo.register(steps, url=there, secret=secret, tell=_tell)

    try:
        steps = _ask(shop, run)
    except WebhooksError as error:
        raise click.ClickException(f"{error.message}\n{_by_hand(TOPICS, there)}") from None
    if dry_run:
        _show_requests(steps)
        return
    _show(steps, shop)
    _conclude(steps, there)


@webhooks.command("list")
@SHOP
@URL
def list_them(name: str | None, url: str | None) -> None:
    """Show all webhooks that Rivo has, and which of them are ours."""
    settings, shop = _chosen(name)
    there = _address(settings, shop, url) if url or settings.public_url else None
    try:
        hooks = _ask(shop, lambda rivo: rivo.all())
    except WebhooksError as error:
        raise click.ClickException(error.message) from None
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("id", "topic", "address", "on", "ours"):
        table.add_column(heading, overflow="fold")
    for each in sorted(hooks, key=lambda hook: hook.id):
        on = {True: "yes", False: "no", None: "not shown"}[each.enabled]
        ours = "yes" if each.url is not None and each.url.rstrip("/") == there else ""
        address = (each.url or "not shown").partition("?")[0]  # behind it may be a secret
        topic = spelt(each.topic or "not shown")
        table.add_row(str(each.id), Text(topic), Text(spelt(address)), on, ours)
    console().print(table)
    click.echo(f"{len(hooks)} webhooks", err=True)


@webhooks.command()
@SHOP
@URL
@DRY_RUN
def remove(name: str | None, url: str | None, *, dry_run: bool) -> None:
    """Delete the webhooks that lead here, and no others."""
    settings, shop = _chosen(name)
    there = _address(settings, shop, url)

    async def run(rivo: RivoWebhooks) -> list[Step]:
        steps = removal(await rivo.all(), url=there)
        return steps if dry_run else await rivo.remove(steps, tell=_tell)

    try:
        steps = _ask(shop, run)
    except WebhooksError as error:
        raise click.ClickException(error.message) from None
    if dry_run:
        _show_requests(steps)
        return
    if steps:
        _show(steps, shop)
    if any(step.refused or step.doubts for step in steps):
        raise click.ClickException("Some are still there; run the same command again.")
    click.echo(f"Rivo announces nothing to {there} any more.", err=True)


def _chosen(name: str | None) -> tuple[Settings, ShopSettings]:
    settings = settings_to_look(os.environ, sandbox=False)
    return settings, shop_of(settings, name)


def _address(settings: Settings, shop: ShopSettings, given: str | None) -> str:
    """Say where Rivo finds us: as it is given, or below PUBLIC_URL."""
    several = len(settings.shops) > 1
    if given is None and settings.public_url is None:
        raise click.ClickException("PUBLIC_URL is missing: it says where Rivo finds us.")
    try:
        url = public_address("--url", given) if given else f"{settings.public_url}{PATH}"
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    told, there = urlsplit(url), urlsplit(shop.rivo_api_url)
    # On one machine, as in tests, http will do.
    alone = is_loopback(told.hostname or "") and is_loopback(there.hostname or "")
    if told.scheme != "https" and not alone:
        raise click.ClickException(f"{url} must be https: customers' data are sent there.")
    return url if given or not several else f"{url}/{shop.name}"


def _ask(shop: ShopSettings, run: Callable[[RivoWebhooks], Awaitable[T]]) -> T:
    """Ask Rivo something, slowly."""

    async def asked() -> T:
        client = make_client(
            base_url=shop.rivo_api_url,
            headers={"Authorization": shop.rivo_api_key},
            connections=1,
        )
        budget = Budget(clock=time.monotonic, most=GENTLE, connections=1)
        upstream = Upstream(client, name=shop.name, clock=time.monotonic, budget=budget)
        try:
            with Console(stderr=True).status(f"Asking the Rivo of {shop.name} ..."):
                return await run(RivoWebhooks(upstream))
        except WebhooksError as error:
            raise WebhooksError(_said(error.message, shop)) from None
        finally:
            await upstream.close()

    return asyncio.run(asked())


def _conclude(steps: Sequence[Step], url: str) -> None:
    """Say how it stands; what is not as it was asked for makes the command fail."""
    doubts = {doubt for step in steps for doubt in step.doubts}
    if SIGNED_OTHERWISE in doubts:
        click.echo(OTHERWISE, err=True)
    if UNKNOWN_SIGNATURE in doubts:
        click.echo(UNPROVED, err=True)
    bad = [step for step in steps if step.refused or set(step.doubts) - {UNKNOWN_SIGNATURE}]
    missing = [str(step.topic) for step in bad if step.refused or "not there" in step.doubts]
    if missing:
        click.echo(_by_hand(missing, url), err=True)
    if bad:
        raise click.ClickException("Not everything is as it was asked for; the table says what.")
    kept = sum(step.verb != "delete" for step in steps)
    click.echo(f"Rivo announces {kept} topics to {url}.", err=True)


def _by_hand(topics: Sequence[str], url: str) -> str:
    return "\n".join((BY_HAND, f"  address {url}", *(f"  topic {topic}" for topic in topics)))


def _tell(step: Step) -> None:
    """Show on standard error how far it is."""
    click.echo(f"{_word(step)}: {spelt(str(step.topic))}", err=True)


def _said(text: str, shop: ShopSettings) -> str:
    """Spell Rivo's words; our secrets are not among them, even if it repeats what it was sent."""
    return spelt(text, secrets=(*shop.webhook_secrets, shop.rivo_api_key))


def _show(steps: Sequence[Step], shop: ShopSettings) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("", "topic", "id", "not confirmed" if any(s.doubts for s in steps) else ""):
        table.add_column(heading, overflow="fold")
    for step in steps:
        colour = "bold red" if step.refused else COLOURS.get(step.verb, "")
        remark = _said(step.refused or ", ".join(step.doubts), shop)
        number = "" if step.id is None else str(step.id)
        table.add_row(
            Text(_word(step), colour), Text(spelt(step.topic or "")), number, Text(remark)
        )
    console().print(table)


def _word(step: Step) -> str:
    return "refused" if step.refused else DONE[step.verb]


def _show_requests(steps: Sequence[Step]) -> None:
    """Print the requests that would be sent, as JSON and without the secret."""
    requests = [
        {
            "method": METHODS[step.verb],
            "path": "/" + "/".join(map(str, step.path)),
            **({} if step.form is None else {"form": {**step.form, "secret": HIDDEN}}),
        }
        for step in steps
        if step.verb != "keep"
    ]
    click.echo(msgspec.json.format(msgspec.json.encode(requests), indent=2))
    click.echo(f"{len(requests)} requests would be sent; nothing was changed.", err=True)
