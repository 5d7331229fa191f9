"""Rewards, tiers, earning rules."""

from __future__ import annotations

import pytest

from integrations.rivo_sandbox import Switches
from tests.rivo_sandbox.stage import Stage, attributes, rows, switched

pytestmark = pytest.mark.anyio


async def test_rewards_are_listed_with_what_nobody_can_redeem(stage: Stage) -> None:
    rewards = rows(await stage.get("rewards"))

    assert [709492] == [row["id"] for row in rewards if not row["enabled"]]
    assert [709493] == [row["id"] for row in rewards if row["source"] == "referrer"]
    kinds = {row["reward_type"] for row in rewards}
    assert {
        "fixed_amount",
        "percentage",
        "free_shipping",
        "free_product",
        "gift_card",
        "points_to_credit",
    } == kinds
    assert {"rewards"} == {row["type"] for row in (await stage.get("rewards")).json()["data"]}


async def test_incremental_rewards_say_their_steps(stage: Stage) -> None:
    steps = attributes(await stage.get("rewards/709490"))
    fixed = attributes(await stage.get("rewards/709485"))

    assert ("multiplier", 100, 1.0, 100, 2000) == (
        steps["points_type"],
        steps["increment_points_value"],
        steps["customer_points_get"],
        steps["min_points_to_redeem_value"],
        steps["max_points_to_spend_value"],
    )
    assert "increment_points_value" not in fixed
    assert "$5 off coupon (100 points required)" == fixed["pretty_display_rewards"]


async def test_rewards_are_filtered_by_purchase_type(stage: Stage) -> None:
    answer = await stage.query("rewards", {"filters[purchase_type]": "subscription"})
    wrong = await stage.query("rewards", {"filters[purchase_type]": "weekly"})

    assert [709491] == [row["id"] for row in rows(answer)]
    assert "filters[purchase_type] does not have a valid value" == wrong.json()["error"]


async def test_tokens_may_be_any_text() -> None:
    stage = Stage(switches=Switches(tokens="any_text"))

    some = rows(await stage.query("rewards", {"filters[purchase_type]": "one_time"}))
    none = rows(await stage.query("rewards", {"filters[purchase_type]": "weekly"}))
    codes = rows(await stage.query("points_redemptions", {"filters[source]": "credits"}))
    events = rows(await stage.query("points_events", {"filters[source]": "tiktok_follow"}))

    assert {"One time"} == {row["purchase_type"] for row in some}
    assert [] == none
    assert [("Credits", None)] == [(row["source"], row["purchase_type"]) for row in codes]
    assert ["Tiktok follow"] == [row["source"] for row in events]


async def test_tiers_come_in_no_order(stage: Stage) -> None:
    thresholds = [row["threshold"] for row in rows(await stage.get("vip_tiers"))]

    assert [500, 5000, 0, 1250] == thresholds


async def test_some_earning_rules_are_all_null(stage: Stage) -> None:
    answer = await stage.get("earning_rules")

    empty = [row for row in rows(answer) if not any(row.values())]
    assert 1 == len(empty)
    assert {None} == set(empty[0].values())
    assert {"active", "disabled", None} == {row["status"] for row in rows(answer)}


@pytest.mark.parametrize("path", ["rewards/1", "vip_tiers/1", "earning_rules/1"])
async def test_unknown_ids_are_not_found(stage: Stage, path: str) -> None:
    answer = await stage.get(path)

    assert 404 == answer.status_code
    assert answer.json()["error"].startswith("Could not find a")


@pytest.mark.parametrize("path", ["rewards/709485", "vip_tiers/552289", "earning_rules/628341"])
async def test_known_ids_are_found(stage: Stage, path: str) -> None:
    assert path.endswith(str(attributes(await stage.get(path))["id"]))


async def test_whole_lists_say_that_they_are_whole() -> None:
    for links, expected in [("null", {"self", "next", "last"}), ("absent", {"self", "last"})]:
        stage = Stage(switches=switched(last_links=links))
        assert expected == (await stage.get("vip_tiers")).json()["links"].keys()
