"""Customers, one and many."""

from __future__ import annotations

import httpx
import pytest

from integrations.errors import NotFoundError, UnavailableError
from integrations.rivo.customers import Balance, Customer, customer_key
from integrations.rivo.resource import Resource
from tests.rivo.stage import (
    AS_OF,
    SARAH,
    SARAH_ID,
    Stage,
    built,
    changed,
    listed,
    sample,
    text_of,
)

pytestmark = pytest.mark.anyio

MARTINEZ = sample("customer__sarah_martinez.reconstructed")


async def test_get_customer_asks_for_one_customer_and_answers_the_documented_sample(
    stage: Stage,
) -> None:
    stage.on("GET", "/customers/sarah.martinez%40example.com", MARTINEZ)

    answer = built(await stage.run("get_customer", customer_email=SARAH))

    assert ["GET /customers/sarah.martinez%40example.com"] == stage.sent
    ending = {"as_of": AS_OF, "stale": False}
    assert text_of(sample("seed_get_customer.doc") | ending) == text_of(answer)


async def test_get_customer_takes_a_shopify_id(stage: Stage) -> None:
    stage.on("GET", "/customers/7294851236742", MARTINEZ)

    await stage.run("get_customer", customer_email=str(SARAH_ID))

    assert ["GET /customers/7294851236742"] == stage.sent


@pytest.mark.parametrize(
    ("address", "segment"),
    [
        ("a b@x.com", "a%2Bb%40x.com"),
        ("a/b@c", "a%2Fb%40c"),
        ("%2e%2e@x", "%252e%252e%40x"),
        ("a?b=c#d@x", "a%3Fb%3Dc%23d%40x"),
        ("müller@x", "m%C3%BCller%40x"),
    ],
)
async def test_an_address_stays_within_its_segment_of_the_path(
    stage: Stage, address: str, segment: str
) -> None:
    stage.on("GET", "/.*", MARTINEZ)

    await stage.run("get_customer", customer_email=address)

    assert [f"GET /customers/{segment}"] == stage.sent


async def test_the_names_of_2022_are_understood(stage: Stage) -> None:
    stage.on("GET", "/customers/alex%40example.com", sample("customer__2022.doc"))

    answer = built(await stage.run("get_customer", customer_email="alex@example.com"))

    assert {
        "customer_id": 123,
        "email": "alex@example.com",
        "first_name": "Alex",
        "last_name": "Example",
        "loyalty_status": "member",
        "referral_code": None,
        "customer_dob": "07-13",
        "customer_shopify_tags": ["example"],
        "points_expire_at": None,
        "vip_tier": "Gold",
        "orders_count": 0,
        "total_spent": 0.0,
        "points_tally": 1000,
        "dob": "07-13",
        "dob_last_updated_at": "2022-07-31T13:47:32.841Z",
        "lifetime_earnings_tally": None,
        "credits_tally": None,
    } == answer["customer"]
    assert 1000 == Balance.from_rivo(Resource.of(sample("customer__2022.doc")["data"])).points_tally


async def test_a_customer_with_few_fields_has_every_key(stage: Stage) -> None:
    stage.on("GET", "/customers/customer%40example.com", sample("customer.observed"))

    answer = built(await stage.run("get_customer", customer_email="customer@example.com"))

    assert list(Customer.__struct_fields__) == list(answer["customer"])
    assert "Silver" == answer["customer"]["vip_tier"]
    assert "1000.0" == answer["customer"]["credits_tally"]
    assert answer["customer"]["orders_count"] is None


def test_prose_dates_become_dates() -> None:
    resource = Resource.of(sample("customer.reconstructed")["data"])

    assert "2027-05-02" == Customer.from_rivo(resource).points_expire_at


@pytest.mark.parametrize("status", [404, 422, 400])
async def test_an_unknown_customer_is_not_found(stage: Stage, status: int) -> None:
    refusal = {"error": "Could not find a customer with that identifier."}
    stage.on("GET", "/customers/nobody%40example.com", refusal, status=status)

    with pytest.raises(NotFoundError, match="Could not find a customer with that identifier"):
        await stage.run("get_customer", customer_email="nobody@example.com")


