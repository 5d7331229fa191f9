"""Refunding: whose it is, what is given back, and by which verb."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from integrations.errors import (
    NotAvailableError,
    NotFoundError,
    OutcomeUnknownError,
)
from tests.rivo.stage import SARAH, Stage, built, changed, row, sample
from tests.rivo.test_redeeming import OWNER_ID, REDEMPTION, SPENT, sarah

pytestmark = pytest.mark.anyio

REFUND = sample("points_redemption__refund.reconstructed")
OWNER = {"id": OWNER_ID, "email": SARAH}
TAKEN = "/points_redemptions/24186741$"
REFUND_ROUTE = "/points_redemptions/24186741/refund"
ROUTER_404 = httpx.Response(404, html="<h1>Not Found</h1>")
WRONG_VERB = httpx.Response(405, json={"error": "405 Not Allowed"})


async def test_refund_points_redemption_sends_no_body_and_answers_the_balance(
    stage: Stage,
) -> None:
    stage.on("GET", TAKEN, SPENT)
    stage.on("GET", "/customers/.*", sarah(0, "25.50"))
    stage.on("POST", REFUND_ROUTE, REFUND, status=201)

    answer = await stage.run("refund_points_redemption", redemption_id="24186741")

    assert [
        "GET /points_redemptions/24186741",
        "GET /customers/sarah.martinez%40example.com",
        "POST /points_redemptions/24186741/refund",
    ] == stage.sent
    refunded = {"refunded_at": "2026-02-26T02:00:00.000Z", "usable": False}
    assert {
        "points_redemption": REDEMPTION | refunded,
        "customer": {
            "email": "sarah.martinez@example.com",
            "last_name": None,
            "first_name": None,
            "customer_id": 9193366159432,
            "points_tally": 0,
            "credits_tally": "51.0",
            "loyalty_status": "member",
        },
        "operation": None,
    } == built(answer)


async def test_the_full_shape_of_a_refund_has_the_documented_keys(stage: Stage) -> None:
    stage.on("POST", REFUND_ROUTE, REFUND, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "51.0"))

    answer = await stage.run("refund_points_redemption", redemption_id=24186741)

    full: Any = answer.resource
    documented = sample("seed_create_points_redemption.doc")["data"]
    assert list(documented["attributes"]) == list(full["attributes"])
    assert list(documented["attributes"]["customer"]) == list(full["attributes"]["customer"])
    assert list(documented["attributes"]["reward"]) == list(full["attributes"]["reward"])


@pytest.mark.parametrize(
    ("taken", "read"),
    [
        ({"customer": None}, []),
        ({"customer": {"points_tally": 5}}, []),
        ({"customer": None, "customer_id": OWNER_ID}, ["GET /customers/9193366159432"]),
    ],
    ids=["nobody", "nobody by name", "by id"],
)
async def test_a_refund_tells_the_balance_of_whom_it_knows(
    stage: Stage, taken: dict[str, object], read: list[str]
) -> None:
    stage.on("GET", TAKEN, changed(SPENT, **taken))
    stage.on("GET", "/customers/.*", sarah(0, "25.50"))
    stage.on("POST", REFUND_ROUTE, REFUND, status=201)

    answer = built(await stage.run("refund_points_redemption", redemption_id=24186741))

    assert read == stage.sent[1:-1]
    assert bool(read) == (answer["customer"] is not None)


async def test_an_answer_without_the_time_of_the_refund_confirms_none(stage: Stage) -> None:
    stage.on("GET", TAKEN, SPENT)
    stage.on("GET", "/customers/.*", sarah(0, "25.50"))
    stage.on("POST", REFUND_ROUTE, SPENT, status=201)

    with pytest.raises(OutcomeUnknownError, match="may have been applied"):
        await stage.run("refund_points_redemption", redemption_id=24186741)


async def test_a_repeated_refund_gives_nothing_twice(stage: Stage) -> None:
    stage.on("GET", TAKEN, REFUND)
    stage.on("GET", "/customers/.*", sarah(0, "51.0"))
    stage.on("POST", REFUND_ROUTE, REFUND, status=201)

    answer = built(await stage.run("refund_points_redemption", redemption_id=24186741))

    assert "51.0" == answer["customer"]["credits_tally"]


@pytest.mark.parametrize(
    ("identifier", "owner"),
    [
        (SARAH, {"customer": OWNER}),
        (SARAH.upper(), {"customer": OWNER}),
        ("9193366159432", {"customer": OWNER}),
        ("9193366159432", {"customer_id": 9193366159432}),
        (SARAH, {"customer": {"email": SARAH}}),
    ],
    ids=["by e-mail", "in capitals", "by id", "bare id", "without id"],
)
async def test_a_refund_for_a_customer_looks_first_whose_it_is(
    stage: Stage, identifier: str, owner: dict[str, object]
) -> None:
    stage.on("GET", TAKEN, {"data": row(24186741, **owner)})
    stage.on("POST", REFUND_ROUTE, REFUND, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "25.50"))

    await stage.run("refund_points_redemption", redemption_id=24186741, customer_email=identifier)

    assert "GET /points_redemptions/24186741" == stage.sent[0]
    assert f"POST {REFUND_ROUTE}" == stage.sent[-1]


@pytest.mark.parametrize(
    ("identifier", "owner"),
    [
        (SARAH, {"customer_id": 9193366159432}),
        ("9193366159432", {"customer": {"email": SARAH}}),
        ("sarah@old.example.com", {"customer": OWNER}),
    ],
    ids=["the id for an e-mail", "the e-mail for an id", "another address of theirs"],
)
async def test_a_refund_asks_who_the_customer_is_where_that_tells(
    stage: Stage, identifier: str, owner: dict[str, object]
) -> None:
    stage.on("GET", TAKEN, {"data": row(24186741, **owner)})
    stage.on("GET", "/customers/.*", *[sarah(0, "51.0")] * 2)
    stage.on("POST", REFUND_ROUTE, REFUND, status=201)

    await stage.run("refund_points_redemption", redemption_id=24186741, customer_email=identifier)

    assert [True, False, True] == ["redemptions" in line for line in stage.sent[:3]]


@pytest.mark.parametrize(
    ("owner", "message"),
    [
        ({"customer": {"id": 5, "email": "x@y"}}, "has no redemption with this id"),
        ({"customer_id": 5}, "has no redemption with this id"),
        ({"customer": None}, "does not say whose redemption this is; nothing was refunded"),
        ({}, "does not say whose redemption this is"),
    ],
    ids=["another's", "another's id", "nobody's", "not told"],
)
async def test_what_may_not_be_the_customers_is_not_refunded(
    stage: Stage, owner: dict[str, object], message: str
) -> None:
    stage.on("GET", TAKEN, {"data": row(24186741, **owner)})
    stage.on("GET", "/customers/.*", sarah(0, "51.0"))

    with pytest.raises(NotFoundError, match=message):
        await stage.run("refund_points_redemption", redemption_id=24186741, customer_email=SARAH)

    assert all(line.startswith("GET") for line in stage.sent)


async def test_an_unknown_redemption_is_not_found(stage: Stage) -> None:
    error = sample("error__redemption_not_found.reconstructed")
    stage.on("POST", REFUND_ROUTE, error, status=404)
    stage.on("GET", TAKEN, error, error, status=404)

    for inputs in ({}, {"customer_email": SARAH}):
        with pytest.raises(NotFoundError, match="Could not find a points redemption with that ID"):
            await stage.run("refund_points_redemption", redemption_id=24186741, **inputs)


async def test_a_refund_takes_the_other_verb_and_remembers_it(stage: Stage) -> None:
    stage.on("POST", REFUND_ROUTE, WRONG_VERB)
    stage.on("PUT", REFUND_ROUTE, REFUND, REFUND)
    stage.on("GET", "/customers/.*", sarah(0, "51.0"), sarah(0, "51.0"))

    for _ in range(2):
        await stage.run("refund_points_redemption", redemption_id=24186741)

    sent = [line for line in stage.sent if line.endswith("refund")]
    assert [f"POST {REFUND_ROUTE}", f"PUT {REFUND_ROUTE}", f"PUT {REFUND_ROUTE}"] == sent


async def test_a_verb_that_stopped_working_is_changed_again(stage: Stage) -> None:
    stage.rivo.learnt["refund"] = "PUT"
    stage.on("PUT", REFUND_ROUTE, WRONG_VERB)
    stage.on("POST", REFUND_ROUTE, REFUND)
    stage.on("GET", "/customers/.*", sarah(0, "51.0"))

    await stage.run("refund_points_redemption", redemption_id=24186741)

    assert "POST" == stage.rivo.learnt["refund"]


@pytest.mark.parametrize(
    ("post", "put"),
    [(ROUTER_404, None), (WRONG_VERB, WRONG_VERB), (WRONG_VERB, ROUTER_404)],
    ids=["no route", "neither verb", "no route behind the other"],
)
async def test_a_store_without_refunds_is_told_apart(
    stage: Stage, post: httpx.Response, put: httpx.Response | None
) -> None:
    stage.on("POST", REFUND_ROUTE, post)
    stage.on("PUT", REFUND_ROUTE, *([put] if put else []))

    with pytest.raises(NotAvailableError, match="does not offer this on this store"):
        await stage.run("refund_points_redemption", redemption_id=24186741)

    assert {} == stage.rivo.learnt


async def test_a_store_without_single_redemptions_refunds_only_without_a_customer(
    stage: Stage,
) -> None:
    stage.on("GET", TAKEN, ROUTER_404)

    with pytest.raises(NotAvailableError):
        await stage.run("refund_points_redemption", redemption_id=24186741, customer_email=SARAH)

    assert ["GET /points_redemptions/24186741"] == stage.sent


async def test_a_lost_reply_to_the_other_verb_is_unknown_and_not_repeated(stage: Stage) -> None:
    stage.on("POST", REFUND_ROUTE, WRONG_VERB)
    stage.on("PUT", REFUND_ROUTE, httpx.ReadError)

    with pytest.raises(OutcomeUnknownError):
        await stage.run("refund_points_redemption", redemption_id=24186741)

    assert 2 == len(stage.sent)
