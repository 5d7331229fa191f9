"""Values as a Gorgias card shows them."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.gorgias.texts import day, local, money, shown

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("value", "zone", "told"),
    [
        (True, "UTC", "Yes"),
        (False, "UTC", "No"),
        (0, "UTC", 0),
        (0.0, "UTC", 0.0),
        (None, "UTC", None),
        ("", "UTC", ""),
        ("07-13", NEW_YORK, "07-13"),
        ("2026-11-03", NEW_YORK, "2026-11-03"),
        ("2026-11-03T12:00:00Z", "UTC", "2026-11-03 12:00:00"),
        ("2026-11-03T02:00:00.123Z", NEW_YORK, "2026-11-02 21:00:00"),
        ("2026-07-03T02:00:00Z", NEW_YORK, "2026-07-02 22:00:00"),
        ("2026-11-03T12:00:00+09:00", "UTC", "2026-11-03 03:00:00"),
        ("2026-11-03T12:00:00", "UTC", "2026-11-03 12:00:00"),
        ("2026-11-03T12:00:00 or so", "UTC", "2026-11-03T12:00:00 or so"),
        ("2026-13-03T12:00:00Z", "UTC", "2026-13-03T12:00:00Z"),
        ("0001-01-01T00:00:00Z", NEW_YORK, "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "Asia/Tokyo", "9999-12-31T23:59:59Z"),
        (["a", True, "b"], "UTC", "a, Yes, b"),
        ([], "UTC", ""),
        ({"page": 2, "more": False}, "UTC", "page 2, more No"),
    ],
)
def test_a_value_is_text_that_is_ready_to_show(value: Any, zone: str, told: object) -> None:
    assert (told, type(told)) == (shown(value, zone), type(shown(value, zone)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-11-03T02:00:00Z", "2026-11-02"),
        ("2026-11-03", "2026-11-03"),
        ("October 32, 2026", "October 32, 2026"),
        ("soon", "soon"),
        (None, None),
        (20261103, None),
    ],
)
def test_a_day_is_the_shops_day(text: object, told: str | None) -> None:
    assert told == day(text, NEW_YORK)


def test_what_is_no_time_is_left_alone() -> None:
    assert "2026-11-03Tea at five" == local("2026-11-03Tea at five", "UTC")


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        ("25.50", "USD", "25.50 USD"),
        ("0.0", "USD", "0.0 USD"),
        (0, "USD", "0 USD"),
        (423.78, None, "423.78"),
        (None, "USD", None),
    ],
)
def test_money_has_its_currency_where_it_is_known(
    amount: object, currency: str | None, told: str | None
) -> None:
    assert told == money(amount, currency)
