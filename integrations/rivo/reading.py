"""One read of Rivo's: what is asked, what came, and what of it may be shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from integrations.budget import Priority
from integrations.errors import (
    LostReplyError,
    NotConfiguredError,
    NotSentError,
    UnavailableError,
)
from integrations.memory import Memory
from integrations.remembered import Remembered
from integrations.rivo.forms import when
from integrations.rivo.found import Found
from integrations.rivo.identities import tags_asked, tags_of_read
from integrations.rivo.replies import read_error
from integrations.upstream import Upstream
from integrations.views import Used

READ_SECONDS: Final = 2.0
CATALOGUE_FRESH_SECONDS: Final = 300.0
DOWN: Final = "Rivo is not available right now."


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked; `who`, `single` and `optional` are as in `Rivo.get`."""

    segments: tuple[str | int, ...]
    params: tuple[tuple[str, str], ...]
    who: str | None
    single: bool
    optional: bool

    @property
    def key(self) -> Hashable:
        """By what the answer is remembered."""
        return self.segments, self.params


class Reader:
    """Reads one shop's Rivo, past the memory or through it."""

    def __init__(
        self,
        upstream: Upstream,
        memory: Memory,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._upstream = upstream
        self._memory = memory
        self._clock = clock
        self._now = now

    async def anew(self, question: Question, *, seconds: float, priority: Priority) -> Found:
        """Read past the memory; neither shared nor remembered. The errors are `Rivo.get`'s."""
        try:
            read = await self._fetch(question, seconds, priority)
        except (NotSentError, LostReplyError) as trouble:
            raise UnavailableError(DOWN, retry_after=_again_after(trouble)) from None
        return Found(read.body, read.as_of)

    async def read(
        self,
        question: Question,
        *,
        fresh_seconds: float,
        seconds: float,
        priority: Priority,
        shows_age: bool,
        used: Used,
    ) -> Found:
        """Read through the memory; the errors are `Rivo.get`'s. What is fresh is noted in `used`.

        Where its age is shown (`shows_age`) what is stale may be the answer, and where Rivo cannot
        say, what was known last.
        """

        def fetch(background: bool) -> Awaitable[Remembered]:  # noqa: FBT001
            # Not in this caller's time: who comes meanwhile shares it and may have more left.
            asked_for = Priority.REFRESH if background else priority
            return self._fetch(question, READ_SECONDS, asked_for)

        try:
            recalled = await self._memory.read(
                question.key,
                fetch,
                tags=tags_asked(question.who),
                fresh_seconds=fresh_seconds,
                seconds=seconds,
                may_be_stale=shows_age,
            )
        except NotConfiguredError:  # no outage: we may not look any more
            raise
        except (NotSentError, LostReplyError, TimeoutError, UnavailableError) as trouble:
            known = self._memory.last_known(question.key) if shows_age else None
            if known is not None:
                return Found(known.body, known.as_of, stale=True)
            if isinstance(trouble, UnavailableError):
                raise
            raise UnavailableError(DOWN, retry_after=_again_after(trouble)) from None
        if not recalled.stale:
            used.got.append((question.key, recalled.serial))
        return Found(recalled.read.body, recalled.read.as_of, stale=recalled.stale)

    async def _fetch(self, question: Question, seconds: float, priority: Priority) -> Remembered:
        if seconds <= 0:
            raise UnavailableError(DOWN, retry_after=1)
        now, clock = self._now(), self._clock()
        reply = await self._upstream.read(
            question.segments, params=question.params, seconds=seconds, priority=priority
        )
        error = read_error(reply, optional=question.optional, single=question.single)
        if isinstance(error, NotConfiguredError):
            self._memory.distrust(question.key)
        elif error is not None and not isinstance(error, UnavailableError):
            self._memory.forget(question.key)
        if error is not None:
            raise error
        # It may have waited here before it left, and then be true for later than it was asked for.
        as_of = now + timedelta(seconds=max(0.0, reply.left - clock))
        tags = tags_of_read(reply, question.who)
        return Remembered(body=reply.body, as_of=when(as_of), tags=tags)


def _again_after(trouble: Exception) -> float:
    return trouble.retry_after if isinstance(trouble, NotSentError) else 1
