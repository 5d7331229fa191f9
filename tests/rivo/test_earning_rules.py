"""Earning rules: what customers are given points for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from integrations.errors import UnavailableError
from integrations.rivo.earning_rules import rule_amounts
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


# What a rule gives.


def rule(number: int, **attributes: Any) -> dict[str, object]:
    """Make an active rule that gives 20 points for a follow on TikTok, or another."""
    given = {"status": "active", "trigger": "tiktok_follow", "points_type": "fixed"}
    return row(number, **{**given, "points_amount": 20, "credits_amount": "0.0", **attributes})


REVIEW = {"trigger": "custom_action", "custom_action_name": "Review"}
VISIT = {"trigger": "visit_url", "url": "https://example.com/a"}


@pytest.mark.parametrize(
    ("rules", "source", "name", "amounts"),
    [
        ([rule(1)], "tiktok_follow", None, (20, Decimal("0.0"))),
        ([rule(1, credits_amount=None)], "tiktok_follow", None, (20, Decimal(0))),
        (
            [rule(1, points_amount=None, credits_amount="2.50")],
            "tiktok_follow",
            None,
            (0, Decimal("2.5")),
        ),
        ([rule(1, **REVIEW)], "custom_action", "Review", (20, Decimal(0))),
        ([rule(1, **VISIT)], "visit_url", "https://example.com/a", (20, Decimal(0))),
        ([rule(1), rule(2)], "tiktok_follow", None, (20, Decimal(0))),
        ([rule(1), rule(2, status="disabled", points_amount=9)], "tiktok_follow", None, (20, 0)),
        ([rule(1), rule(2, points_amount=9)], "tiktok_follow", None, None),
        ([rule(1, **REVIEW)], "custom_action", "Other", None),
        ([rule(1, **VISIT)], "visit_url", "https://example.com/b", None),
        ([rule(1)], "facebook_like", None, None),
        ([rule(1, status="disabled")], "tiktok_follow", None, None),
        ([rule(1, status=None)], "tiktok_follow", None, None),
        ([rule(1, points_type="multiplier")], "tiktok_follow", None, None),
        ([rule(1, points_type=None)], "tiktok_follow", None, None),
        ([rule(1, points_amount=None, credits_amount=None)], "tiktok_follow", None, None),
        ([rule(1, multipliers=[{"by": 2}])], "tiktok_follow", None, None),
        ([rule(1, multi_balance_settings_by_tiers={"1": {}})], "tiktok_follow", None, None),
        ([rule(1, multipliers=[])], "tiktok_follow", None, (20, 0)),
        ([], "tiktok_follow", None, None),
    ],
)
async def test_what_a_source_gives_is_known_surely_or_not_at_all(
    stage: Stage,
    rules: list[Any],
    source: str,
    name: str | None,
    amounts: tuple[int, Decimal] | None,
) -> None:
    stage.on("GET", "/earning_rules", listed(*rules))

    assert amounts == await rule_amounts(stage.rivo, source, name)


async def test_rules_that_go_on_are_not_known_surely(stage: Stage) -> None:
    stage.on("GET", "/earning_rules", *[listed(rule(1), next="x")] * 4)

    assert await rule_amounts(stage.rivo, "tiktok_follow", None) is None


async def test_rules_that_cannot_be_read_are_no_word_of_what_they_give(stage: Stage) -> None:
    stage.on("GET", "/earning_rules", httpx.ReadTimeout)

    with pytest.raises(UnavailableError):
        await rule_amounts(stage.rivo, "tiktok_follow", None)
