"""Rivo's Merchant API, version 1, for one shop.

Reads go through the shop's memory; writes are sent once, never repeated where they may have been
applied, and forget what they changed. Source: https://developer-docs.rivo.io/reference/ (pages up
to August 2026).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Self, cast

import msgspec

from integrations.budget import Priority
from integrations.errors import (
    HeldBackError,
    LostReplyError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    UnavailableError,
)
from integrations.memory import Memory
from integrations.news import Proof
from integrations.rivo.forms import pairs_of
from integrations.rivo.found import Found
from integrations.rivo.identities import (
    EVERYONE,
    Identity,
    identity_of,
    named_in,
    tags_of_write,
)
from integrations.rivo.proofs import Told, nothing, proof_of
from integrations.rivo.reading import CATALOGUE_FRESH_SECONDS, READ_SECONDS, Question, Reader
from integrations.rivo.replies import LOST, NOBODY, body_of, resource_in, write_error
from integrations.rivo.resource import Resource
from integrations.rivo.writing import Writing
from integrations.upstream import Reply, Upstream
from integrations.views import Used, Views

BASE_URL: Final = "https://developer-api.rivo.io/merchant_api/v1"
WRITE_SECONDS: Final = 2.5
SECOND_TRY_SECONDS: Final = 1.0  # less is not worth a second try after 429
NOT_SENT: Final = "Rivo could not be reached; nothing was changed."
HELD_BACK: Final = "Rivo is overloaded or failing right now; nothing was sent or changed."


class ShopFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a shop's configuration says and Rivo does not.

    `tier_basis` is what drives the VIP tiers (points, spend, orders, unknown); `customer_fields`
    are the attributes, besides the birthday, that `update_customer` may change.
    """

    currency: str | None = None
    timezone: str = "UTC"
    tier_basis: str = "unknown"
    customer_fields: frozenset[str] = frozenset()


