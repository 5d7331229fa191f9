"""What the sandbox answers has every key of what Rivo answers, with values of the same type."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.rivo_sandbox import (
    Customer,
    Ids,
    Shop,
    SubscriptionContract,
    TierEnrollment,
    demo_shop,
)
from tests.rivo_sandbox.stage import ROOT, SARAH, Stage, attributes, sample

pytestmark = pytest.mark.anyio

NUMBERS = (int, float)


def lacks(expected: Any, given: Any, where: str = "") -> list[str]:
    """List where an answer falls short of a sample; null fits everything."""
    if expected is None or given is None or (isinstance(expected, list) and not expected):
        return []
    if isinstance(expected, NUMBERS) and not isinstance(expected, bool):
        return [] if isinstance(given, NUMBERS) else [where]
    if type(expected) is not type(given):
        return [where]
    if isinstance(expected, list):
        return lacks(expected[0], given[0], f"{where}[]")
    if not isinstance(expected, dict):
        return []
    missing = [f"{where}.{key}" for key in expected if key not in given]
    return missing + [
        problem
        for key in expected.keys() & given.keys()
        for problem in lacks(expected[key], given[key], f"{where}.{key}")
    ]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("customer.reconstructed", "customers/7301448820193"),
        ("customers__list.reconstructed", "customers"),
        ("points_event.reconstructed", None),
        ("points_events__list.observed", "points_events?pagination[since_id]=790964001"),
        ("points_redemption.reconstructed", "points_redemptions/24101277"),
        ("points_redemption__create.observed", "points_redemptions/24101277"),
        ("points_redemption__refund.reconstructed", "points_redemptions/24101180"),
        ("reward.reconstructed", "rewards/709485"),
        ("vip_tier.reconstructed", "vip_tiers/552288"),
        ("earning_rule.reconstructed", "earning_rules/628340"),
        ("subscription_contract.doc", "memberships/subscription_contracts/20628602952"),
        ("pagination__offset.doc", "customers"),
        ("seed_create_points_redemption.doc", "points_redemptions/24101277"),
    ],
)
async def test_answers_have_what_the_samples_have(
    stage: Stage, name: str, path: str | None
) -> None:
    if path is None:
        stage = Stage(ids=Ids({"points_event": [790964846]}))
        answer = await stage.post(
            "points_events", customer_identifier=SARAH, source="manual", points_amount=2
        )
    else:
        answer = await stage.get(path)

    assert [] == lacks(sample(name), answer.json())


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("vip_tier_membership.reconstructed", "vip_tier_memberships"),
        ("referral.reconstructed", "referrals"),
    ],
)
async def test_rows_have_what_the_samples_have(stage: Stage, name: str, path: str) -> None:
    row = (await stage.get(path)).json()["data"][0]

    assert [] == lacks(sample(name)["data"], row)


async def test_cursor_links_are_as_documented(stage: Stage) -> None:
    answer = await stage.query("customers", {"pagination[limit]": "2"})

    expected = {"since_id": 0, "limit": 2, "next_since_id": 7301448820193}
    assert expected == answer.json()["links"]
    assert sample("pagination__cursor.doc")["links"].keys() == expected.keys()


async def test_offset_links_are_as_documented() -> None:
    stage = Stage(Shop(customers=tuple(Customer(id=n, email=None) for n in range(1, 251))))

    answer = await stage.get("customers")

    assert sample("pagination__offset.doc")["links"] == answer.json()["links"]


async def test_errors_are_as_reconstructed(stage: Stage) -> None:
    missing = await stage.post("points_redemptions")
    unknown = await stage.post("points_redemptions/1/refund")

    assert (400, sample("error__missing_param.reconstructed")) == (
        missing.status_code,
        missing.json(),
    )
    assert (404, sample("error__redemption_not_found.reconstructed")) == (
        unknown.status_code,
        unknown.json(),
    )


async def test_the_first_seed_is_in_the_demo_shop(stage: Stage) -> None:
    expected = sample("seed_get_customer.doc")["customer"]

    given = attributes(await stage.get("customers/sarah.martinez%40example.com"))

    renamed = {
        "customer_id": given["id"],
        "customer_dob": given["dob"],
        "customer_shopify_tags": given["shopify_tags"],
    }
    assert expected == {key: (renamed | given)[key] for key in expected}


async def test_the_membership_seed_is_in_the_demo_shop(stage: Stage) -> None:
    expected = sample("seed_get_membership.doc")

    given = attributes(await stage.get("memberships/customers/sarah.johnson@example.com"))

    assert expected["membership"] == given["membership"]
    assert expected["subscription"] == given["subscription"]
    given["customer_id"] = given["id"]
    assert expected["customer"] == {key: given[key] for key in expected["customer"]}


async def test_the_redemption_seed_is_reproduced() -> None:
    sarah = Customer(
        id=9193366159432,
        email="sarah.martinez@example.com",
        first_name="Sarah",
        last_name="Martinez",
        opening_credits=Decimal("51.0"),
        total_spent=290.16,
        orders_count=2,
    )
    stage = Stage(
        Shop(customers=(sarah,), rewards=demo_shop().rewards),
        now=datetime(2026, 2, 26, 1, 20, 20, 484_000, tzinfo=UTC),
        ids=Ids({"points_redemption": [24186741], "code": [0xB3FB35F5407E]}),
    )

    answer = await stage.post(
        "points_redemptions",
        customer_identifier="sarah.martinez@example.com",
        reward_id=594155,
        credits_amount="25.50",
    )

    assert answer.status_code == 201
    expected = sample("seed_create_points_redemption.doc")
    assert expected == projected(expected, answer.json())


async def test_the_cancellation_seed_is_reproduced() -> None:
    started = datetime(2026, 1, 1, tzinfo=UTC)
    member = 7429856312847
    stage = Stage(
        Shop(
            customers=(Customer(id=member, email="member@example.com"),),
            tier_enrollments=(
                TierEnrollment(
                    id=1,
                    customer_id=member,
                    membership_tier_id=2,
                    started_at=started,
                    subscription_contract_id=3,
                ),
            ),
            subscription_contracts=(
                SubscriptionContract(id=3, customer_id=member, created_at=started),
            ),
        ),
        ids=Ids({"cancellation_request": [84592]}),
    )

    answer = await stage.delete("memberships/member@example.com/cancel")

    assert sample("seed_cancel_membership.doc") == answer.json()
    assert answer.url == f"{ROOT}/memberships/member@example.com/cancel"


def projected(expected: Any, given: Any) -> Any:
    """Keep of an answer what a sample has."""
    if isinstance(expected, dict):
        return {key: projected(value, given[key]) for key, value in expected.items()}
    return given
