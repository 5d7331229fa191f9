"""One attempt to make a write: what is looked at before, the step to sending, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from app.limits import Limits
from app.manners import Reply
from app.operations import records
from app.operations.admitting import is_switched_off
from app.operations.fingerprint import restore
from app.operations.means import Means
from app.operations.moving import Mover
from app.operations.operation import Operation
from app.operations.outcome import Outcome, outcome_of
from app.operations.preparing import applied_changes, found_out, hold_against, sent_of, taken_back
from app.operations.records import Transaction
from app.operations.sending import LEASE_SECONDS, refusal, step_to_sending
from app.operations.telling import NOT_SENT, UNKNOWN
from app.operations.windows import effect_of
from app.shops import Shop
from app.store.sqlite import StoreError
from integrations.actions import Answer
from integrations.errors import (
    ActionError,
    AwaitingApprovalError,
    InputError,
    OutcomeUnknownError,
    SwitchedOffError,
    UnavailableError,
)
from integrations.rivo import Rivo
from integrations.rivo.balances import PREPARATION_SECONDS
from integrations.rivo.replies import LOST
from integrations.rivo.writing import Given, ReadBack, Writing

BEAT_SECONDS: Final = 5.0
EARLY_SECONDS: Final = 5.0
"""Points events are looked for as early as this: a reference that is found proves enough."""
LIFE_SECONDS: Final = 86_400.0
"""So long an operation waits for its approval, or for another attempt."""
AGAIN_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 30.0
"""A look walks through pages, at Rivo's pace; nobody waits for it."""
NO_RECORD: Final = "The service cannot keep a record right now; nothing was sent."


