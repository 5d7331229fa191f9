"""The other reads in Gorgias: the same keys whether found, unknown or down."""

from __future__ import annotations

import pytest

from integrations.rivo_sandbox import Fault
from tests.app.flat import (
    NOBODY,
    OTHERS,
    PAGE,
    read,
    write,
)
from tests.app.serving import (
    GORGIAS_SECRET,
    MAYA,
    MEMBER,
    SARAH,
    Service,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> Service:
    return Service()


@pytest.mark.parametrize("name", OTHERS)
async def test_found_unknown_and_down_have_the_same_keys(service: Service, name: str) -> None:
    down = Service(faults=lambda _: Fault(kind="server_error"))
    found = await read(service, name, customer_email=MEMBER)
    unknown = await read(service, name, customer_email=NOBODY)
    gone = await read(down, name, customer_email=MEMBER)

    assert "Found" == found["status"]
    assert unknown["status"] in ("Not a member", "Found")
    assert "Not available right now" == gone["status"]
    assert list(found) == list(unknown) == list(gone)
    assert 1 >= sum(isinstance(value, list) for value in found.values())
    assert [] == [value for value in found.values() if isinstance(value, dict)]


async def test_a_customer_is_flat(service: Service) -> None:
    told = await read(service, "get_customer", customer_email=SARAH)

    assert {
        "status": "Found",
        "message": None,
        "customer_id": 7294851236742,
        "email": "sarah.martinez@example.com",
        "first_name": "Sarah",
        "last_name": "Martinez",
        "loyalty_status": "member",
        "referral_code": "kL9mR4xP8vN2sQ7tY",
        "customer_dob": None,
        "customer_shopify_tags": "premium-customer, active-user, status-member",
        "points_expire_at": None,
        "vip_tier": None,
        "orders_count": 5,
        "total_spent": 423.78,
        "points_tally": 150,
        "dob": None,
        "dob_last_updated_at": None,
        "lifetime_earnings_tally": None,
        "credits_tally": "25.0",
        "as_of": "2026-11-03 07:00:00",
        "stale": "No",
    } == told


async def test_a_customer_without_a_membership_has_none(service: Service) -> None:
    told = await read(service, "get_membership", customer_email=SARAH)

    assert ("Not a member", None) == (told["status"], told["membership_source"])
    assert told["message"] == "This customer has no active membership."


async def test_the_next_page_is_told_by_its_parts(service: Service) -> None:
    name = "list_customer_points_events"
    first = await read(service, name, customer_email=MAYA, per_page=2)
    after = await read(service, name, customer_email=MAYA, since_id=0, limit=1)

    assert (2, 2, None, None) == tuple(first[key] for key in PAGE)
    assert (None, None, 1) == (after["next_page"], after["next_per_page"], after["next_limit"])
    assert isinstance(after["next_since_id"], int)


async def test_an_unknown_input_is_ignored_on_a_read_and_refused_on_a_write(
    service: Service,
) -> None:
    more = {"ticket_subject": "Hello", "context": {"deep": [1]}}
    told = await read(service, "get_sidebar", customer_email=SARAH, **more)
    status, refused = await write(
        service, "create_points_event", customer_email=SARAH, points_amount=1, points=1
    )

    assert "Member" == told["status"]
    assert (422, "No", "No") == (status, refused["ok"], refused["applied"])
    assert "points must be a known input (did you mean points_amount?)" in refused["error"]


async def test_an_unknown_input_is_ignored_also_where_it_comes_twice(service: Service) -> None:
    answer = await service.ask(
        "GET",
        f"/gorgias/get_sidebar?customer_email={SARAH}&widget=1&widget=2",
        key=GORGIAS_SECRET,
    )

    assert "Member" == answer.json()["status"]


async def test_other_wrong_inputs_of_a_read_are_said_in_its_usual_shape(service: Service) -> None:
    name = "list_customer_points_events"
    told = await read(service, name, customer_email=MAYA, page="x")

    assert "page must be a whole number" in told["message"]
    assert [] == told["points_events"]
