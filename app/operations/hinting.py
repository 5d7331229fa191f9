"""What a webhook may say of an operation: its reference was seen, so look now and not later."""

from __future__ import annotations

from app.operations.records import Transaction


def hint(tx: Transaction, shop: str, reference: str, *, at: float) -> bool:
    """Let the settler look at once at an operation of this reference; False where it need not.

    Only its time changes. It is looked for at once as it would be later: what is found settles it,
    and what is not found proves no more than before. So this holds for points events alone, which
    are found by the reference itself, and not by what they are like. One that was said not to be
    applied is looked at as well: then that was wrong.
    """
    done = tx.execute(
        "UPDATE operations SET due_at = ? WHERE id = ? AND shop = ? AND list = 'points_events' "
        "AND (state = 'unknown' OR (state = 'rejected' AND sent_at IS NOT NULL "
        "AND late_at IS NULL)) AND (due_at IS NULL OR due_at > ?)",
        (at, reference, shop, at),
    )
    return bool(done.rowcount)
