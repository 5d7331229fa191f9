"""Figures of limits and audit, tried seed by seed: 200 parallel at the cap, one edit to a chain."""

from __future__ import annotations

import asyncio
import base64
import binascii
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from app.limits import Limits
from app.operations import audit, records
from app.operations.operation import Operation
from app.operations.reserving import reserve
from app.store.migrations import MIGRATIONS
from app.store.sqlite import Transaction
from tests.operations.made import AT, made
from tests.soak.figures import Figure
from tests.store.stage import opened

WINDOWS: Final = [
    *("points_per_agent_day", "points_per_caller_day", "points_per_customer_month"),
    *("points_per_shop_day", "credits_per_agent_day", "credits_per_caller_day"),
    *("credits_per_customer_month", "credits_per_shop_day", "redemptions_per_agent_day"),
    *("redemptions_per_caller_day", "redemptions_per_customer_month", "redemptions_per_shop_day"),
    *("writes_per_agent_day", "writes_per_caller_day", "writes_per_minute"),
]
PARALLEL: Final = 200
SHOPS: Final = ("acme", "other")
COLUMNS: Final = ("at", "operation_id", "event", "facts", "personal", "salt", "commitment", "mac")
WAYS: Final = (*COLUMNS * 4, "number", "shop", "delete", "swap", "repeat", "wipe")


def connected() -> Transaction:
    """Open an empty store, without the store's own ways."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    for script in MIGRATIONS:
        connection.executescript(script)
    return connection


def capped(name: str, cap: int) -> Limits:
    """Set one limit, store credit in thousandths."""
    value: Any = Decimal(cap) / 1000 if name.startswith("credits") else cap
    return Limits(**{name: value})


def fitting(name: str, amount: int = 1) -> dict[str, Any]:
    """Make up what takes so much of a limit, a redemption or a write one."""
    facts: dict[str, dict[str, Any]] = {
        "points": {"effect": "grant", "points": amount},
        "credits": {"effect": "grant", "credits_milli": amount},
        "redemptions": {"effect": "redemption"},
        "writes": {"effect": "other"},
    }
    return facts[name.partition("_")[0]]


def reserve_in_parallel(seed: int) -> Iterator[str]:
    """Send 200 writes at once against one limit, through one store or two on one file."""
    chance = random.Random(seed)
    name = WINDOWS[seed % len(WINDOWS)]
    counts = name.startswith(("redemptions", "writes"))
    amounts = [1 if counts else chance.randint(1, 20) for _ in range(PARALLEL)]
    cap = chance.randint(0, sum(amounts) - 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "limits.db"
        kept, refused = asyncio.run(
            _round(path, name, amounts, cap=cap, stores=chance.choice((1, 2)))
        )
    if sum(kept) > cap:
        yield f"{name}: {sum(kept)} reserved of {cap}"
    for amount in refused:
        if sum(kept) + amount <= cap:
            yield f"{name}: {amount} refused although {sum(kept)} of {cap} were reserved"
    if len(kept) + len(refused) != PARALLEL:
        yield f"{name}: {len(kept)} + {len(refused)} of {PARALLEL}"


async def _round(
    path: Path, name: str, amounts: list[int], *, cap: int, stores: int
) -> tuple[list[int], list[int]]:
    """Return what the store says was reserved, and what was refused."""
    limits, refused = capped(name, cap), []
    async with AsyncExitStack() as stack:
        replicas = []
        for _ in range(stores):
            thread = stack.enter_context(ThreadPoolExecutor(1))
            replicas.append(await stack.enter_async_context(opened(path, executor=thread)))

        async def send(number: int, amount: int) -> None:
            operation = made(number, points_diff=amount, **fitting(name, amount))
            store = replicas[number % stores]
            await store.write(lambda tx: records.insert(tx, operation))
            result = await store.write(
                lambda tx: reserve(tx, operation, limits, now=AT, owner="o", lease_until=AT)
            )
            if not isinstance(result, Operation):
                refused.append(amount)

        async with asyncio.TaskGroup() as group:
            for number, amount in enumerate(amounts):
                group.create_task(send(number, amount))
        kept = await replicas[0].read(
            lambda tx: [
                row[0]
                for row in tx.execute("SELECT points_diff FROM operations WHERE state = 'sending'")
            ]
        )
    return kept, refused


LIMITS: Final = Figure(
    one=reserve_in_parallel,
    simulated="threads in one process, one file, two stores in every other round; no Rivo",
)


def key_of(shop: str) -> bytes:
    """Name the key of a shop's chain in these tests."""
    return audit.key_of(b"a secret of the deployment", shop)


def written(tx: Transaction, chance: random.Random, rows: int) -> None:
    """Write the chains of two shops, rows of all forms, some of them erased."""
    for number in range(rows):
        shop = chance.choice(SHOPS)
        audit.append(
            tx,
            key_of(shop),
            shop=shop,
            at=AT + number / 8,
            event=chance.choice(["accepted", "sending", "succeeded", "settled"]),
            operation_id=chance.choice([None, f"op_{number % 4:032x}"]),
            facts={"points": chance.randint(-9, 9), "state": chance.choice(["unknown", None])},
            personal=chance.choice([None, {"agent": f"jo{number}@example.com", "reason": "é"}]),
            salt=chance.randbytes(audit.SALT_BYTES),
        )
    audit.erase(tx, chance.choice(SHOPS), f"op_{1:032x}")


