"""What the outbox forgets: what is old, piece by piece, and a customer who asks for it.

Every function is a job for the store: it takes the transaction first and never commits.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.store.sqlite import Transaction


def forget(tx: Transaction, *, told: float, ended: float, most: int) -> int:
    """Empty what was delivered before `told`, drop what ended before `ended`; count both.

    At most so many of each, so that others can write in between: call it again until it is 0.
    """
    emptied = tx.execute(
        "UPDATE outbox SET body = x'', customer = NULL, email = NULL WHERE rowid IN "
        "(SELECT rowid FROM outbox INDEXED BY outbox_told "
        "WHERE state = 'delivered' AND length(body) > 0 AND at < ? "
        "ORDER BY at LIMIT ?)",
        (told, most),
    ).rowcount
    dropped = tx.execute(
        "DELETE FROM outbox WHERE rowid IN (SELECT rowid FROM outbox INDEXED BY outbox_ended "
        "WHERE state IN ('delivered', 'dead') AND at < ? ORDER BY at LIMIT ?)",
        (ended, most),
    ).rowcount
    return emptied + dropped


def erase(tx: Transaction, *, shop: str, customer: Sequence[str]) -> int:
    """Drop all that is kept about a customer, named by id, e-mail address or both; count it.

    What is still waiting is not told any more either.
    """
    folded = [each.casefold() for each in customer]
    marks = ", ".join("?" * len(folded))
    return tx.execute(
        f"DELETE FROM outbox WHERE (shop = ? AND customer IN ({marks})) "  # noqa: S608
        f"OR (shop = ? AND email IN ({marks}))",
        (shop, *folded, shop, *folded),
    ).rowcount
