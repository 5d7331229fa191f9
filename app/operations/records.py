"""Operations in the store: put down, found, and moved on by one step at a time.

Every function is a job for the store: it takes the transaction first, never commits, and changes a
row only if it still is as the caller believes (compare and set).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from app.operations.operation import Operation, Stored
from app.operations.states import may_follow
from integrations.actions import State

Transaction = sqlite3.Connection

KEY_SECONDS: Final = 7 * 86_400.0
REPEAT_SECONDS: Final = 120.0
JSON_COLUMNS: Final = frozenset({"inputs", "snapshot", "evidence"})
REPLY_COLUMNS: Final = ("reply_status", "reply_type", "reply_body")
COLUMNS: Final = tuple(f for f in Operation.__struct_fields__ if f != "reply")
_INSERT: Final = (
    f"INSERT INTO operations ({', '.join(COLUMNS)}) "  # noqa: S608 - names of our own
    f"VALUES ({', '.join('?' * len(COLUMNS))})"
)
_OPEN: Final = "state NOT IN ('succeeded', 'rejected', 'expired')"
_BY_KEY: Final = "SELECT * FROM operations WHERE shop = ? AND caller = ? AND key = ?"
_BY_FINGERPRINT: Final = (
    "SELECT * FROM operations "  # noqa: S608 - constants of our own
    "WHERE shop = ? AND caller = ? AND fingerprint = ? AND ticket_id IS ? "
    f"AND ({_OPEN} OR ended_at >= ?) ORDER BY {_OPEN} DESC, created_at DESC LIMIT 1"
)
_encode = msgspec.json.Encoder(decimal_format="string").encode


def insert(tx: Transaction, operation: Operation) -> None:
    """Put down a new operation."""
    tx.execute(_INSERT, [_column(operation, name) for name in COLUMNS])


def get(tx: Transaction, operation_id: str, *, shop: str | None = None) -> Operation | None:
    """Find an operation by its id, within one shop if that is named."""
    row = tx.execute("SELECT * FROM operations WHERE id = ?", (operation_id,)).fetchone()
    found = row and operation_of(row)
    return found if found and shop in (None, found.shop) else None


def same(tx: Transaction, wanted: Operation) -> Operation | None:
    """Find the operation that a request means again, by its key or else by what it asks.

    A key lives seven days, or as long as its operation is open. Without one an identical request of
    the same caller about the same ticket joins an operation that is open, and repeats one that
    ended within two minutes.
    """
    whose = (wanted.shop, wanted.caller)
    if wanted.key is None:
        since = wanted.created_at - REPEAT_SECONDS
        rows = tx.execute(_BY_FINGERPRINT, (*whose, wanted.fingerprint, wanted.ticket_id, since))
        row = rows.fetchone()
        return row and operation_of(row)
    row = tx.execute(_BY_KEY, (*whose, wanted.key)).fetchone()
    found = row and operation_of(row)
    if found and found.is_terminal and found.created_at < wanted.created_at - KEY_SECONDS:
        tx.execute("UPDATE operations SET key = NULL WHERE id = ?", (found.id,))
        return None
    return found


def step(
    tx: Transaction,
    now: Operation,
    state: State,
    *,
    leased: bool = False,
    **changes: Any,
) -> Operation | None:
    """Move an operation on to `state`; None where it is not as `now` says any more.

    `leased` asks besides that the lease is still the one that `now` holds. `changes` are columns by
    name, `reply` among them.
    """
    if state != now.state and not may_follow(now.state, state):
        raise ValueError(f"{state} does not follow {now.state}")
    after = msgspec.structs.replace(now, state=state, **changes)
    names = [name for name in ("state", *changes) if name != "reply"]
    values = [_column(after, name) for name in names]
    if "reply" in changes:
        names += REPLY_COLUMNS
        values += [*msgspec.structs.astuple(after.reply)] if after.reply else [None] * 3
    lease = "AND owner IS ? AND attempt = ?" if leased else ""
    done = tx.execute(
        f"UPDATE operations SET {', '.join(f'{name} = ?' for name in names)} "  # noqa: S608
        f"WHERE id = ? AND state = ? {lease}",
        [*values, now.id, now.state, *((now.owner, now.attempt) if leased else ())],
    )
    return after if done.rowcount else None


def take(tx: Transaction, now: Operation, *, owner: str, at: float, until: float) -> bool:
    """Take the lease of an operation that nobody holds, in the state it was seen in."""
    done = tx.execute(
        "UPDATE operations SET owner = ?, lease_until = ? "
        "WHERE id = ? AND state = ? AND lease_until <= ?",
        (owner, until, now.id, now.state, at),
    )
    return bool(done.rowcount)


def forget(tx: Transaction, now: Operation) -> bool:
    """Take an operation out again that was never sent, if it is still ours."""
    done = tx.execute(
        "DELETE FROM operations WHERE id = ? AND state = 'accepted' AND owner IS ? AND attempt = 0",
        (now.id, now.owner),
    )
    return bool(done.rowcount)


def keep(tx: Transaction, operation_id: str, *, owner: str, until: float) -> None:
    """Keep a lease for longer."""
    tx.execute(
        "UPDATE operations SET lease_until = ? WHERE id = ? AND owner = ?",
        (until, operation_id, owner),
    )


def lost(tx: Transaction, at: float, *, alone_as: str | None = None) -> list[Operation]:
    """List operations that somebody was sending whose lease has run out.

    `alone_as` names the only replica that there is: whoever else holds a lease is dead.
    """
    if alone_as is not None:
        rows = tx.execute(
            "SELECT * FROM operations WHERE state = 'sending' AND owner IS NOT ?", (alone_as,)
        )
    else:
        rows = tx.execute(
            "SELECT * FROM operations WHERE state = 'sending' AND lease_until <= ?", (at,)
        )
    return [operation_of(row) for row in rows]


def free(tx: Transaction, owner: str) -> None:
    """End the leases of everybody but the only replica that there is."""
    tx.execute(
        "UPDATE operations SET lease_until = 0 WHERE lease_until > 0 AND owner <> ?", (owner,)
    )


def due(tx: Transaction, at: float, *, most: int) -> list[Operation]:
    """List operations that the settler has to look at now and that nobody holds."""
    rows = tx.execute(
        "SELECT * FROM operations WHERE due_at <= ? AND lease_until <= ? ORDER BY due_at LIMIT ?",
        (at, at, most),
    )
    return [operation_of(row) for row in rows]


def claimed(tx: Transaction, operation: Operation, *, above: int) -> frozenset[int]:
    """Name the rows of Rivo's list that belong to other operations of the shop."""
    rows = tx.execute(
        "SELECT rivo_id FROM operations WHERE shop = ? AND list = ? AND rivo_id > ? AND id <> ?",
        (operation.shop, operation.list, above, operation.id),
    )
    return frozenset(row[0] for row in rows)


