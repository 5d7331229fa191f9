"""Writes as operations: taken in once, run apart from whoever waits, and looked up."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeVar

import msgspec

from app.doors import Wanted
from app.limits import BUILT_IN, Limits, tightest
from app.manners import Reply
from app.operations import judging, records
from app.operations.admitting import admit, limits_of
from app.operations.attempt import NO_RECORD, Attempt
from app.operations.drafting import drafted
from app.operations.means import Means
from app.operations.operation import Operation, told
from app.operations.records import Transaction
from app.operations.sending import LEASE_SECONDS, ready, step_to_sending
from app.operations.telling import NOT_SENT, RUNNING, UNKNOWN, replayed
from app.shops import Caller, Shop
from app.store.sqlite import StoreError
from integrations.actions import Action, Context
from integrations.errors import (
    KeyReusedError,
    NotFoundError,
    OutcomeUnknownError,
    StillRunningError,
    UnavailableError,
)

POLL_SECONDS: Final = 0.05
ANSWER_SECONDS: Final = 0.15
"""An attempt ends so much before its caller has to be answered."""
ATTEMPT_SECONDS: Final = 3.75
LAST_LOOK_SECONDS: Final = 0.05
DRAIN_SECONDS: Final = 8.0
T = TypeVar("T")


class Operations:
    """Takes in writes, makes each of them once, and lets people judge what nobody knows."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._running: dict[str, _Running] = {}

    def admit(
        self, caller: Caller, action: Action, inputs: Mapping[str, Any], context: Context
    ) -> Context:
        """Decide what needs no operation; see `admitting.admit`."""
        return admit(caller, action, inputs, context)

    async def perform(self, wanted: Wanted) -> Reply:
        """Make a write once, and answer what is known of it.

        The same key, or without one an identical request, gets the same operation. KeyReusedError
        where the key came with other inputs before; UnavailableError where nothing can be kept,
        so that nothing is sent.
        """
        operation, is_new = await self._taken_in(wanted)
        reply = await self._reply(operation, wanted)
        if operation.is_terminal:
            reply = self._means.teller.again(wanted.caller.shop, operation, reply)
        return reply if is_new else replayed(reply)

    async def take_in(self, wanted: Wanted) -> Operation:
        """Put down a write for somebody who does not wait for it; it runs on by itself.

        Raises as `perform` does.
        """
        operation, _ = await self._taken_in(wanted, awaited=False)
        return operation

    async def settle(
        self,
        caller: Caller,
        operation_id: str,
        outcome: Literal["applied", "not_applied"],
        evidence: str,
        rivo_id: int | None = None,
    ) -> Operation:
        """Let a person say what became of an operation; see `judging.settle`."""

        def job(tx: Transaction) -> Operation:
            return judging.settle(
                tx,
                self._means.book,
                _of(tx, caller.shop, operation_id),
                by=caller.name,
                outcome=outcome,
                evidence=evidence,
                rivo_id=rivo_id,
                at=self._means.at(),
            )

        settled = await self._kept(self._means.store.write(job))
        self._means.moved(settled)
        return settled

    async def approve(self, caller: Caller, operation_id: str) -> Operation:
        """Approve an operation and make it; what is known of it after a few seconds at most."""
        at = self._means.at()

        def job(tx: Transaction) -> Operation:
            return judging.approve(
                tx,
                self._means.book,
                _of(tx, caller.shop, operation_id),
                by=caller.name,
                at=at,
                owner=self._means.owner,
                lease_until=at + LEASE_SECONDS,
            )

        approved = await self._kept(self._means.store.write(job))
        self._means.moved(approved)
        await self.resume(approved)
        return await self._kept(
            self._means.store.read(lambda tx: _of(tx, caller.shop, operation_id))
        )

    async def resume(self, operation: Operation) -> None:
        """Make an operation whose lease is ours, with nobody waiting for its answer."""
        shop = self._means.shops.find(operation.shop)
        if shop is None:
            return
        attempt = Attempt(
            self._means,
            operation,
            shop,
            _limits(shop, operation),
            until=self._means.clock() + ATTEMPT_SECONDS,
            request_id=operation.id,
            awaited=False,
        )
        running = self._start(attempt)
        await asyncio.wait({running.task})

    async def close(self) -> None:
        """Let what is under way end; what does not is left to be taken over."""
        if self._running:
            tasks = [running.task for running in self._running.values()]
            _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _taken_in(self, wanted: Wanted, *, awaited: bool = True) -> tuple[Operation, bool]:
        """Find the operation that is meant, or put it down and start it; whether it is new."""
        draft, limits = drafted(wanted, self._means), limits_of(wanted.caller)
        gift = ready(limits, draft, wanted.inputs)
        # The disk is waited for with the step to sending: what a power cut takes was never sent.
        accepting = self._means.store.write(
            lambda tx: self._accept(tx, draft, gift, limits),
            durable=gift is not None or not awaited,
        )
        operation, is_new, is_ours = await self._kept(accepting, until=wanted.until)
        if operation.fingerprint != draft.fingerprint:
            raise KeyReusedError(
                "idempotency_key", expected="a new one for other inputs", given="one used before"
            )
        if is_ours:
            attempt = Attempt(
                self._means,
                operation,
                wanted.caller.shop,
                limits,
                until=wanted.until - ANSWER_SECONDS,
                request_id=wanted.request_id,
                secrets=(wanted.credential,),
                inputs=wanted.inputs,
                awaited=awaited,
            )
            self._start(attempt)
        return operation, is_new

    def _accept(
        self, tx: Transaction, draft: Operation, gift: Operation | None, limits: Limits
    ) -> tuple[Operation, bool, bool]:
        """Find the operation that is meant, or put it down; whether it is new, and ours to run."""
        found = records.same(tx, draft)
        if found is None:
            records.insert(tx, draft)
            self._means.book.note(tx, draft, "accepted", at=draft.created_at)
            sending = gift and step_to_sending(tx, self._means, gift, limits, at=draft.created_at)
            return (sending if isinstance(sending, Operation) else draft), True, True
        if found.state != "accepted" or found.fingerprint != draft.fingerprint:
            return found, False, False
        ours = records.take(
            tx, found, owner=self._means.owner, at=draft.created_at, until=draft.lease_until
        )
        held = {"owner": draft.owner, "lease_until": draft.lease_until}
        return (msgspec.structs.replace(found, **held) if ours else found), False, ours

    def _start(self, attempt: Attempt) -> _Running:
        """Run an attempt in a task of its own, which no cancelled request cuts."""
        operation_id = attempt.now.id
        task = asyncio.create_task(attempt.run(), name=operation_id)
        running = self._running[operation_id] = _Running(attempt, task)
        task.add_done_callback(lambda _: self._ended(operation_id, running))
        return running

    def _ended(self, operation_id: str, running: _Running) -> None:
        if self._running.get(operation_id) is running:
            del self._running[operation_id]
        if not running.task.cancelled():
            running.task.exception()  # seen by those who waited; nobody may have

    async def _reply(self, operation: Operation, wanted: Wanted) -> Reply:
        running = self._running.get(operation.id)
        if running is None:
            return await self._standing(operation, wanted)
        left = wanted.until - self._means.clock()
        await asyncio.wait({running.task}, timeout=max(left, 0.0))
        if running.task.done() and not running.task.cancelled():
            return running.task.result()
        return await self._standing(operation, wanted, running.attempt)

    async def _standing(
        self, operation: Operation, wanted: Wanted, attempt: Attempt | None = None
    ) -> Reply:
        """Answer how an operation stands; wait a little while somebody is at it."""
        means, shop = self._means, wanted.caller.shop
        while True:
            left = max(wanted.until - means.clock(), LAST_LOOK_SECONDS)
            try:
                async with asyncio.timeout(left):
                    found = await means.store.read(lambda tx: records.get(tx, operation.id))
            except (StoreError, TimeoutError):
                if attempt is not None and not attempt.sent:
                    return self._running_still(operation, wanted)
                unknown = told(operation.id, "unknown", applied=None)
                error = OutcomeUnknownError(UNKNOWN)
                return means.teller.tell(
                    shop, operation, error, request_id=wanted.request_id, known=unknown
                )
            if found is None:  # withdrawn: its inputs were wrong
                raise UnavailableError(NOT_SENT, retry_after=1)
            is_leased = found.lease_until > means.at()
            is_busy = found.state == "sending" or (found.state == "accepted" and is_leased)
            if not is_busy:
                return means.teller.current(shop, found, request_id=wanted.request_id)
            if means.clock() + POLL_SECONDS >= wanted.until:
                return self._running_still(found, wanted)
            await means.sleep(POLL_SECONDS)

    def _running_still(self, operation: Operation, wanted: Wanted) -> Reply:
        return self._means.teller.tell(
            wanted.caller.shop,
            operation,
            StillRunningError(RUNNING, retry_after=1),
            request_id=wanted.request_id,
            known=told(operation.id, "sending", applied=None),
        )

    async def _kept(self, doing: Awaitable[T], *, until: float = math.inf) -> T:
        """Wait for the store until then: what it keeps later waits to be asked for again.

        UnavailableError where it cannot be used.
        """
        left = None if until == math.inf else max(until - self._means.clock(), 0.0)
        try:
            async with asyncio.timeout(left):
                return await doing
        except (StoreError, TimeoutError):
            raise UnavailableError(NO_RECORD, retry_after=1) from None


class _Running(NamedTuple):
    """An attempt under way, and the task that it runs in."""

    attempt: Attempt
    task: asyncio.Task[Reply]


def _of(tx: Transaction, shop: Shop, operation_id: str) -> Operation:
    found = records.get(tx, operation_id, shop=shop.name)
    if found is None:
        raise NotFoundError("There is no operation with this id.")
    return found


def _limits(shop: Shop, operation: Operation) -> Limits:
    """Find the limits of who asked for an operation; the built-in ones for who is gone."""
    for settings in shop.settings.callers:
        if settings.name == operation.caller:
            return limits_of(Caller(shop=shop, settings=settings))
    return tightest(BUILT_IN, shop.settings.limits)
