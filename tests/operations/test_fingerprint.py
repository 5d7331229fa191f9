"""Sameness: what is the same write, and inputs that can be kept and read again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.operations.fingerprint import canonical, fingerprint, restore
from integrations.actions import Action, Input
from integrations.errors import InputError
from integrations.kinds import (
    ADDRESS_KIND,
    AMOUNT_KIND,
    BIRTHDAY_KIND,
    CUSTOMER_KIND,
    EMAIL_KIND,
    MOMENT_KIND,
    OPERATION_KIND,
    PRICE_KIND,
    TEXT_KIND,
    TRUTH_KIND,
)
from integrations.rivo import ACTIONS

WRITES: Final = [action for action in ACTIONS.values() if action.writes]
PERSON: Final = "sarah.martinez@example.com"

NUMBERS = st.integers(-(10**18), 10**18) | st.integers(-1_000, 1_000)
CENTS = st.integers(-(10**12) + 1, 10**12 - 1).map(lambda n: Decimal(n).scaleb(-3))
EMAILS = st.from_regex(r"[A-Za-zäßé.+ _-]{1,10}@[A-Za-z]{1,10}\.(com|ÄU)", fullmatch=True)
MOMENTS = st.datetimes(
    datetime(1000, 1, 1),  # noqa: DTZ001 - the offset comes with the text
    datetime(8999, 12, 31, 23, 59, 59, 999_999),  # noqa: DTZ001
).flatmap(
    lambda moment: st.integers(-1439, 1439).map(
        lambda minutes: moment.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat()
    )
)
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=255)
RAW: Final = {
    AMOUNT_KIND: CENTS | CENTS.map(str) | st.integers(-(10**9) + 1, 10**9 - 1),
    PRICE_KIND: CENTS.map(abs).filter(bool),
    TRUTH_KIND: st.sampled_from([True, False, "yes", "NO", 1, "0"]),
    TEXT_KIND: TEXTS | NUMBERS | CENTS,
    EMAIL_KIND: EMAILS,
    CUSTOMER_KIND: EMAILS | st.integers(1, 10**18 - 1),
    BIRTHDAY_KIND: st.sampled_from(["07-13", "1990-02-28", "31/12/1999", "02-29"]),
    MOMENT_KIND: MOMENTS,
    OPERATION_KIND: st.from_regex(r"op_[0-9a-f]{32}", fullmatch=True),
    ADDRESS_KIND: st.ip_addresses().map(str),
}


def raw(one: Input) -> st.SearchStrategy[Any]:
    """Draw something that may come for an input, some of it not fit for it."""
    choices = one.kind.schema.get("anyOf", [{}])
    first = choices[0] if isinstance(choices, list) else {}
    others = st.sampled_from(first.get("enum") or [1, 5, "7", Decimal(9)])
    return RAW.get(one.kind, others)


@st.composite
def parsed(draw: st.DrawFn, action: Action) -> dict[str, Any]:
    """Draw inputs as the action has them after parsing."""
    given_inputs = {
        each.name: draw(raw(each))
        for each in action.inputs
        if each.required or draw(st.booleans(), label=each.name)
    }
    try:
        return action.parse(given_inputs)[0]
    except InputError:  # a text that says "nothing", or is too long as a number
        return {}


@pytest.mark.parametrize("action", WRITES, ids=lambda action: action.name)
@given(data=st.data())
def test_what_is_kept_of_the_inputs_brings_back_exactly_what_the_action_wants(
    action: Action, data: st.DataObject
) -> None:
    inputs = data.draw(parsed(action))
    stored = json.loads(json.dumps(canonical(inputs)))
    if not inputs:
        return

    found = restore(action, stored)

    assert inputs == found
    assert {n: type(v) for n, v in inputs.items()} == {n: type(v) for n, v in found.items()}
    assert fingerprint(action.name, inputs) == fingerprint(action.name, found)
    assert stored == canonical(found)


def test_every_kind_of_input_that_a_write_has_is_tried() -> None:
    kinds = {each.kind for action in WRITES for each in action.inputs}
    others = [kind.expected for kind in kinds - RAW.keys()]

    assert [] == [
        text for text in others if not text.startswith(("one of", "the number", "a whole"))
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"points_amount": 100}, {"points_amount": "100"}),
        ({"points_amount": 100}, {"points_amount": Decimal("100.0")}),
        ({"credits_amount": 5}, {"credits_amount": "5.00"}),
        ({"credits_amount": Decimal("5.0")}, {"credits_amount": "+5"}),
        ({"credits_amount": Decimal("0.30000000000000004")}, {"credits_amount": "0.3"}),
        ({"credits_amount": "100"}, {"credits_amount": Decimal("1E+2")}),
        ({"credits_amount": "0"}, {"credits_amount": "-0.00"}),
        ({"points_amount": 1, "skip_email": "True"}, {"points_amount": 1, "skip_email": True}),
        ({"points_amount": 1, "source": "manual"}, {"points_amount": 1}),
        ({"points_amount": 1, "source": "MANUAL"}, {"points_amount": 1, "source": "manual"}),
        ({"points_amount": 1, "external_note": "None"}, {"points_amount": 1}),
        ({"applied_at": "2026-11-22"}, {"applied_at": "2026-11-22T00:00:00Z"}),
        ({"applied_at": "2026-11-22T02:00:00+02:00"}, {"applied_at": "2026-11-22T00:00:00.000Z"}),
        ({"customer_email": PERSON.title()}, {"customer_email": PERSON}),
    ],
    ids=str,
)
def test_what_means_the_same_has_one_fingerprint(one: Any, other: Any) -> None:
    assert of(one) == of(other)


@pytest.mark.parametrize(
    "other",
    [
        {"points_amount": 101},
        {"points_amount": -100},
        {"points_amount": None, "credits_amount": "100"},
        {"credits_amount": "0"},
        {"credits_amount": "100.001"},
        {"external_note": "Sorry"},
        {"internal_note": "Sorry"},
        {"source": "custom_action"},
        {"skip_email": False},
        {"applied_at": "2026-11-22"},
        {"customer_email": "sarah.martinez@example.org"},
        {"customer_email": "7294851236742"},
    ],
    ids=str,
)
def test_what_means_something_else_has_another(other: Mapping[str, Any]) -> None:
    assert of({"points_amount": 100}) != of({"points_amount": 100, **other})


def test_names_and_values_are_not_taken_for_each_other() -> None:
    assert of({"external_note": "a", "internal_note": "b"}) != of(
        {"external_note": "b", "internal_note": "a"}
    )
    assert of({"external_note": "A"}) != of({"external_note": "a"})


def test_two_people_never_share_a_fingerprint_by_the_way_letters_fold() -> None:
    assert of({"customer_email": "strasse@x.de"}) != of({"customer_email": "straße@x.de"})


def test_a_referrals_address_is_one_in_any_case() -> None:
    one, other = (
        {"email": address, "referral_code": "ABC", "remote_ip": "192.0.2.1"}
        for address in ("Jo@Example.com", "jo@example.com")
    )

    assert fingerprint("create_referral", one) == fingerprint("create_referral", other)
    assert fingerprint("create_referral", one) != fingerprint(
        "create_referral", one | {"referral_code": "abc"}
    )


def test_the_order_of_inputs_is_nothing() -> None:
    one = {"customer_email": PERSON, "points_amount": 5}

    assert fingerprint("create_points_event", one) == fingerprint(
        "create_points_event", dict(reversed(one.items()))
    )


def test_redeeming_is_one_action_by_either_name() -> None:
    inputs = {"customer_email": PERSON, "reward_id": 594155}

    assert fingerprint("redeem_customer_points", inputs) == fingerprint(
        "create_points_redemption", inputs
    )


@pytest.mark.parametrize("inputs", [{}, {"reward_id": None}, {"customer_email": PERSON}], ids=str)
def test_only_looking_is_another_action(inputs: Mapping[str, Any]) -> None:
    assert fingerprint("redeem_customer_points", inputs) != fingerprint(
        "create_points_redemption", inputs
    )


def test_two_actions_never_share_a_fingerprint() -> None:
    inputs = {"customer_email": PERSON, "dob": "07-13"}
    found = {fingerprint(action.name, inputs) for action in ACTIONS.values()}

    assert len(ACTIONS) == len(found)


def test_a_fingerprint_has_32_bytes_and_stays_over_versions() -> None:
    """Were it to change, every request that is repeated over a new version would be sent again."""
    inputs = {
        "customer_email": PERSON,
        "points_amount": 100,
        "credits_amount": Decimal("5.00"),
        "applied_at": datetime(2026, 11, 22, 1, tzinfo=timezone(timedelta(hours=1))),
    }

    text = (
        '["create_points_event",{"applied_at":"2026-11-22T00:00:00+00:00","credits_amount":"5",'
        '"customer_email":"sarah.martinez@example.com","points_amount":100}]'
    )
    assert sha256(text.encode()).digest() == fingerprint("create_points_event", inputs)
    assert sha256(b'["old",{}]').digest() == fingerprint("old", {"a": None})


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine stand in Tokyo."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_where_the_machine_stands_is_nothing() -> None:
    assert "2026-11-22T01:00:00+00:00" == canonical(datetime(2026, 11, 22, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (Decimal("5.00"), "5.00"),
        (Decimal("5.10"), "5.10"),
        (Decimal(100), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-3"), "0.001"),
        (Decimal("-0.00"), "-0.00"),
        (Decimal("-2.50"), "-2.50"),
        (
            Decimal("0.1234567890123456789012345678901234567890"),
            "0.1234567890123456789012345678901234567890",
        ),
        (
            Decimal("12345678901234567890123456789012345.60"),
            "12345678901234567890123456789012345.60",
        ),
        (datetime(2026, 11, 22, 12, tzinfo=UTC), "2026-11-22T12:00:00+00:00"),
        (
            datetime(2026, 11, 22, 0, 0, 0, 5, tzinfo=timezone(timedelta(hours=1))),
            "2026-11-21T23:00:00.000005+00:00",
        ),
        (datetime(999, 12, 31, 0, 1, tzinfo=UTC), "1000-01-01T00:00:00+23:59"),
        (datetime(1000, 1, 1, tzinfo=UTC), "1000-01-01T00:00:00+00:00"),
        (datetime(8999, 12, 31, 23, 59, tzinfo=UTC), "8999-12-31T23:59:00+00:00"),
        (datetime(9000, 1, 1, 23, 58, tzinfo=UTC), "8999-12-31T23:59:00-23:59"),
        (None, None),
        (True, True),
        (7, 7),
        ("7", "7"),
        ({"a": None, "b": [Decimal(1), None], "c": {"d": None}}, {"b": ["1", None], "c": {}}),
        ((1, (2,)), [1, [2]]),
    ],
    ids=repr,
)
def test_what_is_kept_is_plain_json_and_exact(value: object, kept: object) -> None:
    assert kept == canonical(value)


@pytest.mark.parametrize("value", [0.5, b"x", {1, 2}, object()], ids=lambda v: type(v).__name__)
def test_what_has_no_exact_form_is_a_mistake_of_ours(value: object) -> None:
    with pytest.raises(TypeError, match=f"^no exact form for {type(value).__name__}$"):
        canonical({"inputs": [value]})


def test_inputs_that_are_not_the_actions_any_more_are_refused() -> None:
    with pytest.raises(InputError, match="points"):
        restore(ACTIONS["create_points_event"], {"customer_email": PERSON, "points": 5})


def of(given_inputs: Mapping[str, Any]) -> bytes:
    """Take the fingerprint of a points event as a door does: read first."""
    raw_inputs = {"customer_email": PERSON, **given_inputs}
    inputs, _ = ACTIONS["create_points_event"].parse(raw_inputs)
    return fingerprint("create_points_event", inputs)
