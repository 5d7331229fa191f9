"""Points events: given, taken, listed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integrations.rivo_sandbox import Switches
from tests.rivo_sandbox.stage import MAYA, OSKAR_EXCLUDED, SARAH, Stage, attributes, rows

pytestmark = pytest.mark.anyio


async def grant(stage: Stage, **form: str | int) -> dict[str, object]:
    given: dict[str, str | int] = {"customer_identifier": SARAH, "source": "manual", **form}
    answer = await stage.post("points_events", **given)
    assert 201 == answer.status_code, answer.text
    return attributes(answer)


async def test_a_grant_raises_the_balance(stage: Stage) -> None:
    event = await grant(stage, points_amount=40, internal_note="ref-1", external_note="Sorry!")

    assert (40, 40, "0.0") == (
        event["points_amount"],
        event["points_diff"],
        event["credits_amount"],
    )
    assert ("Sorry!", "Sorry!", "ref-1", "manual") == (
        event["title"],
        event["external_note"],
        event["internal_note"],
        event["source"],
    )
    assert "2026-11-03T12:00:00.000Z" == event["applied_at"]
    assert (190, Decimal("25.0")) == stage.sandbox.balance(SARAH)
    entry = stage.sandbox.ledger[-1]
    assert ("grant", 40, "ref-1", 900000001) == (
        entry.kind,
        entry.points,
        entry.note,
        entry.reference,
    )


async def test_a_deduction_shows_its_magnitude(stage: Stage) -> None:
    event = await grant(stage, points_amount=-40, credits_amount="-2.50")

    assert (40, -40, "2.50", "-2.50") == (
        event["points_amount"],
        event["points_diff"],
        event["credits_amount"],
        event["credits_diff"],
    )
    assert "manual points adjustment" == event["title"]
    assert "deduction" == stage.sandbox.ledger[-1].kind


async def test_a_balance_may_fall_below_nothing(stage: Stage) -> None:
    await grant(stage, points_amount=-1000)

    assert -850 == stage.sandbox.balance(SARAH)[0]


@pytest.mark.parametrize("form", [{"points_amount": -151}, {"credits_amount": "-25.01"}])
async def test_a_balance_below_nothing_may_be_refused(form: dict[str, str | int]) -> None:
    stage = Stage(switches=Switches(negative_balance="refused"))
    given: dict[str, str | int] = {"customer_identifier": SARAH, "source": "manual", **form}

    answer = await stage.post("points_events", **given)

    assert 422 == answer.status_code
    assert (150, Decimal("25.0")) == stage.sandbox.balance(SARAH)


async def test_what_was_below_nothing_may_still_rise() -> None:
    stage = Stage(switches=Switches(negative_balance="refused"))

    answer = await stage.post(
        "points_events",
        customer_identifier="carlos.mendes@example.com",
        source="manual",
        points_amount=10,
    )

    assert 201 == answer.status_code


async def test_credit_is_text_with_the_digits_it_was_given_in(stage: Stage) -> None:
    for amount, shown in [("5", "5.0"), ("2.50", "2.50"), ("-0", "0.0"), ("1000", "1000.0")]:
        assert shown == (await grant(stage, credits_amount=amount))["credits_amount"]


async def test_a_time_may_be_given(stage: Stage) -> None:
    event = await grant(stage, points_amount=1, applied_at="2026-10-01T10:00:00+02:00")
    naive = await grant(stage, points_amount=1, applied_at="2026-10-01T10:00:00")

    assert "2026-10-01T08:00:00.000Z" == event["applied_at"]
    assert "2026-10-01T10:00:00.000Z" == naive["applied_at"]


async def test_rules_say_what_an_action_is_worth(stage: Stage) -> None:
    quiz = await grant(stage, source="custom_action", custom_action_name="style_quiz")
    more = await grant(
        stage, source="custom_action", custom_action_name="style_quiz", points_amount=90
    )
    bottles = await grant(stage, source="custom_action", custom_action_name="bottle_return")
    story = await grant(
        stage,
        source="visit_url",
        custom_action_name="https://shop.example.com/pages/our-story",
    )
    follow = await grant(stage, source="tiktok_follow", points_amount=999)

    assert [75, 90, 0, 10, 20] == [
        event["points_diff"] for event in (quiz, more, bottles, story, follow)
    ]
    assert ("Take the style quiz", 628341, "style_quiz", None) == (
        quiz["title"],
        quiz["earning_rule_id"],
        quiz["custom_action_name"],
        quiz["external_note"],
    )
    assert "1.50" == bottles["credits_diff"]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "customer_identifier is missing, source is missing"),
        (
            {"customer_identifier": SARAH, "source": "manual"},
            400,
            "points_amount is missing, credits_amount is missing",
        ),
        (
            {"customer_identifier": SARAH, "source": "order_placed"},
            400,
            "source does not have a valid value",
        ),
        (
            {"customer_identifier": SARAH, "source": "custom_action"},
            400,
            "custom_action_name is missing",
        ),
        (
            {"customer_identifier": SARAH, "source": "manual", "points_amount": "1.5"},
            400,
            "points_amount is invalid",
        ),
        (
            {"customer_identifier": SARAH, "source": "manual", "credits_amount": "1e3"},
            400,
            "credits_amount is invalid",
        ),
        (
            {
                "customer_identifier": SARAH,
                "source": "manual",
                "points_amount": 1,
                "applied_at": "soon",
                "skip_email": "maybe",
            },
            400,
            "applied_at is invalid, skip_email is invalid",
        ),
        (
            {"customer_identifier": "x@example.com", "source": "manual", "points_amount": 1},
            404,
            "Could not find a customer with that identifier.",
        ),
        (
            {"customer_identifier": OSKAR_EXCLUDED, "source": "manual", "points_amount": 1},
            422,
            "Customer is excluded from the loyalty program.",
        ),
        (
            {
                "customer_identifier": SARAH,
                "source": "custom_action",
                "custom_action_name": "none",
            },
            422,
            "Could not find an active earning rule for that source.",
        ),
        (
            {
                "customer_identifier": SARAH,
                "source": "visit_url",
                "custom_action_name": "https://shop.example.com/elsewhere",
            },
            422,
            "Could not find an active earning rule for that source.",
        ),
    ],
)
async def test_an_event_is_refused_with_a_reason(
    stage: Stage, form: dict[str, str | int], status: int, error: str
) -> None:
    before = stage.sandbox.ledger

    answer = await stage.post("points_events", **form)

    assert (status, {"error": error}) == (answer.status_code, answer.json())
    assert before == stage.sandbox.ledger


async def test_events_are_filtered(stage: Stage) -> None:
    async def titles(**filters: str) -> list[tuple[str, int | None]]:
        named = {f"filters[{name}]": value for name, value in filters.items()}
        mine = {"filters[customer_identifier]": "maya.chen@example.com"}
        return [
            (row["title"], row["points_diff"])
            for row in rows(await stage.query("points_events", mine | named))
        ]

    assert 9 == len(await titles())
    assert [("manual points adjustment", 500), ("manual points adjustment", 0)] == await titles(
        source="manual"
    )
    assert [("Placed an order", 600), ("Redeemed a Reward", -500)] == await titles(
        applied_after="2026-09-28T09:30:00Z"
    )
    assert [("Sign up", 100)] == await titles(applied_before="2025-10-08T09:30:00Z")
    await grant(
        stage,
        customer_identifier=MAYA,
        source="custom_action",
        custom_action_name="style_quiz",
    )
    assert [("Take the style quiz", 75)] == await titles(
        source="custom_action", custom_action_name="style_quiz"
    )


async def test_events_are_sorted_by_when_they_applied(stage: Stage) -> None:
    await grant(stage, points_amount=1, applied_at="2020-01-01")
    order = {"sort[order_type]": "applied_at", "sort[order_direction]": "desc"}

    newest = rows(await stage.query("points_events", order))
    oldest = rows(await stage.query("points_events", {"sort[order_type]": "applied_at"}))

    times = [row["applied_at"] for row in newest]
    assert sorted(times, reverse=True) == times
    assert "2020-01-01T00:00:00.000Z" == oldest[0]["applied_at"]


@pytest.mark.parametrize(
    "params",
    [
        {"filters[source]": "birthday"},
        {"filters[applied_after]": "yesterday"},
        {"sort[order_type]": "points"},
        {"sort[order_direction]": "down"},
    ],
)
async def test_wrong_values_in_a_query_are_refused(stage: Stage, params: dict[str, str]) -> None:
    answer = await stage.query("points_events", params)

    assert 400 == answer.status_code
    assert next(iter(params)) in answer.json()["error"]


async def test_unknown_and_empty_parameters_are_ignored(stage: Stage) -> None:
    misspelt = await stage.query("points_events", {"filters[customer_id]": "1"})
    empty = await stage.query("points_events", {"filters[source]": ""})

    assert 25 == len(rows(misspelt)) == len(rows(empty))


async def test_the_traps_of_events_are_there(stage: Stage) -> None:
    answer = await stage.query("points_events", {"pagination[per_page]": "250"})
    events = rows(answer)

    assert {int, list} == {type(event["id"]) for event in events}
    pairs = [event["id"] for event in events if isinstance(event["id"], list)]
    assert all(shop == 62955192520 for shop, _ in pairs)
    ids = [row["id"] for row in answer.json()["data"]]
    assert all(type(id_) is int for id_ in ids)
    assert any(event["revoked_at"] for event in events)
    assert any(event["hidden"] for event in events)
    assert any("@" in (event["internal_note"] or "") for event in events)
    assert any(event["points_diff"] is None for event in events)
