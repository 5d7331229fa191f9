"""The command line: `serve` and `check`, and the commands of `app.commands`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import textwrap
from typing import Final

import click
from rich.console import Console

from app.check.asking import Asker
from app.check.report import Report
from app.check.run import check as run_check
from app.commands.audit import audit
from app.commands.choosing import settings_of, shop_of
from app.commands.gorgias import gorgias
from app.commands.operations import operations
from app.commands.triggers import triggers
from app.commands.webhooks import webhooks
from app.commands.zendesk import zendesk
from app.environment import DEMO_KEY, load
from app.main import World, create_app, sandbox_world
from app.observe import make_log
from app.pages.entries import Curl
from app.rivos import SANDBOX_URL
from app.serving import server
from app.settings import Settings, ShopSettings
from integrations.errors import ActionError
from integrations.inputs import customer_identifier

TRY: Final = ("get_customer", {"customer_email": "sarah.martinez@example.com"})
PIPED_WIDTH: Final = 120


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rivo-helpdesk")
def main() -> None:
    """Rivo's loyalty programme inside the helpdesk."""


@main.command()
@click.option("--host", help="Address to listen on. [default: HOST, else 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="[default: PORT, else 8000]")
@click.option("--sandbox", is_flag=True, help="Serve a demo shop instead of Rivo; key: demo.")
def serve(host: str | None, port: int | None, *, sandbox: bool) -> None:
    """Serve the actions."""
    environ = dict(os.environ)
    settings = settings_of(environ, sandbox=sandbox)
    log = make_log(sys.stdout.buffer, level=settings.log_level, form=settings.log_format)
    app = create_app(settings, log=log, reload=lambda: load(environ, sandbox=sandbox))
    _greet(settings, host or settings.host, settings.port if port is None else port)
    server.serve(
        app,
        host=host or settings.host,
        port=settings.port if port is None else port,
        proxies=settings.trusted_proxies or None,
    )


@main.command()
@click.option("--sandbox", is_flag=True, help="Check the demo shop instead of Rivo.")
@click.option("--shop", "name", metavar="NAME", help="Which shop, where CONFIG has several.")
@click.option(
    "--customer",
    metavar="EMAIL_OR_ID",
    callback=lambda _context, _option, given: given and _customer(given),
    help="Whom to ask about. [default: somebody]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def check(name: str | None, customer: str | None, *, sandbox: bool, as_json: bool) -> None:
    """Ask a live shop read-only questions: what works, what differs from the contract."""
    environ = dict(os.environ)
    if "SECRET_KEY_FILE" not in environ:
        # Nothing is signed: no key is left behind.
        environ.setdefault("SECRET_KEY", "unused-by-who-only-asks")
    settings = settings_of(environ, sandbox=sandbox)
    shop = shop_of(settings, name)
    report = asyncio.run(_check(settings, shop, customer))
    if as_json:
        click.echo(json.dumps(report.plain(), indent=2, ensure_ascii=False))
    else:
        console = Console()
        report.show(console if console.is_terminal else Console(width=PIPED_WIDTH))
    sys.exit(0 if report.ok else 1)


main.add_command(operations)
main.add_command(audit)
main.add_command(gorgias)
main.add_command(zendesk)
main.add_command(webhooks)
main.add_command(triggers)


async def _check(settings: Settings, shop: ShopSettings, customer: str | None) -> Report:
    world = sandbox_world() if settings.sandbox else World()
    asker = Asker(
        base_url=SANDBOX_URL if settings.sandbox else shop.rivo_api_url,
        key=shop.rivo_api_key,
        transport=world.transport(shop),
        clock=world.clock,
        sleep=world.sleep,
    )
    try:
        with Console(stderr=True).status(f"Asking the Rivo of {shop.name} ..."):
            findings = await run_check(asker, customer=customer)
    finally:
        await asker.close()
    return Report(
        shop=shop.name, sandbox=settings.sandbox, requests=asker.requests, findings=findings
    )


def _customer(given: str) -> str:
    try:
        return customer_identifier(given)
    except (ValueError, ActionError):
        raise click.BadParameter("it must be an e-mail address or a Shopify customer id.") from None


def _greet(settings: Settings, host: str, port: int) -> None:
    """Say on standard error where to look and what to try; standard output is the log's."""
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    callers = {caller.name for shop in settings.shops for caller in shop.callers}
    _say(f"rivo-helpdesk on {url}  (documentation: {url}/docs)")
    if settings.sandbox:
        _say("This is the sandbox: a demo shop, no real customers. Try:")
        key = DEMO_KEY if DEMO_KEY in callers else "$API_KEY"
        _say(textwrap.indent(Curl(url=url, key=key)(*TRY, writes=False), "  "))
    elif not callers:
        _say("No caller has a key yet, so every door is closed: set API_KEY to open /actions.")


def _say(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