def newest_row(tx: Transaction, shop: str, name: str) -> int:
    """Name the newest row of a list that we know to be there; 0 where we know of none."""
    row = tx.execute(
        "SELECT MAX(rivo_id) FROM operations WHERE shop = ? AND list = ? AND rivo_id IS NOT NULL",
        (shop, name),
    ).fetchone()
    return row[0] or 0


def has_shown(tx: Transaction, shop: str, name: str) -> bool:
    """Say whether a shop's list has ever shown a row of ours."""
    found = tx.execute("SELECT 1 FROM shown WHERE shop = ? AND list = ?", (shop, name))
    return found.fetchone() is not None


def note_shown(tx: Transaction, shop: str, name: str, *, at: float) -> None:
    """Note that a shop's list has shown a row of ours."""
    tx.execute("INSERT OR IGNORE INTO shown (shop, list, at) VALUES (?, ?, ?)", (shop, name, at))


def ended_lately(tx: Transaction, operation: Operation, *, since: float) -> bool:
    """Say whether another write about the same thing was sent since then."""
    found = tx.execute(
        "SELECT 1 FROM operations WHERE shop = ? AND id <> ? AND sent_at >= ? AND subject IS ?",
        (operation.shop, operation.id, since, operation.subject),
    )
    return found.fetchone() is not None


