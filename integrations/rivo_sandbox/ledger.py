"""The ledger: every change of a balance in its order, and the fold that is the balance."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from integrations.rivo_sandbox.shop import NO_CREDIT

Kind = Literal["opening", "grant", "deduction", "redemption", "refund"]


class Entry(Struct, frozen=True, kw_only=True):
    """One change of a balance; `reference` is the id of the event or redemption that caused it.

    `request` is the number of the Received that asked for it, None where none did.
    """

    number: int
    kind: Kind
    customer_id: int
    points: int
    credits: Decimal
    at: datetime
    reference: int | None = None
    note: str | None = None
    request: int | None = None


class Ledger:
    """Entries that are only ever added, for one shop."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._of: dict[int, list[Entry]] = {}

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, oldest first."""
        return tuple(self._entries)

    def add(
        self,
        kind: Kind,
        customer_id: int,
        *,
        points: int,
        credits_: Decimal,
        at: datetime,
        reference: int | None = None,
        note: str | None = None,
        request: int | None = None,
    ) -> Entry:
        """Write down one change of a balance and answer the entry."""
        entry = Entry(
            number=len(self._entries) + 1,
            kind=kind,
            customer_id=customer_id,
            points=points,
            credits=credits_,
            at=at,
            reference=reference,
            note=note,
            request=request,
        )
        self._entries.append(entry)
        self._of.setdefault(customer_id, []).append(entry)
        return entry

    def balance(self, customer_id: int) -> tuple[int, Decimal]:
        """Add up a customer's entries: points, and store credit with the digits it was given in."""
        points, credit = 0, NO_CREDIT
        for entry in self._of.get(customer_id, ()):
            points += entry.points
            credit += entry.credits
        return points, credit

    def copy(self) -> Ledger:
        """Answer the ledger as it is now, unmoved by what is added later."""
        twin = Ledger()
        twin._entries = list(self._entries)
        twin._of = {customer_id: list(entries) for customer_id, entries in self._of.items()}
        return twin
