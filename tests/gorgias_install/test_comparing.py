"""What is a difference to Gorgias' side, and what only looks like one."""

from __future__ import annotations

import pytest

from integrations.gorgias.comparing import differences


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"name": "a"}, {"name": "a", "id": 7, "created_datetime": "2026"}),
        ({"order": 0, "params": [], "json": {}, "link": ""}, {"params": None}),
        ({"deactivated_datetime": None}, {}),
        ({"meta": {"limit": "5"}}, {"meta": {"limit": 5}}),
        ({"http": {"headers": {"Authorization": "Bearer a"}}}, {"http": {}}),
        ({"headers": {"Authorization": "Bearer a"}}, {"headers": {"authorization": "Bearer a"}}),
        ({"headers": {"Authorization": "Bearer a"}}, {"headers": {"Authorization": "Bearer ***"}}),
        ({"body_html": "<div>Hi &amp; bye</div>"}, {"body_html": "<p>Hi<br/>&amp; bye</p>\n"}),
    ],
)
def test_what_gorgias_adds_or_leaves_out_is_no_difference(wanted: object, found: object) -> None:
    assert [] == differences(wanted, found)


@pytest.mark.parametrize(
    ("wanted", "found", "named"),
    [
        ({"name": "a"}, {"name": "b"}, ["name"]),
        ({"name": "a"}, {}, ["name"]),
        ({"http": {"url": "a"}}, {"http": None}, ["http"]),
        ({"displayCard": True}, {"displayCard": False}, ["displayCard"]),
        ({"displayCard": True}, {"displayCard": "true"}, ["displayCard"]),
        (
            {"deactivated_datetime": None},
            {"deactivated_datetime": "2026"},
            ["deactivated_datetime"],
        ),
        ({"widgets": [{"title": "a"}]}, {"widgets": []}, ["widgets (0 instead of 1)"]),
        (
            {"widgets": [{"title": "a"}]},
            {"widgets": [{"title": "a"}, {}]},
            ["widgets (2 instead of 1)"],
        ),
        (
            {"buttons": [{"label": "Give", "action": {"url": "a"}}]},
            {"buttons": [{"label": "Give", "action": {"url": "b"}}]},
            ["buttons[Give].action.url"],
        ),
        ({"headers": {"X-Key": "a"}}, {"headers": {"X-Key": "b"}}, ["headers.X-Key"]),
        ({"headers": [{"key": "a"}]}, {"headers": []}, ["headers (0 instead of 1)"]),
        ({"widgets": [{"title": "a"}]}, {"widgets": "none"}, ["widgets"]),
        ({"body_html": "<div>Hi</div>"}, {"body_html": "<div>Hello</div>"}, ["body_html"]),
        ({"body_html": "<div>Hi</div>"}, {}, ["body_html"]),
    ],
)
def test_a_difference_is_named(wanted: object, found: object, named: list[str]) -> None:
    assert named == differences(wanted, found)
