"""Steps of an installation shown to people: while they are taken, as a table, as JSON."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import click
import msgspec
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from app.commands.tables import console
from integrations.gorgias.installing import METHODS, Step, Verb

DONE: Final[Mapping[Verb, str]] = {
    "keep": "unchanged",
    "create": "created",
    "update": "updated",
    "delete": "deleted",
}
TO_DO: Final[Mapping[Verb, str]] = {
    "keep": "as it should be",
    "create": "missing",
    "update": "different",
    "delete": "superfluous",
}
COLOURS: Final = {"create": "green", "update": "yellow", "delete": "red"}
HIDDEN: Final = "********"
MOST_DIFFERENCES: Final = 8


def show_steps(steps: Sequence[Step], words: Mapping[Verb, str], *, about: str) -> None:
    """Print a line for each step; `about` heads what its differences are, where it has any."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    remarks = [step.refused or _shortened(step.differences) for step in steps]
    for heading in ("", "what", "name", "id", about if any(remarks) else ""):
        table.add_column(heading, overflow="fold")
    for step, remark in zip(steps, remarks, strict=True):
        table.add_row(
            Text(*_outcome(step, words)),
            step.kind.removesuffix("s"),
            Text(step.name),
            "" if step.id is None else str(step.id),
            Text(remark),
        )
    console().print(table)


def show_requests(steps: Iterable[Step], secrets: Sequence[str]) -> None:
    """Print the requests that would be sent, as JSON and without the secrets in them."""
    requests = [
        {
            "method": METHODS[step.verb],
            "path": step.path,
            **({} if step.json is None else {"json": _hidden(step.json, secrets)}),
        }
        for step in steps
        if step.verb != "keep"
    ]
    click.echo(msgspec.json.format(msgspec.json.encode(requests), indent=2))
    click.echo(f"{len(requests)} requests would be sent; nothing was changed.", err=True)


def looking() -> AbstractContextManager[object]:
    """Show on standard error that Gorgias is looked at."""
    return Console(stderr=True).status("Looking at what is in Gorgias ...")


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[Step], None]]:
    """Show on standard error how far it is; on no terminal, a line for each step."""
    here = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=here, transient=True, disable=not here.is_terminal) as bar:
        task = bar.add_task("", total=total)

        def tell(step: Step) -> None:
            said = f"{_outcome(step, DONE)[0]} {step.kind.removesuffix('s')}: {step.name}"
            bar.update(task, advance=1, description=said)
            if not here.is_terminal:
                click.echo(said, err=True)

        yield tell


def _outcome(step: Step, words: Mapping[Verb, str]) -> tuple[str, str]:
    """Say what became of a step, and in which colour."""
    if step.refused is not None:
        return "refused", "bold red"
    return words[step.verb], COLOURS.get(step.verb, "")


def _shortened(differences: Sequence[str]) -> str:
    more = len(differences) - MOST_DIFFERENCES
    named = "\n".join(differences[:MOST_DIFFERENCES])
    return f"{named}\nand {more} more" if more > 0 else named


def _hidden(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _hidden(each, secrets) for name, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each, secrets) for each in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
    return value
