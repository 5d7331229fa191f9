"""Several limits at once: the smallest holds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.limits import BUILT_IN, Limits, tightest

NUMBERS = [name for name in Limits.__struct_fields__ if name != "reason_required"]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    ("one", "other", "held"),
    [(None, None, None), (None, 5, 5), (5, None, 5), (5, 7, 5), (7, 5, 5), (0, 5, 0), (0, None, 0)],
)
def test_the_smallest_that_is_set_holds(
    name: str, one: int | None, other: int | None, held: int | None
) -> None:
    found = tightest(Limits(**{name: one}), Limits(**{name: other}))  # type: ignore[arg-type]

    assert Limits(**{name: held}) == found  # type: ignore[arg-type]


@pytest.mark.parametrize("one", [True, False])
@pytest.mark.parametrize("other", [True, False])
def test_a_reason_is_needed_where_anybody_needs_it(*, one: bool, other: bool) -> None:
    found = tightest(Limits(reason_required=one), Limits(reason_required=other))

    assert Limits(reason_required=one or other) == found


def test_limits_of_different_kinds_hold_together() -> None:
    shop = Limits(points_per_write=1000, credits_per_write=Decimal("12.5"), points_per_shop_day=9)

    assert tightest(BUILT_IN, shop) == Limits(
        points_per_write=500,
        credits_per_write=Decimal("12.5"),
        points_per_shop_day=9,
        writes_per_agent_day=20,
    )
    assert [Limits(), BUILT_IN] == [tightest(), tightest(BUILT_IN)]


def test_what_is_built_in_is_as_documented() -> None:
    expected = Limits(points_per_write=500, credits_per_write=Decimal(25), writes_per_agent_day=20)

    assert expected == BUILT_IN
