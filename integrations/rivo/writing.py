"""What a write is handed, what is kept of it, and what reading it back answers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal

import msgspec

from integrations.actions import Answer

REFERENCE: Final = re.compile(r"op_[0-9a-f]{32}")
Verdict = Literal["found", "absent", "unclear"]


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What an earlier points event of ours gave, or took where it is below zero."""

    customer: str
    points: int
    credits: str


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """One write under way, as the action that makes it sees it.

    `reference` is ours, to be found in Rivo later. `about_to_send` is awaited before every byte
    that may change something, with what was seen just before; what it raises (ActionError) means
    that nothing was sent. `recall` finds an earlier points event by our operation id, NotFoundError
    or RefusedError where there is none to reverse. `trusts_state` is false while an earlier write
    may still show up late: what is read then does not prove that nothing is left to do. What is
    read before sending ends by `prepared_by`, a time of the clock (None: in its own time).
    """

    reference: str
    about_to_send: Callable[[Mapping[str, Any]], Awaitable[None]]
    recall: Callable[[str], Awaitable[Given]]
    trusts_state: bool = True
    prepared_by: float | None = None


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A write that was sent and whose outcome is to be found out.

    `inputs` are the action's, parsed. `snapshot` is what `about_to_send` was given, and `since_id`,
    an id in the same list that was there before (0: from the start). `proven` says that this shop's
    list has shown a row of ours before; `claimed` are ids of rows that belong to other operations.
    """

    reference: str
    inputs: Mapping[str, Any]
    snapshot: Mapping[str, Any] = {}
    proven: bool = False
    claimed: frozenset[int] = frozenset()


class ReadBack(msgspec.Struct, frozen=True, kw_only=True):
    """What Rivo shows of a write.

    found: it was applied, `answer` is as if Rivo had confirmed it and `rivo_id` its row; absent: it
    surely never was; unclear: nobody can tell, `evidence` says in short sentences what was seen
    (ids, no names or addresses). `alike` says that rows were seen which may be it, `shown` that
    this look showed a row of ours as it should be.
    """

    verdict: Verdict
    answer: Answer | None = None
    rivo_id: int | None = None
    evidence: tuple[str, ...] = ()
    alike: bool = False
    shown: bool = False
