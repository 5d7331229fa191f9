"""Limits: what a write moves, and which windows it has to fit in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.limits import Limits
from app.operations.operation import Effect
from app.operations.windows import (
    DAY,
    MINUTE,
    MONTH,
    Over,
    Window,
    counts_amounts,
    effect_of,
    needs_approval,
    over_a_write,
    windows,
)
from tests.operations.figures import WINDOWS, capped, fitting
from tests.operations.made import made

EFFECT_TABLE: list[tuple[str, dict[str, Any], tuple[int, Decimal] | None, tuple[Effect, int, int]]]
EFFECT_TABLE = [
    ("create_points_event", {"points_amount": 100}, None, ("grant", 100, 0)),
    ("create_points_event", {"points_amount": -100}, None, ("deduction", 100, 0)),
    ("create_points_event", {"credits_amount": Decimal("5.01")}, None, ("grant", 0, 5_010)),
    ("create_points_event", {"credits_amount": Decimal("-0.001")}, None, ("deduction", 0, 1)),
    (
        "create_points_event",
        {"points_amount": -5, "credits_amount": Decimal("-2.5")},
        None,
        ("deduction", 5, 2_500),
    ),
    (
        "create_points_event",
        {"points_amount": -5, "credits_amount": Decimal("0.001")},
        None,
        ("grant", 5, 1),
    ),
    (
        "create_points_event",
        {"points_amount": 5, "credits_amount": Decimal(-2)},
        None,
        ("grant", 5, 2_000),
    ),
    (
        "create_points_event",
        {"points_amount": -5, "credits_amount": Decimal(0)},
        None,
        ("deduction", 5, 0),
    ),
    ("create_points_event", {"points_amount": 0}, None, ("grant", 0, 0)),
    ("create_points_event", {"source": "visit_url"}, None, ("grant", 0, 0)),
    ("create_points_event", {"source": "visit_url"}, (7, Decimal("1.5")), ("grant", 7, 1_500)),
    ("create_points_event", {"points_amount": 0}, (7, Decimal(0)), ("grant", 7, 0)),
    ("create_points_event", {"points_amount": 3}, (7, Decimal(1)), ("grant", 3, 0)),
    ("create_points_event", {"credits_amount": Decimal(3)}, (7, Decimal(1)), ("grant", 0, 3_000)),
    ("create_points_event", {"credits_amount": Decimal("0.0001")}, None, ("grant", 0, 1)),
    ("create_points_event", {"credits_amount": Decimal("-0.0011")}, None, ("deduction", 0, 2)),
    ("reverse_points_event", {"operation_id": "op"}, (-7, Decimal(0)), ("deduction", 7, 0)),
    ("reverse_points_event", {"operation_id": "op"}, (7, Decimal("-0.5")), ("grant", 7, 500)),
    ("reverse_points_event", {"operation_id": "op"}, (0, Decimal("-0.5")), ("deduction", 0, 500)),
    ("reverse_points_event", {"operation_id": "op"}, None, ("grant", 0, 0)),
    ("create_points_redemption", {"reward_id": 1}, None, ("redemption", 0, 0)),
    ("redeem_customer_points", {"points_amount": 500}, None, ("redemption", 500, 0)),
    (
        "create_points_redemption",
        {"credits_amount": Decimal("25.5")},
        (1, Decimal(1)),
        ("redemption", 0, 25_500),
    ),
    ("refund_points_redemption", {"redemption_id": 5}, None, ("other", 0, 0)),
    ("update_customer_dob", {"dob": "07-13"}, (5, Decimal(1)), ("other", 0, 0)),
    ("cancel_membership", {}, None, ("other", 0, 0)),
]


@pytest.mark.parametrize(
    ("action", "inputs", "moved", "effect"),
    EFFECT_TABLE,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(EFFECT_TABLE)],
)
def test_what_a_write_moves_is_read_off_its_inputs(
    action: str,
    inputs: dict[str, Any],
    moved: tuple[int, Decimal] | None,
    effect: tuple[Effect, int, int],
) -> None:
    assert effect == effect_of(action, inputs, moved)


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_store_credit_is_reserved_to_the_thousandth(thousandths: int) -> None:
    inputs = {"credits_amount": Decimal(thousandths).scaleb(-3)}

    assert abs(thousandths) == effect_of("create_points_event", inputs)[2]


WINDOW_TABLE: Final = [
    ("points_per_agent_day", "agent", "points", DAY),
    ("points_per_caller_day", "caller", "points", DAY),
    ("points_per_customer_month", "customer", "points", MONTH),
    ("points_per_shop_day", "shop", "points", DAY),
    ("credits_per_agent_day", "agent", "credits", DAY),
    ("credits_per_caller_day", "caller", "credits", DAY),
    ("credits_per_customer_month", "customer", "credits", MONTH),
    ("credits_per_shop_day", "shop", "credits", DAY),
    ("redemptions_per_agent_day", "agent", "redemptions", DAY),
    ("redemptions_per_caller_day", "caller", "redemptions", DAY),
    ("redemptions_per_customer_month", "customer", "redemptions", MONTH),
    ("redemptions_per_shop_day", "shop", "redemptions", DAY),
    ("writes_per_agent_day", "agent", "writes", DAY),
    ("writes_per_caller_day", "caller", "writes", DAY),
    ("writes_per_minute", "caller", "writes", MINUTE),
]
NAMES: Final = WINDOWS


def test_a_day_has_24_hours_and_a_month_30_days() -> None:
    assert (60, 24 * 3_600, 30 * 24 * 3_600) == (MINUTE, DAY, MONTH)


@pytest.mark.parametrize(("name", "scope", "measure", "seconds"), WINDOW_TABLE, ids=NAMES)
def test_each_limit_is_the_window_that_it_says(
    name: str, scope: Any, measure: Any, seconds: float
) -> None:
    facts = fitting(name, 7)
    amount = 7 if measure in ("points", "credits") else 1
    wanted = Window(
        name=name,
        scope=scope,
        measure=measure,
        effect="other" if measure == "writes" else facts["effect"],
        seconds=seconds,
        cap=12,
        amount=amount,
    )

    assert (wanted,) == windows(capped(name, 12), made(**facts))


def test_the_table_is_whole() -> None:
    assert NAMES == [row[0] for row in WINDOW_TABLE]


def test_every_limit_is_a_window_or_one_on_a_single_write() -> None:
    others = {"points_per_write", "credits_per_write", "reason_required"}
    others |= {"approval_above_points", "approval_above_credits"}

    assert set(Limits.__struct_fields__) == others | set(NAMES)


def test_without_limits_there_is_no_window() -> None:
    assert () == windows(Limits(), made(points=5, credits_milli=5))


def test_what_is_not_moved_is_not_measured() -> None:
    """What stands above a cap that was lowered refuses no write that adds nothing to it."""
    limits = Limits(
        points_per_shop_day=1, credits_per_shop_day=Decimal(1), redemptions_per_shop_day=1
    )

    def names(**facts: Any) -> list[str]:
        return [window.name for window in windows(limits, made(**facts))]

    assert ["points_per_shop_day"] == names(effect="grant", points=1)
    assert ["credits_per_shop_day"] == names(effect="deduction", credits_milli=1)
    assert ["redemptions_per_shop_day"] == names(effect="redemption", points=5, credits_milli=5)
    assert [] == names(effect="other", points=5, credits_milli=5)
    assert [] == names(effect="grant")


def test_a_cap_in_store_credit_is_rounded_down() -> None:
    limits = Limits(credits_per_shop_day=Decimal("1.2349"), credits_per_write=Decimal("1.2349"))
    facts: dict[str, Any] = {"effect": "grant", "credits_milli": 1_235}

    assert [1_234] == [window.cap for window in windows(limits, made(**facts))]
    assert over_a_write(limits, made(**facts)) is not None
    assert over_a_write(limits, made(**facts | {"credits_milli": 1_234})) is None


SENTENCES: Final = [
    (
        "points_per_agent_day",
        {},
        2_000,
        1_900,
        "This agent may give 2000 points a day; 1900 are used.",
    ),
    ("points_per_caller_day", {}, 1, 1, "This caller may give 1 point a day; 1 is used."),
    (
        "points_per_customer_month",
        {},
        2_000,
        0,
        "This customer may be given 2000 points in 30 days; 0 are used.",
    ),
    (
        "points_per_customer_month",
        {"effect": "deduction"},
        2_000,
        7,
        "This customer may lose 2000 points in 30 days; 7 are used.",
    ),
    (
        "points_per_shop_day",
        {"effect": "deduction"},
        9,
        2,
        "This shop may take away 9 points a day; 2 are used.",
    ),
    (
        "credits_per_agent_day",
        {},
        25_500,
        20_000,
        "This agent may give 25.5 in store credit a day; 20 is used.",
    ),
    (
        "credits_per_agent_day",
        {},
        1,
        1,
        "This agent may give 0.001 in store credit a day; 0.001 is used.",
    ),
    ("redemptions_per_agent_day", {}, 3, 3, "This agent may redeem 3 rewards a day; 3 are used."),
    (
        "redemptions_per_customer_month",
        {},
        1,
        1,
        "This customer may redeem 1 reward in 30 days; 1 is used.",
    ),
    ("writes_per_agent_day", {}, 20, 20, "This agent may make 20 changes a day; 20 are used."),
    ("writes_per_minute", {}, 60, 60, "This caller may make 60 changes a minute; 60 are used."),
]


@pytest.mark.parametrize(
    ("name", "facts", "cap", "count", "says"), SENTENCES, ids=[row[-1] for row in SENTENCES]
)
def test_a_limit_says_what_it_is_and_how_much_is_used(
    name: str, facts: dict[str, Any], cap: int, count: int, says: str
) -> None:
    (window,) = windows(capped(name, cap), made(**fitting(name) | facts))

    assert says == Over(window, count).sentence


@pytest.mark.parametrize(
    ("limits", "facts", "says"),
    [
        (Limits(), {"points": 10**9}, None),
        (Limits(points_per_write=500), {"points": 500}, None),
        (
            Limits(points_per_write=500),
            {"points": 501},
            "This write may give 500 points at once.",
        ),
        (
            Limits(points_per_write=500),
            {"points": 501, "effect": "deduction"},
            "This write may take away 500 points at once.",
        ),
        (Limits(points_per_write=0), {"points": 1}, "This write may give 0 points at once."),
        (Limits(points_per_write=0), {"points": 0}, None),
        (Limits(points_per_write=500), {"points": 501, "effect": "redemption"}, None),
        (Limits(credits_per_write=Decimal(25)), {"credits_milli": 25_000}, None),
        (
            Limits(credits_per_write=Decimal("25.50")),
            {"credits_milli": 25_501},
            "This write may give 25.5 in store credit at once.",
        ),
        (
            Limits(credits_per_write=Decimal(25), points_per_write=1),
            {"credits_milli": 25_000, "points": 2},
            "This write may give 1 point at once.",
        ),
        (Limits(credits_per_write=Decimal(25)), {"points": 30_000}, None),
        (Limits(points_per_agent_day=1), {"points": 30_000}, None),
    ],
    ids=range(12),
)
def test_a_single_write_may_be_too_large_by_itself(
    limits: Limits, facts: dict[str, Any], says: str | None
) -> None:
    over = over_a_write(limits, made(**facts))

    assert says == (over and over.sentence)
    assert over is None or (over.used, over.retry_after, over.too_fast) == (0, None, False)


@pytest.mark.parametrize(
    ("limits", "facts", "needed"),
    [
        (Limits(), {"points": 10**9, "credits_milli": 10**9}, False),
        (Limits(approval_above_points=300), {"points": 300}, False),
        (Limits(approval_above_points=300), {"points": 301}, True),
        (Limits(approval_above_points=300), {"points": 301, "effect": "deduction"}, True),
        (Limits(approval_above_points=300), {"points": 301, "effect": "redemption"}, False),
        (Limits(approval_above_points=300), {"points": 301, "approved_by": "lead"}, False),
        (Limits(approval_above_points=0), {"points": 1}, True),
        (Limits(approval_above_points=300), {"credits_milli": 10**9}, False),
        (Limits(approval_above_credits=Decimal(5)), {"credits_milli": 5_000}, False),
        (Limits(approval_above_credits=Decimal(5)), {"credits_milli": 5_001}, True),
        (Limits(approval_above_credits=Decimal(5)), {"points": 10**9}, False),
        (
            Limits(approval_above_credits=Decimal(5), approval_above_points=1),
            {"points": 1, "credits_milli": 5_001},
            True,
        ),
    ],
    ids=range(12),
)
def test_somebody_else_approves_what_is_above_the_threshold(
    limits: Limits, facts: dict[str, Any], needed: bool
) -> None:
    assert needed is needs_approval(limits, made(**facts))


@pytest.mark.parametrize("name", Limits.__struct_fields__)
def test_amounts_are_looked_up_only_where_a_limit_counts_them(name: str) -> None:
    counts = name.partition("_per_")[0] in ("points", "credits") or name.startswith("approval")

    limits: dict[str, Any] = {name: 0}
    assert counts is counts_amounts(Limits(**limits))
