"""One customer's membership: composed from what Rivo answers."""

from __future__ import annotations

import copy
from typing import Any

import httpx
import pytest

from integrations.errors import (
    NotFoundError,
    UnavailableError,
)
from tests.rivo.stage import AS_OF, Stage, built, changed, listed, row, sample, text_of

pytestmark = pytest.mark.anyio

JOHNSON = "sarah.johnson@example.com"
JOHNSON_ID = 8051146358856
MEMBER = sample("member__sarah_johnson.reconstructed")
SEED = sample("seed_get_membership.doc")
CONTRACT = sample("subscription_contract.doc")["data"]
READ = "GET /memberships/customers/sarah.johnson%40example.com"
READ_CUSTOMER = "GET /customers/sarah.johnson%40example.com"
ENROLMENTS = (
    f"GET /memberships/tier_enrollments filters[customer_id]={JOHNSON_ID}"
    "&pagination[page]=1&pagination[per_page]=250"
)
CONTRACTS = ENROLMENTS.replace("tier_enrollments", "subscription_contracts")


def member(**attributes: object) -> Any:
    """The member, with other attributes; those that are Ellipsis are left out."""
    mine = changed(MEMBER, **attributes)
    for name, value in attributes.items():
        if value is ...:
            del mine["data"]["attributes"][name]
    return mine


def enrolment(number: int, **attributes: object) -> dict[str, object]:
    started = {"customer_id": JOHNSON_ID, "started_at": f"2026-0{number}-01T00:00:00Z"}
    return row(number, **started | attributes)


def contract(number: int, **attributes: object) -> dict[str, object]:
    mine: dict[str, Any] = copy.deepcopy(CONTRACT)
    mine["attributes"] |= {"remote_id": number, "customer_id": JOHNSON_ID, **attributes}
    return mine | {"id": number}