def edit_once(seed: int) -> Iterator[str]:
    """Edit one row of a chain, in a way that changes something, and look whether it is told."""
    chance, tx = random.Random(seed), connected()
    written(tx, chance, chance.randint(2, 40))
    for shop in SHOPS:
        if audit.verify(tx, key_of(shop), shop, audit.head(tx, shop)).bad is not None:
            yield f"{shop}: a chain that nobody edited does not hold"
    heads = {shop: audit.head(tx, shop) for shop in SHOPS}
    before = _rows(tx)
    row = chance.choice(before)
    what, anchored = _edit(tx, chance, row)
    while _rows(tx) == before:
        what, anchored = _edit(tx, chance, row)
    verdicts = [
        audit.verify(tx, key_of(shop), shop, heads[shop] if anchored else None) for shop in SHOPS
    ]
    if all(verdict.bad is None for verdict in verdicts):
        yield f"not told: {what} in row {row['number']} of {row['shop']}"
    tx.close()


def _rows(tx: Transaction) -> list[sqlite3.Row]:
    """Read everything with its type, as bytes where it is a text that cannot be read."""
    shown = ", ".join(f"typeof({n}) AS t_{n}, CAST({n} AS BLOB) AS {n}" for n in COLUMNS)
    return tx.execute(
        f"SELECT shop, number, {shown} FROM audit ORDER BY shop, number"  # noqa: S608
    ).fetchall()


def _edit(tx: Transaction, chance: random.Random, row: sqlite3.Row) -> tuple[str, bool]:
    """Change something; say what, and whether only an anchor can tell."""
    where, way = (row["shop"], row["number"]), chance.choice(WAYS)
    anchored = False
    try:
        if way in COLUMNS:
            value = _other(chance, row[way], row[f"t_{way}"])
            how = "CAST(? AS TEXT)" if isinstance(value, bytes) and chance.random() < 0.5 else "?"
            tx.execute(
                f"UPDATE audit SET {way} = {how} WHERE shop = ? AND number = ?",  # noqa: S608
                (value, *where),
            )
        elif way == "number":
            number = chance.choice([0, -1, row["number"] + 1, row["number"] + 1_000, "x"])
            tx.execute(
                "UPDATE audit SET number = ? WHERE shop = ? AND number = ?", (number, *where)
            )
        elif way == "shop":
            anchored = True  # of the other shop's chain, it may be the last row
            other = SHOPS[1 - SHOPS.index(row["shop"])]
            tx.execute("UPDATE audit SET shop = ? WHERE shop = ? AND number = ?", (other, *where))
        elif way == "delete":
            anchored = True
            tx.execute("DELETE FROM audit WHERE shop = ? AND number = ?", where)
        elif way == "wipe":
            anchored = True
            tx.execute("DELETE FROM audit WHERE shop = ? AND number >= ?", where)
        elif way == "swap":
            _swap(tx, *where)
        else:
            tx.execute(
                "INSERT INTO audit SELECT shop, number + 1000, at, operation_id, event, facts, "
                "personal, salt, commitment, mac FROM audit WHERE shop = ? AND number = ?",
                where,
            )
    except sqlite3.IntegrityError:
        pass  # the table itself does not allow it; another way is tried
    return way, anchored


def _swap(tx: Transaction, shop: str, number: int) -> None:
    """Exchange a row and the next."""
    step = "UPDATE audit SET number = ? WHERE shop = ? AND number = ?"
    tx.execute(step, (-1, shop, number))
    tx.execute(step, (number, shop, number + 1))
    tx.execute(step, (number + 1, shop, -1))


def _other(chance: random.Random, value: bytes | None, kind: str) -> Any:
    """Make another value: a bit, a character, a type or nothing instead."""
    if value is None:
        return chance.choice(["", "x", b"", b"x" * 16, b"x" * 32, 0])
    choices: list[Any] = [
        None,
        b"",
        "",
        value,
        value + b"\0",
        value[:-1],
        b"\xff",
        7,
        value.upper(),
    ]
    if value:
        at = chance.randrange(len(value))
        flipped = bytearray(value)
        flipped[at] ^= 1 << chance.randrange(8)
        choices += [bytes(flipped)] * 4
    if kind == "text":
        choices += [value.decode() + " ", value.decode().replace("e", "é"), " " + value.decode()]
        try:
            choices.append(base64.b64decode(value, validate=True))
        except binascii.Error:
            choices.append(b"not of base 64")
    if kind == "real":
        choices += [float(value) + 1e-6, -float(value), int(float(value))]
    return chance.choice(choices)


AUDIT: Final = Figure(one=edit_once, simulated="a database in memory, edited by SQL")
