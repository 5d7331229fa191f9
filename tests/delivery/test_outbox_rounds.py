"""Many events, failing receivers, a process that dies: each is told, or kept and replayed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from app.delivery import outbox, posting, sending, standard_webhooks
from app.delivery.outbox import Message
from app.store.sqlite import Transaction
from tests.delivery.rounds import EVENTS, play, summary
from tests.soak.figures import bound, count

# What is reached here, other tests reach, too; under the tracer a round would take longer.
pytestmark = pytest.mark.no_cover

Patch = pytest.MonkeyPatch


@pytest.mark.parametrize("seed", range(1, count("outbox", suite=1, commit=10) + 1))
def test_each_event_is_told_at_least_once_under_one_id(seed: int) -> None:
    played = play(seed)

    told = list(played.findings())
    made_of = summary([played])
    sys.stdout.write(f"seed {seed}: {bound(EVENTS, len(told))}; {made_of}\n")
    assert [] == told
    assert 30 < made_of["lives"]
    assert made_of["messages"] < made_of["told again"] + made_of["messages"]
    assert 0 < made_of["dead letters replayed"]


def test_the_same_seed_gives_the_same_trace() -> None:
    one, other = play(7, events=50), play(7, events=50)

    assert one.receivers.told == other.receivers.told
    assert one.lines == other.lines


# What the check is worth: mistakes that somebody could make are found.


def told_first(patch: Patch) -> None:
    """Put down that it is delivered before it is."""
    claim = outbox.claim

    def wrong(tx: Transaction, **given: Any) -> list[Message]:
        found = claim(tx, **given)
        for each in found:
            outbox.end(tx, each, "delivered", at=given["at"])
        return found

    patch.setattr(outbox, "claim", wrong)


def an_id_for_each_try(patch: Patch) -> None:
    """Make the id when it is sent."""
    post = posting.post

    async def wrong(*given: Any, message_id: str, **named: Any) -> Any:
        return await post(*given, message_id=f"msg_{os.urandom(8).hex()}", **named)

    patch.setattr(sending, "post", wrong)


def nobody_looks_after_the_dead(patch: Patch) -> None:
    """Leave lying what a life that is over had begun."""
    patch.setattr(outbox, "_LEFT", outbox._LEFT.replace("LIMIT", "AND FALSE LIMIT"))


def given_up_at_once(patch: Patch) -> None:
    """Take the first no for an answer."""
    patch.setattr(sending, "WAITS", ())


def no_pause(patch: Patch) -> None:
    """Try again at once."""
    patch.setattr(sending.Deliverer, "_wait", lambda *_: 0.0)


def another_row_for_a_repeat(patch: Patch) -> None:
    """Put down again what was put down before."""
    patch.setattr(outbox, "message_id", lambda *_: f"msg_{os.urandom(8).hex()}")


def a_yes_that_is_none(patch: Patch) -> None:
    """Take any answer for a yes."""
    post = posting.post

    async def wrong(*given: Any, **named: Any) -> Any:
        posted = await post(*given, **named)
        return posting.Posted(became="delivered") if posted.status else posted

    patch.setattr(sending, "post", wrong)


def signed_with_one(patch: Patch) -> None:
    """Sign with the first secret alone."""
    headers = standard_webhooks.headers
    patch.setattr(
        standard_webhooks, "headers", lambda secrets, **named: headers(secrets[:1], **named)
    )


@pytest.mark.parametrize(
    "mistake",
    [
        told_first,
        an_id_for_each_try,
        nobody_looks_after_the_dead,
        given_up_at_once,
        no_pause,
        another_row_for_a_repeat,
        a_yes_that_is_none,
        signed_with_one,
    ],
    ids=lambda each: each.__name__,
)
def test_a_mistake_is_found(mistake: Callable[[Patch], None], monkeypatch: Patch) -> None:
    mistake(monkeypatch)

    assert [] != list(play(1, events=60).findings())
