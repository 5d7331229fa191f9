"""What may take its step to sending as it is put down, and what has to be found out before."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.limits import Limits
from app.operations.sending import ready
from tests.operations.made import made

GIFT: dict[str, Any] = {"customer_email": "jo@example.com", "points_amount": 100}


@pytest.mark.parametrize(
    ("inputs", "moves"),
    [
        (GIFT, ("grant", 100, 0)),
        ({"points_amount": -7, "source": "manual"}, ("deduction", 7, 0)),
        ({"credits_amount": Decimal("2.50")}, ("grant", 0, 2_500)),
    ],
    ids=str,
)
def test_a_plain_gift_is_ready_with_what_it_moves(
    inputs: dict[str, Any], moves: tuple[str, int, int]
) -> None:
    gift = ready(Limits(points_per_write=100), made(), inputs)

    assert gift is not None
    assert moves == (gift.effect, gift.points, gift.credits_milli)


@pytest.mark.parametrize(
    ("action", "inputs", "limits"),
    [
        ("create_points_event", {"source": "visit_url", "points_amount": 5}, Limits()),
        ("create_points_event", {"points_amount": 0}, Limits()),
        ("create_points_event", {}, Limits()),
        ("create_points_redemption", {"points_amount": 5}, Limits()),
        ("reverse_points_event", {"operation_id": f"op_{'0' * 32}"}, Limits()),
        ("create_points_event", GIFT, Limits(points_per_write=99)),
        ("create_points_event", GIFT, Limits(approval_above_points=99)),
        ("create_points_event", GIFT, Limits(points_per_customer_month=1_000)),
    ],
    ids=str,
)
def test_whatever_has_to_be_found_out_or_decided_first_is_not(
    action: str, inputs: dict[str, Any], limits: Limits
) -> None:
    assert None is ready(limits, made(action=action), inputs)
