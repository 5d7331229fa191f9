"""Points events: given, listed, and never twice."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import InputError, RefusedError
from integrations.rivo.points_events import PointsEvent
from integrations.rivo.resource import Resource
from tests.rivo.stage import AS_OF, SARAH, Stage, built, changed, listed, row, sample

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
BALANCE = {
    "email": "customer@example.com",
    "last_name": "P",
    "first_name": "A",
    "customer_id": 7198630248648,
    "points_tally": 500,
    "credits_tally": "0.0",
    "loyalty_status": "member",
}
SORTED = "sort[order_type]=applied_at&sort[order_direction]=desc"
PAGED = "pagination[page]=1&pagination[per_page]=25"


async def test_create_points_event_sends_a_form_and_answers_event_and_balance(
    stage: Stage,
) -> None:
    stage.on("POST", "/points_events", EVENT, status=201)

    answer = await stage.run("create_points_event", customer_email=SARAH, points_amount="100")

    assert [
        "POST /points_events"
        " customer_identifier=sarah.martinez%40example.com&source=manual&points_amount=100"
    ] == stage.sent
    assert {"points_event": FLAT, "customer": BALANCE, "operation": None} == built(answer)
    assert EVENT["data"] | {"attributes": EVENT["data"]["attributes"]} == answer.resource


async def test_create_points_event_sends_every_documented_field(stage: Stage) -> None:
    stage.on("POST", "/points_events", EVENT, status=201)

    await stage.run(
        "create_points_event",
        customer_email="a b@x.com",
        source="custom_action",
        points_amount=-50,
        credits_amount="-12.50",
        custom_action_name="Review & rate",
        external_note="Sorry: 100 % back, grüße",
        internal_note="ticket=4711",
        skip_email="True",
        applied_at="2026-11-20T10:00:00+02:00",
    )

    assert {
        "customer_identifier": "a+b@x.com",
        "source": "custom_action",
        "points_amount": "-50",
        "credits_amount": "-12.50",
        "custom_action_name": "Review & rate",
        "external_note": "Sorry: 100 % back, grüße",
        "internal_note": "ticket=4711",
        "skip_email": "true",
        "applied_at": "2026-11-20T08:00:00.000Z",
    } == stage.form


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "points_amount must be other than 0, .* it is missing"),
        ({"points_amount": 0}, "points_amount must be other than 0, .* got 0"),
        ({"points_amount": 0, "credits_amount": "0.00"}, "points_amount must be other than 0"),
        ({"source": "custom_action"}, "custom_action_name must be the name of the action"),
        ({"source": "visit_url"}, "custom_action_name must be the name of the action"),
        ({"source": "order_placed", "points_amount": 1}, "source must be one of manual"),
    ],
    ids=str,
)
async def test_what_rivo_would_refuse_is_not_sent(
    stage: Stage, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        await stage.run("create_points_event", customer_email=SARAH, **inputs)

    assert [] == stage.sent


async def test_an_action_of_the_shops_own_needs_no_amount(stage: Stage) -> None:
    stage.on("POST", "/points_events", EVENT, status=201)

    await stage.run("create_points_event", customer_email=SARAH, source="tiktok_follow")

    assert {"customer_identifier": SARAH, "source": "tiktok_follow"} == stage.form


async def test_create_points_event_passes_on_why_rivo_refuses(stage: Stage) -> None:
    refusal = {"error": "Customer is excluded from the program"}
    stage.on("POST", "/points_events", refusal, status=422)

    with pytest.raises(RefusedError, match="Rivo refused this: Customer is excluded"):
        await stage.run("create_points_event", customer_email=SARAH, points_amount=1)


async def test_the_balance_is_read_where_the_event_has_none(stage: Stage) -> None:
    stage.on("POST", "/points_events", changed(EVENT, customer=None), status=201)
    stage.on("GET", "/customers/.*", sample("customer.reconstructed"))

    answer = built(await stage.run("create_points_event", customer_email=SARAH, points_amount=1))

    assert 2 == len(stage.sent)
    assert BALANCE == answer["customer"]
    assert (None, None) == (
        answer["points_event"]["customer_id"],
        answer["points_event"]["customer_email"],
    )


async def test_a_bare_answer_is_an_answer(stage: Stage) -> None:
    stage.on("POST", "/points_events", EVENT["data"]["attributes"], status=201)

    answer = built(await stage.run("create_points_event", customer_email=SARAH, points_amount=1))

    assert FLAT == answer["points_event"]


async def test_no_operators_address_leaves_in_an_internal_note(stage: Stage) -> None:
    noted = changed(EVENT, internal_note="by <Bo.Ek+1@shop.example.com>, see #7; cc x@y")
    stage.on("POST", "/points_events", noted, status=201)

    answer = await stage.run("create_points_event", customer_email=SARAH, points_amount=1)

    full: Any = answer.resource
    expected = "by <[e-mail]>, see #7; cc [e-mail]"
    assert expected == built(answer)["points_event"]["internal_note"]
    assert expected == full["attributes"]["internal_note"]


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
