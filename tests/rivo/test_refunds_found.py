"""A refund is a state: nothing is sent where it is there, and it is read back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from integrations.errors import NotFoundError, UnavailableError
from integrations.rivo import ACTIONS
from integrations.rivo.redeeming import PointsRedemptionAnswer
from integrations.rivo.writing import ReadBack, Sent, Writing
from tests.rivo.keeping import REFERENCE, Keeper, writes_sent
from tests.rivo.stage import SARAH, Stage, built, changed, row, sample

pytestmark = pytest.mark.anyio

CUSTOMER = sample("customer__sarah_martinez.reconstructed")
TAKEN = changed(
    sample("points_redemption__store_credit.reconstructed"),
    customer=CUSTOMER["data"]["attributes"],
    refunded_at=None,
)
AT = "2026-02-26T02:00:00.000Z"
GIVEN_BACK = changed(TAKEN, refunded_at=AT)
NUMBER = 24186741
ROUTE = f"/points_redemptions/{NUMBER}"
GET, LOOK = f"GET {ROUTE}", "GET /customers/sarah.martinez%40example.com"
POST = f"POST {ROUTE}/refund"


async def refund(stage: Stage, writing: Writing, **inputs: Any) -> Any:
    return await stage.keep(writing, "refund_points_redemption", redemption_id=NUMBER, **inputs)


@pytest.mark.parametrize("inputs", [{}, {"customer_email": SARAH}], ids=["anybody's", "Sarah's"])
async def test_what_is_refunded_is_not_refunded_again(stage: Stage, inputs: dict[str, str]) -> None:
    stage.on("GET", ROUTE, GIVEN_BACK)
    stage.on("GET", "/customers/.*", CUSTOMER)
    keeper = Keeper(stage)

    answer = await refund(stage, keeper.writing(), **inputs)

    assert [] == keeper.snapshots
    assert [GET, LOOK] == stage.sent
    assert (NUMBER, AT, False) == tuple(
        built(answer)["points_redemption"][name] for name in ("id", "refunded_at", "usable")
    )
    assert 150 == built(answer)["customer"]["points_tally"]
    assert answer.resource["type"] == "points_redemption"


async def test_what_is_refunded_is_told_also_without_a_balance(stage: Stage) -> None:
    stage.on("GET", ROUTE, GIVEN_BACK)
    stage.on("GET", "/customers/.*", httpx.ReadTimeout)

    assert (await refund(stage, Keeper(stage).writing())).customer is None


async def test_a_state_that_is_not_trusted_is_sent_again(stage: Stage) -> None:
    stage.on("GET", ROUTE, GIVEN_BACK)
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 2)
    stage.on("POST", f"{ROUTE}/refund", GIVEN_BACK, status=201)
    keeper = Keeper(stage)

    await refund(stage, keeper.writing(trusts_state=False))

    assert [{"before": {"refunded_at": AT}}] == keeper.snapshots
    assert [POST] == writes_sent(stage)


async def test_without_a_keeper_a_repeat_is_rivos_business(stage: Stage) -> None:
    stage.on("GET", ROUTE, GIVEN_BACK)
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 2)
    stage.on("POST", f"{ROUTE}/refund", GIVEN_BACK, status=201)

    await stage.run("refund_points_redemption", redemption_id=NUMBER)

    assert [POST] == writes_sent(stage)


@pytest.mark.parametrize(
    ("before", "snapshot"),
    [
        (TAKEN, {"before": {"refunded_at": None}}),
        (httpx.ReadTimeout, {}),
        (httpx.Response(404, html="no route"), {}),
    ],
    ids=["open", "down", "no such read here"],
)
async def test_a_refund_is_sent_with_what_was_seen_before(
    stage: Stage, before: Any, snapshot: dict[str, object]
) -> None:
    stage.on("GET", ROUTE, before)
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 2)
    stage.on("POST", f"{ROUTE}/refund", GIVEN_BACK, status=201)
    keeper = Keeper(stage)

    answer = await refund(stage, keeper.writing())

    assert [snapshot] == keeper.snapshots
    assert AT == built(answer)["points_redemption"]["refunded_at"]


async def test_what_is_another_customers_is_not_refunded(stage: Stage) -> None:
    stage.on("GET", ROUTE, TAKEN)
    stage.on("GET", "/customers/.*", {"data": row(8, email="maya@example.com")})
    keeper = Keeper(stage)

    with pytest.raises(NotFoundError):
        await refund(stage, keeper.writing(), customer_email="maya@example.com")

    assert [] == keeper.snapshots


# Found again.


async def find(stage: Stage, before: Any = None) -> ReadBack:
    once = ACTIONS["refund_points_redemption"].once
    assert once is not None
    snapshot = {} if before is None else {"before": before}
    sent = Sent(reference=REFERENCE, inputs={"redemption_id": NUMBER}, snapshot=snapshot)
    back = await once.find(stage.rivo, sent)
    assert isinstance(back, ReadBack)
    return back


async def test_a_refunded_redemption_was_refunded(stage: Stage) -> None:
    stage.on("GET", ROUTE, *[GIVEN_BACK] * 2)
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 2)

    back = await find(stage, {"refunded_at": None})

    assert ("found", NUMBER) == (back.verdict, back.rivo_id)
    assert isinstance(back.answer, PointsRedemptionAnswer)
    assert (AT, 150) == (
        back.answer.points_redemption.refunded_at,
        built(back.answer)["customer"]["points_tally"],
    )
    await find(stage)
    assert [GET, LOOK] * 2 == stage.sent


async def test_a_refund_of_nobodys_is_found_without_a_balance(stage: Stage) -> None:
    stage.on("GET", ROUTE, changed(GIVEN_BACK, customer=None))

    back = await find(stage)

    assert isinstance(back.answer, PointsRedemptionAnswer)
    assert back.answer.customer is None


@pytest.mark.parametrize("before", [None, {"refunded_at": None}], ids=["not seen", "seen"])
async def test_a_redemption_that_is_not_refunded_never_was(stage: Stage, before: Any) -> None:
    stage.on("GET", ROUTE, TAKEN)

    back = await find(stage, before)

    assert ("absent", (f"The redemption {NUMBER} is not refunded.",)) == (
        back.verdict,
        back.evidence,
    )


WITHOUT = {"data": {"id": NUMBER, "attributes": {"id": NUMBER, "code": "R"}}}


@pytest.mark.parametrize(
    "answer",
    [
        WITHOUT,
        {"data": {"id": 7, "attributes": {"refunded_at": AT}}},
        changed(GIVEN_BACK, points_amount="many"),
        httpx.Response(404, json={"error": "Could not find one."}),
        httpx.Response(404, html="no route"),
    ],
    ids=["not shown", "another", "odd", "gone", "no such read here"],
)
async def test_what_does_not_tell_is_unclear(stage: Stage, answer: Any) -> None:
    stage.on("GET", ROUTE, answer)

    assert "unclear" == (await find(stage)).verdict


async def test_a_rivo_that_is_down_is_asked_again_later(stage: Stage) -> None:
    stage.on("GET", ROUTE, httpx.ReadTimeout)

    with pytest.raises(UnavailableError):
        await find(stage)
