"""Notes in the store: found where nobody has told them yet, begun once, ended once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.notes import table
from app.notes.table import Note
from app.store.sqlite import Transaction
from tests.operations.figures import connected
from tests.operations.made import AT, made, put

NOW = AT + 1_000
WEBHOOK = {"door": "zendesk", "caller": "zendesk_webhook_secret"}


@pytest.fixture
def tx() -> Iterator[Transaction]:
    connection = connected()
    connection.execute("PRAGMA foreign_keys = ON")
    yield connection
    connection.close()


def ended(number: int = 1, **changes: Any) -> Any:
    """Make up an operation of a button that was applied a moment ago."""
    facts: dict[str, Any] = {
        "door": "gorgias",
        "ticket_id": "7",
        "state": "succeeded",
        "applied": True,
        "ended_at": NOW - 1,
    }
    return made(number, **(facts | changes))


def found(tx: Transaction, door: str = "gorgias", **options: Any) -> list[tuple[str, int]]:
    """List what is wanted: what about, and the operation's number."""
    settled: dict[str, Any] = {"shop": "acme", "since": NOW - 60, "at": NOW, "most": 10}
    notes = table.wanted(tx, door=door, **(settled | options))
    return [(note.about, int(note.operation.id[3:], 16)) for note in notes]


def note(tx: Transaction, **changes: Any) -> Note:
    put(tx, ended(**changes))
    (only,) = table.wanted(tx, shop="acme", door="gorgias", since=NOW - 60, at=NOW, most=10)
    return only


def states(tx: Transaction) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in tx.execute("SELECT state, tries, at, due_at FROM notes")]


def test_what_was_applied_through_the_door_on_a_ticket_is_found(tx: Transaction) -> None:
    put(
        tx,
        ended(1, ended_at=NOW - 1),
        ended(2, ended_at=NOW - 2),
        ended(3, ticket_id=None),
        ended(4, door="actions"),
        ended(5, shop="other"),
        ended(6, ended_at=NOW - 61),
        ended(7, door="zendesk"),
    )

    assert [("outcome", 2), ("outcome", 1)] == found(tx)
    assert [("outcome", 2)] == found(tx, most=1)


@pytest.mark.parametrize("ticket", ["", "0", "07", "7a", "-7", "7/../8", "٣", "1" * 19])
def test_a_ticket_without_a_number_is_none(tx: Transaction, ticket: str) -> None:
    put(tx, ended(ticket_id=ticket))

    assert [] == found(tx)


@pytest.mark.parametrize(
    ("changes", "is_news"),
    [
        ({"state": "rejected", "applied": False}, False),
        ({"state": "succeeded", "applied": False}, False),
        ({"state": "expired", "applied": False}, False),
        ({"state": "rejected", "applied": False, "looks": 1}, True),
        ({"state": "rejected", "applied": False, "settled_by": "lead"}, True),
        ({"state": "rejected", "applied": False, "approved_by": "lead"}, True),
    ],
)
def test_what_the_button_has_said_is_not_told_again_and_what_came_later_is(
    tx: Transaction, changes: dict[str, Any], is_news: bool
) -> None:
    put(tx, ended(**changes))

    assert ([("outcome", 1)] if is_news else []) == found(tx)


@pytest.mark.parametrize("state", ["succeeded", "rejected", "expired"])
def test_whatever_came_by_webhook_is_told_since_nobody_was_answered(
    tx: Transaction, state: str
) -> None:
    put(tx, ended(1, **WEBHOOK, state=state, applied=False), ended(2, door="zendesk"))

    assert [("outcome", 1)] == found(tx, "zendesk")


@pytest.mark.parametrize("door", ["gorgias", "zendesk"])
@pytest.mark.parametrize("state", ["awaiting_approval", "needs_review"])
def test_what_waits_for_a_person_is_told_and_its_end_as_well(
    tx: Transaction, door: str, state: str
) -> None:
    waiting: dict[str, Any] = {
        **(WEBHOOK if door == "zendesk" else {}),
        "door": door,
        "ended_at": None,
    }
    put(tx, ended(**waiting, state=state, applied=None))
    (only,) = table.wanted(tx, shop="acme", door=door, since=NOW - 60, at=NOW, most=10)
    began = table.begin(tx, only, at=NOW)
    while_waiting = found(tx, door)
    tx.execute("UPDATE operations SET state = 'expired', ended_at = ?", (NOW,))

    assert began is not None
    assert ("wait", []) == (only.about, while_waiting)
    assert [("outcome", 1)] == found(tx, door)


def test_what_has_waited_for_days_is_not_dug_up(tx: Transaction) -> None:
    put(tx, ended(state="needs_review", ended_at=None, created_at=NOW - 90_001))

    assert [] == found(tx)


