"""Operations looked up, for the doors and for the command line: one by itself, or page by page."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from app.operations import records
from app.operations.operation import UNKNOWN_AGENT, Operation
from app.operations.records import Transaction
from app.operations.showing import (
    Happened,
    OperationAnswer,
    ShownOperation,
    shown,
    shown_whole,
    when,
)
from integrations.actions import State, inputs_of
from integrations.inputs import Kind, email
from integrations.kinds import CUSTOMER_KIND, between, one_of
from integrations.rivo import WRITES
from integrations.spellings import EMAIL, any_case, around

MOST: Final = 200
MICRO: Final = 1_000_000
CURSOR: Final = "[0-9]{1,16}-op_[0-9a-f]{32}"


def agent(value: object) -> str:
    """Read an agent's address, or the word for the agent whom nobody named."""
    if isinstance(value, str) and value.casefold() == UNKNOWN_AGENT:
        return UNKNOWN_AGENT
    return email(value).casefold()


def cursor(value: object) -> tuple[float, str]:
    """Read where a page ended: a time of the store, and an operation."""
    if not isinstance(value, str) or not re.fullmatch(CURSOR, value):
        raise ValueError(value)
    at, _, operation_id = value.partition("-")
    return int(at) / MICRO, operation_id


AGENT_KIND: Final = Kind(
    f"an e-mail address, or {UNKNOWN_AGENT}",
    agent,
    {
        "title": "Agent",
        "type": "string",
        "pattern": around(f"(?:{any_case(UNKNOWN_AGENT)}|{EMAIL})"),
    },
)
CURSOR_KIND: Final = Kind(
    "the `before` of an earlier answer's `next`",
    cursor,
    {"title": "Cursor", "type": "string", "pattern": around(CURSOR)},
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which operations to list; what is absent filters nothing."""

    state: Annotated[State | None, Meta(description="In this state.")] = None
    customer_email: Annotated[
        str | None,
        CUSTOMER_KIND,
        Meta(description="About this customer, by e-mail address or Shopify customer id."),
    ] = None
    agent_email: Annotated[
        str | None,
        AGENT_KIND,
        Meta(description="Asked for by this agent; `unknown` for those whom nobody named."),
    ] = None
    caller: Annotated[str | None, Meta(description="Asked for by this caller.")] = None
    action: Annotated[
        str | None,
        one_of(*(function.__name__ for function in WRITES)),
        Meta(description="Of this action."),
    ] = None
    ticket_id: Annotated[str | None, Meta(description="From this ticket of the helpdesk.")] = None
    late: Annotated[
        bool | None,
        Meta(description="true: that showed up after they had been told not to be applied."),
    ] = None
    limit: Annotated[int, between(1, MOST), Meta(description="How many at most.")] = 50
    before: Annotated[
        tuple[float, str] | None,
        CURSOR_KIND,
        Meta(description="Where to go on: what `next` held."),
    ] = None


FILTERS: Final = {each.name: each for each in inputs_of(Filters)}


class NextOperations(msgspec.Struct, frozen=True, kw_only=True):
    """What to send back, with the same filters, for the next page."""

    before: str
    limit: int


class OperationsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of operations, the newest first."""

    operations: list[ShownOperation]
    count: int
    next: NextOperations | None


def one(tx: Transaction, shop: str, operation_id: str) -> OperationAnswer | None:
    """Show one operation of a shop with its history; None where there is none of that id."""
    operation = records.get(tx, operation_id, shop=shop)
    if operation is None:
        return None
    reversed_by = records.reversal_of(tx, operation)
    return shown_whole(operation, reversed_by=reversed_by, history=history(tx, operation))


def page(tx: Transaction, shop: str, filters: Filters) -> OperationsAnswer:
    """Show a page of a shop's operations."""
    found = records.listed(
        tx,
        shop,
        state=filters.state,
        customer=filters.customer_email,
        agent=filters.agent_email,
        caller=filters.caller,
        action=filters.action,
        ticket_id=filters.ticket_id,
        late=bool(filters.late),
        before=filters.before,
        limit=filters.limit + 1,
    )
    rows, more = found[: filters.limit], len(found) > filters.limit
    return OperationsAnswer(
        operations=[shown(row, reversed_by=records.reversal_of(tx, row)) for row in rows],
        count=len(rows),
        next=NextOperations(before=_end(rows[-1]), limit=filters.limit) if more else None,
    )


def history(tx: Transaction, operation: Operation) -> list[Happened]:
    """Read from the audit what happened to an operation, the oldest first."""
    rows = tx.execute(
        "SELECT at, event, facts FROM audit WHERE shop = ? AND operation_id = ? ORDER BY number",
        (operation.shop, operation.id),
    )
    return [
        Happened(at=when(at), event=event, by=msgspec.json.decode(facts).get("by"))
        for at, event, facts in rows
    ]


def _end(last: Operation) -> str:
    """Spell where a page ended: times of the store are whole microseconds."""
    return f"{round(last.created_at * MICRO)}-{last.id}"


def oldest(
    tx: Transaction,
    shop: str,
    *,
    since: float,
    until: float,
    after: tuple[float, str],
    limit: int,
) -> list[Operation]:
    """List a shop's operations from a time to another, the oldest first, on from `after`."""
    rows = tx.execute(
        "SELECT * FROM operations WHERE shop = ? AND created_at >= ? AND created_at < ? "
        "AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?",
        (shop, since, until, *after, limit),
    )
    return [records.operation_of(row) for row in rows]