class Attempt:
    """Runs an operation whose lease is ours; `now` is what is known of it.

    `until` is the time of the clock by which it ends; `secrets` must not be seen in an answer;
    `inputs` are the operation's, parsed, where they need not be read again; `awaited` says that
    somebody waits for the answer who can mend the inputs.
    """

    def __init__(
        self,
        means: Means,
        operation: Operation,
        shop: Shop,
        limits: Limits,
        *,
        until: float,
        request_id: str,
        secrets: tuple[str, ...] = (),
        inputs: Mapping[str, Any] | None = None,
        awaited: bool = True,
    ) -> None:
        self.now = operation
        self.sent = False
        self._means = means
        self._shop = shop
        self._limits = limits
        self._until = until
        self._inputs = inputs
        self._awaited = awaited
        self._mover = Mover(means, shop, request_id=request_id, secrets=secrets)
        self._action = means.actions[operation.action]

    async def run(self) -> Reply:
        """Make the write and keep what came of it; whatever goes wrong is an answer, too."""
        beating = asyncio.create_task(self._beat())
        try:
            return await self._end(await self._act())
        finally:
            beating.cancel()

    async def _act(self) -> Answer | ActionError:
        try:
            inputs = self._inputs or restore(self._action, self.now.inputs)
            rivo, early = self._shop.rivo, self._means.clock() + PREPARATION_SECONDS
            if self.now.state != "sending":
                await self._prepare(rivo.until(early), inputs)
            writing = Writing(
                reference=self.now.id,
                about_to_send=self._about_to_send,
                recall=self._recall,
                trusts_state=await self._trusts_state(),
                prepared_by=early,
            )
            return await self._action.run(rivo.for_write(writing, self._until), **inputs)
        except ActionError as error:
            return error
        except StoreError:
            if not self.sent:
                return UnavailableError(NO_RECORD)
            return OutcomeUnknownError(UNKNOWN)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not lose a write
            self._means.log.error(
                "operation.failed", operation=self.now.id, error=type(error).__name__
            )
            return OutcomeUnknownError(UNKNOWN) if self.sent else UnavailableError(NOT_SENT)

    async def _prepare(self, rivo: Rivo, inputs: Mapping[str, Any]) -> None:
        self._change(**await found_out(rivo, self._limits, self._action, inputs))
        if self.now.action != "reverse_points_event":  # of that nobody knows yet what it moves
            hold_against(self._limits, self.now)

    async def _trusts_state(self) -> bool:
        """Say whether what Rivo shows now holds all that we have sent."""
        if self.now.subject is None:
            return True
        since = self._means.at() - self._means.settle_seconds
        lately = await self._means.store.read(
            lambda tx: records.ended_lately(tx, self.now, since=since)
        )
        return not lately

    async def _about_to_send(self, snapshot: Mapping[str, Any]) -> None:
        """Make the step to sending, durably, before the first byte; what raises stops it."""
        if self.sent:
            return
        if is_switched_off(self._shop.settings, self._action, self.now.inputs):
            raise SwitchedOffError(f"{self._action.name} is switched off; nothing was sent.")
        if self.now.state == "sending":  # since it was put down
            self.sent = True
            self._means.moved(self.now)
            return
        if "points" in snapshot:
            moved = (int(snapshot["points"]), Decimal(snapshot["credits"]))
            effect, points, credits_milli = effect_of(self.now.action, {}, moved)
            self._change(effect=effect, points=points, credits_milli=credits_milli)
            hold_against(self._limits, self.now)
        self._change(snapshot=dict(snapshot))
        means, at = self._means, self._means.at()
        try:
            result = await means.store.write(
                lambda tx: step_to_sending(tx, means, self.now, self._limits, at=at)
            )
        except StoreError:
            raise UnavailableError(NO_RECORD, retry_after=1) from None
        if not isinstance(result, Operation):
            raise refusal(result, self.now)
        self.now, self.sent = result, True
        means.moved(result)

    async def _recall(self, operation_id: str) -> Given:
        """Find the points event that is to be taken back."""
        found = await self._means.store.read(
            lambda tx: records.get(tx, operation_id, shop=self.now.shop)
        )
        given = taken_back(found)
        self._change(reverses=operation_id, customer=given.customer)
        return given

    async def _end(self, ended: Answer | ActionError) -> Reply:
        """Keep how it ended."""
        error = ended if isinstance(ended, ActionError) else None
        match outcome_of(error, sent=self.sent):
            case _ if isinstance(error, AwaitingApprovalError):
                return await self._mover.move(
                    self.now, "awaiting_approval", error, **self._waiting()
                )
            case Outcome.APPLIED:
                return await self._mover.move(self.now, "succeeded", ended, **self._applied(ended))
            case Outcome.REJECTED if isinstance(error, InputError) and self._may_withdraw:
                return await self._withdraw(error)
            case Outcome.REJECTED:
                return await self._mover.move(
                    self.now, "rejected", ended, **self._over(applied=False)
                )
            case Outcome.DOUBTFUL:
                return await self._look_at_once(ended)
            case Outcome.NOT_SENT:
                if isinstance(ended, OutcomeUnknownError):  # of something that was not sent
                    ended = UnavailableError(NOT_SENT)
                if error is not None and error.retry_after is None:
                    error.retry_after = 1
                return await self._mover.move(self.now, "accepted", ended, **self._waiting())
            case _:
                words = ended if error and error.message != LOST else OutcomeUnknownError(UNKNOWN)
                return await self._mover.move(self.now, "unknown", words, **self._unknown())

    @property
    def _may_withdraw(self) -> bool:
        return self._awaited and self.now.attempt == 0

    def _applied(self, answer: Any) -> dict[str, Any]:
        changes = applied_changes(answer) | self._over(applied=self.sent)
        if self.sent and (self.now.shop, self.now.list) not in self._means.shown:
            # Looked at later, once a shop: whether its list shows our rows as they should be.
            changes["due_at"] = self._means.at() + self._means.settle_seconds
        return changes

    def _over(self, *, applied: bool) -> dict[str, Any]:
        return {"applied": applied, "ended_at": self._means.at(), "due_at": None}

    def _waiting(self) -> dict[str, Any]:
        """Say when to look at what was not sent: soon if it is approved, or when its life ends."""
        at = self._means.at()
        again = at + AGAIN_SECONDS if self.now.approved_by else self.now.created_at + LIFE_SECONDS
        kept = ("effect", "points", "credits_milli", "customer_id", "reverses", "customer")
        return {
            "applied": False,
            "due_at": again,
            "sent_at": None,
            "reserved_at": None,
            **{name: getattr(self.now, name) for name in kept},
        }

    def _unknown(self) -> dict[str, Any]:
        wait = self._means.settle_seconds
        if self.now.list == "points_events":
            wait = min(wait, EARLY_SECONDS)
        # The request left between the step to sending and now: its time counts from the later one.
        at = self._means.at()
        return {"applied": None, "sent_at": at, "due_at": at + wait}

    async def _look_at_once(self, refusal: Answer | ActionError) -> Reply:
        """Read back a no that came with a status of success, then believe it."""
        found = None
        if self._action.once is not None:
            with contextlib.suppress(ActionError):
                rivo = self._shop.rivo.until(self._means.clock() + LOOK_SECONDS)
                found = await self._action.once.find(rivo, sent_of(self._action, self.now))
        if isinstance(found, ReadBack) and found.verdict == "found" and found.answer is not None:
            return await self._mover.move(
                self.now, "succeeded", found.answer, **self._applied(found.answer)
            )
        return await self._mover.move(self.now, "rejected", refusal, **self._over(applied=False))

    async def _withdraw(self, error: InputError) -> Reply:
        """Forget an operation whose inputs were wrong: it never was one."""

        def forget(tx: Transaction) -> None:
            if records.forget(tx, self.now):
                self._means.book.note(tx, self.now, "withdrawn", at=self._means.at())

        await self._mover.persist(forget)
        raise error

    async def _beat(self) -> None:
        """Keep the lease while this goes on."""
        while True:
            await self._means.sleep(BEAT_SECONDS)
            with contextlib.suppress(StoreError):
                await self._means.store.write(self._hold)

    def _hold(self, tx: Transaction) -> None:
        until = self._means.at() + LEASE_SECONDS
        records.keep(tx, self.now.id, owner=self._means.owner, until=until)

    def _change(self, **changes: Any) -> None:
        self.now = msgspec.structs.replace(self.now, **changes)
