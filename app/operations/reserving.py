"""Limits reserved: the one statement that lets a write be sent, or says why not."""

from __future__ import annotations

import sqlite3
from typing import Any, Final, Literal, TypeAlias

import msgspec

from app.limits import Limits
from app.operations.operation import COUNTED, Operation
from app.operations.windows import (
    COLUMN,
    Over,
    Window,
    counts_amounts,
    effect_of,
    needs_approval,
    over_a_write,
    windows,
)

__all__ = [
    "Over",
    "Reserved",
    "Taken",
    "Window",
    "counts_amounts",
    "effect_of",
    "needs_approval",
    "over_a_write",
    "reserve",
    "windows",
]

Transaction = sqlite3.Connection
_encode = msgspec.json.Encoder(decimal_format="string").encode


class Taken(msgspec.Struct, frozen=True):
    """Another write about the same subject is open, or one already reverses the same operation."""

    what: Literal["subject", "reverses"]


_OF_CUSTOMER: Final = (  # whichever identifier each of the writes was given
    "SELECT id FROM operations WHERE shop = ? AND customer_id IN (?, ?) UNION "
    "SELECT id FROM operations WHERE shop = ? AND customer IN (?, ?)"
)
STEP: Final = (
    *("state", "applied", "reserved_at", "sent_at", "due_at", "owner", "lease_until", "attempt"),
    *("effect", "points", "credits_milli", "customer", "customer_id", "subject", "reverses"),
)
"""The columns that the step sets, the snapshot besides."""

Reserved: TypeAlias = Operation | Over | Taken | None
"""The operation as it is being sent, or why it is not; None: it was not waiting to be any more."""


def reserve(
    tx: Transaction,
    operation: Operation,
    limits: Limits,
    *,
    now: float,
    owner: str,
    lease_until: float,
    due_at: float | None = None,
) -> Reserved:
    """Move an accepted operation on to sending and reserve what it moves, in one statement.

    `operation` is as it shall be kept: what became known of it since it was put down (effect,
    amounts, customer, subject, what it reverses, snapshot) is stored with the step. Times are epoch
    seconds. Nothing is changed unless an operation is answered.
    """
    sending = msgspec.structs.replace(
        operation,
        state="sending",
        applied=None,
        reserved_at=now,
        sent_at=now,
        due_at=due_at,
        owner=owner,
        lease_until=lease_until,
        attempt=operation.attempt + 1,
    )
    counted = [(window, *_rows(window, operation, now)) for window in windows(limits, operation)]
    fits = "".join(f" AND (SELECT {_sum(w)} {rows}) + ? <= ?" for w, rows, _ in counted)
    step = [getattr(sending, name) for name in STEP]
    room = [value for w, _, values in counted for value in (*values, w.amount, w.cap)]
    try:
        done = tx.execute(
            f"UPDATE operations SET {' = ?, '.join(STEP)} = ?, snapshot = ? "  # noqa: S608
            f"WHERE id = ? AND state = 'accepted' AND attempt = ?{fits}",
            (*step, _encode(sending.snapshot).decode(), operation.id, operation.attempt, *room),
        )
    except sqlite3.IntegrityError as error:
        return _taken(error)
    if done.rowcount:
        return sending
    waits = tx.execute(
        "SELECT 1 FROM operations WHERE id = ? AND state = 'accepted' AND attempt = ?",
        (operation.id, operation.attempt),
    )
    if waits.fetchone() is None:
        return None
    return next(over for each in counted if (over := _over(tx, *each, now)))


def _over(tx: Transaction, window: Window, rows: str, values: list[Any], now: float) -> Over | None:
    used = tx.execute(f"SELECT {_sum(window)} {rows}", values).fetchone()[0]
    beyond = used + window.amount - window.cap
    if beyond <= 0:
        return None
    over = Over(window, used)
    if not over.too_fast:
        return over
    leaves = tx.execute(
        f"SELECT o.reserved_at {rows} ORDER BY o.reserved_at LIMIT 1 OFFSET ?",
        (*values, beyond - 1),
    ).fetchone()
    return Over(window, used, leaves and leaves[0] + window.seconds - now)


def _taken(error: sqlite3.IntegrityError) -> Taken:
    """Tell which of the two unique indexes refused it; SQLite names their columns."""
    if "operations.subject" in str(error):
        return Taken("subject")
    if "operations.reverses" in str(error):
        return Taken("reverses")
    raise error


def _sum(window: Window) -> str:
    return f"COALESCE(SUM({COLUMN[window.measure]}), 0)"


def _rows(window: Window, operation: Operation, now: float) -> tuple[str, list[Any]]:
    """Say which rows a window counts, as SQL of our own and its values."""
    shop, customers = operation.shop, (operation.customer_id, operation.customer)
    if window.scope == "customer":
        # By id: SQLite would rather walk through a month of the whole shop than follow an OR.
        tests = [f"o.id IN ({_OF_CUSTOMER})"]
        values: list[Any] = [shop, *customers, shop, *customers]
    else:
        tests, values = ["o.shop = ?"], [shop]
    if window.scope in ("agent", "caller"):
        tests.append("o.caller = ?")
        values.append(operation.caller)
    if window.scope == "agent":
        tests.append("o.agent = ?")
        values.append(operation.agent)
    tests.append("o.reserved_at > ?")
    values.append(now - window.seconds)
    if window.effect != "other":
        tests.append("o.effect = ?")
        values.append(window.effect)
    tests.append(f"o.state IN ({', '.join('?' * len(COUNTED))})")
    values += COUNTED
    return f"FROM operations o WHERE {' AND '.join(tests)}", values