async def test_the_full_shape_is_rivos_own_customer(stage: Stage) -> None:
    stage.on("GET", "/customers/sarah.martinez%40example.com", MARTINEZ)

    answer = await stage.run("get_customer", customer_email=SARAH)

    assert text_of(MARTINEZ["data"]) == text_of(answer.resource)


async def test_list_customers_asks_for_a_page_and_answers_it(stage: Stage) -> None:
    stage.on("GET", "/customers", sample("customers__list.reconstructed"))

    answer = built(await stage.run("list_customers", page="1", per_page="50"))

    assert ["GET /customers pagination[page]=1&pagination[per_page]=50"] == stage.sent
    assert {
        "customers": [
            {
                "customer_id": 7198630248648,
                "email": "customer@example.com",
                "first_name": "A",
                "last_name": "P",
                "loyalty_status": "member",
                "referral_code": "ExampleRefCode001",
                "customer_dob": "07-13",
                "customer_shopify_tags": ["example"],
                "points_expire_at": "2027-05-02",
                "vip_tier": "Silver",
                "orders_count": 2,
                "total_spent": 290.16,
                "points_tally": 500,
                "dob": "07-13",
                "dob_last_updated_at": "2026-01-15T10:30:00.000Z",
                "lifetime_earnings_tally": None,
                "credits_tally": "0.0",
            }
        ],
        "count": 1,
        "next": None,
        "complete": True,
        "as_of": AS_OF,
        "stale": False,
    } == answer


async def test_list_customers_walks_by_cursor(stage: Stage) -> None:
    stage.on("GET", "/customers", sample("pagination__cursor.doc"))

    answer = built(await stage.run("list_customers", since_id="0", limit="250"))

    assert ["GET /customers pagination[since_id]=0&pagination[limit]=250"] == stage.sent
    assert {"since_id": 150944776504, "limit": 250} == answer["next"]
    assert [150537666872, 150944743736, 150944776504] == [
        customer["customer_id"] for customer in answer["customers"]
    ]


async def test_list_customers_may_find_none(stage: Stage) -> None:
    stage.on("GET", "/customers", sample("pagination__offset.doc"))

    answer = built(await stage.run("list_customers"))

    assert ["GET /customers pagination[page]=1&pagination[per_page]=25"] == stage.sent
    assert ([], 0, None) == (answer["customers"], answer["count"], answer["next"])


async def test_an_odd_customer_is_unavailable_and_names_what_was_odd(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", changed(MARTINEZ, points_tally="many"))

    with pytest.raises(UnavailableError, match=r"not understood \(points_tally\)"):
        await stage.run("get_customer", customer_email=SARAH)


async def test_rows_without_an_envelope_are_understood(stage: Stage) -> None:
    stage.on("GET", "/customers", listed(MARTINEZ["data"], MARTINEZ["data"]["attributes"]))

    answer = built(await stage.run("list_customers"))

    assert [SARAH_ID] * 2 == [customer["customer_id"] for customer in answer["customers"]]


@pytest.mark.parametrize(
    ("identifier", "answer", "key"),
    [
        (SARAH, MARTINEZ, str(SARAH_ID)),
        (SARAH.upper(), MARTINEZ, str(SARAH_ID)),
        ("7", MARTINEZ, "7"),
        (SARAH.upper(), httpx.Response(404, json={"error": "Could not find one."}), SARAH),
        (SARAH, httpx.ReadTimeout, SARAH),
    ],
    ids=["known", "in capitals", "an id", "unknown", "down"],
)
async def test_a_customer_has_one_key_however_named(
    stage: Stage, identifier: str, answer: object, key: str
) -> None:
    stage.on("GET", "/customers/.*", answer)

    assert key == await customer_key(stage.rivo, identifier)
    assert (0 if identifier == "7" else 1) == len(stage.sent)
