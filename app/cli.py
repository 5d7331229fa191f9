"""The command line: `rivo-helpdesk serve`, `rivo-helpdesk check`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Final

import click
import uvicorn

from app.environment import load
from app.main import create_app
from app.observe import make_log
from app.settings import Settings, SettingsError

TRY: Final = """\
  curl -s -H 'Authorization: Bearer {key}' \\
    '{url}/actions/get_customer?customer_email=sarah.martinez@example.com'"""


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
    settings = _settings(environ, sandbox=sandbox)
    log = make_log(sys.stdout.buffer, level=settings.log_level, form=settings.log_format)
    app = create_app(settings, log=log, reload=lambda: load(environ, sandbox=sandbox))
    _greet(settings, host or settings.host, settings.port if port is None else port)
    uvicorn.run(
        app,
        host=host or settings.host,
        port=settings.port if port is None else port,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
    )


def _settings(environ: Mapping[str, str], *, sandbox: bool) -> Settings:
    try:
        return load(environ, sandbox=sandbox)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _greet(settings: Settings, host: str, port: int) -> None:
    """Say on standard error where to look and what to try; standard output is the log's."""
    url = f"http://{host}:{port}"
    _say(f"rivo-helpdesk on {url}  (documentation: {url}/docs)")
    if settings.sandbox:
        _say("This is the sandbox: a demo shop, no real customers. Try:")
        _say(TRY.format(key="demo", url=url))
    elif not any(shop.callers for shop in settings.shops):
        _say("No caller has a key yet, so every door is closed: set API_KEY to open /actions.")


def _say(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
