"""Memberships: listed, shown, cancelled."""

from __future__ import annotations

import msgspec
import pytest

from integrations.rivo_sandbox import Switches, demo_shop
from tests.rivo_sandbox.stage import Stage, attributes, rows

pytestmark = pytest.mark.anyio

JOHNSON, MAYA, ELENA = 8051146358856, 7301448820193, 7344628190357
JAMES, FATIMA, DMITRI = 7359103746282, 7380957312644, 7402873519560


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [MAYA, ELENA, JAMES, FATIMA, DMITRI, JOHNSON]),
        ({"status": "guest"}, []),
        ({"membership_tier_source": "manual"}, [DMITRI]),
        ({"subscription_status": "failed"}, [FATIMA]),
        ({"subscription_billing_interval": "year"}, [ELENA, JOHNSON]),
        ({"membership_tier_id": "2230"}, [MAYA, JAMES, FATIMA]),
        ({"queued_for_cancellation": "true"}, [ELENA]),
        ({"membership_started_after": "2026-05-01T00:00:00Z"}, [FATIMA, DMITRI]),
        ({"membership_started_before": "2025-01-01T00:00:00Z"}, [JOHNSON]),
        ({"next_billing_after": "2026-11-16T17:00:00Z"}, [ELENA, JOHNSON]),
        ({"next_billing_before": "2026-11-05T00:00:00Z"}, [FATIMA]),
    ],
)
async def test_members_are_filtered(
    stage: Stage, filters: dict[str, str], expected: list[int]
) -> None:
    answer = await stage.query(
        "memberships/customers", {f"filters[{name}]": value for name, value in filters.items()}
    )

    assert expected == [row["id"] for row in rows(answer)]


@pytest.mark.parametrize(
    ("order", "direction", "first"),
    [
        ("customer_id", "desc", JOHNSON),
        ("email", "asc", DMITRI),
        ("membership_started_at", "asc", JOHNSON),
        ("next_billing_date", "desc", ELENA),
    ],
)
async def test_members_are_sorted(stage: Stage, order: str, direction: str, first: int) -> None:
    answer = await stage.query(
        "memberships/customers",
        {"sort[order_type]": order, "sort[order_direction]": direction},
    )

    assert first == rows(answer)[0]["id"]


async def test_wrong_words_in_a_filter_are_refused(stage: Stage) -> None:
    answer = await stage.query("memberships/customers", {"filters[status]": "gold"})

    assert "filters[status] does not have a valid value" == answer.json()["error"]


async def test_an_ended_membership_is_shown_as_ended(stage: Stage) -> None:
    ended = attributes(await stage.get(f"memberships/customers/{JAMES}"))

    assert "2026-04-16T09:30:00.000Z" == ended["membership"]["ended_at"]
    assert "cancelled" == ended["subscription"]["status"]


async def test_a_free_membership_has_no_subscription(stage: Stage) -> None:
    free = attributes(await stage.get(f"memberships/customers/{DMITRI}"))

    assert "manual" == free["membership"]["source"]
    assert free["subscription"] is None


async def test_no_membership_is_nulls_or_an_error() -> None:
    path = "memberships/customers/sarah.martinez@example.com"
    nulls = attributes(await Stage().get(path))
    missing = await Stage(switches=Switches(membership_missing="404")).get(path)
    error = await Stage(switches=Switches(membership_missing="200_error")).get(path)
    stranger = await Stage().get("memberships/customers/nobody@example.com")

    assert (None, None) == (nulls["membership"], nulls["subscription"])
    expected = {"error": "Could not find a membership for that customer."}
    assert (404, expected) == (missing.status_code, missing.json())
    assert (200, expected) == (error.status_code, error.json())
    assert 404 == stranger.status_code


async def test_members_may_come_without_an_envelope() -> None:
    stage = Stage(switches=Switches(membership_row="bare"))

    one = (await stage.get(f"memberships/customers/{JOHNSON}")).json()
    many = (await stage.get("memberships/customers")).json()["data"]

    assert (JOHNSON, 213067) == (one["id"], one["membership"]["membership_enrollment_id"])
    assert one == many[-1]


