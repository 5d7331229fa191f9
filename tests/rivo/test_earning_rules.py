"""Earning rules: what customers are given points for."""

from __future__ import annotations

import pytest

from integrations.errors import UnavailableError
from tests.rivo.stage import AS_OF, Stage, built, listed, row, sample

pytestmark = pytest.mark.anyio

RULE = sample("earning_rule.reconstructed")["data"]
FLAT = {
    "id": 628340,
    "title": "Follow on TikTok",
    "status": "active",
    "trigger": "tiktok_follow",
    "points_type": "fixed",
    "points_amount": 20,
    "credits_amount": "0.0",
    "custom_action_name": None,
    "description": "20 Points",
    "url": "https://example.com/tiktok",
}


async def test_list_earning_rules_asks_for_all_of_them(stage: Stage) -> None:
    stage.on("GET", "/earning_rules", listed(RULE, *sample("earning_rules__list.observed")["data"]))

    answer = await stage.run("list_earning_rules")

    assert ["GET /earning_rules pagination[page]=1&pagination[per_page]=250"] == stage.sent
    nothing = dict.fromkeys(FLAT)
    short = {"title": "Follow on TikTok", "status": "active", "trigger": "tiktok_follow"}
    sign_up = {"title": "Sign up", "status": "active", "trigger": "customer_member_enabled"}
    assert {
        "earning_rules": [
            FLAT,
            nothing | short | {"id": 628340, "points_amount": 20},
            nothing | sign_up | {"id": 628336},
        ],
        "count": 3,
        "next": None,
        "complete": True,
        "as_of": AS_OF,
        "stale": False,
    } == built(answer)


async def test_rows_that_are_all_null_are_left_out(stage: Stage) -> None:
    empty = row(1, title=None, trigger=None, points_amount=None)
    stage.on("GET", "/earning_rules", listed(empty, row(2, title="Birthday"), {"id": None}))

    answer = built(await stage.run("list_earning_rules"))

    assert [2] == [rule["id"] for rule in answer["earning_rules"]]


async def test_credits_may_come_as_a_number_and_the_name_as_a_title(stage: Stage) -> None:
    stage.on("GET", "/earning_rules", listed(row(1, name="Review", credits_amount=2.5)))

    rule = built(await stage.run("list_earning_rules"))["earning_rules"][0]

    assert ("Review", "2.5") == (rule["title"], rule["credits_amount"])


async def test_an_odd_rule_is_unavailable(stage: Stage) -> None:
    stage.on("GET", "/earning_rules", listed(row(1, points_amount="twenty")))

    with pytest.raises(UnavailableError, match=r"not understood \(points_amount\)"):
        await stage.run("list_earning_rules")
