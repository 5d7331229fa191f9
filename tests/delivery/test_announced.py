"""Webhooks late, shuffled, twice, forged: nothing forged is believed, and all is true at last."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.delivery import outbox, remembering, signatures, topics
from app.delivery.signatures import Claim, Given
from app.delivery.taking import Announced, Taking
from app.delivery.topics import Said
from integrations.memory import Memory
from integrations.rivo import Rivo
from tests.delivery.announced import webhooks
from tests.soak.figures import count

FEW = 8


@pytest.mark.parametrize("seed", range(1, 1 + count("webhooks", suite=2, commit=10)))
def test_in_the_end_what_is_remembered_equals_the_ledger(seed: int) -> None:
    assert [] == webhooks(seed)


def _believe_every_signature(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("app.delivery.webhook.claimed", _claimed)
    patch.setattr("app.delivery.webhook.is_signed", lambda *_, **__: True)


def _claimed(given: Given, *, now: float) -> Claim:
    return Claim(id=given.id or None, prefix=b"", signatures=())


def _believe_what_was_signed_long_ago(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(signatures, "WINDOW_SECONDS", 3_600)


def _count_every_delivery(patch: pytest.MonkeyPatch) -> None:
    """Neither webhook nor trigger is known by its name."""
    numbers = itertools.count()
    patch.setattr(remembering, "note", lambda tx, **_: True)
    patch.setattr(outbox, "message_id", lambda *_: f"msg_{next(numbers)}")


def _count_what_was_not_kept(patch: pytest.MonkeyPatch) -> None:
    """Take a webhook for known before it is kept."""
    true, seen = Taking.take, set()

    async def take(self: Taking, came: Announced, *, request_id: str) -> Said | None:
        if came.raw in seen:
            return None
        seen.add(came.raw)
        return await true(self, came, request_id=request_id)

    patch.setattr(Taking, "take", take)


def _look_at_nobody_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Rivo, "look_again", lambda self, identity: None)


def _overlook_who_is_nested(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(topics, "NESTED", ())


def _let_a_read_under_way_fill_the_memory(patch: pytest.MonkeyPatch) -> None:
    """Forget what is remembered now, and nothing of what is being read."""

    def outdate(self: Memory, tags: Any) -> None:
        for key in list(self._entries):
            if self._entries[key].read.tags & set(tags):
                self.forget(key)

    patch.setattr(Memory, "outdate", outdate)


MISTAKES: list[Callable[[pytest.MonkeyPatch], None]] = [
    _believe_every_signature,
    _believe_what_was_signed_long_ago,
    _count_every_delivery,
    _count_what_was_not_kept,
    _look_at_nobody_again,
    _overlook_who_is_nested,
    _let_a_read_under_way_fill_the_memory,
]


def tried() -> Iterator[list[str]]:
    return (webhooks(seed) for seed in range(1, 1 + FEW))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.__name__.strip("_"))
def test_a_mistake_is_noticed(
    mistake: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake(monkeypatch)

    assert any(tried())
