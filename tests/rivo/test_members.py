"""Members: the customers with a membership."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import RefusedError
from tests.rivo.stage import AS_OF, Stage, built, listed, row, sample

pytestmark = pytest.mark.anyio

MEMBER = sample("member__sarah_johnson.reconstructed")["data"]
PAGED = "pagination[page]=1&pagination[per_page]=25"
FLAT = {
    "customer_id": 8051146358856,
    "email": "sarah.johnson@example.com",
    "first_name": "Sarah",
    "last_name": "Johnson",
    "loyalty_status": "member",
    "membership_tier_id": 2229,
    "source": "paid",
    "started_at": "2024-11-16T13:59:20.836Z",
    "ended_at": None,
    "queued_for_cancellation_at": None,
    "subscription_status": "active",
    "billing_interval": "year",
    "next_billing_date_at": "2026-11-16T17:00:00.000Z",
}


async def test_list_memberships_asks_for_a_page(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers", listed(MEMBER))

    answer = await stage.run("list_memberships")

    assert [f"GET /memberships/customers {PAGED}"] == stage.sent
    assert {
        "members": [FLAT],
        "count": 1,
        "next": None,
        "complete": True,
        "as_of": AS_OF,
        "stale": False,
    } == built(answer)
    assert [MEMBER] == answer.resource


async def test_list_memberships_sends_every_documented_filter(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers", listed(MEMBER))

    answer = built(
        await stage.run(
            "list_memberships",
            status="member",
            membership_tier_source="paid",
            membership_tier_id=2229,
            subscription_status="active",
            subscription_billing_interval="year",
            queued_for_cancellation="false",
            membership_started_after="2024-01-01",
            membership_started_before="2025-01-01",
            next_billing_after="2026-01-01",
            next_billing_before="2027-01-01",
        )
    )

    assert [
        "GET /memberships/customers filters[status]=member&filters[membership_tier_source]=paid"
        "&filters[membership_tier_id]=2229&filters[subscription_status]=active"
        "&filters[subscription_billing_interval]=year&filters[queued_for_cancellation]=false"
        "&filters[membership_started_after]=2024-01-01T00:00:00.000Z"
        "&filters[membership_started_before]=2025-01-01T00:00:00.000Z"
        "&filters[next_billing_after]=2026-01-01T00:00:00.000Z"
        f"&filters[next_billing_before]=2027-01-01T00:00:00.000Z&{PAGED}"
    ] == stage.sent
    assert [FLAT] == answer["members"]


@pytest.mark.parametrize(
    ("inputs", "kept"),
    [
        ({"status": "member"}, [1, 3]),
        ({"membership_tier_source": "manual"}, [2, 3]),
        ({"membership_tier_id": "7"}, [1, 3]),
        ({"subscription_status": "paused"}, [2, 3]),
        ({"subscription_billing_interval": "month"}, [1, 3]),
        ({"queued_for_cancellation": "true"}, [2, 3]),
        ({"queued_for_cancellation": "false"}, [1, 3]),
        ({"membership_started_after": "2026-02-01"}, [2, 3]),
        ({"membership_started_before": "2026-02-01"}, [1, 3]),
        ({"next_billing_after": "2026-12-15"}, [2, 3]),
        ({"next_billing_before": "2026-12-15"}, [1, 3]),
    ],
    ids=str,
)
async def test_members_are_checked_where_they_show_what_was_asked_for(
    stage: Stage, inputs: dict[str, Any], kept: list[int]
) -> None:
    one: dict[str, Any] = {
        "loyalty_status": "member",
        "membership": {
            "source": "paid",
            "membership_tier_id": 7,
            "started_at": "2026-01-01T00:00:00Z",
            "queued_for_cancellation_at": None,
        },
        "subscription": {
            "status": "active",
            "billing_interval": "month",
            "next_billing_date_at": "2026-12-01T00:00:00Z",
        },
    }
    other: dict[str, Any] = {
        "loyalty_status": "excluded",
        "membership": {
            "source": "manual",
            "membership_tier_id": 8,
            "started_at": "2026-03-01T00:00:00Z",
            "queued_for_cancellation_at": "2026-10-01T00:00:00Z",
        },
        "subscription": {
            "status": "paused",
            "billing_interval": "year",
            "next_billing_date_at": "2027-01-01T00:00:00Z",
        },
    }
    silent: dict[str, Any] = {"membership": {}, "subscription": {}}
    stage.on(
        "GET", "/memberships/customers", listed(row(1, **one), row(2, **other), row(3, **silent))
    )

    answer = built(await stage.run("list_memberships", **inputs))

    assert kept == [member["customer_id"] for member in answer["members"]]


async def test_a_member_may_hold_the_customer_inside(stage: Stage) -> None:
    nested = {"id": 9, "attributes": {"customer": {"id": 5, "email": "a@b"}, "subscription": None}}
    stage.on("GET", "/memberships/customers", listed(nested))

    answer = built(await stage.run("list_memberships"))

    expected = dict.fromkeys(FLAT) | {"customer_id": 5, "email": "a@b"}
    assert [expected] == answer["members"]


async def test_a_row_may_be_the_membership_itself(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers", listed(row(213067, customer_id=5)))

    answer = built(await stage.run("list_memberships"))

    assert [5] == [member["customer_id"] for member in answer["members"]]


async def test_a_list_of_members_that_rivo_refuses_is_refused(stage: Stage) -> None:
    refusal = {"error": "filters[status] does not have a valid value"}
    stage.on("GET", "/memberships/customers", refusal, status=400)

    with pytest.raises(RefusedError, match="does not have a valid value"):
        await stage.run("list_memberships", status="guest")
