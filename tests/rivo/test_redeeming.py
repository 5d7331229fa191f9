"""Redeeming and refunding: what is spent, what is given back, and what only looks."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from integrations.errors import (
    InputError,
    NotAvailableError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
)
from integrations.rivo import ACTIONS
from tests.rivo.stage import SARAH, Stage, built, changed, listed, row, sample, text_of

pytestmark = pytest.mark.anyio

SPENT = sample("points_redemption__store_credit.reconstructed")
REFUND = sample("points_redemption__refund.reconstructed")
OWNER_ID = 9193366159432
OWNER = {"id": OWNER_ID, "email": SARAH}
POST = "POST /points_redemptions"
TAKEN = "/points_redemptions/24186741$"
REFUND_ROUTE = "/points_redemptions/24186741/refund"
ROUTER_404 = httpx.Response(404, html="<h1>Not Found</h1>")
WRONG_VERB = httpx.Response(405, json={"error": "405 Not Allowed"})
REDEMPTION = {
    "id": 24186741,
    "code": "REDEEM-b3fb35f5407e",
    "name": "$25.50 off coupon",
    "reward_id": 594155,
    "reward_name": "Store Credit",
    "reward_type": "fixed_amount",
    "reward_value": 1.0,
    "points_amount": 0,
    "credits_amount": "25.50",
    "applied_at": "2026-02-26T01:20:20.484Z",
    "expires_at": None,
    "used_at": None,
    "refunded_at": None,
    "usable": True,
    "customer_id": 9193366159432,
    "customer_email": "sarah.martinez@example.com",
}


def sarah(points: int, money: str) -> dict[str, object]:
    """Sarah's profile with a balance."""
    return {"data": row(OWNER_ID, email=SARAH, points_tally=points, credits_tally=money)}


async def test_create_points_redemption_sends_a_form_and_answers_code_and_balance(
    stage: Stage,
) -> None:
    stage.on("POST", "/points_redemptions", SPENT, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "51.0"))

    answer = await stage.run(
        "create_points_redemption", customer_email=SARAH, reward_id="594155", credits_amount="25.50"
    )

    form = "customer_identifier=sarah.martinez%40example.com&reward_id=594155&credits_amount=25.50"
    assert ["GET /customers/sarah.martinez%40example.com", f"{POST} {form}"] == stage.sent
    assert {
        "points_redemption": REDEMPTION,
        "customer": {
            "email": "sarah.martinez@example.com",
            "last_name": "Martinez",
            "first_name": "Sarah",
            "customer_id": 9193366159432,
            "points_tally": 0,
            "credits_tally": "25.50",
            "loyalty_status": "member",
        },
        "operation": None,
    } == built(answer)


async def test_the_full_shape_of_a_redemption_is_the_documented_sample(stage: Stage) -> None:
    stage.on("POST", "/points_redemptions", SPENT, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "0.0"))

    answer = await stage.run("create_points_redemption", customer_email=SARAH, reward_id=594155)

    expected = sample("seed_create_points_redemption.doc")
    assert text_of(expected) == text_of({"data": answer.resource})


async def test_create_points_redemption_sends_points(stage: Stage) -> None:
    stage.on("POST", "/points_redemptions", SPENT, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "0.0"))

    await stage.run(
        "create_points_redemption", customer_email="7", reward_id=709490, points_amount=500
    )

    form = "customer_identifier=7&reward_id=709490&points_amount=500"
    assert f"{POST} {form}" == stage.sent[1]


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"points_amount": 0}, "points_amount"),
        ({"points_amount": "-5"}, "points_amount"),
        ({"credits_amount": "0.00"}, "credits_amount"),
        ({"credits_amount": "-1"}, "credits_amount"),
    ],
    ids=str,
)
async def test_less_than_nothing_is_not_redeemed(
    stage: Stage, inputs: dict[str, Any], field: str
) -> None:
    for action in ("create_points_redemption", "redeem_customer_points"):
        with pytest.raises(InputError) as caught:
            await stage.run(action, customer_email=SARAH, reward_id=1, **inputs)
        assert field == caught.value.field

    assert [] == stage.sent


async def test_what_rivo_misses_is_told_in_its_own_words(stage: Stage) -> None:
    missing = sample("error__missing_param.reconstructed")
    stage.on("POST", "/points_redemptions", missing, status=400)

    with pytest.raises(RefusedError, match="customer_identifier is missing, reward_id is missing"):
        await stage.run("create_points_redemption", customer_email=SARAH, reward_id=1)


async def test_create_points_redemption_passes_on_why_rivo_refuses(stage: Stage) -> None:
    stage.on("POST", "/points_redemptions", {"error": "Insufficient balance"}, status=422)

    with pytest.raises(RefusedError, match="Rivo refused this: Insufficient balance"):
        await stage.run("create_points_redemption", customer_email=SARAH, reward_id=1)


