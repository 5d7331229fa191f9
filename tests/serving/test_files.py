"""Room for connections, as far as the machine gives files."""

from __future__ import annotations

import resource

import pytest

from app.serving.files import SPARE, room_for

ENDLESS = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "room", "soft"),
    [
        ((1024, 524288), 4096, 4096 + 1024 + SPARE),
        ((1024, 2048), (2048 - SPARE) * 4 // 5, 2048),
        ((1024, ENDLESS), 4096, 4096 + 1024 + SPARE),
        ((1024, 1024), (1024 - SPARE) * 4 // 5, 1024),
        ((100, 100), 1, 100),
        ((524288, 524288), 4096, 524288),
        ((ENDLESS, ENDLESS), 4096, ENDLESS),
    ],
)
def test_files_are_asked_for_and_connections_kept_below(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], room: int, soft: int
) -> None:
    now = limits

    def set_limits(_what: int, given: tuple[int, int]) -> None:
        nonlocal now
        assert given[1] == limits[1]
        now = given

    monkeypatch.setattr(resource, "getrlimit", lambda _: now)
    monkeypatch.setattr(resource, "setrlimit", set_limits)

    assert (room, soft) == (room_for(4096), now[0])
