"""Operations as tables for people."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.commands.spelling import spelt
from app.operations.showing import OperationAnswer, ShownOperation

PIPED_WIDTH = 200
COLOURS = {
    "succeeded": "green",
    "rejected": "red",
    "expired": "red",
    "unknown": "yellow",
    "needs_review": "bold yellow",
    "awaiting_approval": "cyan",
}


def console() -> Console:
    """Make the console for standard output; lines stay whole where it is no terminal."""
    here = Console()
    return here if here.is_terminal else Console(width=PIPED_WIDTH)


def show_list(out: Console, rows: Iterable[ShownOperation]) -> None:
    """Print a line for each operation."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("id", no_wrap=True, min_width=35)
    for name in ("asked for", "state", "action", "customer", "agent", "change", "ticket"):
        table.add_column(name, overflow="fold")
    for each in rows:
        state = each.state + (" (late)" if each.late_at else "")
        table.add_row(
            each.id,
            _time(each.created_at),
            Text(state, style=COLOURS.get(each.state, "")),
            each.action,
            _text(each.customer_email or each.customer_id),
            _text(each.agent_email or each.agent_name or f"({each.caller})"),
            _text(change_of(each)),
            _text(each.ticket_id),
        )
    out.print(table)


def show_one(out: Console, one: OperationAnswer) -> None:
    """Print everything that is known of an operation, and its history."""
    facts = msgspec.to_builtins(one)
    history = facts.pop("history")
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if isinstance(value, dict):
            lines = [f"{key} = {each}" for key, each in value.items()]
        else:
            lines = [str(each) for each in value] if isinstance(value, list) else [_plain(value)]
        table.add_row(Text(name, style="bold"), _text("\n".join(lines)))
    out.print(table)
    past = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("when", "what", "by"):
        past.add_column(name)
    for each in history:
        past.add_row(_time(each["at"]), _text(each["event"]), _text(each["by"]))
    out.print(past)


def change_of(one: ShownOperation) -> str:
    """Say what an operation moved, as far as that is known."""
    moved = one.credits if one.credits is not None and one.credits.strip("-+0.") else None
    parts = [f"{one.points:+d} points"] if one.points else []
    return ", ".join([*parts, *([f"{moved} credits"] if moved else [])])


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _text(value: object) -> Text:
    """Show a value as it is: what it holds is no markup, and steers no terminal."""
    return Text("" if value is None else spelt(str(value)))


def _time(iso: str) -> str:
    return iso[:19].replace("T", " ")
