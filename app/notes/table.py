"""Notes in the store: what still has to be told, and what became of telling it.

Every function is a job for the store: it takes the transaction first and never commits. A note is
put down before it is sent, so that it is sent once: what was begun and has no end may be there.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

from app.helpdesks import WEBHOOK
from app.operations import records
from app.operations.operation import Operation
from app.operations.records import Transaction

About = Literal["outcome", "wait", "unsent", "late"]
"""How it ended; that it waits for a person; that it could not be sent; that it showed up late."""
NoteState = Literal["sending", "waiting", "posted", "refused", "unknown", "given_up", "needless"]
"""`unknown` is a reply that was lost; only `waiting`, which surely was not posted, is tried again.
"""
TICKET: Final = re.compile(r"[1-9][0-9]{0,17}")
UNANSWERED_SECONDS: Final = 20.0
"""An attempt is over by then: what has not left will not."""
OPEN_SECONDS: Final = 90_000.0
"""What waits is looked for among what was asked for within so long: a day and a bit."""

# A plus keeps SQLite from an index that would go through all that a shop has ever done.
_ENDED: Final = "ended_at >= :since AND +shop = :shop"
_LATE: Final = "late_at >= :since AND +shop = :shop"
_HERE: Final = "door = :door AND ticket_id IS NOT NULL"
_TOLD: Final = (
    "EXISTS (SELECT 1 FROM notes "
    "WHERE notes.operation_id = operations.id AND notes.about = '{about}')"
)
_NEWS: Final = {
    "gorgias": "(applied = 1 OR looks > 0 OR approved_by IS NOT NULL OR settled_by IS NOT NULL "
    f"OR {_TOLD.format(about='wait')})",
    "zendesk": f"caller = :webhook AND NOT (state = 'expired' AND {_TOLD.format(about='unsent')})",
}
"""Which endings nobody has seen yet, or everybody at the ticket should; a webhook tells nobody."""
_WAITS: Final = (
    "shop = :shop AND state IN ('awaiting_approval', 'needs_review') AND created_at >= :asked"
)
_UNSENT: Final = (
    "shop = :shop AND state = 'accepted' AND approved_by IS NULL AND lease_until <= :at "
    "AND created_at BETWEEN :asked AND :answered"
)
_OURS: Final = {"gorgias": "TRUE", "zendesk": "caller = :webhook"}


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One note: about which operation, and how often sending it was begun; times epoch seconds."""

    operation: Operation
    about: About
    tries: int = 0
    first_at: float

    @property
    def is_true(self) -> bool:
        """Whether it still holds: what waited for a person may have ended meanwhile."""
        match self.about:
            case "wait":
                return self.operation.state in ("awaiting_approval", "needs_review")
            case "unsent":
                return self.operation.state == "accepted"
            case _:
                return True


def wanted(
    tx: Transaction, *, shop: str, door: str, since: float, at: float, most: int
) -> list[Note]:
    """List what has not been told yet of a door's operations, those that ended `since` first."""
    values = {
        "shop": shop,
        "door": door,
        "webhook": WEBHOOK.name,
        "since": since,
        "at": at,
        "answered": at - UNANSWERED_SECONDS,
        "asked": at - OPEN_SECONDS,
    }
    ways: dict[About, str] = {
        "outcome": f"{_ENDED} AND {_NEWS[door]} ORDER BY ended_at",
        "wait": f"{_WAITS} AND {_OURS[door]} ORDER BY +created_at",
        "late": f"{_LATE} AND {_NEWS[door]} ORDER BY late_at",
    }
    if door == "zendesk":  # at Gorgias the agent was told, and may have tried again
        ways["unsent"] = f"{_UNSENT} AND {_OURS[door]} ORDER BY +created_at"
    found: list[Note] = []
    for about, way in ways.items():
        ids = _ids(tx, f"{_HERE} AND NOT {_TOLD.format(about=about)} AND {way}", values)
        for each in ids[: most - len(found)]:
            operation = records.get(tx, each)
            if operation is not None:
                found.append(Note(operation=operation, about=about, first_at=at))
    return found


def due(tx: Transaction, *, shop: str, door: str, at: float, most: int) -> list[Note]:
    """List the notes of a door that are to be tried again now."""
    rows = tx.execute(
        "SELECT operation_id, about, tries, first_at FROM notes "
        "JOIN operations ON operations.id = operation_id "
        "WHERE notes.due_at <= ? AND +shop = ? AND +door = ? ORDER BY notes.due_at LIMIT ?",
        (at, shop, door, most),
    ).fetchall()
    found: list[Note] = []
    for row in rows:
        operation = records.get(tx, row["operation_id"])
        if operation is not None:
            rest = {name: row[name] for name in ("about", "tries", "first_at")}
            found.append(Note(operation=operation, **rest))
    return found


def begin(tx: Transaction, note: Note, *, at: float) -> Note | None:
    """Put down that a note is about to be sent; None where that is done, or somebody else's."""
    if note.tries == 0:
        done = tx.execute(
            "INSERT INTO notes (operation_id, about, state, tries, first_at, at) "
            "VALUES (?, ?, 'sending', 1, ?, ?) ON CONFLICT DO NOTHING",
            (note.operation.id, note.about, note.first_at, at),
        )
    else:
        done = tx.execute(
            "UPDATE notes SET state = 'sending', tries = tries + 1, at = ?, due_at = NULL "
            "WHERE operation_id = ? AND about = ? AND state = 'waiting' AND tries = ?",
            (at, note.operation.id, note.about, note.tries),
        )
    return msgspec.structs.replace(note, tries=note.tries + 1) if done.rowcount else None


def end(
    tx: Transaction, note: Note, state: NoteState, *, at: float, due_at: float | None = None
) -> None:
    """Put down what became of sending a note; `due_at` is when it is tried again."""
    tx.execute(
        "UPDATE notes SET state = ?, at = ?, due_at = ? "
        "WHERE operation_id = ? AND about = ? AND state = 'sending' AND tries = ?",
        (state, at, due_at, note.operation.id, note.about, note.tries),
    )


def _ids(tx: Transaction, way: str, values: dict[str, Any]) -> list[str]:
    """Name the operations that are found in a way, and whose ticket has a number."""
    rows = tx.execute(
        f"SELECT id, ticket_id FROM operations WHERE {way}",  # noqa: S608 - our own
        values,
    )
    return [row["id"] for row in rows if TICKET.fullmatch(row["ticket_id"])]
