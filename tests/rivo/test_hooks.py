"""Webhooks as Rivo may list them: read by name or by what stands there, and compared."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from integrations.rivo.hooks import TOPICS, Hook, Step, at, planned, read_back, removal
from integrations.rivo.resource import Resource
from integrations.rivo.webhooks import MOST_PAGES, PAGE, RivoWebhooks, WebhooksError
from integrations.rivo_sandbox.webhooks import TOPICS as KNOWN_TO_RIVO
from tests.rivo.stage import Stage

pytestmark = pytest.mark.anyio

URL, SECRET = "https://loyalty.example.com/rivo/webhooks", "the-secret-0001"
TOPIC = "points_event/created"


def row(id_: object = 7, **attributes: Any) -> dict[str, Any]:
    return {"id": id_, "type": "webhook", "attributes": attributes}


def hook(**changes: Any) -> Hook:
    told = Hook(id=7, topic=TOPIC, url=URL, enabled=True, secret=SECRET)
    return msgspec.structs.replace(told, **changes)


def test_what_we_register_rivo_knows() -> None:
    assert set(TOPICS) < set(KNOWN_TO_RIVO)
    assert len(TOPICS) == len(set(TOPICS))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"event_type": TOPIC, "url": URL, "enabled": True, "secret": SECRET}, hook()),
        ({"topic": TOPIC, "address": URL, "status": "Active", "secret_token": SECRET}, hook()),
        ({"event_type": TOPIC, "url": URL, "status": "disabled"}, hook(enabled=False, secret=None)),
        ({"event_type": TOPIC, "url": URL, "status": "?"}, hook(enabled=None, secret=None)),
        (
            {"event_type": "order/paid", "url": URL},
            hook(topic="order/paid", enabled=None, secret=None),
        ),
        ({"format": "application/json"}, hook(topic=None, url=None, enabled=None, secret=None)),
        ({"event_type": None, "url": 5}, hook(topic=None, url=None, enabled=None, secret=None)),
    ],
    ids=["named", "named otherwise", "off", "strange", "unknown topic", "nothing", "wrong types"],
)
def test_a_row_is_read_by_its_names_or_by_what_stands_there(
    attributes: dict[str, Any], expected: Hook
) -> None:
    assert expected == Hook.of(Resource.of(row(**attributes)))


def test_a_row_without_an_id_cannot_be_changed_and_counts_for_nothing() -> None:
    assert None is Hook.of(Resource.of(row(None, event_type=TOPIC)))


def test_a_slash_at_the_end_is_no_other_address() -> None:
    assert [hook(url=f"{URL}/")] == at([hook(url=f"{URL}/"), hook(url=f"{URL}/acme")], URL)


@pytest.mark.parametrize(
    ("there", "verb"),
    [
        (hook(), "keep"),
        (hook(secret=None), "keep"),
        (hook(secret="********"), "keep"),
        (hook(secret="****0001"), "keep"),
        (hook(secret="[FILTERED]"), "keep"),
        (hook(enabled=None), "keep"),
        (hook(enabled=False), "update"),
        (hook(secret="another-secret-0001"), "update"),
        (hook(url="https://hooks.example.net/"), "create"),
        (hook(topic="order/paid"), "create"),
    ],
    ids=[
        "fine",
        "secret hidden",
        "stars",
        "its end",
        "filtered",
        "state hidden",
        "off",
        "another secret",
        "theirs",
        "other topic",
    ],
)
def test_only_what_is_known_to_be_wrong_is_changed(there: Hook, verb: str) -> None:
    first = planned([there], url=URL, secret=SECRET)[0]

    assert (verb, TOPIC) == (first.verb, first.topic)


def test_of_two_of_ours_the_older_one_stays() -> None:
    steps = planned([hook(id=9), hook(id=8)], url=URL, secret=SECRET)

    assert [("keep", 8), ("delete", 9)] == [
        (step.verb, step.id) for step in steps if step.topic == TOPIC
    ]


def test_what_has_no_topic_that_we_know_is_removed_all_the_same() -> None:
    steps = removal([hook(), hook(id=8, topic=None), hook(id=9, url=None)], url=URL)

    assert [("webhooks", 7), ("webhooks", 8)] == [step.path for step in steps]


@pytest.mark.parametrize(
    ("there", "doubts"),
    [
        ([hook()], ()),
        ([], ("not there",)),
        ([hook(enabled=False)], ("switched off",)),
        ([hook(enabled=None)], ("whether it is on is not shown",)),
        ([hook(secret=None)], ("its secret is not shown",)),
        ([hook(secret="••••••••••••••••")], ("its secret is not shown",)),
        ([hook(secret="another-secret-0001")], ("Rivo keeps another secret",)),
    ],
    ids=str,
)
def test_what_cannot_be_read_back_is_a_doubt(there: list[Hook], doubts: tuple[str, ...]) -> None:
    made = read_back(Step(verb="create", topic=TOPIC), there, SECRET)
    refused = read_back(Step(verb="create", topic=TOPIC, refused="no"), there, SECRET)

    assert doubts == made.doubts
    assert () == refused.doubts


async def test_every_page_is_read_once(stage: Stage) -> None:
    first = [row(number, url=URL) for number in range(1, PAGE + 1)]
    route = stage.on("GET", "/webhooks", {"data": first}, {"data": [row(PAGE + 1, url=URL)]})

    found = await RivoWebhooks(stage.upstream).all()

    assert list(range(1, PAGE + 2)) == [each.id for each in found]
    assert 2 == route.call_count


async def test_a_list_that_ignores_paging_ends_all_the_same(stage: Stage) -> None:
    whole = {"data": [row(number, url=URL) for number in range(1, PAGE + 1)]}
    route = stage.on("GET", "/webhooks", *[whole] * MOST_PAGES)

    assert PAGE == len(await RivoWebhooks(stage.upstream).all())
    assert 2 == route.call_count


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(404, text="<html>"), "has no operations for webhooks"),
        (httpx.Response(405, json={"error": "405 Not Allowed"}), "has no operations for webhooks"),
        (httpx.Response(401), "refuses the service's API key"),
        (httpx.Response(200, json={"data": ["?"]}), "was not understood"),
        (httpx.Response(200, json={"data": {}}), "was not understood"),
    ],
    ids=["no route", "no verb", "key", "rows", "list"],
)
async def test_a_list_that_cannot_be_had_is_said_in_a_sentence(
    stage: Stage, answer: httpx.Response, said: str
) -> None:
    stage.on("GET", "/webhooks", answer)

    with pytest.raises(WebhooksError, match=said):
        await RivoWebhooks(stage.upstream).all()


async def test_what_is_gone_already_is_removed(stage: Stage) -> None:
    stage.on("DELETE", "/webhooks/7", httpx.Response(404, json={"error": "Could not find it."}))
    stage.on("GET", "/webhooks", {"data": []})
    told: list[Step] = []

    steps = removal([hook()], url=URL)
    taken = await RivoWebhooks(stage.upstream).remove(steps, tell=told.append)

    assert told == taken == steps


async def test_what_is_still_there_is_said(stage: Stage) -> None:
    stage.on("DELETE", "/webhooks/7", httpx.Response(502, text="<html>"))
    stage.on("GET", "/webhooks", {"data": [row(event_type=TOPIC, url=URL)]})

    (taken,) = await RivoWebhooks(stage.upstream).remove(
        removal([hook()], url=URL), tell=lambda _: None
    )

    assert ("still there",) == taken.doubts
