"""The audit: one chain of rows for each shop, each sealed with the deployment's key.

mac_n = HMAC-SHA256(key of the shop, mac_n-1 || canonical JSON of row n), and before the first row
stand 32 zero bytes. What is personal stands beside the chain, which holds only its commitment,
SHA-256(salt || personal): it can be erased, and the chain still holds. Any other change to any row
breaks it, and so does a row that is missing, moved or put in between. Rows missing at the end are
noticed only up to an anchor, a head that was written down elsewhere: whoever can write to the
database can cut off what came after the last one, and nothing here tells.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple

import msgspec

Transaction = sqlite3.Connection
Why = Literal["gap", "form", "mac", "personal", "anchor", "truncated", "unreadable"]
"""What is wrong: a number is missing or doubled; a value is of another kind than it was written;
the row or the one before was changed, or the key is another; what is personal is not what was
committed to; the row is not the one that the anchor names; the chain ends before the anchor; the
database cannot read the row."""

SALT_BYTES: Final = 16
_COLUMNS: Final = "number, at, operation_id, event, facts, personal, salt, commitment, mac"
_encode = msgspec.json.Encoder(order="deterministic", decimal_format="string").encode


class Head(NamedTuple):
    """The last row of a chain, or an anchor: its number (from 1) and its mac."""

    number: int
    mac: bytes


START: Final = Head(0, bytes(32))


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a chain holds: `bad` is the first number at which it does not, and `why`.

    `head` is the last row that was found in order.
    """

    head: Head
    bad: int | None = None
    why: Why | None = None


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """One row as it was written; what is of another kind is not ours."""

    number: int
    at: float
    operation_id: str | None
    event: str
    facts: str
    personal: str | None
    salt: bytes | None
    commitment: bytes | None
    mac: bytes = b""

    def seal(self, key: bytes, before: bytes) -> bytes:
        """Compute its mac, given that of the row before."""
        sealed = {
            "number": self.number,
            "at": self.at,
            "operation_id": self.operation_id,
            "event": self.event,
            "facts": self.facts,
            "commitment": self.commitment and self.commitment.hex(),
        }
        return hmac.digest(key, before + _encode(sealed), sha256)

    @property
    def is_as_committed(self) -> bool:
        """Whether what is personal is what was committed to, or was erased."""
        if self.personal is None and self.salt is None:
            return True
        # A salt of another length could lend a character to the text, or borrow one.
        return (
            self.personal is not None
            and self.salt is not None
            and len(self.salt) == SALT_BYTES
            and self.commitment == commitment_of(self.salt, self.personal)
        )


def key_of(secret_key: bytes, shop: str) -> bytes:
    """Derive the key of a shop's chain from the deployment's."""
    return hmac.digest(secret_key, b"audit " + shop.encode(), sha256)


def commitment_of(salt: bytes, personal: str) -> bytes:
    """Commit to a text without telling it."""
    return sha256(salt + personal.encode()).digest()


def append(
    tx: Transaction,
    key: bytes,
    *,
    shop: str,
    at: float,
    event: str,
    operation_id: str | None,
    facts: Mapping[str, Any],
    personal: Mapping[str, Any] | None,
    salt: bytes,
) -> Head:
    """Add a row to a shop's chain, in the caller's transaction, and answer the new head.

    `at` is in epoch seconds; `facts` hold nothing personal, `personal` (None or empty: nothing)
    what may be erased one day; `salt` are 16 random bytes, never used twice.
    """
    before = head(tx, shop)
    said = _encode(personal).decode() if personal else None
    row = _Row(
        number=before.number + 1,
        at=float(at),
        operation_id=operation_id,
        event=event,
        facts=_encode(facts).decode(),
        personal=said,
        salt=salt if said else None,
        commitment=commitment_of(salt, said) if said else None,
    )
    row = msgspec.structs.replace(row, mac=row.seal(key, before.mac))
    tx.execute(
        f"INSERT INTO audit (shop, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (shop, *msgspec.structs.astuple(row)),
    )
    return Head(row.number, row.mac)


def head(tx: Transaction, shop: str) -> Head:
    """Name the last row of a shop's chain; `START` where there is none."""
    row = tx.execute(
        "SELECT number, mac FROM audit WHERE shop = ? ORDER BY number DESC LIMIT 1", (shop,)
    ).fetchone()
    return Head(*row) if row else START


def verify(
    tx: Transaction, key: bytes, shop: str, anchor: tuple[int, bytes] | None = None
) -> Verdict:
    """Check a shop's chain from its first row on; `anchor` is a head that was written down before.

    Without an anchor, or behind it, rows cut off at the end are not noticed.
    """
    known = Head(*anchor) if anchor else START
    last = START
    try:
        for row in tx.execute(
            f"SELECT {_COLUMNS} FROM audit WHERE shop = ? ORDER BY number",  # noqa: S608
            (shop,),
        ):
            why = _wrong(key, row, last, known)
            if why is not None:
                return Verdict(head=last, bad=last.number + 1, why=why)
            last = Head(row[0], row[8])
    except sqlite3.DatabaseError:
        return Verdict(head=last, bad=last.number + 1, why="unreadable")
    if last.number < known.number:
        return Verdict(head=last, bad=last.number + 1, why="truncated")
    return Verdict(head=last)


def is_sealed_by(tx: Transaction, key: bytes, shop: str) -> bool:
    """Say whether a shop's last row was written with this key; whoever has another must not add."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM audit WHERE shop = ? ORDER BY number DESC LIMIT 2",  # noqa: S608
        (shop,),
    ).fetchall()
    before = Head(rows[1][0], rows[1][8]) if len(rows) > 1 else START
    return not rows or _wrong(key, rows[0], before, START) is None


def erase(tx: Transaction, shop: str, operation_id: str) -> int:
    """Forget what is personal in the rows of an operation; the chain holds. Answer how many."""
    done = tx.execute(
        "UPDATE audit SET personal = NULL, salt = NULL "
        "WHERE shop = ? AND operation_id = ? AND personal IS NOT NULL",
        (shop, operation_id),
    )
    return done.rowcount


def _wrong(key: bytes, found: Any, last: Head, anchor: Head) -> Why | None:
    try:
        row = msgspec.convert(tuple(found), _Row, builtin_types=(bytes,))
    except msgspec.ValidationError:
        return "form"
    if row.number != last.number + 1:
        return "gap"
    if not hmac.compare_digest(row.mac, row.seal(key, last.mac)):
        return "mac"
    if row.number == anchor.number and not hmac.compare_digest(row.mac, anchor.mac):
        return "anchor"
    return None if row.is_as_committed else "personal"
