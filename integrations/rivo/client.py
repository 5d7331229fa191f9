"""Rivo's Merchant API, version 1, for one shop.

Reads go through the shop's memory; writes are sent once, never repeated, and forget what they
changed. Source: https://developer-docs.rivo.io/reference/ (pages up to August 2026).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Self, TypeVar, cast

import msgspec

from integrations.errors import (
    LostReplyError,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    UnavailableError,
)
from integrations.memory import Memory, Remembered
from integrations.rivo.identities import (
    EVERYONE,
    identity_of,
    named_in,
    tags_of_read,
    tags_of_write,
)
from integrations.rivo.replies import (
    LOST,
    NOBODY,
    body_of,
    read_error,
    resource_in,
    rows_in,
    write_error,
)
from integrations.rivo.resource import Resource, strange
from integrations.upstream import Upstream

BASE_URL: Final = "https://developer-api.rivo.io/merchant_api/v1"
READ_SECONDS: Final = 2.0
WRITE_SECONDS: Final = 2.5
CATALOGUE_FRESH_SECONDS: Final = 300.0
Made = TypeVar("Made")
DOWN: Final = "Rivo is not available right now."
NOT_SENT: Final = "Rivo could not be reached; nothing was changed."


class ShopFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a shop's configuration says and Rivo does not.

    `tier_basis` is what drives the VIP tiers (points, spend, orders, unknown); `customer_fields`
    are the attributes, besides the birthday, that `update_customer` may change.
    """

    currency: str | None = None
    timezone: str = "UTC"
    tier_basis: str = "unknown"
    customer_fields: frozenset[str] = frozenset()


class Found(msgspec.Struct, frozen=True, dict=True):
    """What a read brought: JSON and the time for which it is true."""

    raw: bytes
    as_of: str
    stale: bool = False

    @functools.cached_property
    def body(self) -> Any:
        """Decode the JSON, when somebody first asks for it."""
        return msgspec.json.decode(self.raw)

    @property
    def resource(self) -> Resource:
        """The one resource in it."""
        resource = resource_in(self.body)
        if resource is None:
            raise strange("one resource")
        return resource

    @property
    def rows(self) -> list[Resource]:
        """The resources of a list."""
        rows = rows_in(self.body)
        if rows is None:
            raise strange("a list")
        return [Resource.of(row) for row in rows]


class Rivo:
    """One shop's Rivo, as an action has it: what it may ask until its deadline.

    `clock` gives seconds that only go forward, `now` the time of day (UTC); `deadline` is a time of
    `clock`. `learnt` is what this store taught us: verbs it wants, filters it refuses.
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
    ) -> None:
        self.upstream = upstream
        self.memory = memory
        self.facts = facts
        self.clock = clock
        self.now = now
        self.fresh_seconds = fresh_seconds
        self.deadline = deadline
        self.learnt: dict[str, str] = {}
        # At 10 KB for a customer: bounded like the memory, and like it the shop's own.
        self._once = functools.lru_cache(maxsize=1_000)(lambda make, found: make(found))

    def until(self, deadline: float) -> Self:
        """Return the same Rivo for one inbound request, which ends at `deadline`."""
        mine = object.__new__(type(self))  # as copy.copy does, without its way around by pickle
        mine.__dict__.update(self.__dict__, deadline=deadline)
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
    ) -> Found:
        """Read `segments` (quoted here), remembered for a while.

        `who` is the customer it concerns (e-mail or id), EVERYONE for lists over all customers,
        None for the shop's catalogue. NotFoundError where Rivo knows none, UnavailableError where
        it cannot say, NotAvailableError (`optional` reads) where this store has no such operation.
        """
        seconds = min(READ_SECONDS, self.seconds_left)
        if seconds <= 0:
            raise UnavailableError(DOWN, retry_after=1)

        async def fetch() -> Remembered:
            # Not `seconds`: who comes meanwhile shares this read and may have more time left.
            as_of = when(self.now())
            reply = await self.upstream.read(segments, params=params, seconds=READ_SECONDS)
            if (error := read_error(reply, optional=optional, single=single)) is not None:
                raise error
            return Remembered(body=reply.body, as_of=as_of, tags=tags_of_read(reply, who))

        try:
            read = await self.memory.read(
                (segments, tuple(params)),
                fetch,
                fresh_seconds=self.fresh_seconds if who else CATALOGUE_FRESH_SECONDS,
                seconds=seconds,
                lasting=who is None,
            )
        except (NotSentError, LostReplyError, TimeoutError):
            raise UnavailableError(DOWN, retry_after=1) from None
        return Found(read.body, read.as_of)

    def once(self, make: Callable[[Found], Made], found: Found) -> Made:
        """Make something of a read: once for all who find the same while it is remembered."""
        return cast(Made, self._once(make, found))

    async def send(
        self,
        method: str,
        *segments: str | int,
        form: Mapping[str, object] | None = None,
        who: str,
    ) -> Resource:
        """Send a write that Rivo answers with its resource; otherwise as `apply`."""
        said = await self.apply(method, *segments, form=form, who=who, empty=False)
        return cast(Resource, said)  # what is applied without one is an error there

    async def apply(
        self,
        method: str,
        *segments: str | int,
        form: Mapping[str, object] | None = None,
        params: Sequence[tuple[str, str]] = (),
        who: str,
        empty: bool = True,
    ) -> Resource | None:
        """Send a write once and return the resource that Rivo answers; None where it is a 204.

        `form` leaves out what is None; `who` is the customer it concerns; `empty` says that 204 is
        an answer to it. RefusedError, NotFoundError, NotAvailableError and UnavailableError say
        that nothing was changed; OutcomeUnknownError that it may have been.
        """
        seconds = min(WRITE_SECONDS, self.seconds_left)
        if seconds <= 0:
            raise UnavailableError(NOT_SENT, retry_after=1)
        pairs = None if form is None else [(n, _spelt(v)) for n, v in form.items() if v is not None]
        identity = identity_of(who)
        try:
            reply = await self.upstream.call(
                method, segments, params=params, form=pairs, seconds=seconds
            )
            identity = named_in(reply, identity)
        except NotSentError:
            raise UnavailableError(NOT_SENT, retry_after=1) from None
        except LostReplyError:
            raise OutcomeUnknownError(LOST) from None
        finally:
            self.memory.drop(tags_of_write(identity))
        if (error := write_error(reply, empty=empty)) is not None:
            if reply.status == 200 and body_of(reply) == NOBODY:
                await self._look_for(who, made=method == "POST" and not empty)
            raise error
        return resource_in(body_of(reply), wrote=True)

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


def _spelt(value: object) -> str:
    """Spell a form value as Rivo's server reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return when(value) if isinstance(value, datetime) else str(value)


def when(moment: datetime) -> str:
    """Write a time as Rivo does: ISO 8601, UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
