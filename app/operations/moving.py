"""One step of an operation: told, stored with its audit, logged; and what was known too late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from app.manners import Reply
from app.operations import records
from app.operations.means import Means
from app.operations.operation import Operation
from app.operations.records import Transaction
from app.operations.telling import stored
from app.shops import Shop
from app.store.sqlite import StoreError
from integrations.actions import Answer, State
from integrations.errors import ActionError

FREE: Final[Mapping[str, Any]] = {"owner": None, "lease_until": 0.0}
STORE_SECONDS: Final = 1.0
T = TypeVar("T")


class Mover:
    """Moves operations of one shop on.

    `secrets` must not be seen in what is told; `by` is who moves them, if not their own callers.
    """

    def __init__(
        self,
        means: Means,
        shop: Shop,
        *,
        request_id: str | None = None,
        secrets: tuple[str, ...] = (),
        by: str | None = None,
    ) -> None:
        self._means = means
        self._shop = shop
        self._request_id = request_id
        self._secrets = secrets
        self._by = by

    async def move(
        self, now: Operation, state: State, ended: Answer | ActionError, **changes: Any
    ) -> Reply:
        """Take an operation whose lease is ours to `state`, and say how it ended.

        The answer of a terminal state is stored with the step. `changes` are columns by name.
        """
        changes = {**changes, **FREE}
        after = msgspec.structs.replace(now, state=state, **changes)
        reply = self._means.teller.tell(
            self._shop, after, ended, request_id=self._request_id, secrets=self._secrets
        )
        if after.is_terminal:
            changes["reply"] = stored(reply)
        moved = await self.persist(lambda tx: self._step(tx, now, state, changes))
        if moved is None:
            return await self._overtaken(now, state, reply, changes)
        self._means.moved(moved)
        return reply

    async def persist(self, job: Callable[[Transaction], T]) -> T:
        """Keep what is known, however long the store is away: nobody else knows it."""
        while True:
            try:
                return await self._means.store.write(job)
            except StoreError as error:
                self._means.log.error("store.failed", reason=str(error))
                await self._means.sleep(STORE_SECONDS)

    def _step(
        self, tx: Transaction, now: Operation, state: State, changes: Mapping[str, Any]
    ) -> Operation | None:
        moved = records.step(tx, now, state, leased=True, **changes)
        if moved is not None:
            self._means.book.note(tx, moved, state, at=self._means.at(), by=self._by)
        return moved

    async def _overtaken(
        self, before: Operation, state: State, reply: Reply, changes: Mapping[str, Any]
    ) -> Reply:
        """Somebody took this for dead meanwhile: what is known for sure still counts."""

        def late(tx: Transaction) -> Operation | None:
            now = records.get(tx, before.id)
            if now is None or now.state != "unknown" or state == "accepted":
                return now
            moved = records.step(tx, now, state, **changes)
            if moved is not None:
                self._means.book.note(tx, moved, state, at=self._means.at(), by=self._by)
            return moved

        now = await self.persist(late)
        if now is None or now.state == state:
            return reply
        request_id = self._request_id or before.id
        return self._means.teller.current(self._shop, now, request_id=request_id)
