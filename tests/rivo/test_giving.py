"""Giving and taking away, and undoing either: what is sent, and what its answer says."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import (
    InputError,
    NotAvailableError,
    RefusedError,
)
from integrations.rivo.writing import Given
from tests.rivo.keeping import OTHER, REFERENCE, Keeper
from tests.rivo.stage import SARAH, Stage, built, changed, sample
from tests.rivo.test_points_events import EVENT, FLAT
from tests.rivo.test_writes import GIVEN

pytestmark = pytest.mark.anyio

GIVE = {"customer_email": SARAH, "points_amount": 5}
BALANCE = {
    "email": "customer@example.com",
    "last_name": "P",
    "first_name": "A",
    "customer_id": 7198630248648,
    "points_tally": 500,
    "credits_tally": "0.0",
    "loyalty_status": "member",
}


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


# Reversing.


async def test_reverse_points_event_sends_the_opposite_and_names_what_it_reverses(
    stage: Stage,
) -> None:
    stage.on("POST", "/points_events", EVENT, status=201)
    keeper = Keeper(stage, given=GIVEN)

    answer = await stage.keep(keeper.writing(), "reverse_points_event", operation_id=OTHER)

    assert {
        "customer_identifier": SARAH,
        "source": "manual",
        "points_amount": "-100",
        "credits_amount": "-2.50",
        "internal_note": f"{REFERENCE} reverses {OTHER}",
    } == stage.form
    assert [{"customer": SARAH, "points": -100, "credits": "-2.50"}] == keeper.snapshots
    assert ["points_event", "customer", "operation"] == list(built(answer))


async def test_what_was_taken_is_given_back_and_nothing_else_moves(stage: Stage) -> None:
    stage.on("POST", "/points_events", EVENT, status=201)
    taken = {OTHER: Given(customer="7", points=0, credits="-1.250")}
    keeper = Keeper(stage, given=taken)

    await stage.keep(keeper.writing(), "reverse_points_event", operation_id=OTHER)

    assert "1.250" == stage.form["credits_amount"]
    assert "points_amount" not in stage.form


async def test_nothing_is_reversed_where_no_operations_are_kept(stage: Stage) -> None:
    with pytest.raises(NotAvailableError):
        await stage.run("reverse_points_event", operation_id=OTHER)

    assert [] == stage.sent


async def test_what_moved_nothing_cannot_be_reversed(stage: Stage) -> None:
    nothing = {OTHER: Given(customer=SARAH, points=0, credits="0.00")}

    with pytest.raises(RefusedError, match="nothing to reverse"):
        await stage.keep(
            Keeper(stage, given=nothing).writing(), "reverse_points_event", operation_id=OTHER
        )

    assert [] == stage.sent


@pytest.mark.parametrize("note", [None, "late parcel"])
async def test_the_reference_stands_first_in_the_note(stage: Stage, note: str | None) -> None:
    ours = f"{REFERENCE} {note}" if note else REFERENCE
    stage.on("POST", "/points_events", changed(EVENT, internal_note=ours), status=201)

    answer = await stage.keep(
        Keeper(stage).writing(), "create_points_event", **GIVE, internal_note=note
    )

    assert ours == stage.form["internal_note"]
    assert note == built(answer)["points_event"]["internal_note"]
    assert REFERENCE not in str(answer.resource)
