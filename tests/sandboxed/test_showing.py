"""How far announcements and triggers have come, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.delivery.outbox import Line
from app.sandboxed.announcing import Told
from app.sandboxed.showing import announced, triggered

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("so_far", "word", "well"),
    [
        ({"due": AT}, "on its way", False),
        ({"tries": 1, "status": 200}, "taken (200)", True),
        ({"tries": 1, "status": 503, "due": AT}, "not taken (503), again at 09:30:00", False),
        ({"tries": 1, "due": AT}, "not taken (no answer), again at 09:30:00", False),
        ({"tries": 5, "status": 401}, "not taken (401), given up", False),
    ],
    ids=str,
)
def test_an_announcement_says_how_far_it_is(so_far: dict[str, Any], word: str, well: bool) -> None:
    told = Told(shop="sandbox", topic="points_event/created", at=AT, about="a@b.example", **so_far)

    shown = announced(told)

    assert (word, well, "09:30:00") == (shown["word"], shown["well"], shown["at"])


@pytest.mark.parametrize(
    ("so_far", "word", "well"),
    [
        ({"state": "waiting"}, "on its way", False),
        ({"state": "sending", "tries": 1}, "on its way", False),
        ({"state": "delivered", "tries": 1, "status": 204}, "delivered (204)", True),
        (
            {"state": "waiting", "tries": 1, "why": "no_connection", "due_at": AT.timestamp() + 5},
            "not delivered (no connection), again at 09:30:05",
            False,
        ),
        ({"state": "dead", "tries": 8, "status": 500, "why": "answered"}, "given up (500)", False),
    ],
    ids=str,
)
def test_a_trigger_says_how_far_it_is_and_only_the_host_of_its_url(
    so_far: dict[str, Any], word: str, well: bool
) -> None:
    first: dict[str, Any] = {"tries": 0, "due_at": None, "status": None, "why": None}
    line = Line(
        id="msg_1",
        shop="sandbox",
        trigger="loyalty_points_earned",
        url="https://hooks.example.com:8443/a-secret?of=mine",
        created_at=AT.timestamp(),
        at=AT.timestamp(),
        emptied=False,
        **(first | so_far),
    )

    shown = triggered(line)

    assert (word, well) == (shown["word"], shown["well"])
    assert ("09:30:00", "hooks.example.com:8443") == (shown["at"], shown["to"])