async def test_a_balance_told_that_has_not_moved_is_read_again(stage: Stage) -> None:
    stage.on("POST", "/points_redemptions", SPENT, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "25.50"), sarah(0, "0.0"))

    answer = built(
        await stage.run("create_points_redemption", customer_email=SARAH, reward_id=594155)
    )

    assert "0.0" == answer["customer"]["credits_tally"], "Rivo told the balance before"


async def test_a_redemption_stays_done_where_the_balance_cannot_be_read(stage: Stage) -> None:
    absent = changed(SPENT, customer=None)
    stage.on("POST", "/points_redemptions", absent, status=201)
    stage.on("GET", "/customers/.*", httpx.ReadTimeout)

    answer = await stage.run("create_points_redemption", customer_email=SARAH, reward_id=594155)

    assert built(answer)["customer"] is None
    full: Any = answer.resource
    assert full["attributes"]["customer"] is None


REWARDS = listed(
    row(1, name="$5", enabled=True, source="points", points_amount=100, reward_type="fixed_amount"),
    row(2, name="$9", enabled=True, source="points", points_amount=900),
    row(3, name="Credit", enabled=True, source="credits", points_amount=1),
    row(4, name="Off", enabled=False, source="points", points_amount=1),
    row(5, name="Friend", enabled=True, source="referrer", points_amount=0),
)
NOTHING = dict.fromkeys(("reward_type", "reward_value", "credits_amount", "points_missing"))


async def test_with_nothing_given_it_shows_what_can_be_redeemed(stage: Stage) -> None:
    stage.on("GET", "/rewards", REWARDS)

    answer = await stage.run("redeem_customer_points")

    assert ["GET /rewards pagination[page]=1&pagination[per_page]=250"] == stage.sent
    assert {
        "customer": None,
        "redeemable": [
            NOTHING | {"reward_id": 3, "name": "Credit", "points_amount": None, "affordable": None},
            NOTHING
            | {
                "reward_id": 1,
                "name": "$5",
                "reward_type": "fixed_amount",
                "points_amount": 100,
                "affordable": None,
            },
            NOTHING | {"reward_id": 2, "name": "$9", "points_amount": 900, "affordable": None},
        ],
        "points_redemption": None,
        "operation": None,
    } == built(answer)
    assert not answer.wrote


async def test_with_a_customer_it_shows_what_they_can_afford(stage: Stage) -> None:
    stage.on("GET", "/rewards", REWARDS)
    stage.on("GET", "/customers/.*", sarah(150, "25.0"))

    answer = await stage.run("redeem_customer_points", customer_email=SARAH)

    assert [
        (3, None, "25.0", True, None),
        (1, 100, None, True, 0),
        (2, 900, None, False, 750),
    ] == [
        (
            each["reward_id"],
            each["points_amount"],
            each["credits_amount"],
            each["affordable"],
            each["points_missing"],
        )
        for each in built(answer)["redeemable"]
    ]
    assert 150 == built(answer)["customer"]["points_tally"]
    assert not answer.wrote
    assert all(line.startswith("GET") for line in stage.sent)


async def test_with_both_it_redeems(stage: Stage) -> None:
    stage.on("POST", "/points_redemptions", SPENT, status=201)
    stage.on("GET", "/customers/.*", sarah(0, "51.0"))

    answer = await stage.run(
        "redeem_customer_points", customer_email=SARAH, reward_id=594155, credits_amount="25.50"
    )

    assert stage.sent[1].startswith(POST)
    assert REDEMPTION == built(answer)["points_redemption"]
    assert [] == built(answer)["redeemable"]
    assert "25.50" == built(answer)["customer"]["credits_tally"]
    assert answer.wrote
    assert {"data": answer.resource} == sample("seed_create_points_redemption.doc")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"reward_id": 1}, "customer_email must be given together with reward_id"),
        ({"points_amount": 5}, "points_amount must be given only together with reward_id"),
        ({"customer_email": SARAH, "credits_amount": "5"}, "credits_amount must be given only"),
    ],
    ids=str,
)
async def test_half_a_redemption_is_an_input_problem(
    stage: Stage, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        await stage.run("redeem_customer_points", **inputs)

    assert [] == stage.sent


async def test_an_unknown_customer_can_afford_nothing(stage: Stage) -> None:
    stage.on("GET", "/rewards", REWARDS)
    stage.on("GET", "/customers/.*", {"error": "Could not find a customer."}, status=404)

    with pytest.raises(NotFoundError):
        await stage.run("redeem_customer_points", customer_email=SARAH)


def test_without_a_reward_it_only_looks() -> None:
    only_looks = ACTIONS["redeem_customer_points"].only_looks

    assert only_looks is not None
    assert only_looks({"customer_email": SARAH})
    assert not only_looks({"customer_email": SARAH, "reward_id": 1})
    assert {"redeem_customer_points"} == {n for n, a in ACTIONS.items() if a.only_looks}


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
