"""`rivo-helpdesk triggers`: what was told to whom, sent again, tried, and received for a look."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import click
import httpx
import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from app.announcing import TRIGGERS
from app.commands.choosing import shop_of
from app.commands.database import change, looking, settings_to_look
from app.commands.listening import listen
from app.commands.tables import console
from app.delivery import erasing, outbox
from app.delivery.examples import example
from app.delivery.outbox import STATES, Line, State
from app.delivery.posting import Posted, Wire, post
from app.settings import Settings, ShopSettings, TriggerSettings
from app.store.sqlite import Transaction
from integrations.errors import ActionError
from integrations.inputs import customer_identifier
from integrations.rivo.forms import when

Command = TypeVar("Command", bound=Callable[..., Any])
COLOURS: Final = {"delivered": "green", "dead": "red", "waiting": "yellow", "sending": "cyan"}
WORDS: Final = {
    "address_refused": "its address is private and not named in networks",
    "no_address": "its host has no address",
    "no_connection": "nobody could be connected to",
    "not_trusted": "its certificate is not trusted",
    "not_named": "the settings do not name this URL any more",
    "too_late": "no answer in ten seconds",
    "broken_off": "the connection broke off",
    "gone": "it wants no more (410)",
    "answered": "it did not say yes",
}


@click.group()
def triggers() -> None:
    """Look up, send again and try what others are told; the service may be running."""


def common(command: Command) -> Command:
    """Add the options that most commands have."""
    shop = click.option(
        "--shop", "name", metavar="NAME", help="Only this shop, where CONFIG has several."
    )
    sandbox = click.option("--sandbox", is_flag=True, help="The demo shop's.")
    return shop(sandbox(command))


@triggers.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only what is in this state.")
@click.option("--most", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@common
def list_them(
    name: str | None, state: State | None, *, most: int, as_json: bool, sandbox: bool
) -> None:
    """List triggers, the newest first: to whom, how often it was tried, what became of it."""
    settings = settings_to_look(os.environ, sandbox=sandbox)
    with looking(settings) as tx:
        found = outbox.page(tx, shops=_names(settings, name), state=state, most=most)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([_plain(each) for each in found])))
    else:
        _show(found)


@triggers.command()
@click.argument("messages", metavar="ID...", nargs=-1)
@click.option("--dead", is_flag=True, help="All dead letters.")
@common
def replay(messages: tuple[str, ...], name: str | None, *, dead: bool, sandbox: bool) -> None:
    """Send triggers again under their own ids; the running service does it within seconds."""
    if dead == bool(messages):
        raise click.UsageError("Name triggers by their ids, or give --dead.")
    settings = settings_to_look(os.environ, sandbox=sandbox)
    now, shops = datetime.now(UTC).timestamp(), _names(settings, name)

    def job(tx: Transaction) -> list[str]:
        wanted = outbox.dead(tx, shops=shops) if dead else list(messages)
        for each in wanted:
            refused = outbox.replay(tx, each, shops=shops, at=now)
            if refused is not None and not dead:  # all, or none: the transaction ends here
                raise click.ClickException(f"{each}: {refused}")
        return wanted

    again = change(settings, job)
    click.echo(f"To be sent again: {len(again)}. The running service does it within seconds.")


@triggers.command("test")
@click.option("--trigger", "only", type=click.Choice(TRIGGERS), help="Only this one.")
@common
def test_them(only: str | None, name: str | None, *, sandbox: bool) -> None:
    """Send an example of each trigger to each URL that the settings name, once, from here.

    Its `source` says that it is a test. Exit code 1 where a URL did not say yes.
    """
    shop = shop_of(settings_to_look(os.environ, sandbox=sandbox), name)
    targets = [each for each in shop.triggers if only in (None, each.trigger)]
    if not targets:
        raise click.ClickException(
            "The settings name no URL for this: MESA_WEBHOOK_URL, or CONFIG's triggers."
        )
    results = asyncio.run(_try(shop, targets))
    for target, posted in zip(targets, results, strict=True):
        answered = f" with {posted.status}" if posted.status else ""
        said = f"said yes{answered}" if posted.became == "delivered" else _said(posted)
        click.echo(f"{target.trigger} to {_host(target.url)}: {said}")
    sys.exit(0 if all(each.became == "delivered" for each in results) else 1)


@triggers.command("listen")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    envvar="MESA_WEBHOOK_SECRET",
    help="What triggers are signed with. [default: MESA_WEBHOOK_SECRET]",
)
def listen_to(host: str, port: int, secrets: tuple[str, ...]) -> None:
    """Receive triggers and print them: to see them arrive, or to find out what they hold."""
    if not secrets:
        raise click.UsageError("Give the --secret that the triggers are signed with.")
    try:
        with contextlib.suppress(KeyboardInterrupt):
            listen(host, port, secrets, say=click.echo, now=lambda: datetime.now().astimezone())
    except OSError as error:
        raise click.ClickException(
            f"Nobody can listen at {host}, {port}: {error.strerror}."
        ) from None


@triggers.command()
@click.option("--customer", metavar="EMAIL_OR_ID", required=True, multiple=True)
@common
def erase(customer: tuple[str, ...], name: str | None, *, sandbox: bool) -> None:
    """Erase what the outbox of a shop holds about a customer, whether it was told or not.

    Name the customer by e-mail address, by Shopify id, or by both (--customer twice).
    """
    known = [_identifier(each) for each in customer]
    settings = settings_to_look(os.environ, sandbox=sandbox)
    shop = shop_of(settings, name).name
    number = change(settings, lambda tx: erasing.erase(tx, shop=shop, customer=known))
    click.echo(f"Erased: {number}.")


def _identifier(given: str) -> str:
    try:
        return customer_identifier(given)
    except (ActionError, ValueError):
        message = f"{given!r} is no e-mail address and no Shopify customer id."
        raise click.ClickException(message) from None


async def _try(shop: ShopSettings, targets: Sequence[TriggerSettings]) -> list[Posted]:
    wire, now = Wire(), datetime.now(UTC).timestamp()

    async def one(target: TriggerSettings) -> Posted:
        body = example(target.trigger, shop=shop.name, at=now)
        transport = wire.to(target.networks)
        try:
            return await post(
                transport, target, message_id=f"test_{os.urandom(16).hex()}", body=body, at=now
            )
        finally:
            with contextlib.suppress(httpx.HTTPError):
                await transport.aclose()

    return await asyncio.gather(*map(one, targets))


def _names(settings: Settings, name: str | None) -> list[str]:
    if name is not None:
        return [shop_of(settings, name).name]
    return [shop.name for shop in settings.shops]


def _said(posted: Posted) -> str:
    why = WORDS.get(posted.why or "", "it failed")
    return f"{why} ({posted.status})" if posted.status and posted.why == "answered" else why


def _host(url: str) -> str:
    """Name where something goes; the rest of a URL may be all that keeps others away."""
    return urlsplit(url).netloc


def _plain(line: Line) -> dict[str, object]:
    return {
        "id": line.id,
        "shop": line.shop,
        "trigger": line.trigger,
        "host": _host(line.url),
        "state": line.state,
        "tries": line.tries,
        "created_at": _time(line.created_at),
        "at": _time(line.at),
        "due_at": _time(line.due_at),
        "status": line.status,
        "why": line.why,
        "emptied": line.emptied,
    }


def _show(found: Sequence[Line]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("id", no_wrap=True, min_width=36)
    for name in ("put down", "state", "trigger", "to", "tries", "next try", "why"):
        table.add_column(name, overflow="fold")
    for each in found:
        posted = Posted(became="failed", status=each.status, why=each.why)
        table.add_row(
            each.id,
            _short(each.created_at),
            Text(each.state, style=COLOURS[each.state]),
            each.trigger,
            Text(_host(each.url)),
            str(each.tries),
            _short(each.due_at) if each.tries else "",
            _said(posted) if each.why else "",
        )
    console().print(table)


def _time(at: float | None) -> str | None:
    return None if at is None else when(datetime.fromtimestamp(at, UTC))


def _short(at: float | None) -> str:
    return (_time(at) or "")[:19].replace("T", " ")
