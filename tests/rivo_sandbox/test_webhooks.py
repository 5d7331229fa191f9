"""Webhooks as a resource: made, listed, changed and taken away again."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.rivo_sandbox.webhooks import OWN_SECRET
from tests.rivo_sandbox.scenes import HOOK
from tests.rivo_sandbox.stage import Stage, attributes, rows, switched

pytestmark = pytest.mark.anyio


async def test_a_webhook_is_made_and_listed_as_it_was_asked_for(stage: Stage) -> None:
    made = await stage.post("webhooks", **HOOK)

    expected = {**HOOK, "enabled": True, "id": 3001}
    assert 201 == made.status_code
    assert expected.items() <= attributes(made).items()
    assert [attributes(made)] == rows(await stage.get("webhooks"))


async def test_a_webhook_is_changed_by_name(stage: Stage) -> None:
    await stage.post("webhooks", **HOOK)
    stage.clock.forward(1)

    changed = attributes(await stage.put("webhooks/3001", enabled="false", secret="another"))

    assert (False, "another", HOOK["url"]) == (
        changed["enabled"],
        changed["secret"],
        changed["url"],
    )
    assert changed["created_at"] < changed["updated_at"]


async def test_a_webhook_is_deleted_once(stage: Stage) -> None:
    await stage.post("webhooks", **HOOK)

    first, second = [await stage.delete("webhooks/3001") for _ in range(2)]

    assert (204, 404) == (first.status_code, second.status_code)
    assert [] == rows(await stage.get("webhooks"))


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({}, "event_type is missing, url is missing"),
        ({**HOOK, "event_type": "points"}, "event_type does not have a valid value"),
        ({**HOOK, "enabled": "perhaps"}, "enabled is invalid"),
    ],
    ids=["nothing", "topic", "enabled"],
)
async def test_a_webhook_without_sense_is_refused(
    stage: Stage, form: dict[str, Any], problem: str
) -> None:
    answer = await stage.post("webhooks", **form)

    assert 400 == answer.status_code
    assert problem in answer.json()["error"]
    assert [] == rows(await stage.get("webhooks"))


@pytest.mark.parametrize(
    ("switches", "told"),
    [
        ({"webhook_fields": "unread"}, (None, None, False, None)),
        ({"webhook_key": "own"}, (HOOK["event_type"], HOOK["url"], True, OWN_SECRET)),
        ({"webhook_key": "hidden"}, (HOOK["event_type"], HOOK["url"], True, None)),
    ],
    ids=str,
)
async def test_what_this_rivo_does_not_take_is_not_kept(
    switches: dict[str, str], told: tuple[object, ...]
) -> None:
    made = attributes(await Stage(switches=switched(**switches)).post("webhooks", **HOOK))

    assert told == tuple(made[name] for name in ("event_type", "url", "enabled", "secret"))


async def test_names_that_this_rivo_does_not_know_may_be_refused() -> None:
    answer = await Stage(switches=switched(webhook_fields="400")).post("webhooks", **HOOK)

    assert 400 == answer.status_code
    assert "event_type is invalid, url is invalid" in answer.json()["error"]
