"""Changing customers: what is sent, and what is known afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from integrations.errors import InputError, NotFoundError, OutcomeUnknownError, RefusedError
from integrations.rivo import ShopFacts
from tests.rivo.stage import SARAH, Stage, built, changed, sample

pytestmark = pytest.mark.anyio

MARTINEZ = sample("customer__sarah_martinez.reconstructed")
BORN = changed(MARTINEZ, dob="07-13")
SILVER = changed(MARTINEZ, vip_tier={"id": 552288, "name": "Silver", "threshold": 500})
PUT = "PUT /customers/sarah.martinez%40example.com"
GET = "GET /customers/sarah.martinez%40example.com"
POST_TIER = "POST /customers/sarah.martinez%40example.com/vip_tier vip_tier_id=552288"
NOTHING = httpx.Response(204)
ROUTER_404 = httpx.Response(404, html="<h1>Not Found</h1>")


@pytest.fixture
async def open_stage(client: httpx.AsyncClient) -> AsyncIterator[Stage]:
    """A shop that lets callers change names and consent as well."""
    fields = frozenset({"first_name", "last_name", "accepts_marketing"})
    with respx.mock(assert_all_called=False) as router:
        yield Stage(router, client, ShopFacts(customer_fields=fields))


async def test_update_customer_dob_sends_the_birthday_and_answers_the_customer(
    stage: Stage,
) -> None:
    stage.on("PUT", "/customers/.*", BORN)

    answer = await stage.run("update_customer_dob", customer_email=SARAH, dob="13/07/1990")

    assert [f"{PUT} dob=07-13"] == stage.sent
    assert {
        "customer": {
            "customer_id": 7294851236742,
            "email": "sarah.martinez@example.com",
            "first_name": "Sarah",
            "last_name": "Martinez",
            "loyalty_status": "member",
            "referral_code": "kL9mR4xP8vN2sQ7tY",
            "customer_dob": "07-13",
            "customer_shopify_tags": ["premium-customer", "active-user", "status-member"],
            "points_expire_at": None,
            "vip_tier": None,
            "orders_count": 5,
            "total_spent": 423.78,
            "points_tally": 150,
            "dob": "07-13",
            "dob_last_updated_at": None,
            "lifetime_earnings_tally": None,
            "credits_tally": "25.0",
        },
        "operation": None,
    } == built(answer)
    assert BORN["data"] == answer.resource


async def test_update_customer_sends_the_birthday(stage: Stage) -> None:
    stage.on("PUT", "/customers/.*", BORN)

    answer = built(await stage.run("update_customer", customer_email=SARAH, dob="1990-07-13"))

    assert [f"{PUT} dob=07-13"] == stage.sent
    assert "07-13" == answer["customer"]["dob"]


async def test_update_customer_sends_what_the_shop_allows(open_stage: Stage) -> None:
    given = {"first_name": "Sara", "last_name": "M", "accepts_marketing": False, "dob": "07-13"}
    open_stage.on("PUT", "/customers/.*", changed(MARTINEZ, **given))

    answer = built(await open_stage.run("update_customer", customer_email=SARAH, **given))

    assert [
        f"{PUT} first_name=Sara&last_name=M&accepts_marketing=false&dob=07-13"
    ] == open_stage.sent
    assert "Sara" == answer["customer"]["first_name"]


@pytest.mark.parametrize("name", ["first_name", "last_name", "accepts_marketing"])
async def test_what_the_shop_does_not_allow_is_not_sent(stage: Stage, name: str) -> None:
    with pytest.raises(InputError, match="left out: this shop allows dob") as caught:
        await stage.run("update_customer", customer_email=SARAH, **{name: "true"})

    assert name == caught.value.field
    assert [] == stage.sent


async def test_nothing_to_change_is_an_input_problem(stage: Stage) -> None:
    with pytest.raises(InputError, match="dob must be given, or another value to change"):
        await stage.run("update_customer", customer_email=SARAH)

    assert [] == stage.sent


async def test_a_change_that_rivo_left_out_is_refused(stage: Stage) -> None:
    stage.on("PUT", "/customers/.*", MARTINEZ)

    with pytest.raises(RefusedError, match=r"Rivo answered but did not change dob\."):
        await stage.run("update_customer_dob", customer_email=SARAH, dob="07-13")


async def test_half_a_change_is_not_called_none(open_stage: Stage) -> None:
    open_stage.on("PUT", "/customers/.*", BORN)
    inputs = {"dob": "07-13", "first_name": "Sara"}

    with pytest.raises(OutcomeUnknownError, match="did not change first_name; the rest it did"):
        await open_stage.run("update_customer", customer_email=SARAH, **inputs)


@pytest.mark.parametrize(
    "answer",
    [NOTHING, {"data": {"id": 7294851236742, "attributes": {"dob": "07-13"}}}],
    ids=["204", "not the whole customer"],
)
async def test_a_change_without_the_customer_is_read_back(stage: Stage, answer: object) -> None:
    stage.on("PUT", "/customers/.*", answer)
    stage.on("GET", "/customers/.*", BORN)

    customer = built(await stage.run("update_customer_dob", customer_email=SARAH, dob="07-13"))

    assert [f"{PUT} dob=07-13", GET] == stage.sent
    assert (150, "07-13") == (customer["customer"]["points_tally"], customer["customer"]["dob"])


async def test_a_change_that_does_not_show_when_read_back_is_unknown(stage: Stage) -> None:
    stage.on("PUT", "/customers/.*", NOTHING)
    stage.on("GET", "/customers/.*", MARTINEZ)

    with pytest.raises(OutcomeUnknownError, match="may have been applied"):
        await stage.run("update_customer_dob", customer_email=SARAH, dob="07-13")


@pytest.mark.parametrize(
    "read",
    [
        httpx.ReadTimeout,
        httpx.Response(404, json={"error": "Could not find a customer."}),
        httpx.Response(503),
        changed(BORN, points_tally="many"),
    ],
    ids=["lost", "not found", "down", "odd"],
)
@pytest.mark.parametrize(
    ("identifier", "known"),
    [(SARAH, (None, SARAH)), ("7294851236742", (7294851236742, None))],
    ids=["by e-mail", "by id"],
)
async def test_a_confirmed_change_stays_confirmed_where_nothing_can_be_read_back(
    stage: Stage, read: object, identifier: str, known: tuple[int | None, str | None]
) -> None:
    stage.on("PUT", "/customers/.*", NOTHING)
    stage.on("GET", "/customers/.*", read)

    answer = built(await stage.run("update_customer_dob", customer_email=identifier, dob="07-13"))

    customer = answer["customer"]
    assert known == (customer["customer_id"], customer["email"])
    assert ("07-13", "07-13", None) == (
        customer["dob"],
        customer["customer_dob"],
        customer["points_tally"],
    )


async def test_what_rivo_may_leave_as_it_was_is_not_taken_for_changed(
    open_stage: Stage,
) -> None:
    open_stage.on("PUT", "/customers/.*", NOTHING)
    open_stage.on("GET", "/customers/.*", httpx.Response(503))

    with pytest.raises(OutcomeUnknownError, match="may have been applied"):
        await open_stage.run(
            "update_customer", customer_email=SARAH, dob="07-13", first_name="Sara"
        )


async def test_update_customer_vip_tier_answers_the_customer_that_came(stage: Stage) -> None:
    stage.on("POST", "/customers/.*/vip_tier", SILVER, status=201)

    answer = await stage.run("update_customer_vip_tier", customer_email=SARAH, vip_tier_id="552288")

    assert [POST_TIER] == stage.sent
    assert ("Silver", 150) == (
        built(answer)["customer"]["vip_tier"],
        built(answer)["customer"]["points_tally"],
    )
    assert SILVER["data"] == answer.resource


@pytest.mark.parametrize(
    "answer",
    [
        NOTHING,
        MARTINEZ,
        {"data": {"id": 45410036, "type": "vip_tier_membership", "attributes": {"x": 1}}},
    ],
    ids=["204", "the customer as before", "something else"],
)
async def test_a_tier_that_the_answer_does_not_show_is_read_back(
    stage: Stage, answer: object
) -> None:
    stage.on("POST", "/customers/.*/vip_tier", answer)
    stage.on("GET", "/customers/.*", SILVER)

    read = built(
        await stage.run("update_customer_vip_tier", customer_email=SARAH, vip_tier_id=552288)
    )

    assert [POST_TIER, GET] == stage.sent
    assert "Silver" == read["customer"]["vip_tier"]


async def test_a_tier_that_does_not_show_when_read_back_is_unknown(stage: Stage) -> None:
    stage.on("POST", "/customers/.*/vip_tier", NOTHING)
    stage.on("GET", "/customers/.*", MARTINEZ)

    with pytest.raises(OutcomeUnknownError):
        await stage.run("update_customer_vip_tier", customer_email=SARAH, vip_tier_id=552288)


async def test_a_confirmed_tier_without_a_name_stays_confirmed(stage: Stage) -> None:
    stage.on("POST", "/customers/.*/vip_tier", NOTHING)
    stage.on("GET", "/customers/.*", httpx.ReadError)

    read = await stage.run("update_customer_vip_tier", customer_email=SARAH, vip_tier_id=552288)

    full: Any = read.resource
    assert {"id": 552288} == full["attributes"]["vip_tier"]
    assert built(read)["customer"]["vip_tier"] is None


@pytest.mark.parametrize("tier", [{"error": "Could not find a VIP tier with that ID."}])
async def test_an_unknown_tier_is_not_found(stage: Stage, tier: object) -> None:
    stage.on("POST", "/customers/.*/vip_tier", tier, status=404)

    with pytest.raises(NotFoundError, match="Could not find a VIP tier"):
        await stage.run("update_customer_vip_tier", customer_email=SARAH, vip_tier_id=1)
