"""Rows are held against what was asked, since Rivo ignores the filters that it does not know."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.errors import UnavailableError
from integrations.rivo.filters import (
    all_of,
    applied_between,
    has,
    is_filled,
    is_token,
    moment_of,
    of,
    period,
)
from integrations.rivo.resource import Resource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVENING = datetime(2026, 11, 21, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attributes", "wanted", "kept"),
    [
        ({"source": "manual"}, "manual", True),
        ({"source": "Manual"}, "MANUAL", True),
        ({"source": "order_placed"}, "manual", False),
        ({"source": None}, "manual", False),
        ({}, "manual", True),
        ({"source": "manual"}, None, True),
        ({"source": 7}, 7, True),
        ({"source": "7"}, 7, True),
        ({"source": True}, "True", True),
        ({"source": False}, "True", False),
    ],
    ids=repr,
)
def test_an_attribute_is_what_was_wanted(
    attributes: dict[str, object], wanted: str | int | None, kept: bool
) -> None:
    assert kept is has("source", wanted)(Resource(attributes))


@pytest.mark.parametrize(
    ("shown", "wanted", "kept"),
    [
        ("one_time", "one_time", True),
        ("One time", "one_time", True),
        ("one_time", "One Time", True),
        ("both", "one_time", False),
        (None, "one_time", False),
        ("both", None, True),
    ],
    ids=repr,
)
def test_a_token_is_known_also_where_it_is_shown_as_words(
    shown: str | None, wanted: str | None, kept: bool
) -> None:
    assert kept is is_token("purchase_type", wanted)(Resource({"purchase_type": shown}))
    assert is_token("purchase_type", wanted)(Resource({}))


@pytest.mark.parametrize(
    ("attributes", "wanted", "kept"),
    [
        ({"used_at": "2026"}, True, True),
        ({"used_at": "2026"}, False, False),
        ({"used_at": None}, True, False),
        ({"used_at": None}, False, True),
        ({}, True, True),
        ({}, False, True),
        ({"used_at": None}, None, True),
    ],
    ids=repr,
)
def test_an_attribute_is_filled_or_not(
    attributes: dict[str, object], wanted: bool | None, kept: bool
) -> None:
    assert kept is is_filled("used_at", wanted=wanted)(Resource(attributes))


@pytest.mark.parametrize(
    ("identifier", "attributes", "kept"),
    [
        ("5", {"customer": {"id": 5}}, True),
        ("5", {"customer": {"id": 6}}, False),
        ("5", {"customer": {"email": "a@b"}}, True),
        ("5", {"customer_id": 5}, True),
        ("5", {"customer_id": "6"}, False),
        ("5", {}, True),
        ("A@b", {"customer": {"email": "a@B"}}, True),
        ("a@b", {"customer": {"email": "c@d"}}, False),
        ("a@b", {"customer": {"id": 6}}, True),
        ("a@b", {"customer": None}, True),
        ("a@b", {"customer_id": 6}, True),
    ],
    ids=repr,
)
def test_a_row_is_the_customers_as_far_as_it_says(
    identifier: str, attributes: dict[str, object], kept: bool
) -> None:
    assert kept is of(identifier)(Resource(attributes))


def test_a_row_with_an_odd_customer_is_odd() -> None:
    with pytest.raises(UnavailableError):
        of("a@b")(Resource({"customer": "a@b"}))


@pytest.mark.parametrize(
    ("applied_at", "kept"),
    [
        ("2026-11-21T11:59:59.999Z", False),
        ("2026-11-21T12:00:00Z", True),
        ("2026-11-21T19:59:59+02:00", True),
        ("2026-11-21T18:00:00Z", False),
        ("2026-11-21T12:00:00", True),
        ("some day", True),
        (None, True),
    ],
    ids=repr,
)
def test_a_period_includes_its_begin_and_not_its_end(applied_at: str | None, kept: bool) -> None:
    row = Resource({"applied_at": applied_at})

    assert kept is applied_between(NOON, EVENING)(row)
    assert applied_between(None, None)(row)


def test_a_period_is_spelled_as_rivos_filters() -> None:
    assert {} == period(None, None)
    assert {"applied_after": "2026-11-21T12:00:00.000Z"} == period(NOON, None)
    assert {"applied_before": "2026-11-21T18:00:00.000Z"} == period(None, EVENING)


def test_a_time_without_an_offset_is_utc() -> None:
    assert NOON == moment_of(Resource({"at": "2026-11-21T12:00:00"}), "at")
    assert NOON == moment_of(Resource({"at": "2026-11-21T14:00:00.000+02:00"}), "at")
    assert moment_of(Resource({"at": "noon"}), "at") is None


def test_every_condition_has_to_hold() -> None:
    row = Resource({"a": 1})

    assert all_of()(row)
    assert all_of(has("a", 1), has("b", 2))(row)
    assert not all_of(has("a", 1), has("a", 2))(row)
