"""`rivo-helpdesk zendesk`: the app's package, made for this deployment, and checked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from app.commands.choosing import shop_of
from app.commands.database import settings_to_look
from app.settings import Settings, ShopSettings, is_loopback
from integrations.zendesk.check import check
from integrations.zendesk.check.finding import Finding
from integrations.zendesk.check.reading import Package, UnreadableError, read
from integrations.zendesk.package import EXPECTED, EXPECTED_SIGNING, Deployment, build, zipped

SIDEBAR: Final = Path(__file__).parents[1] / "pages" / "sidebar"
REASON: Final = "goodwill"


@click.group()
def zendesk() -> None:
    """Make the app that an admin uploads to Zendesk."""


@zendesk.command()
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="[default: rivo-zendesk.zip, with several shops rivo-zendesk-SHOP.zip]",
)
@click.option("--shop", "name", metavar="NAME", help="Which shop, where CONFIG has several.")
@click.option("--author-email", metavar="EMAIL", help="[default: postmaster@ your host]")
@click.option(
    "--with-webhook-secret",
    "signs",
    is_flag=True,
    help="Put ZENDESK_WEBHOOK_SECRET into it, so that Zendesk need not make one.",
)
@click.option("--sandbox", is_flag=True, help="Make it for the demo shop.")
def package(
    out: Path | None, name: str | None, author_email: str | None, *, signs: bool, sandbox: bool
) -> None:
    """Make the app's package for PUBLIC_URL, and check it by Zendesk's rules.

    Unless it is asked for, no secret is in it: the admin gives it to Zendesk when the app is
    installed.
    """
    settings = settings_to_look(os.environ, sandbox=sandbox)
    shop = shop_of(settings, name)
    deployment = _deployment(settings, shop, author_email, signs=signs)
    made = build(deployment, _sidebar())
    findings = check(Package(made))
    if any(each.level == "error" for each in findings):
        _say(findings)
        raise click.ClickException("Zendesk would refuse this package, so it was not written.")
    named = f"-{shop.name}" if len(settings.shops) > 1 else ""
    out = out or Path(f"rivo-zendesk{named}.zip")
    try:
        if signs:
            out.touch(mode=0o600)
            out.chmod(0o600)
        out.write_bytes(zipped(made))
    except OSError as problem:
        raise click.ClickException(f"{out} cannot be written ({problem.strerror}).") from None
    expected = EXPECTED_SIGNING if signs else EXPECTED
    _say(each for each in findings if (each.code, each.where) not in expected)
    click.echo(str(out))
    click.echo(_next(shop), err=True)
    if signs:
        click.echo("It holds the webhook's secret: keep it as one, and remove it.", err=True)


@zendesk.command("check")
@click.argument("path", metavar="FOLDER_OR_ZIP", type=click.Path(exists=True, path_type=Path))
def check_it(path: Path) -> None:
    """Check any app's package by Zendesk's rules, without asking Zendesk."""
    try:
        findings = check(read(path))
    except UnreadableError as problem:
        raise click.ClickException(str(problem)) from None
    for each in findings:
        click.echo(str(each))
    errors = sum(each.level == "error" for each in findings)
    click.echo(f"{errors} errors, {len(findings) - errors} warnings", err=True)
    sys.exit(1 if errors else 0)


def _deployment(
    settings: Settings, shop: ShopSettings, author_email: str | None, *, signs: bool
) -> Deployment:
    url = settings.public_url
    if url is None:
        raise click.ClickException(
            "PUBLIC_URL is not set: the app has to know where Zendesk finds this service."
        )
    parts = urlsplit(url)
    if parts.scheme != "https" or is_loopback(parts.hostname or ""):
        raise click.ClickException(
            f"PUBLIC_URL is {url}: Zendesk only calls public https addresses."
        )
    secrets = shop.zendesk.webhook_secrets if shop.zendesk else ()
    if signs and not secrets:
        raise click.ClickException("ZENDESK_WEBHOOK_SECRET is not set: there is none to put in.")
    return Deployment(
        public_url=url,
        version=version("rivo-helpdesk"),
        shop=shop.name if len(settings.shops) > 1 else None,
        currency=shop.currency,
        reason=REASON if REASON in shop.reasons or not shop.reasons else shop.reasons[0],
        author_email=author_email,
        signing=secrets[-1] if signs else None,
    )


def _sidebar() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in SIDEBAR.iterdir() if path.is_file()}


def _next(shop: ShopSettings) -> str:
    """Say what is still to be done, in the order in which it has to be."""
    told = shop.zendesk
    if told is None:
        return (
            "The door is closed: set ZENDESK_SUBDOMAIN and ZENDESK_SHARED_SECRET, start the "
            "service again, and give Zendesk the same secret when you upload this file."
        )
    steps = (
        f"Upload it in the Admin Center of {told.subdomain}.zendesk.com (Apps and integrations, "
        "Zendesk Support apps), and give it the value of ZENDESK_SHARED_SECRET."
    )
    if not told.webhook_secrets:
        steps += (
            "\nFor the macros, set ZENDESK_WEBHOOK_SECRET to the signing secret of the webhook "
            "that the app brings."
        )
    return steps


def _say(findings: Iterable[Finding]) -> None:
    for each in findings:
        click.echo(str(each), err=True)