def test_what_came_by_webhook_and_could_not_be_sent_is_told_once_and_its_expiry_not(
    tx: Transaction,
) -> None:
    unsent: dict[str, Any] = {**WEBHOOK, "state": "accepted", "applied": False, "ended_at": None}
    put(
        tx,
        ended(1, **unsent),
        ended(2, **unsent, created_at=NOW - 19),
        ended(3, **unsent, lease_until=NOW + 1),
        ended(4, **unsent, approved_by="lead"),
        ended(5, **{**unsent, "door": "gorgias", "caller": "reader"}),
    )
    (only,) = table.wanted(tx, shop="acme", door="zendesk", since=NOW - 60, at=NOW, most=10)
    table.begin(tx, only, at=NOW)
    expired = "UPDATE operations SET state = 'expired', ended_at = ? WHERE id = ?"
    tx.execute(expired, (NOW, made().id))

    assert ("unsent", made().id) == (only.about, only.operation.id)
    assert [] == found(tx, "zendesk")
    assert [] == found(tx, "gorgias")


def test_what_showed_up_late_is_told_besides_its_end(tx: Transaction) -> None:
    gone: dict[str, Any] = {"state": "rejected", "applied": False, "looks": 3}
    put(tx, ended(1, **gone, ended_at=NOW - 5_000, late_at=NOW - 1), ended(2, **gone))

    assert [("outcome", 2), ("late", 1)] == found(tx)


def test_a_note_is_begun_once(tx: Transaction) -> None:
    wanted = note(tx)

    first, second = table.begin(tx, wanted, at=NOW), table.begin(tx, wanted, at=NOW)

    assert first is not None
    assert (1, None) == (first.tries, second)
    assert [("sending", 1, NOW, None)] == states(tx)
    assert [] == found(tx)
    assert [] == table.due(tx, shop="acme", door="gorgias", at=NOW + 9_999, most=10)


def test_what_surely_was_not_posted_is_due_again_when_it_is_time(tx: Transaction) -> None:
    began = table.begin(tx, note(tx), at=NOW)
    assert began is not None
    table.end(tx, began, "waiting", at=NOW + 1, due_at=NOW + 6)

    early = table.due(tx, shop="acme", door="gorgias", at=NOW + 5, most=10)
    elsewhere = table.due(tx, shop="acme", door="zendesk", at=NOW + 6, most=10)
    others = table.due(tx, shop="other", door="gorgias", at=NOW + 6, most=10)
    (again,) = table.due(tx, shop="acme", door="gorgias", at=NOW + 6, most=10)
    first, second = table.begin(tx, again, at=NOW + 7), table.begin(tx, again, at=NOW + 7)

    assert ([], [], []) == (early, others, elsewhere)
    assert (1, NOW) == (again.tries, again.first_at)
    assert first is not None
    assert (2, None) == (first.tries, second)
    assert [("sending", 2, NOW + 7, None)] == states(tx)


def test_what_is_due_elsewhere_is_not_even_read(tx: Transaction) -> None:
    """A shop that took its helpdesk away leaves notes that are due for ever."""
    for number, shop in enumerate(["gone"] * 30 + ["acme"] * 3, 1):
        put(tx, ended(number, shop=shop))
        (wanted,) = table.wanted(tx, shop=shop, door="gorgias", since=NOW - 60, at=NOW, most=1)
        began = table.begin(tx, wanted, at=NOW)
        assert began is not None
        table.end(tx, began, "waiting", at=NOW, due_at=NOW - number)
    statements: list[str] = []
    tx.set_trace_callback(statements.append)

    found = table.due(tx, shop="acme", door="gorgias", at=NOW, most=2)

    tx.set_trace_callback(None)
    assert [33, 32] == [int(note.operation.id[3:], 16) for note in found]
    assert 3 == len(statements)


def test_an_end_of_an_earlier_try_changes_nothing(tx: Transaction) -> None:
    began = table.begin(tx, note(tx), at=NOW)
    assert began is not None
    table.end(tx, began, "waiting", at=NOW, due_at=NOW)
    (again,) = table.due(tx, shop="acme", door="gorgias", at=NOW, most=1)
    table.begin(tx, again, at=NOW)

    table.end(tx, began, "posted", at=NOW)

    assert [("sending", 2, NOW, None)] == states(tx)


def test_a_note_is_forgotten_with_its_operation(tx: Transaction) -> None:
    table.begin(tx, note(tx), at=NOW)

    tx.execute("DELETE FROM operations")

    assert [] == states(tx)


def test_the_search_goes_by_an_index_each_time(tx: Transaction) -> None:
    """However many operations there are, a look every second stays cheap."""
    statements: list[str] = []
    tx.set_trace_callback(statements.append)
    table.wanted(tx, shop="acme", door="gorgias", since=NOW, at=NOW, most=10)
    table.wanted(tx, shop="acme", door="zendesk", since=NOW, at=NOW, most=10)
    table.due(tx, shop="acme", door="gorgias", at=NOW, most=10)
    tx.set_trace_callback(None)

    first = [
        next(iter(tx.execute(f"EXPLAIN QUERY PLAN {statement}")))["detail"]
        for statement in statements
    ]

    ended = "SEARCH operations USING INDEX operations_ended (ended_at>?)"
    late = "SEARCH operations USING INDEX operations_late (late_at>?)"
    asked = "SEARCH operations USING INDEX operations_state (shop=? AND state=? AND created_at>?"
    open_, unsent = f"{asked})", f"{asked} AND created_at<?)"
    due = "SEARCH notes USING INDEX notes_due (due_at<?)"
    assert [*(ended, open_, late), *(ended, open_, late, unsent), due] == first
