"""Mistakes in keeping operations and in telling of them, as patches of the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from app.limits import Limits
from app.operations import (
    attempt,
    drafting,
    judging,
    moving,
    preparing,
    records,
    reserving,
    running,
    sending,
    telling,
)
from app.operations.operation import Operation, told
from app.operations.settling import Settler
from integrations.errors import ForbiddenError
from tests.simulation.mistakes_sent import Patches, on


def _draft(change: Callable[[Operation], Operation]) -> Patches:
    return (on(running, "drafted", lambda *given: change(drafting.drafted(*given))),)


def no_fingerprint() -> Patches:
    return _draft(
        lambda draft: msgspec.structs.replace(draft, fingerprint=bytes(32)) if draft.key else draft
    )


def same(statement: str, *, keyed: bool) -> Callable[[], Patches]:
    """Find what is meant again by another statement; it has the draft's columns by name."""

    def patches() -> Patches:
        true = records.same

        def same(tx: records.Transaction, wanted: Operation) -> Operation | None:
            if keyed != (wanted.key is not None):
                return true(tx, wanted)
            values = msgspec.structs.asdict(wanted)
            names = ("shop", "caller", "key", "ticket_id", "fingerprint", "created_at")
            row = tx.execute(
                f"SELECT * FROM operations WHERE shop = :shop AND {statement} "  # noqa: S608
                "ORDER BY ended_at IS NULL DESC, created_at DESC LIMIT 1",
                {name: values[name] for name in names},
            ).fetchone()
            return row and records.operation_of(row)

        return (on(records, "same", same),)

    return patches


def replay_runs_again() -> Patches:
    true = records.same

    def same(tx: records.Transaction, wanted: Operation) -> Operation | None:
        found = true(tx, wanted)
        if found is None or wanted.key is None or not found.is_terminal:
            return found
        tx.execute("UPDATE operations SET key = NULL WHERE id = ?", (found.id,))
        return None

    return (on(records, "same", same),)


def reserves_after() -> Patches:
    true = reserving.reserve
    return (
        on(sending, "reserve", lambda tx, op, _limits, **named: true(tx, op, Limits(), **named)),
    )


def released_while_unknown() -> Patches:
    return (on(reserving, "COUNTED", ("sending", "succeeded")),)


def lease_for_ever() -> Patches:
    lasting = (attempt, drafting, running, sending)
    return tuple(on(each, "LEASE_SECONDS", 1e6) for each in lasting)


def never_taken_over() -> Patches:
    return (on(records, "lost", lambda *_, **__: []),)


def recovery(statement: str) -> Callable[[], Patches]:
    def take_over(self: Any, tx: records.Transaction, at: float, alone_as: str | None) -> list[Any]:
        for now in records.lost(tx, at, alone_as=alone_as):
            tx.execute(
                f"UPDATE operations SET {statement}, owner = NULL, lease_until = 0 WHERE id = ?",  # noqa: S608
                (now.id,),
            )
        return []

    return lambda: (on(Settler, "_take_over", take_over),)


def late_overwrites() -> Patches:
    true = Settler._keep

    async def keep(self: Any, now: Operation, event: str | None = None, **changes: Any) -> Any:
        kept = await true(self, now, event, **changes)
        if event == "late":
            await self._means.store.write(
                lambda tx: (
                    tx.execute(
                        "UPDATE operations SET state = 'succeeded', applied = 1 WHERE id = ?",
                        (now.id,),
                    ).rowcount
                )
            )
        return kept

    return (on(Settler, "_keep", keep),)


def never_watched() -> Patches:
    async def watch(self: Any, now: Operation, shop: Any) -> None:
        await self._keep(now, due_at=None)

    return (on(Settler, "_watch", watch),)


def approved_again() -> Patches:
    true = judging.approve

    def approve(tx: Any, book: Any, operation: Operation, **named: Any) -> Operation:
        if operation.state == "succeeded":
            tx.execute(
                "UPDATE operations SET state = 'awaiting_approval' WHERE id = ?", (operation.id,)
            )
            operation = msgspec.structs.replace(operation, state="awaiting_approval")
        return true(tx, book, operation, **named)

    return (on(judging, "approve", approve),)


def approval_not_asked() -> Patches:
    return tuple(on(each, "needs_approval", lambda *_: False) for each in (preparing, sending))


def reversed_twice() -> Patches:
    true = reserving.reserve

    def reserve(tx: Any, operation: Operation, *given: Any, **named: Any) -> Any:
        return true(tx, msgspec.structs.replace(operation, reverses=None), *given, **named)

    return (on(sending, "reserve", reserve),)


def running_is_safe() -> Patches:
    return (on(running, "told", lambda name, _, **__: told(name, "accepted", applied=False)),)


def unknown_is_refused() -> Patches:
    true = telling.standing

    def standing(operation: Operation) -> Any:
        is_unknown = operation.state in ("unknown", "needs_review")
        return ForbiddenError("It failed.") if is_unknown else true(operation)

    return (on(telling, "standing", standing),)


def answer_not_kept() -> Patches:
    return (on(moving, "stored", lambda _: None),)
