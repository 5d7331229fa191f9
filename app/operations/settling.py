"""The settler: takes over what nobody sends any more, and reads back what nobody knows."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from app.operations import records
from app.operations.attempt import LIFE_SECONDS, LOOK_SECONDS
from app.operations.hinting import hint
from app.operations.means import Means
from app.operations.moving import FREE, Mover
from app.operations.operation import Operation
from app.operations.preparing import applied_changes, sent_of
from app.operations.records import Transaction
from app.operations.running import ATTEMPT_SECONDS, Operations
from app.operations.sending import LEASE_SECONDS
from app.operations.telling import NEVER_APPLIED, REVIEW, standing
from app.shops import Shop
from app.store.sqlite import StoreError
from integrations.errors import ActionError, NeedsReviewError, NotAppliedError
from integrations.rivo.identities import identity_of, tags_of_write
from integrations.rivo.writing import ReadBack

EVERY_SECONDS: Final = 1.0
SETTLER: Final = "settler"
MOST_AT_ONCE: Final = 8
SOONEST_SECONDS: Final = 5.0
LATEST_SECONDS: Final = 600.0
WATCH_SECONDS: Final = 86_400.0
"""So long is looked whether something shows up that we have said was never applied."""
UNREADABLE: Final = "Rivo could not be read back for a whole day."


CURSORS: Final = frozenset({"since_id", "newest_id"})


class Settler:
    """Looks after operations that nobody waits for."""

    def __init__(self, means: Means, operations: Operations) -> None:
        self._means = means
        self._operations = operations

    async def run(self) -> None:
        """Go on until cancelled; a failure of one round is no reason to stop."""
        alone_as = self._means.owner if self._means.alone else None
        while True:
            try:
                await self.once(alone_as=alone_as)
                alone_as = None
            except StoreError as error:
                self._means.log.error("store.failed", reason=str(error))
            except Exception as error:  # noqa: BLE001 - others' operations still have to be settled
                self._means.log.error("settler.failed", error=type(error).__name__)
            await self._means.sleep(EVERY_SECONDS)

    async def once(self, *, alone_as: str | None = None) -> None:
        """Take over what is lost, and look at what is due; see `records.lost` for `alone_as`."""
        at, store = self._means.at(), self._means.store
        if alone_as is not None:
            await store.write(lambda tx: records.free(tx, alone_as))
        if await store.read(lambda tx: records.lost(tx, at, alone_as=alone_as)):
            for taken in await store.write(lambda tx: self._take_over(tx, at, alone_as)):
                self._means.moved(taken)
        due = await store.read(lambda tx: records.due(tx, at, most=MOST_AT_ONCE))
        await asyncio.gather(*(self._look_at(each) for each in due))

    async def hint(self, shop: str, reference: str) -> None:
        """Look now whether an operation was applied: something in Rivo carries its reference."""
        at = self._means.at()
        if await self._means.store.write(lambda tx: hint(tx, shop, reference, at=at)):
            await self.once()

    def _take_over(self, tx: Transaction, at: float, alone_as: str | None) -> list[Operation]:
        """Call unknown what was being sent by somebody who is gone: it may have been applied."""
        taken = []
        for now in records.lost(tx, at, alone_as=alone_as):
            # It may have left until its attempt was over: its time counts from then.
            sent_at = min(at, (now.sent_at or 0.0) + ATTEMPT_SECONDS)
            due_at = sent_at + self._means.settle_seconds
            changes = {"sent_at": sent_at, "due_at": due_at, **FREE}
            moved = records.step(tx, now, "unknown", leased=True, **changes)
            if moved is not None:
                self._means.book.note(tx, moved, "unknown", at=at, by=SETTLER)
                taken.append(moved)
        return taken

    def _first(self, operation: Operation) -> float:
        return (operation.sent_at or 0.0) + self._means.settle_seconds

    async def _look_at(self, operation: Operation) -> None:
        shop = self._means.shops.find(operation.shop)
        now = await self._take(operation)
        if now is None:
            return
        if shop is None:
            await self._later(now, LATEST_SECONDS)
        elif now.state == "unknown":
            await self._read_back(now, shop)
        elif now.state == "accepted" and now.approved_by and not self._is_over(now):
            await self._operations.resume(now)
        elif now.state in ("accepted", "awaiting_approval"):
            await self._expire(now, shop)
        elif now.state == "rejected":
            await self._watch(now, shop)
        else:
            await self._prove(now, shop)

    def _is_over(self, operation: Operation) -> bool:
        return self._means.at() >= operation.created_at + LIFE_SECONDS

    async def _take(self, operation: Operation) -> Operation | None:
        at, owner = self._means.at(), self._means.owner
        until = at + LEASE_SECONDS + LOOK_SECONDS
        took = await self._means.store.write(
            lambda tx: records.take(tx, operation, owner=owner, at=at, until=until)
        )
        return msgspec.structs.replace(operation, owner=owner, lease_until=until) if took else None

    async def _find(self, now: Operation, shop: Shop) -> ReadBack | None:
        """Read an operation back; None where Rivo cannot be read right now."""
        action = self._means.actions[now.action]
        if action.once is None:
            return ReadBack(verdict="unclear", evidence=("There is no way to read this back.",))
        # A list that lags shows an older newest row than we know of: all from there on count.
        known = [int(id_) for name, id_ in now.snapshot.items() if name in CURSORS]
        above = min(known, default=0)
        proven, claimed = await self._means.store.read(
            lambda tx: (
                now.list is None or records.has_shown(tx, now.shop, now.list),
                records.claimed(tx, now, above=above) if now.list else frozenset(),
            )
        )
        rivo = shop.rivo.to_settle(self._means.clock() + LOOK_SECONDS)
        sent = sent_of(action, now, proven=proven, claimed=claimed)
        try:
            found: ReadBack = await action.once.find(rivo, sent)
        except ActionError:
            return None
        if found.shown and now.list is not None and not proven:
            at, name = self._means.at(), now.list
            await self._means.store.write(lambda tx: records.note_shown(tx, now.shop, name, at=at))
        return found

    async def _read_back(self, now: Operation, shop: Shop) -> None:
        """Settle what nobody knows; before its time only what was found counts."""
        found = await self._find(now, shop)
        if found is None and self._means.at() >= (now.sent_at or 0.0) + WATCH_SECONDS:
            found = ReadBack(verdict="unclear", evidence=(UNREADABLE,))
        if found is None:
            await self._later(now, SOONEST_SECONDS * 2 ** min(now.looks, 8))
            return
        at, mover = self._means.at(), Mover(self._means, shop, by=SETTLER)
        seen: dict[str, Any] = {"looks": now.looks + 1, "evidence": found.evidence}
        if found.verdict == "found" and found.answer is not None:
            changes = applied_changes(found.answer) | {"rivo_id": found.rivo_id} | seen
            changes |= {"applied": True, "ended_at": at, "due_at": None}
            await mover.move(now, "succeeded", found.answer, **changes)
            shop.rivo.memory.drop(tags_of_write(identity_of(now.customer or "")))
        elif at < self._first(now):
            await self._later(now, self._first(now) - at)
        elif found.verdict == "absent":
            changes = {"applied": False, "ended_at": at, "due_at": at + self._means.settle_seconds}
            await mover.move(now, "rejected", NotAppliedError(NEVER_APPLIED), **seen, **changes)
        else:
            await mover.move(now, "needs_review", NeedsReviewError(REVIEW), **seen, due_at=None)

    async def _watch(self, now: Operation, shop: Shop) -> None:
        """Look whether something shows up after all that we have said was never applied."""
        found = await self._find(now, shop)
        at = self._means.at()
        gone = at - (now.ended_at or at)
        shows = found is not None and (found.verdict == "found" or found.alike)
        if found is not None and shows and await self._may_be_taken(now, found):
            await self._later(now, max(gone, SOONEST_SECONDS))  # that one is settled first
        elif found is not None and shows and not await self._is_anothers(now):
            changes: dict[str, Any] = {"evidence": (*now.evidence, *found.evidence)}
            if found.answer is not None:
                changes |= applied_changes(found.answer) | {"rivo_id": found.rivo_id}
            late = await self._keep(now, "late", **changes, late_at=at, due_at=None)
            if late is not None:
                self._means.log.error("operation.late", operation=late.id, shop=late.shop)
        elif shows or gone >= WATCH_SECONDS:
            await self._keep(now, due_at=None)
        else:
            await self._later(now, max(gone, SOONEST_SECONDS))

    async def _may_be_taken(self, now: Operation, found: ReadBack) -> bool:
        """Say whether a row without a reference may belong to an operation that is still open."""
        if now.list in (None, "points_events"):
            return False
        return await self._means.store.read(lambda tx: records.may_own(tx, now, found.rivo_id))

    async def _is_anothers(self, now: Operation) -> bool:
        """Say whether a state that is as wanted may be the work of a later write of ours."""
        if now.list is not None:
            return False
        since = now.sent_at or 0.0
        return await self._means.store.read(lambda tx: records.ended_lately(tx, now, since=since))

    async def _prove(self, now: Operation, shop: Shop) -> None:
        """Look once whether a shop's list shows a row of ours that is surely there."""
        name = now.list
        known = name is None or await self._means.store.read(
            lambda tx: records.has_shown(tx, now.shop, name)
        )
        if not known and await self._find(now, shop) is None:
            await self._later(now, LATEST_SECONDS)
            return
        if known:
            self._means.shown.add((now.shop, name))
        await self._keep(now, due_at=None)

    async def _expire(self, now: Operation, shop: Shop) -> None:
        at = self._means.at()
        after = msgspec.structs.replace(now, state="expired")
        await Mover(self._means, shop, by=SETTLER).move(
            now, "expired", standing(after), applied=False, ended_at=at, due_at=None
        )

    async def _later(self, now: Operation, seconds: float) -> None:
        due_at = self._means.at() + min(seconds, LATEST_SECONDS)
        await self._keep(now, looks=now.looks + 1, due_at=due_at)

    async def _keep(
        self, now: Operation, event: str | None = None, **changes: Any
    ) -> Operation | None:
        """Change what is known of an operation, not its state, and let go of it."""

        def job(tx: Transaction) -> Operation | None:
            kept = records.step(tx, now, now.state, leased=True, **changes, **FREE)
            if kept is not None and event is not None:
                self._means.book.note(tx, kept, event, at=self._means.at(), by=SETTLER)
            return kept

        return await self._means.store.write(job)