async def test_get_membership_asks_once_and_answers_the_documented_sample(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", MEMBER)

    answer = await stage.run("get_membership", customer_email=JOHNSON)

    assert [READ] == stage.sent
    assert text_of(SEED | {"as_of": AS_OF, "stale": False}) == text_of(built(answer))
    assert MEMBER["data"] == answer.resource


@pytest.mark.parametrize(
    "body",
    [
        MEMBER["data"],
        MEMBER["data"]["attributes"],
        {"data": MEMBER["data"]["attributes"]},
        {
            "customer": MEMBER["data"]["attributes"],
            "membership": SEED["membership"],
            "subscription": SEED["subscription"],
        },
    ],
    ids=["bare resource", "bare attributes", "attributes in data", "nested customer"],
)
async def test_every_shape_of_a_member_is_understood(stage: Stage, body: object) -> None:
    stage.on("GET", "/memberships/customers/.*", body)

    answer = built(await stage.run("get_membership", customer_email=JOHNSON))

    assert [READ] == stage.sent
    assert text_of(SEED | {"as_of": AS_OF, "stale": False}) == text_of(answer)


async def test_the_shape_of_the_documented_tool_costs_a_second_read(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", SEED)
    stage.on("GET", "/customers/.*", MEMBER)

    answer = built(await stage.run("get_membership", customer_email=JOHNSON))

    assert [READ, READ_CUSTOMER] == stage.sent
    assert text_of(SEED | {"as_of": AS_OF, "stale": False}) == text_of(answer)


async def test_what_the_member_lacks_is_read_from_enrolments_and_contracts(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", member(membership=..., subscription=...))
    others = {"customer_id": 1}
    stage.on(
        "GET",
        "/memberships/tier_enrollments",
        listed(
            enrolment(1, source="manual", membership_tier_id=2228),
            enrolment(3, source="paid", membership_tier_id=2229),
            enrolment(4, ended_at="2026-11-21T11:59:59Z"),
            enrolment(2, ended_at="2026-11-21T12:00:01Z"),
            enrolment(5, **others),
        ),
    )
    stage.on(
        "GET",
        "/memberships/subscription_contracts",
        listed(
            contract(11, status="cancelled", remote_updated_at="2026-11-01T00:00:00Z"),
            contract(12, status="active", remote_updated_at="2026-01-01T00:00:00Z"),
            contract(13, status="active", remote_updated_at="2026-02-01T00:00:00Z"),
            contract(14, status="active", **others),
        ),
    )

    answer = built(await stage.run("get_membership", customer_email=JOHNSON))

    assert [READ, ENROLMENTS, CONTRACTS] == stage.sent
    assert {
        "source": "paid",
        "ended_at": None,
        "started_at": "2026-03-01T00:00:00Z",
        "customer_id": JOHNSON_ID,
        "membership_tier_id": 2229,
        "membership_enrollment_id": 3,
        "queued_for_cancellation_at": None,
    } == answer["membership"]
    assert {
        "status": "active",
        "customer_id": JOHNSON_ID,
        "currency_code": "USD",
        "subscription_id": 13,
        "billing_interval": "month",
        "next_billing_date_at": "2026-04-01T00:00:00Z",
    } == answer["subscription"]


async def test_a_composed_membership_is_as_old_as_its_oldest_read(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", *[member(membership=...)] * 2)
    stage.on("GET", "/memberships/tier_enrollments", listed(enrolment(1)), listed(enrolment(1)))
    await stage.run("get_membership", customer_email=JOHNSON)
    stage.clock.seconds += 20
    key = (("memberships", "customers", JOHNSON), ())
    stage.memory._entries.pop(key)

    answer = built(await stage.run("get_membership", customer_email=JOHNSON))

    assert [READ, ENROLMENTS, READ] == stage.sent
    assert AS_OF == answer["as_of"], "the enrolments are 20 seconds older than the member"


async def test_a_free_membership_has_no_subscription(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", member(subscription=None))

    answer = built(await stage.run("get_membership", customer_email=JOHNSON))

    assert [READ] == stage.sent
    assert answer["subscription"] is None
    assert 213067 == answer["membership"]["membership_enrollment_id"]


async def test_a_membership_that_ends_later_is_active_until_then(stage: Stage) -> None:
    ending = sample("seed_get_membership.doc")["membership"] | {"ended_at": "2026-11-21T12:00:01Z"}
    stage.on("GET", "/memberships/customers/.*", *[member(membership=ending)] * 2)

    answer = built(await stage.run("get_membership", customer_email=JOHNSON))
    assert ending == answer["membership"]

    stage.clock.seconds += 1
    with pytest.raises(NotFoundError, match=NO_MEMBERSHIP):
        await stage.run("get_membership", customer_email=JOHNSON)


async def test_no_contract_of_the_customers_means_no_subscription(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", member(subscription=...))
    stage.on("GET", "/memberships/subscription_contracts", listed(contract(9, customer_id=1)))

    answer = built(await stage.run("get_membership", customer_email=JOHNSON))

    assert answer["subscription"] is None


async def test_a_customer_without_an_id_is_given_nobody_elses_contract(stage: Stage) -> None:
    nameless = {"data": {"attributes": {"email": JOHNSON, "points_tally": 1, "membership": {}}}}
    stage.on("GET", "/memberships/customers/.*", nameless)
    stage.on("GET", "/customers/.*", nameless)

    with pytest.raises(UnavailableError, match="the customer's id"):
        await stage.run("get_membership", customer_email=JOHNSON)

    assert [READ, READ_CUSTOMER] == stage.sent


NO_MEMBERSHIP = "This customer has no active membership"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (member(membership=None, subscription=None), 200, NO_MEMBERSHIP),
        (member(membership={"ended_at": "2026-11-21T11:59:59Z"}), 200, NO_MEMBERSHIP),
        ({"error": "Could not find a membership."}, 200, "Could not find a membership"),
        ({"error": "Could not find a membership."}, 404, "Could not find a membership"),
        ({"data": None}, 200, "Rivo knows no such customer"),
    ],
    ids=["nulls", "ended", "200 with an error", "404", "no data"],
)
async def test_no_active_membership_is_not_found(
    stage: Stage, body: object, status: int, message: str
) -> None:
    stage.on("GET", "/memberships/customers/.*", body, status=status)

    with pytest.raises(NotFoundError, match=message):
        await stage.run("get_membership", customer_email=JOHNSON)

    assert [READ] == stage.sent


async def test_no_enrolment_is_no_membership(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", member(membership=..., subscription=...))
    stage.on("GET", "/memberships/tier_enrollments", listed())

    with pytest.raises(NotFoundError, match=NO_MEMBERSHIP):
        await stage.run("get_membership", customer_email=JOHNSON)

    assert [READ, ENROLMENTS] == stage.sent


async def test_a_part_that_cannot_be_read_makes_no_half_a_membership(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", member(subscription=...))
    stage.on("GET", "/memberships/subscription_contracts", httpx.ReadTimeout)

    with pytest.raises(UnavailableError):
        await stage.run("get_membership", customer_email=JOHNSON)
