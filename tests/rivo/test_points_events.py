"""Points events: what they show, and listed."""

from __future__ import annotations

import pytest

from integrations.rivo.points_events import PointsEvent
from integrations.rivo.resource import Resource
from tests.rivo.stage import AS_OF, SARAH, Stage, built, listed, row, sample

pytestmark = pytest.mark.anyio

EVENT = sample("points_event.reconstructed")
FLAT = {
    "id": 790964846,
    "points_diff": 100,
    "credits_diff": "0.0",
    "title": "manual points adjustment",
    "source": "manual",
    "external_note": "manual points adjustment",
    "internal_note": "Order 1001",
    "applied_at": "2026-08-17T21:51:37.000Z",
    "expires_at": None,
    "revoked_at": None,
    "customer_id": 7198630248648,
    "customer_email": "customer@example.com",
}
SORTED = "sort[order_type]=applied_at&sort[order_direction]=desc"
PAGED = "pagination[page]=1&pagination[per_page]=25"


def test_an_event_shows_only_what_rivo_says() -> None:
    event = PointsEvent.from_rivo(
        Resource.of(row(5, id=[9, 5], external_note="Thanks", per_event_expiration_at="2027"))
    )

    assert (5, "Thanks", "2027", None, None) == (
        event.id,
        event.title,
        event.expires_at,
        event.points_diff,
        event.credits_diff,
    )


async def test_list_points_events_asks_for_the_newest(stage: Stage) -> None:
    stage.on("GET", "/points_events", sample("points_events__list.observed"))

    answer = built(await stage.run("list_points_events"))

    assert [f"GET /points_events {SORTED}&{PAGED}"] == stage.sent
    nothing = dict.fromkeys(FLAT)
    assert {
        "points_events": [
            nothing
            | {
                "id": 35813638,
                "points_diff": -100,
                "title": "Redeemed a Reward",
                "source": "points_purchase",
                "applied_at": "2026-08-17T21:51:37.000Z",
            },
            nothing
            | {
                "id": 790964846,
                "points_diff": 0,
                "title": "manual points adjustment",
                "source": "manual",
            },
        ],
        "count": 2,
        "next": None,
        "complete": True,
        "as_of": AS_OF,
        "stale": False,
    } == answer


async def test_list_points_events_sends_its_filters_and_checks_them(stage: Stage) -> None:
    stage.on(
        "GET",
        "/points_events",
        listed(
            row(4, source="order_placed", applied_at="2026-11-03T00:00:00Z"),
            row(3, source="Manual", applied_at="2026-11-02T00:00:00.000Z"),
            row(2, source="manual", applied_at="2026-11-01T00:00:00.000Z"),
            row(1, source="manual", applied_at="2026-10-31T23:59:59.999Z"),
        ),
    )

    answer = built(
        await stage.run(
            "list_points_events",
            source="manual",
            applied_after="2026-11-01",
            applied_before="2026-11-02T12:00:00Z",
            page=1,
            per_page=4,
        )
    )

    assert [
        "GET /points_events filters[source]=manual"
        "&filters[applied_after]=2026-11-01T00:00:00.000Z"
        "&filters[applied_before]=2026-11-02T12:00:00.000Z"
        f"&{SORTED}&pagination[page]=1&pagination[per_page]=4"
    ] == stage.sent
    assert [3, 2] == [event["id"] for event in answer["points_events"]]


async def test_list_customer_points_events_asks_for_one_customers_rows(stage: Stage) -> None:
    theirs, others = {"customer": {"email": SARAH.upper()}}, {"customer": {"email": "x@y"}}
    stage.on("GET", "/points_events", listed(row(2, **theirs), row(1, **others)))

    answer = built(await stage.run("list_customer_points_events", customer_email=SARAH))

    assert [
        f"GET /points_events filters[customer_identifier]={SARAH}&{SORTED}&{PAGED}"
    ] == stage.sent
    assert [2] == [event["id"] for event in answer["points_events"]]


async def test_with_since_id_the_order_is_by_id(stage: Stage) -> None:
    stage.on("GET", "/points_events", listed(row(8), row(9), since_id=7, next_since_id=None))

    answer = built(
        await stage.run("list_customer_points_events", customer_email="7", since_id=7, limit=2)
    )

    assert [
        "GET /points_events filters[customer_identifier]=7"
        "&pagination[since_id]=7&pagination[limit]=2"
    ] == stage.sent
    assert ([8, 9], True) == ([e["id"] for e in answer["points_events"]], answer["complete"])


async def test_the_full_shape_of_a_list_is_rivos_rows(stage: Stage) -> None:
    stage.on("GET", "/points_events", listed(row(1, internal_note="a@b", title="Gift")))

    answer = await stage.run("list_points_events")

    assert [
        {
            "id": 1,
            "type": None,
            "attributes": {"id": 1, "internal_note": "[e-mail]", "title": "Gift"},
        }
    ] == answer.resource
