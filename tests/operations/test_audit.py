"""The audit chain: what holds, what breaks it, and what may be forgotten."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import pytest

from app.operations.audit import (
    SALT_BYTES,
    START,
    Head,
    Verdict,
    append,
    commitment_of,
    erase,
    head,
    is_sealed_by,
    key_of,
    verify,
)
from app.store.sqlite import Transaction
from tests.operations.figures import AUDIT, connected
from tests.operations.made import AT
from tests.soak.figures import count

SECRET: Final = b"a secret of the deployment"
KEY: Final = key_of(SECRET, "acme")
SALT: Final = bytes(range(16))
PERSONAL: Final = {"reason": "é", "agent": "jo@example.com"}


@pytest.fixture
def tx() -> Iterator[Transaction]:
    connection = connected()
    yield connection
    connection.close()


def note(tx: Transaction, number: int, *, shop: str = "acme", **changes: Any) -> Head:
    """Write one row."""
    row: dict[str, Any] = {
        "at": AT + number,
        "event": "accepted",
        "operation_id": f"op_{number:032x}",
        "facts": {"points": number, "by": "gorgias"},
        "personal": PERSONAL,
        "salt": SALT,
    }
    return append(tx, key_of(SECRET, shop), shop=shop, **(row | changes))


def chain(tx: Transaction, rows: int = 5) -> list[Head]:
    """Write a chain; return its heads."""
    return [note(tx, number) for number in range(1, rows + 1)]


def bad(tx: Transaction, anchor: tuple[int, bytes] | None = None) -> tuple[int | None, str | None]:
    """Say where the chain is broken, and why."""
    verdict = verify(tx, KEY, "acme", anchor)
    return verdict.bad, verdict.why


def edit(tx: Transaction, number: int, change: str, *values: object) -> None:
    done = tx.execute(f"UPDATE audit SET {change} WHERE number = ?", (*values, number))  # noqa: S608
    assert 1 == done.rowcount


def test_each_shop_has_a_key_of_its_own() -> None:
    assert hmac.digest(SECRET, b"audit acme", sha256) == KEY
    assert KEY != key_of(SECRET, "other")


def test_a_row_is_sealed_as_the_format_says(tx: Transaction) -> None:
    """Were it to change, chains that were written before would not hold any more."""
    first = note(tx, 1)
    second = note(tx, 2, operation_id=None, personal=None, at=7, facts={"b": None, "a": Decimal(2)})

    personal = '{"agent":"jo@example.com","reason":"é"}'
    commitment = sha256(SALT + personal.encode()).digest()
    texts = (
        f'{{"at":1793707201.25,"commitment":"{commitment.hex()}","event":"accepted",'
        r'"facts":"{\"by\":\"gorgias\",\"points\":1}","number":1,'
        '"operation_id":"op_00000000000000000000000000000001"}',
        '{"at":7.0,"commitment":null,"event":"accepted",'
        r'"facts":"{\"a\":\"2\",\"b\":null}","number":2,"operation_id":null}',
    )
    one = hmac.digest(KEY, bytes(32) + texts[0].encode(), sha256)
    two = hmac.digest(KEY, one + texts[1].encode(), sha256)
    assert [(1, one), (2, two)] == [first, second]
    stored = [tuple(row) for row in tx.execute("SELECT * FROM audit ORDER BY number")]
    facts = '{"by":"gorgias","points":1}'
    op = "op_00000000000000000000000000000001"
    assert [
        ("acme", 1, AT + 1, op, "accepted", facts, personal, SALT, commitment, one),
        ("acme", 2, 7.0, None, "accepted", '{"a":"2","b":null}', None, None, None, two),
    ] == stored
    assert commitment == commitment_of(SALT, personal)


def test_a_chain_that_nobody_touched_holds(tx: Transaction) -> None:
    heads = chain(tx)

    assert Verdict(head=heads[-1]) == verify(tx, KEY, "acme")
    assert heads[-1] == head(tx, "acme")
    for anchor in (START, *heads):
        assert Verdict(head=heads[-1]) == verify(tx, KEY, "acme", anchor)


def test_a_chain_that_never_began_holds_and_starts_at_nothing(tx: Transaction) -> None:
    assert (0, bytes(32)) == START == head(tx, "acme")
    assert Verdict(head=START) == verify(tx, KEY, "acme")


def test_every_shop_counts_for_itself(tx: Transaction) -> None:
    chain(tx)

    assert 1 == note(tx, 1, shop="other").number
    assert 6 == note(tx, 6).number
    assert (None, None) == bad(tx)
    assert 1 == head(tx, "other").number
    assert Verdict(head=head(tx, "other")) == verify(tx, key_of(SECRET, "other"), "other")


def test_it_is_written_in_the_callers_transaction(tx: Transaction) -> None:
    chain(tx)
    tx.execute("BEGIN")
    note(tx, 6)
    tx.execute("ROLLBACK")

    assert 5 == head(tx, "acme").number


@pytest.mark.parametrize(
    ("change", "value", "why"),
    [
        ("at = ?", AT, "mac"),
        ("at = ?", "noon", "form"),
        ("operation_id = ?", "op_" + "f" * 32, "mac"),
        ("operation_id = ?", None, "mac"),
        ("event = ?", "rejected", "mac"),
        # In base 64 these bytes read "accepted".
        ("event = ?", b"i\xc7\x1e\xa7\xa5", "form"),
        ("facts = ?", '{"by":"gorgias","points":4}', "mac"),
        ("facts = ?", '{"by": "gorgias","points":3}', "mac"),
        ("facts = CAST(? AS TEXT)", b"\xff", "unreadable"),
        ("commitment = ?", bytes(32), "mac"),
        ("commitment = ?", None, "mac"),
        ("mac = ?", bytes(32), "mac"),
        ("mac = ?", "x" * 32, "form"),
        ("personal = ?", '{"agent":"al@example.com","reason":"é"}', "personal"),
        ("personal = ?", None, "personal"),
        ("salt = ?", bytes(16), "personal"),
        ("salt = ?", None, "personal"),
        ("number = ?", 9, "gap"),
        ("number = ?", 0, "gap"),
        ("shop = ?", "other", "gap"),
    ],
    ids=str,
)
def test_an_edit_is_told_with_its_row_and_reason(
    tx: Transaction, change: str, value: object, why: str
) -> None:
    heads = chain(tx)
    edit(tx, 3, change, value)

    # A row with the number 0 comes first, where nothing should be.
    bad, before = (1, START) if value == 0 else (3, heads[1])
    assert Verdict(head=before, bad=bad, why=why) == verify(tx, KEY, "acme")  # type: ignore[arg-type]


def test_a_salt_cannot_lend_characters_to_what_it_hides(tx: Transaction) -> None:
    note(tx, 1, personal={"a": 1}, salt=b"0123456789abcde\x20")
    edit(tx, 1, "salt = ?, personal = ?", b"0123456789abcde", ' {"a":1}')

    assert (1, "personal") == bad(tx)


def test_what_is_personal_where_there_was_nothing_is_told(tx: Transaction) -> None:
    note(tx, 1, personal=None)
    edit(tx, 1, "personal = ?, salt = ?", "{}", SALT)

    assert (1, "personal") == bad(tx)


@pytest.mark.parametrize("nothing", [None, {}], ids=str)
def test_where_nothing_is_personal_no_salt_is_spent(tx: Transaction, nothing: object) -> None:
    note(tx, 1, personal=nothing)

    row = tx.execute("SELECT personal, salt, commitment FROM audit").fetchone()
    assert (None, None, None) == tuple(row)
    assert (None, None) == bad(tx)


def test_another_key_is_told(tx: Transaction) -> None:
    chain(tx)

    assert Verdict(head=START, bad=1, why="mac") == verify(tx, key_of(b"x", "acme"), "acme")


def test_rows_cannot_change_places(tx: Transaction) -> None:
    chain(tx)
    for number, other in ((-1, 2), (2, 3), (3, -1)):
        edit(tx, other, "number = ?", number)

    assert (2, "mac") == bad(tx)


def test_a_row_that_is_missing_is_told(tx: Transaction) -> None:
    chain(tx)
    tx.execute("DELETE FROM audit WHERE number IN (3, 4)")

    assert (3, "gap") == bad(tx)


def test_a_row_written_again_with_all_behind_it_needs_the_key(tx: Transaction) -> None:
    """Who has the key can write the chain anew; an anchor tells even then."""
    heads = chain(tx)
    tx.execute("DELETE FROM audit WHERE number >= 3")
    for number in (3, 4, 5):
        note(tx, number, event="rejected")

    assert (None, None) == bad(tx)
    assert (3, "anchor") == bad(tx, heads[2])
    assert (5, "anchor") == bad(tx, heads[4])
    assert (None, None) == bad(tx, heads[1])


def test_rows_cut_off_are_told_up_to_an_anchor_and_not_behind_it(tx: Transaction) -> None:
    heads = chain(tx)
    tx.execute("DELETE FROM audit WHERE number >= 4")

    assert (None, None) == bad(tx)
    assert (None, None) == bad(tx, heads[2])
    assert Verdict(head=heads[2], bad=4, why="truncated") == verify(tx, KEY, "acme", heads[3])
    tx.execute("DELETE FROM audit")
    assert (1, "truncated") == bad(tx, heads[0])


def test_what_is_personal_can_be_forgotten_and_the_chain_holds(tx: Transaction) -> None:
    chain(tx)
    note(tx, 2, personal=None)
    heads = note(tx, 2)
    note(tx, 2, shop="other")
    operation = f"op_{2:032x}"

    assert 2 == erase(tx, "acme", operation)
    assert 0 == erase(tx, "acme", operation)

    assert Verdict(head=heads) == verify(tx, KEY, "acme", heads)
    rows = tx.execute("SELECT * FROM audit WHERE operation_id = ?", (operation,)).fetchall()
    kept = {row["shop"]: row["personal"] for row in rows}
    assert {"acme": None, "other": json.dumps(PERSONAL, ensure_ascii=False)} != kept
    assert [None, None, None] == [row["personal"] for row in rows if row["shop"] == "acme"]
    assert [None, None, None] == [row["salt"] for row in rows if row["shop"] == "acme"]
    assert 2 == sum(row["commitment"] is not None for row in rows if row["shop"] == "acme")
    assert kept["other"] is not None


def test_a_commitment_does_not_tell_what_it_is_of(tx: Transaction) -> None:
    note(tx, 1)
    note(tx, 2, salt=bytes(SALT_BYTES))

    one, other = (row[0] for row in tx.execute("SELECT commitment FROM audit"))
    assert one != other


def test_a_store_that_cannot_be_read_is_told(tx: Transaction) -> None:
    tx.execute("DROP TABLE audit")

    assert Verdict(head=START, bad=1, why="unreadable") == verify(tx, KEY, "acme")


def test_whoever_has_another_key_is_told_before_adding_a_row(tx: Transaction) -> None:
    assert is_sealed_by(tx, KEY, "acme")
    for number in (1, 2, 3):
        note(tx, number)
        assert is_sealed_by(tx, KEY, "acme")
        assert not is_sealed_by(tx, key_of(b"another", "acme"), "acme")
    note(tx, 1, shop="other")
    assert is_sealed_by(tx, KEY, "acme")
    assert not is_sealed_by(tx, KEY, "other")


def test_rows_are_plain_rows_of_any_kind(tx: Transaction) -> None:
    tx.row_factory = None
    heads = chain(tx)

    assert Verdict(head=heads[-1]) == verify(tx, KEY, "acme", heads[-1])


def test_every_single_edit_is_told() -> None:
    for seed in range(1, count("audit", suite=200, commit=200) + 1):
        assert (seed, []) == (seed, list(AUDIT.one(seed)))
