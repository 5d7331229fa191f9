"""The states: what may follow what, and what each says of the write."""

from __future__ import annotations

import itertools
from collections.abc import MutableMapping
from typing import cast, get_args

import pytest

from app.operations.operation import COUNTED, TERMINAL
from app.operations.states import NEXT, applied_in, may_follow
from integrations.actions import State

STATES: tuple[State, ...] = get_args(State)
STEPS: set[tuple[State, State]] = {
    ("accepted", "awaiting_approval"),
    ("accepted", "sending"),
    ("accepted", "succeeded"),
    ("accepted", "rejected"),
    ("accepted", "expired"),
    ("awaiting_approval", "accepted"),
    ("awaiting_approval", "rejected"),
    ("awaiting_approval", "expired"),
    ("sending", "succeeded"),
    ("sending", "rejected"),
    ("sending", "unknown"),
    ("sending", "accepted"),
    ("unknown", "succeeded"),
    ("unknown", "rejected"),
    ("unknown", "needs_review"),
    ("needs_review", "succeeded"),
    ("needs_review", "rejected"),
}


@pytest.mark.parametrize(("now", "then"), [*itertools.product(STATES, STATES)])
def test_only_the_steps_of_the_table_may_be_made(now: State, then: State) -> None:
    assert ((now, then) in STEPS) is may_follow(now, then)


def test_every_state_is_known_and_what_is_terminal_stays() -> None:
    assert set(STATES) == set(NEXT)
    assert {state for state in STATES if not NEXT[state]} == TERMINAL


def test_what_may_have_been_sent_is_never_sent_again() -> None:
    """But for sending itself, which goes back to accepted only where it surely was not sent."""
    reached: set[State] = {"unknown"}
    while new := {then for now in reached for then in NEXT[now]} - reached:
        reached |= new

    assert {"unknown", "needs_review", "succeeded", "rejected"} == reached


def test_from_everywhere_an_end_is_reached() -> None:
    ending = set(TERMINAL)
    for _ in STATES:
        ending |= {state for state in STATES if NEXT[state] & ending}

    assert set(STATES) == ending


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError, match="does not support item assignment"):
        cast(MutableMapping[State, frozenset[State]], NEXT)["expired"] = frozenset()


@pytest.mark.parametrize(
    ("state", "applied"),
    [
        ("accepted", False),
        ("awaiting_approval", False),
        ("sending", None),
        ("succeeded", True),
        ("rejected", False),
        ("unknown", None),
        ("needs_review", None),
        ("expired", False),
    ],
)
def test_each_state_says_whether_the_write_is_applied(state: State, applied: bool | None) -> None:
    assert applied is applied_in(state)
    assert (None if applied is None else False) is applied_in(state, sent=False)


def test_what_may_be_applied_holds_what_it_reserved() -> None:
    assert {state for state in STATES if applied_in(state) is not False} == set(COUNTED)
