"""Operations made up for tests, as they lie in the store."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from app.operations import records
from app.operations.operation import Operation
from app.store.sqlite import Transaction

AT: Final = 1_793_707_200.25
"""2026-11-03 12:00:00.250 UTC."""
PERSON: Final = "sarah.martinez@example.com"


def made(number: int = 1, **changes: Any) -> Operation:
    """Make up an operation; its number is in its id."""
    facts: dict[str, Any] = {
        "id": f"op_{number:032x}",
        "shop": "acme",
        "door": "actions",
        "caller": "reader",
        "action": "create_points_event",
        "fingerprint": b"f",
        "inputs": {"customer_email": PERSON, "points_amount": 100},
        "customer": PERSON,
        "created_at": AT + number,
        "effect": "grant",
    }
    return Operation(**(facts | changes))


def put(tx: Transaction, *operations: Operation) -> None:
    """Put operations down."""
    for each in operations:
        records.insert(tx, each)


def noted(tx: Transaction, operation: Operation, number: int, event: str, by: str | None) -> None:
    """Write a row of audit, whose chain nobody looks at here."""
    facts = msgspec.json.encode({"by": by}).decode()
    tx.execute(
        "INSERT INTO audit (shop, number, at, operation_id, event, facts, mac) "
        "VALUES (?, ?, ?, ?, ?, ?, x'00')",
        (operation.shop, number, operation.created_at + number, operation.id, event, facts),
    )
