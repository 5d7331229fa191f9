"""`rivo-helpdesk operations`: writes looked up, settled, approved and exported."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar

import click
import msgspec

from app.commands.choosing import shop_of
from app.commands.database import change, looking, settings_to_look, settings_to_sign
from app.commands.export import export
from app.commands.tables import console, show_list, show_one
from app.operations import judging, records
from app.operations.audit import is_sealed_by, key_of
from app.operations.book import Book
from app.operations.looking import FILTERS, Filters, OperationsAnswer, one, page
from app.operations.operation import Operation
from app.operations.records import Transaction
from app.operations.showing import OperationAnswer
from integrations.actions import parsed
from integrations.errors import ActionError
from integrations.inputs import LARGEST_ID, text

Command = TypeVar("Command", bound=Callable[..., Any])
Judge = Callable[[Transaction, Book, Operation], Operation]
NONE: Final = "There is no operation with this id."
OTHER_KEY: Final = (
    "The end of the audit was not written with this SECRET_KEY: `rivo-helpdesk audit verify` "
    "says more."
)


@click.group()
def operations() -> None:
    """Look up writes, settle and approve them; the service may be running."""


def common(command: Command) -> Command:
    """Add the options that every command has."""
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
    sandbox = click.option("--sandbox", is_flag=True, help="Look at the demo shop's database.")
    return sandbox(as_json(command))


def filtered(command: Command) -> Command:
    """Add an option for each filter that /operations has."""
    for each in reversed(FILTERS.values()):
        spelled = f"--{each.name.replace('_', '-')}"
        is_flag = each.name == "late"
        command = click.option(spelled, each.name, is_flag=is_flag, help=each.description)(command)
    return command


@operations.command("list")
@click.option("--shop", "name", metavar="NAME", help="Which shop, where CONFIG has several.")
@filtered
@common
def list_them(name: str | None, *, sandbox: bool, as_json: bool, **given: object) -> None:
    """List operations, the newest first."""
    settings = settings_to_look(os.environ, sandbox=sandbox)
    shop = shop_of(settings, name)
    try:
        filters = Filters(**parsed(FILTERS, (), given))
    except ActionError as error:
        raise click.ClickException(error.message) from None
    with looking(settings) as tx:
        found = page(tx, shop.name, filters)
    if as_json:
        _print(found)
        return
    show_list(console(), found.operations)
    if found.next is not None:
        click.echo(f"There are more: go on with --before {found.next.before}", err=True)


@operations.command()
@click.argument("operation_id", metavar="ID")
@common
def show(operation_id: str, *, sandbox: bool, as_json: bool) -> None:
    """Show an operation with everything that happened to it."""
    with looking(settings_to_look(os.environ, sandbox=sandbox)) as tx:
        found = _one(tx, operation_id)
    _show(found, as_json=as_json)


@operations.command()
@click.argument("operation_id", metavar="ID")
@click.option("--outcome", type=click.Choice(["applied", "not_applied"]), required=True)
@click.option("--evidence", metavar="TEXT", required=True, help="How you know; it is kept.")
@click.option(
    "--rivo-id",
    type=click.IntRange(1, LARGEST_ID),
    help="The row in Rivo that shows it, where there is one.",
)
@common
def settle(
    operation_id: str,
    outcome: Literal["applied", "not_applied"],
    evidence: str,
    rivo_id: int | None,
    *,
    sandbox: bool,
    as_json: bool,
) -> None:
    """Say for good what became of a write that Rivo never confirmed."""
    try:
        said = text(evidence.strip())
    except ValueError:
        raise click.BadParameter("it must be a text of at most 255 characters.") from None

    def job(tx: Transaction, book: Book, operation: Operation) -> Operation:
        return judging.settle(
            tx,
            book,
            operation,
            by=_operator(),
            outcome=outcome,
            evidence=said,
            rivo_id=rivo_id,
            at=_now(),
        )

    _judge(operation_id, job, sandbox=sandbox, as_json=as_json)


@operations.command()
@click.argument("operation_id", metavar="ID")
@common
def approve(operation_id: str, *, sandbox: bool, as_json: bool) -> None:
    """Approve a write that waits for it; the running service sends it within seconds."""

    def job(tx: Transaction, book: Book, operation: Operation) -> Operation:
        return judging.approve(tx, book, operation, by=_operator(), at=_now())

    _judge(operation_id, job, sandbox=sandbox, as_json=as_json)
    click.echo("Approved: the running service sends it within seconds.", err=True)


operations.add_command(export)


def _judge(operation_id: str, job: Judge, *, sandbox: bool, as_json: bool) -> None:
    """Carry out what the operator decided, and show the operation as it is then."""
    settings = settings_to_sign(os.environ, sandbox=sandbox)
    book = Book(settings.secret_key, os.urandom)

    def judged(tx: Transaction) -> OperationAnswer:
        operation = records.get(tx, operation_id)
        if operation is None:
            raise click.ClickException(NONE)
        if not is_sealed_by(tx, key_of(settings.secret_key, operation.shop), operation.shop):
            raise click.ClickException(OTHER_KEY)
        job(tx, book, operation)
        return _one(tx, operation_id)

    _show(change(settings, judged), as_json=as_json)


def _one(tx: Transaction, operation_id: str) -> OperationAnswer:
    operation = records.get(tx, operation_id)
    found = None if operation is None else one(tx, operation.shop, operation_id)
    if found is None:
        raise click.ClickException(NONE)
    return found


def _show(found: OperationAnswer, *, as_json: bool) -> None:
    if as_json:
        _print(found)
    else:
        show_one(console(), found)


def _print(found: OperationsAnswer | OperationAnswer) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))


def _operator() -> str:
    return f"cli:{getpass.getuser()}"


def _now() -> float:
    return datetime.now(UTC).timestamp()