class Rivo:
    """One shop's Rivo, as an action has it: what it may ask until its deadline.

    `clock` gives seconds that only go forward, `now` the time of day (UTC); `deadline` is a time of
    `clock`. `learnt` is what this store taught us: verbs it wants, filters it refuses. `writing` is
    the write under way, None where nobody keeps account of it.
    """

    def __init__(
        self,
        upstream: Upstream,
        memory: Memory,
        *,
        facts: ShopFacts,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        fresh_seconds: float = 30.0,
        deadline: float = float("inf"),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.upstream = upstream
        self.memory = memory
        self.facts = facts
        self.clock = clock
        self.now = now
        self.fresh_seconds = fresh_seconds
        self.deadline = deadline
        self.sleep = sleep
        self.priority = Priority.READ
        self.writing: Writing | None = None
        self.remembers = True
        self.shows_age = False
        self._reader = Reader(upstream, memory, clock=clock, now=now)
        self.learnt: dict[str, str] = {}
        self.views = Views(memory, clock=clock, max_bytes=memory.max_bytes // 8)
        self.used = Used()

    def until(self, deadline: float) -> Self:
        """Return the same Rivo for one inbound request, which ends at `deadline`."""
        return self._with(deadline=deadline)

    def for_read(self, deadline: float) -> Self:
        """Return the same Rivo for one read that is shown, with its age, and decides nothing.

        It gets what is stale, marked so, while that is looked up anew; and what was known last
        where Rivo cannot say how things are.
        """
        return self._with(deadline=deadline, shows_age=True, used=Used())

    def for_write(self, writing: Writing, deadline: float) -> Self:
        """Return the same Rivo for one write of which account is kept."""
        return self._with(
            writing=writing, deadline=deadline, shows_age=False, priority=Priority.WRITE
        )

    def to_settle(self, deadline: float) -> Self:
        """Return the same Rivo for finding out what became of a write, which ends at `deadline`."""
        return self._with(deadline=deadline, priority=Priority.SETTLE)

    def to_export(self) -> Self:
        """Return the same Rivo for lists over all customers: they wait for everybody else."""
        return self._with(priority=Priority.EXPORT)

    def as_it_is(self) -> Self:
        """Return the same Rivo for what cannot say how old it is: nothing stale."""
        return self._with(shows_age=False)

    def afresh(self) -> Self:
        """Return the same Rivo for reads that decide a write: nothing remembered, or shared."""
        return self._with(remembers=False, shows_age=False)

    def look_again(self, identity: Identity) -> None:
        """Look again at what concerns a customer, and everyone, when it is asked for next.

        Where neither the id nor the address is known, that is every customer.
        """
        self.memory.outdate(tags_of_write(identity))

    def _with(self, **changes: object) -> Self:
        mine = object.__new__(type(self))  # as copy.copy does, without its way around by pickle
        mine.__dict__.update(self.__dict__, **changes)
        return mine

    @property
    def seconds_left(self) -> float:
        """The seconds until the deadline; none left if not positive."""
        return self.deadline - self.clock()

    async def get(
        self,
        *segments: str | int,
        params: Sequence[tuple[str, str]] = (),
        who: str | None = EVERYONE,
        single: bool = False,
        optional: bool = False,
        fresh: bool = False,
    ) -> Found:
        """Read `segments` (quoted here), remembered for a while.

        `who` is the customer it concerns (e-mail or id), EVERYONE for lists over all customers,
        None for the shop's catalogue; `fresh` goes past the memory. NotFoundError where Rivo knows
        none, UnavailableError where it cannot say (and nothing that may be shown is known),
        NotAvailableError (`optional` reads) where this store has no such operation.
        """
        question = Question(
            segments=segments, params=tuple(params), who=who, single=single, optional=optional
        )
        seconds = min(READ_SECONDS, self.seconds_left)
        self.used.asked += 1
        if fresh or not self.remembers:
            return await self._reader.anew(question, seconds=seconds, priority=self.priority)
        return await self._reader.read(
            question,
            fresh_seconds=self.fresh_seconds if who else CATALOGUE_FRESH_SECONDS,
            seconds=seconds,
            priority=self.priority,
            shows_age=self.shows_age,
            used=self.used,
        )

    async def send(
        self,
        method: str,
        *segments: str | int,
        form: Mapping[str, object] | None = None,
        who: str,
        snapshot: Mapping[str, Any] | None = None,
        told: Told = nothing,
    ) -> Resource:
        """Send a write that Rivo answers with its resource; otherwise as `apply`."""
        said = await self.apply(
            method, *segments, form=form, who=who, empty=False, snapshot=snapshot, told=told
        )
        return cast(Resource, said)  # what is applied without one is an error there

    async def apply(
        self,
        method: str,
        *segments: str | int,
        form: Mapping[str, object] | None = None,
        params: Sequence[tuple[str, str]] = (),
        who: str,
        empty: bool = True,
        snapshot: Mapping[str, Any] | None = None,
        told: Told = nothing,
    ) -> Resource | None:
        """Send a write once and return the resource that Rivo answers; None where it is a 204.

        `form` leaves out what is None; `who` is the customer it concerns; `empty` says that 204 is
        an answer to it; `snapshot` is what was seen just before; `told` reads off the answer what
        the customer surely has now. RefusedError, NotFoundError, NotAvailableError and
        UnavailableError say that nothing was changed; OutcomeUnknownError that it may have been.
        """
        pairs = None if form is None else pairs_of(form)
        call = functools.partial(
            self.upstream.call,
            method,
            segments,
            params=params,
            form=pairs,
            priority=Priority.WRITE,
        )
        proof = functools.partial(proof_of, segments, told=told)
        reply = await self._dispatch(call, identity_of(who), snapshot or {}, proof)
        pause = reply.retry_after or 1.0
        # 429 is surely not applied: the one answer after which a write is sent once more.
        if reply.status == 429 and self.seconds_left >= pause + SECOND_TRY_SECONDS:
            await self.sleep(pause)
            reply = await self._dispatch(call, identity_of(who), snapshot or {}, proof)
        if (error := write_error(reply, empty=empty)) is not None:
            if reply.status == 200 and body_of(reply) == NOBODY:
                await self._look_for(who, made=method == "POST" and not empty)
            raise error
        return resource_in(body_of(reply), wrote=True)

    async def _dispatch(
        self,
        call: Callable[..., Awaitable[Reply]],
        identity: Identity,
        snapshot: Mapping[str, Any],
        proof: Callable[[Reply], Proof | None],
    ) -> Reply:
        """Let one request leave that may change something, if the write's keeper agrees."""
        if self.seconds_left <= 0:
            raise UnavailableError(NOT_SENT, retry_after=1)
        if self.writing is not None:
            await self.writing.about_to_send(snapshot)
        seconds = min(WRITE_SECONDS, self.seconds_left)  # less than before: keeping takes time
        if seconds <= 0:
            raise UnavailableError(NOT_SENT, retry_after=1)
        was_sent, left_behind = True, None
        try:
            reply = await call(seconds=seconds)
            identity, left_behind = named_in(reply, identity), proof(reply)
        except NotSentError as error:
            was_sent = False
            words = HELD_BACK if isinstance(error, HeldBackError) else NOT_SENT
            raise UnavailableError(words, retry_after=error.retry_after) from None
        except LostReplyError:
            raise OutcomeUnknownError(LOST) from None
        finally:
            if was_sent:
                self.memory.drop(tags_of_write(identity), proof=left_behind)
        return reply

    async def _look_for(self, who: str, *, made: bool) -> None:
        """Raise NotFoundError where a 200 without data means that there is nobody (contract, U6).

        What should have `made` something answers 201 where it did; a change may answer 200 as well,
        so the customer is looked for.
        """
        if made:
            raise NotFoundError("Rivo knows no such customer or reward; nothing was changed.")
        if who != EVERYONE:
            with contextlib.suppress(UnavailableError):
                await self.get("customers", who, who=who, single=True)
