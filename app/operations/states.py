"""Which state of an operation may follow which, and what each says of the write."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from integrations.actions import State

NEXT: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        "accepted": frozenset({"awaiting_approval", "sending", "succeeded", "rejected", "expired"}),
        "awaiting_approval": frozenset({"accepted", "rejected", "expired"}),
        # Back to accepted only where it was surely not sent: it may be tried again.
        "sending": frozenset({"succeeded", "rejected", "unknown", "accepted"}),
        "unknown": frozenset({"succeeded", "rejected", "needs_review"}),
        "needs_review": frozenset({"succeeded", "rejected"}),
        "succeeded": frozenset(),
        "rejected": frozenset(),
        "expired": frozenset(),
    }
)
"""The states that may follow each; nothing follows the last three, ever."""

NOT_KNOWN: Final[frozenset[State]] = frozenset({"sending", "unknown", "needs_review"})


def may_follow(now: State, then: State) -> bool:
    """Say whether an operation in state `now` may go on to `then`; staying is no step."""
    return then in NEXT[now]


def applied_in(state: State, *, sent: bool = True) -> bool | None:
    """Say whether a write is applied in a state; None while nobody knows.

    `sent` is False where it succeeded without being sent, because it already was so.
    """
    if state in NOT_KNOWN:
        return None
    return state == "succeeded" and sent
