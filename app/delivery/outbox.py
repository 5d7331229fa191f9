"""The outbox: triggers on their way, put down with what caused them, kept until they are told.

Every function is a job for the store: it takes the transaction first and never commits. A row is
one trigger for one URL; its id is the message's, the same however often it is put down or sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec

from app.settings import ShopSettings
from app.store.sqlite import Transaction

State = Literal["waiting", "sending", "delivered", "dead"]
LONGEST_SECONDS: Final = 43_200.0
"""No wait between two tries is longer."""
STATES: Final[tuple[State, ...]] = ("waiting", "sending", "delivered", "dead")

_INDEX: Final[dict[State, str]] = {"waiting": "outbox_due", "sending": "outbox_leased"}
_NEXT: Final = "SELECT shop, url FROM outbox INDEXED BY {index} WHERE state = '{state}' AND "
_NEXT_URL: Final = "shop = :shop AND url > :url ORDER BY url LIMIT 1"
_NEXT_SHOP: Final = "shop > :shop ORDER BY shop, url LIMIT 1"
"""From one shop and URL to the next, and not through all that waits for each."""
_DUE: Final = (
    "SELECT id, trigger, body, tries + 1 AS tries FROM outbox INDEXED BY outbox_due "
    "WHERE state = 'waiting' AND shop = :shop AND url = :url "
    "AND due_at <= :at ORDER BY due_at LIMIT :most"
)
_FAR: Final = (
    "SELECT id, trigger, body, tries + 1 AS tries FROM outbox INDEXED BY outbox_due "
    "WHERE state = 'waiting' AND shop = :shop AND url = :url "
    "AND due_at > :at + :longest ORDER BY due_at LIMIT :most"
)
"""Due so late that the clock was set back since: nothing waits so long."""
_LEFT: Final = (
    "SELECT id, trigger, body, tries FROM outbox INDEXED BY outbox_leased "
    "WHERE state = 'sending' AND shop = :shop AND url = :url "
    "AND (lease_until <= :at OR lease_until > :at + :longest "
    "OR (:alone AND owner <> :owner)) LIMIT :most"
)
"""Left behind by who sent it: its lease is over, or (who is alone) it is another's."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One trigger for one URL as it is about to be sent; `lease_until` says whose attempt it is."""

    id: str
    shop: str
    trigger: str
    url: str
    body: bytes
    tries: int
    owner: str
    lease_until: float


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One trigger for one URL as people see it; times are epoch seconds.

    `status` is the last answer's, `why` a word for why the last try failed; `emptied` says that
    what it told is not kept any more.
    """

    id: str
    shop: str
    trigger: str
    url: str
    state: State
    tries: int
    created_at: float
    at: float
    due_at: float | None
    status: int | None
    why: str | None
    emptied: bool


def put(
    tx: Transaction,
    *,
    event: str,
    shop: ShopSettings,
    trigger: str,
    body: bytes,
    customer: str | None,
    email: str | None,
    at: float,
) -> int:
    """Put down a trigger for each URL that the shop names for it; returns for how many.

    `event` tells this cause from every other of the shop: what is put down again is there once.
    `customer` and `email` are whom it is about, by Shopify id and by address; `at` are epoch
    seconds. Call it in the transaction that stores the cause.
    """
    number = 0
    for each in shop.triggers:
        if each.trigger != trigger:
            continue
        done = tx.execute(
            "INSERT INTO outbox (id, event, shop, trigger, url, body, customer, email, state, "
            "created_at, at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (
                message_id(shop.name, event, trigger, each.url),
                event,
                shop.name,
                trigger,
                each.url,
                body,
                customer,
                email and email.casefold(),
                at,
                at,
                at,
            ),
        )
        number += done.rowcount
    return number


def message_id(shop: str, event: str, trigger: str, url: str) -> str:
    """Make the id under which one URL hears of one event."""
    told = f"{shop}\n{event}\n{trigger}\n{url}".encode()
    return f"msg_{hashlib.sha256(told).hexdigest()[:32]}"


def waiting(tx: Transaction, *, at: float, owner: str, alone: bool) -> list[tuple[str, str]]:
    """List the shops and URLs for which something is to be sent now."""
    values = {"at": at, "owner": owner, "alone": alone, "longest": LONGEST_SECONDS, "most": 1}
    found = []
    looks: tuple[tuple[State, str], ...] = (
        ("waiting", _DUE),
        ("waiting", _FAR),
        ("sending", _LEFT),
    )
    for state, look in looks:
        for shop, url in _pairs(tx, state):
            if tx.execute(look, {**values, "shop": shop, "url": url}).fetchone():
                found.append((shop, url))
    return list(dict.fromkeys(found))


def claim(
    tx: Transaction,
    *,
    shop: str,
    url: str,
    at: float,
    owner: str,
    alone: bool,
    lease: float,
    most: int,
) -> list[Message]:
    """Take what is to be sent to one URL, the longest due first, for `lease` seconds.

    A try that its sender did not live to end is begun again before all others, and not counted
    twice.
    """
    values = {"at": at, "owner": owner, "alone": alone, "shop": shop, "url": url}
    rows: list[Any] = []
    for look in (_LEFT, _DUE, _FAR):
        rest = {"longest": LONGEST_SECONDS, "most": most - len(rows)}
        rows += tx.execute(look, {**values, **rest}).fetchall()
    until = at + lease
    found = [
        Message(**dict(row), shop=shop, url=url, owner=owner, lease_until=until) for row in rows
    ]
    for each in found:
        tx.execute(
            "UPDATE outbox SET state = 'sending', tries = ?, at = ?, due_at = NULL, owner = ?, "
            "lease_until = ? WHERE id = ?",
            (each.tries, at, owner, until, each.id),
        )
    return found


def end(
    tx: Transaction,
    message: Message,
    state: State,
    *,
    at: float,
    due_at: float | None = None,
    status: int | None = None,
    why: str | None = None,
) -> bool:
    """Put down what became of sending a message; `due_at` is when it is sent again.

    False where it is not ours any more: the lease was over and somebody else took it.
    """
    done = tx.execute(
        "UPDATE outbox SET state = ?, at = ?, due_at = ?, status = ?, why = ?, owner = NULL, "
        "lease_until = 0 WHERE id = ? AND state = 'sending' AND owner = ? AND lease_until = ?",
        (state, at, due_at, status, why, message.id, message.owner, message.lease_until),
    )
    return done.rowcount == 1


def page(tx: Transaction, *, shops: Sequence[str], state: State | None, most: int) -> list[Line]:
    """List the newest messages of some shops."""
    wanted = "shop = ?" if state is None else "shop = ? AND state = ?"
    found: list[Line] = []
    for shop in shops:
        rows = tx.execute(
            "SELECT id, shop, trigger, url, state, tries, created_at, at, due_at, status, why, "  # noqa: S608
            f"length(body) = 0 AS emptied FROM outbox WHERE {wanted} "
            "ORDER BY created_at DESC LIMIT ?",
            (shop, most) if state is None else (shop, state, most),
        )
        found += [msgspec.convert(dict(row), Line, strict=False) for row in rows]
    return sorted(found, key=lambda line: -line.created_at)[:most]


def dead(tx: Transaction, *, shops: Sequence[str]) -> list[str]:
    """Name the dead letters of some shops, the oldest of each first."""
    rows = tx.execute(
        "SELECT id FROM outbox WHERE state = 'dead' "  # noqa: S608 - our own
        f"AND shop IN ({', '.join('?' * len(shops))}) ORDER BY shop, created_at",
        tuple(shops),
    )
    return [row["id"] for row in rows]


def replay(tx: Transaction, message: str, *, shops: Sequence[str], at: float) -> str | None:
    """Have a message of some shops sent again under its own id, all tries before it.

    None where that was done; otherwise a sentence says why it cannot be.
    """
    row = tx.execute(
        "SELECT shop, state, length(body) AS size FROM outbox WHERE id = ?", (message,)
    ).fetchone()
    if row is None or row["shop"] not in shops:
        return "there is none with this id."
    if row["state"] in ("waiting", "sending"):
        return "it is on its way already."
    if not row["size"]:
        return "what it told is not kept any more."
    tx.execute(
        "UPDATE outbox SET state = 'waiting', tries = 0, at = ?, due_at = ? WHERE id = ?",
        (at, at, message),
    )
    return None


def counts(tx: Transaction) -> list[tuple[str, str, int]]:
    """Count what is not delivered: shop, state and number of each."""
    rows = tx.execute(
        "SELECT shop, state, count(*) AS number FROM outbox "
        "WHERE state IN ('waiting', 'sending', 'dead') GROUP BY state, shop"
    )
    return [(row["shop"], row["state"], row["number"]) for row in rows]


def _pairs(tx: Transaction, state: State) -> Iterator[tuple[str, str]]:
    """Go through the shops and URLs that have something in a state."""
    look = _NEXT.format(index=_INDEX[state], state=state)
    here = {"shop": "", "url": ""}
    while True:
        row = tx.execute(look + _NEXT_URL, here).fetchone()
        row = row or tx.execute(look + _NEXT_SHOP, {"shop": here["shop"]}).fetchone()
        if row is None:
            return
        here = dict(row)
        yield here["shop"], here["url"]
