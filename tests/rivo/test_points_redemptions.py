"""Redemptions and their codes, listed."""

from __future__ import annotations

import pytest

from integrations.errors import NotFoundError
from integrations.rivo.points_redemptions import PointsRedemption, is_usable
from integrations.rivo.resource import Resource
from tests.rivo.stage import AS_OF, SARAH, Stage, built, listed, row, sample

pytestmark = pytest.mark.anyio

SORTED = "sort[order_type]=applied_at&sort[order_direction]=desc"
PAGED = "pagination[page]=1&pagination[per_page]=25"
REDEMPTION = sample("points_redemption.reconstructed")["data"]
FLAT = {
    "id": 24186741,
    "code": "BAL-ef95d3d74ae7",
    "name": "$5 off coupon",
    "reward_id": 709485,
    "reward_name": "$5 off coupon",
    "reward_type": "fixed_amount",
    "reward_value": 5.0,
    "points_amount": 100,
    "credits_amount": "0.0",
    "applied_at": "2026-08-17T21:51:37.000Z",
    "expires_at": None,
    "used_at": None,
    "refunded_at": None,
    "usable": True,
    "customer_id": 7198630248648,
    "customer_email": "customer@example.com",
}


async def test_list_points_redemptions_asks_for_the_newest(stage: Stage) -> None:
    stage.on("GET", "/points_redemptions", listed(REDEMPTION))

    answer = await stage.run("list_points_redemptions")

    assert [f"GET /points_redemptions {SORTED}&{PAGED}"] == stage.sent
    assert {
        "points_redemptions": [FLAT],
        "count": 1,
        "next": None,
        "complete": True,
        "as_of": AS_OF,
        "stale": False,
    } == built(answer)
    assert [REDEMPTION] == answer.resource


async def test_list_points_redemptions_sends_its_filters_and_checks_them(stage: Stage) -> None:
    wanted: dict[str, object] = {
        "reward": {"id": 709485},
        "code": "BAL-1",
        "purchase_type": "one_time",
        "used_at": "2026-11-02T00:00:00Z",
        "applied_at": "2026-11-02T00:00:00Z",
    }
    others: list[dict[str, object]] = [
        {"reward": {"id": 1}},
        {"code": "BAL-2"},
        {"purchase_type": "both"},
        {"used_at": None},
        {"applied_at": "2026-10-31T00:00:00Z"},
        {"applied_at": "2026-11-03T00:00:00Z"},
    ]
    silent = {"applied_at": "2026-11-01T12:00:00Z"}
    rows = [row(9, **wanted), *(row(n, **(wanted | o)) for n, o in enumerate(others))]
    stage.on("GET", "/points_redemptions", listed(*rows, row(8, **silent)))

    answer = built(
        await stage.run(
            "list_points_redemptions",
            reward_id="709485",
            code="bal-1",
            used="true",
            purchase_type="one_time",
            applied_after="2026-11-01",
            applied_before="2026-11-03",
            per_page=250,
        )
    )

    assert [
        "GET /points_redemptions filters[used]=true&filters[reward_id]=709485&filters[code]=bal-1"
        "&filters[purchase_type]=one_time&filters[applied_after]=2026-11-01T00:00:00.000Z"
        "&filters[applied_before]=2026-11-03T00:00:00.000Z"
        f"&{SORTED}&pagination[page]=1&pagination[per_page]=250"
    ] == stage.sent
    assert [9, 8] == [each["id"] for each in answer["points_redemptions"]]


@pytest.mark.parametrize(("used", "kept"), [("true", [2]), ("false", [1]), (None, [2, 1])])
async def test_list_customer_points_redemptions_asks_for_used_or_unused_ones(
    stage: Stage, used: str | None, kept: list[int]
) -> None:
    rows = [row(2, used_at="2026-11-02T00:00:00Z"), row(1, used_at=None)]
    stage.on("GET", "/points_redemptions", listed(*rows))

    answer = built(
        await stage.run("list_customer_points_redemptions", customer_email=SARAH, used=used)
    )

    asked = f"filters[customer_identifier]={SARAH}"
    asked += f"&filters[used]={used}" if used else ""
    assert [f"GET /points_redemptions {asked}&{SORTED}&{PAGED}"] == stage.sent
    assert kept == [each["id"] for each in answer["points_redemptions"]]


async def test_the_list_of_an_unknown_customer_may_be_not_found(stage: Stage) -> None:
    stage.on("GET", "/points_redemptions", {"error": "Could not find a customer."}, status=404)

    with pytest.raises(NotFoundError, match="Could not find a customer"):
        await stage.run("list_customer_points_redemptions", customer_email=SARAH)


async def test_the_answer_to_a_redemption_has_every_key() -> None:
    observed = Resource.of(sample("points_redemption__create.observed")["data"])

    redemption = PointsRedemption.from_rivo(observed)

    assert (35813638, None, "$5 off coupon", "fixed_amount", None, True) == (
        redemption.id,
        redemption.reward_id,
        redemption.reward_name,
        redemption.reward_type,
        redemption.reward_value,
        redemption.usable,
    )


def test_a_redemption_without_nested_objects_is_read_from_its_ids() -> None:
    redemption = PointsRedemption.from_rivo(
        Resource.of(row(1, reward_id=7, reward_type="store_credit", customer_id=8))
    )

    assert (7, "store_credit", 8, None) == (
        redemption.reward_id,
        redemption.reward_type,
        redemption.customer_id,
        redemption.customer_email,
    )


@pytest.mark.parametrize("ended", ["used_at", "refunded_at", "revoked_at"])
def test_a_code_that_came_to_its_end_is_not_usable(ended: str) -> None:
    assert is_usable(Resource({"expires_at": "2020-01-01T00:00:00Z"}))
    assert not is_usable(Resource({ended: "2026-11-01T00:00:00Z"}))
