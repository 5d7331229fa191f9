"""`rivo-helpdesk audit`: whether anybody changed what was written down."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any, Final

import click
from rich import box
from rich.table import Table

from app.commands.choosing import shop_of
from app.commands.database import looking, settings_to_sign
from app.commands.tables import console
from app.operations.audit import Head, key_of, verify

ANCHOR: Final = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")
WORDS: Final = {
    "gap": "a row is missing, or there twice",
    "form": "it does not hold what was written",
    "mac": "it or the one before was changed, or SECRET_KEY is another",
    "personal": "what is personal in it was changed",
    "anchor": "it is not the one that the anchor names",
    "truncated": "the chain ends before the anchor",
    "unreadable": "the database cannot read it",
}


def anchor_of(_context: object, _option: object, given: str | None) -> Head | None:
    """Read a head that was written down before."""
    if given is None:
        return None
    found = ANCHOR.fullmatch(given.strip().lower())
    if found is None:
        raise click.BadParameter("it must be a head from the log, like 1234:5f0c… (64 hex digits).")
    return Head(int(found[1]), bytes.fromhex(found[2]))


@click.group()
def audit() -> None:
    """Check the record of who had what written, and of what became of it."""


@audit.command("verify")
@click.option("--shop", "name", metavar="NAME", help="[default: all shops]")
@click.option(
    "--anchor",
    metavar="NUMBER:MAC",
    callback=anchor_of,
    help="A head of this shop that the log showed before: so many rows have to be there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--sandbox", is_flag=True, help="Look at the demo shop's database.")
def verify_them(name: str | None, anchor: Head | None, *, sandbox: bool, as_json: bool) -> None:
    """Check that no row of the audit was changed, added or taken out.

    Rows cut off at the end are noticed only up to the anchor.
    """
    settings = settings_to_sign(os.environ, sandbox=sandbox)
    names = [shop.name for shop in settings.shops]
    if name is not None or anchor is not None:
        names = [shop_of(settings, name).name]
    with looking(settings) as tx:
        key = settings.secret_key
        verdicts = {shop: verify(tx, key_of(key, shop), shop, anchor) for shop in names}
    found = [
        {
            "shop": shop,
            "rows": verdict.head.number,
            "head": f"{verdict.head.number}:{verdict.head.mac.hex()}",
            "broken_at": verdict.bad,
            "why": verdict.why,
        }
        for shop, verdict in verdicts.items()
    ]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _show(found)
    sys.exit(0 if all(each["why"] is None for each in found) else 1)


def _show(found: list[dict[str, Any]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("shop", "rows in order", "head", "verdict"):
        table.add_column(heading, overflow="fold")
    for each in found:
        broken = f"broken at {each['broken_at']}: {WORDS.get(each['why'] or '', '')}"
        table.add_row(
            each["shop"],
            str(each["rows"]),
            each["head"],
            "holds" if each["why"] is None else broken,
        )
    console().print(table)
