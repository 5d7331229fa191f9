"""The memory of what came signed: each webhook counts once, however often and as what it comes.

Every function is a job for the store: it takes the transaction first and never commits. Nothing
personal is kept: what a webhook is about is named by a keyed hash.
"""

from __future__ import annotations

import hashlib
from typing import Final

from app.store.sqlite import Transaction

KEPT_SECONDS: Final = 30 * 86_400.0
UNDATED_SECONDS: Final = 396 * 86_400.0
"""What signs no time can be sent again for ever: it is known for thirteen months."""
MOST_AT_ONCE: Final = 5_000
SIGNED: Final = "(signed)"
UNDATED: Final = "(undated)"
ZENDESK: Final = "(zendesk)"
# Written out, as in the indexes: SQLite does not see through a parameter.
_DATED: Final = "topic <> '(undated)'"
_UNDATED: Final = "topic = '(undated)'"
_FORGET: Final = (
    "DELETE FROM webhooks WHERE rowid IN (SELECT rowid FROM webhooks "
    "WHERE {rows} AND received_at < ? ORDER BY received_at LIMIT ?)"
)


def note(tx: Transaction, *, shop: str, topic: str, name: str, entity: str, at: float) -> bool:
    """Note that something came; False where it is known already. `at` is in epoch seconds."""
    done = tx.execute(
        "INSERT INTO webhooks (shop, topic, id, entity, received_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (shop, topic, name, entity, at),
    )
    return bool(done.rowcount)


def first_name(tx: Transaction, *, shop: str, topic: str, signed: str, name: str, at: float) -> str:
    """Return the name under which something signed came first, which is this one if it is new.

    `signed` is a digest of it; no signature may cover the name.
    """
    row = tx.execute(
        "SELECT entity FROM webhooks WHERE shop = ? AND topic = ? AND id = ?",
        (shop, topic, signed),
    ).fetchone()
    if row is not None:
        return str(row["entity"])
    note(tx, shop=shop, topic=topic, name=signed, entity=name, at=at)
    return name


def digest(*signed: bytes) -> str:
    """Name what was signed by what it is; parts do not run into one another."""
    hashed = hashlib.sha256()
    for each in signed:
        hashed.update(len(each).to_bytes(8, "big"))
        hashed.update(each)
    return hashed.hexdigest()


def forget(tx: Transaction, *, at: float) -> int:
    """Forget what is old; returns how much of it. Call it again while it finds something.

    `at` is now, in epoch seconds.
    """
    number = 0
    for rows, seconds in ((_DATED, KEPT_SECONDS), (_UNDATED, UNDATED_SECONDS)):
        done = tx.execute(_FORGET.format(rows=rows), (at - seconds, MOST_AT_ONCE))
        number += done.rowcount
    return number