async def test_enrolments_are_filtered_and_sorted(stage: Stage) -> None:
    async def found(**filters: str) -> list[int]:
        named = {f"filters[{name}]": value for name, value in filters.items()}
        return [row["id"] for row in rows(await stage.query("memberships/tier_enrollments", named))]

    assert [213377] == await found(customer_id=str(MAYA))
    assert [213067, 213590] == await found(membership_tier_id="2229")
    assert [213902] == await found(source="manual")
    assert [213067] == await found(started_at="2024-11-16T13:59:20.836Z")
    assert [213590] == await found(queued_for_cancellation_at="2026-10-27T09:30:00Z")
    answer = await stage.query(
        "memberships/tier_enrollments",
        {"sort[order_type]": "ended_at", "sort[order_direction]": "desc"},
    )
    assert 213201 == rows(answer)[0]["id"]


async def test_membership_tiers_are_paged_by_offset_only(stage: Stage) -> None:
    answer = await stage.query("memberships/tiers", {"pagination[limit]": "1"})

    assert [2229, 2230, 2231] == [row["id"] for row in rows(answer)]
    assert "last" in answer.json()["links"]


async def test_contracts_are_listed_and_read(stage: Stage) -> None:
    listed = rows(await stage.get("memberships/subscription_contracts"))
    one = attributes(await stage.get("memberships/subscription_contracts/20628602952"))
    unknown = await stage.get("memberships/subscription_contracts/1")

    assert one in listed
    assert ("2026-11-16T17:00:00Z", "active") == (one["next_billing_date_at"], one["status"])
    assert 404 == unknown.status_code


async def test_cancelling_queues_and_does_not_end(stage: Stage) -> None:
    answer = await stage.delete(f"memberships/{MAYA}/cancel", cancellation_policy="immediate")
    stage.clock.forward(60)
    again = await stage.delete(f"memberships/{MAYA}/cancel")

    now = attributes(await stage.get(f"memberships/customers/{MAYA}"))
    assert (200, 200) == (answer.status_code, again.status_code)
    assert "end_of_period" == answer.json()["data"]["attributes"]["cancellation_policy"]
    assert answer.json() == again.json()
    assert "2026-11-03T12:00:00.000Z" == now["membership"]["queued_for_cancellation_at"]
    assert now["membership"]["ended_at"] is None
    assert "active" == now["subscription"]["status"]


async def test_a_shop_may_end_memberships_at_once() -> None:
    stage = Stage(msgspec.structs.replace(demo_shop(), cancellation_policy="immediate"))

    answer = await stage.delete(f"memberships/{MAYA}/cancel")
    again = await stage.delete(f"memberships/{MAYA}/cancel")

    now = attributes(await stage.get(f"memberships/customers/{MAYA}"))
    assert "immediate" == answer.json()["data"]["attributes"]["cancellation_policy"]
    assert "2026-11-03T12:00:00.000Z" == now["membership"]["ended_at"]
    assert ("cancelled", None) == (
        now["subscription"]["status"],
        now["subscription"]["next_billing_date_at"],
    )
    assert 404 == again.status_code


async def test_a_membership_without_a_contract_ends_too(stage: Stage) -> None:
    stage = Stage(msgspec.structs.replace(demo_shop(), cancellation_policy="immediate"))

    answer = await stage.delete(f"memberships/{DMITRI}/cancel")

    assert 200 == answer.status_code


async def test_the_policy_may_be_asked_for() -> None:
    stage = Stage(switches=Switches(cancellation_query="cancellation_policy"))

    wrong = await stage.delete(f"memberships/{MAYA}/cancel", cancellation_policy="now")
    answer = await stage.delete(f"memberships/{MAYA}/cancel", cancellation_policy="immediate")

    assert "cancellation_policy does not have a valid value" == wrong.json()["error"]
    assert "immediate" == answer.json()["data"]["attributes"]["cancellation_policy"]


async def test_a_cancellation_may_answer_otherwise() -> None:
    empty = await Stage(switches=Switches(cancellation="empty_204")).delete(
        f"memberships/{MAYA}/cancel"
    )
    accepted = await Stage(switches=Switches(cancellation="body_202")).delete(
        f"memberships/{MAYA}/cancel"
    )

    assert (204, b"") == (empty.status_code, empty.content)
    assert "content-type" not in empty.headers
    assert 202 == accepted.status_code
    assert "membership_cancellation" == accepted.json()["data"]["type"]


@pytest.mark.parametrize("who", [JAMES, 7294851236742])
async def test_without_a_membership_nothing_is_cancelled(stage: Stage, who: int) -> None:
    answer = await stage.delete(f"memberships/{who}/cancel")

    assert 404 == answer.status_code