def may_own(tx: Transaction, operation: Operation, row: int | None) -> bool:
    """Say whether a row is another operation's, or may be: one about the same that is open."""
    found = tx.execute(
        "SELECT 1 FROM operations WHERE shop = ? AND id <> ? AND ((list = ? AND rivo_id = ?) "
        "OR (subject = ? AND state IN ('sending', 'unknown', 'needs_review'))) LIMIT 1",
        (operation.shop, operation.id, operation.list, row, operation.subject),
    )
    return found.fetchone() is not None


def listed(
    tx: Transaction,
    shop: str | None,
    *,
    state: str | None = None,
    customer: str | None = None,
    agent: str | None = None,
    caller: str | None = None,
    action: str | None = None,
    ticket_id: str | None = None,
    late: bool = False,
    since: float | None = None,
    before: tuple[float, str] | None = None,
    limit: int = 50,
) -> list[Operation]:
    """List operations, the newest first; `before` is the last one of the page before."""
    where: Mapping[str, object] = {
        "shop": shop,
        "state": state,
        "agent": agent,
        "caller": caller,
        "action": action,
        "ticket_id": ticket_id,
    }
    tests = [f"{name} = ?" for name, value in where.items() if value is not None]
    values = [value for value in where.values() if value is not None]
    if customer is not None:
        tests.append("(customer = ? OR customer_id = ?)")
        values += [customer.casefold()] * 2
    if late:
        tests.append("late_at IS NOT NULL")
    if since is not None:
        tests.append("created_at >= ?")
        values.append(since)
    if before is not None:
        tests.append("(created_at, id) < (?, ?)")
        values += before
    rows = tx.execute(
        f"SELECT * FROM operations WHERE {' AND '.join(tests) or 'TRUE'} "  # noqa: S608
        "ORDER BY created_at DESC, id DESC LIMIT ?",
        [*values, limit],
    )
    return [operation_of(row) for row in rows]


def reversal_of(tx: Transaction, operation: Operation) -> str | None:
    """Name the operation that takes this one back, if one does or may."""
    row = tx.execute(
        "SELECT id FROM operations WHERE shop = ? AND reverses = ? "
        "AND state IN ('sending', 'unknown', 'needs_review', 'succeeded')",
        (operation.shop, operation.id),
    ).fetchone()
    return str(row[0]) if row else None


def counts(tx: Transaction) -> Collection[tuple[str, str, int]]:
    """Count the operations that are open, by shop and state."""
    rows = tx.execute(
        "SELECT shop, state, COUNT(*) FROM operations "
        "WHERE state IN ('awaiting_approval', 'sending', 'unknown', 'needs_review') "
        "GROUP BY shop, state"
    )
    return [(row[0], row[1], row[2]) for row in rows]


def retire(tx: Transaction, *, before: float, most: int) -> list[tuple[str, str]]:
    """Forget operations that ended before a time; answer the shop and id of each."""
    rows = tx.execute(
        "SELECT shop, id FROM operations WHERE ended_at < ? ORDER BY ended_at LIMIT ?",
        (before, most),
    ).fetchall()
    tx.executemany("DELETE FROM operations WHERE id = ?", [(row["id"],) for row in rows])
    return [(row["shop"], row["id"]) for row in rows]


def operation_of(row: sqlite3.Row) -> Operation:
    """Read one row."""
    found = {name: row[name] for name in COLUMNS}
    for name in JSON_COLUMNS:
        found[name] = msgspec.json.decode(found[name])
    found["evidence"] = tuple(found["evidence"])
    found["applied"] = None if found["applied"] is None else bool(found["applied"])
    if row["reply_status"] is not None:
        found["reply"] = Stored(*(row[name] for name in REPLY_COLUMNS))
    return Operation(**found)


def _column(operation: Operation, name: str) -> Any:
    value = getattr(operation, name)
    return _encode(value).decode() if name in JSON_COLUMNS else value
