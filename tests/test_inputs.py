"""What helpdesks send becomes what actions take, or a sentence that says what was wrong."""

from __future__ import annotations

import calendar
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import InputError, NotFoundError
from integrations.inputs import (
    LARGEST_AMOUNT,
    LARGEST_ID,
    Kind,
    address,
    amount,
    birthday,
    customer_identifier,
    email,
    is_absent,
    moment,
    printable,
    read,
    shortened,
    text,
    truth,
    whole,
)
from integrations.kinds import (
    AMOUNT_KIND,
    MOMENT_KIND,
    TEXT_KIND,
    TRUTH_KIND,
    WHOLE_KIND,
    between,
    kind_of,
    one_of,
)

RECEIVED = json.loads(
    (Path(__file__).parent / "samples" / "missing_value_spellings.received.json").read_text()
)
HUGE = 10**5000  # more digits than Python writes out


def named(value: object) -> str:
    """Name a test after its value."""
    return f"{type(value).__name__} {shortened(value)}"


def refusal(kind: Kind, value: object) -> InputError | None:
    """Read a field and return what is wrong with it."""
    try:
        read("field", kind, value)
    except InputError as error:
        return error
    return None


words = st.text(
    st.characters(exclude_characters="@/\\*", exclude_categories=("C", "Z")),
    min_size=1,
    max_size=60,
)


@pytest.mark.parametrize("spelling", RECEIVED["treat_as_absent"], ids=named)
def test_every_spelling_of_nothing_counts_as_absent(spelling: str) -> None:
    assert is_absent(spelling)
    assert is_absent(f" {spelling}\n")


@pytest.mark.parametrize(
    "spelling", [None, "NULL", "Undefined", "Dear {{ticket.customer.name}}!"], ids=named
)
def test_nothing_is_absent_in_json_in_any_case_and_inside_a_text(spelling: object) -> None:
    assert is_absent(spelling)


@pytest.mark.parametrize(
    "value", [0, False, "0", "false", "nobody", "{x}", [], {}, Decimal(0)], ids=named
)
def test_nothing_else_counts_as_absent(value: object) -> None:
    assert not is_absent(value)


@pytest.mark.parametrize(
    ("spelling", "said"),
    [(s, True) for s in (*RECEIVED["booleans_as_text"]["true"], "TRUE", "yes", True, 1)]
    + [(s, False) for s in (*RECEIVED["booleans_as_text"]["false"], "No", False, 0)],
    ids=named,
)
def test_yes_and_no_are_read_in_every_spelling(spelling: object, said: bool) -> None:
    assert truth(spelling) is said


@pytest.mark.parametrize("value", ["ja", "2", 2, Decimal("0.5"), [], "", HUGE], ids=named)
def test_what_is_neither_yes_nor_no_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        truth(value)


@pytest.mark.parametrize(
    "value",
    [100, "100", "+100", Decimal("100.0"), "100.0", "100.000000000", Decimal("1E+2")],
    ids=named,
)
def test_a_whole_number_is_the_same_in_every_spelling(value: object) -> None:
    assert whole(value) == 100


@given(st.integers(-LARGEST_AMOUNT, LARGEST_AMOUNT))
def test_a_whole_number_is_the_same_as_json_and_as_text(number: int) -> None:
    spellings = [number, str(number), f"{number}.0", Decimal(number), Decimal(f"{number}.00")]

    assert [number] * 5 == [whole(spelling) for spelling in spellings]
    assert {int} == {type(whole(spelling)) for spelling in spellings}


@pytest.mark.parametrize(
    "value",
    [
        True,
        100.0,
        "",
        "ten",
        "1e2",
        "100.5",
        Decimal("100.5"),
        "1,000",
        "\u0661\u0660\u0660",
        "0x10",
        "1_000",
        [100],
        {},
        LARGEST_AMOUNT + 1,
        str(-LARGEST_AMOUNT - 1),
        HUGE,
        Decimal("1e999999999"),
        Decimal("-1e999999999"),
        Decimal("Infinity"),
        Decimal("NaN"),
    ],
    ids=named,
)
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        read("points_amount", WHOLE_KIND, value)


def test_a_whole_number_stays_within_its_bounds() -> None:
    assert [1, 250] == [read("per_page", between(1, 250), value) for value in ("1", 250)]
    for wrong in (0, "251"):
        with pytest.raises(InputError, match="per_page must be a whole number from 1 to 250"):
            read("per_page", between(1, 250), wrong)


def test_the_largest_id_is_the_largest_that_a_row_may_have() -> None:
    kind = between(1, LARGEST_ID)

    assert LARGEST_ID == read("reward_id", kind, str(LARGEST_ID))
    with pytest.raises(InputError, match="reward_id must be the number of a row"):
        read("reward_id", kind, str(LARGEST_ID + 1))


@given(st.decimals(-999_999_999, 999_999_999, places=3))
def test_an_amount_is_exact_as_json_and_as_text(value: Decimal) -> None:
    read_amounts = [amount(f"{value:f}"), amount(value), amount(Decimal(f"{value:E}"))]

    assert [value] * 3 == read_amounts
    assert {Decimal} == {type(each) for each in read_amounts}


@given(st.integers(-99_999, 99_999), st.integers(1, 99))
def test_what_binary_fractions_leave_behind_is_no_amount(cents: int, more: int) -> None:
    binary = cents / 100 + more / 100  # as a sender's script adds them up

    assert Decimal(cents + more) / 100 == amount(Decimal(repr(binary)))


@pytest.mark.parametrize(
    "value",
    [
        True,
        5.5,
        "",
        "5,50",
        "five",
        "1e3",
        "5.1234",
        Decimal("5.1234"),
        "1234567890",
        10**10,
        HUGE,
        Decimal("1e999999999"),
        Decimal("NaN"),
        Decimal("-Infinity"),
        [],
    ],
    ids=named,
)
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="credits_amount must be an amount"):
        read("credits_amount", AMOUNT_KIND, value)


@pytest.mark.parametrize(
    ("value", "said"),
    [("a text", "a text"), (4711, "4711"), (Decimal("1.50"), "1.50"), ("tab\tand\nline", None)],
    ids=named,
)
def test_a_text_is_taken_as_it_came_and_a_number_for_its_digits(
    value: object, said: str | None
) -> None:
    assert (said or value) == text(value)


@pytest.mark.parametrize(
    "value",
    ["", "x" * 256, "nul\0", "esc\x1b[31m", "half\ud800", True, [], {"a": 1}, HUGE],
    ids=named,
)
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="must be a text of at most 255 characters"):
        read("internal_note", TEXT_KIND, value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("sarah@example.com", "sarah@example.com"),
        ("a b@x.com", "a+b@x.com"),
        ("Sarah+VIP@Example.COM", "Sarah+VIP@Example.COM"),
        ("müller@bücher.example", "müller@bücher.example"),
        ("a/b@c", "a/b@c"),
        ("%2e%2e@c", "%2e%2e@c"),
    ],
    ids=named,
)
def test_an_address_keeps_its_spelling_and_regains_its_plus(value: str, said: str) -> None:
    assert said == email(value)


@given(words, words, words)
def test_a_plus_that_lost_its_encoding_comes_back(local: str, tag: str, domain: str) -> None:
    address = f"{local}+{tag}@{domain}.example"
    lost = address.replace("+", " ")

    if len(local + tag) < 64:
        assert address == email(lost)
        assert address == customer_identifier(lost)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "sarah",
        "@x",
        "a@",
        "a@b@c",
        "a\n@b",
        "a\t@b",
        "a@b\0",
        "x" * 65 + "@b",
        "a@" + "b" * 191,
        "half\udc00@b",
        "../a@b",
        "/a@b",
        "a//b@c",
        "a@b/..",
        "..\\a@b",
        "./@b",
        7,
        None,
        ["a@b"],
    ],
    ids=named,
)
def test_what_is_no_address_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        email(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (7294851236742, "7294851236742"),
        ("7294851236742", "7294851236742"),
        (Decimal("7294851236742.0"), "7294851236742"),
        ("007", "7"),
        (str(LARGEST_ID), str(LARGEST_ID)),
        ("sarah@example.com", "sarah@example.com"),
    ],
    ids=named,
)
def test_a_customer_is_named_by_address_or_shopify_id(value: object, said: str) -> None:
    assert said == customer_identifier(value)


@pytest.mark.parametrize(
    "value",
    [0, -1, "0", str(LARGEST_ID + 1), Decimal("1.5"), True, "gid://shopify/Customer/7", []],
    ids=named,
)
def test_what_names_no_customer_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        customer_identifier(value)


@pytest.mark.parametrize("masked", ["s***@example.com", "sarah@*******.com", "*@x"], ids=named)
def test_a_masked_address_never_matches(masked: str) -> None:
    with pytest.raises(NotFoundError, match="A masked e-mail address never matches a customer"):
        customer_identifier(masked)


@given(st.dates(date(1900, 1, 1), date(2026, 11, 21)))
def test_every_date_is_the_same_birthday_in_every_spelling(day: date) -> None:
    expected = f"{day:%m-%d}"

    assert expected == birthday(f"{day:%m-%d}")
    assert expected == birthday(day.isoformat())
    if day.day > 12 or day.day == day.month:
        assert expected == birthday(f"{day:%d/%m/%Y}")
    else:
        with pytest.raises(ValueError, match="either way round"):
            birthday(f"{day:%d/%m/%Y}")


@given(st.integers(0, 99), st.integers(0, 99), st.integers(1000, 8999))
def test_no_birthday_is_on_a_day_that_is_none(month: int, day: int, year: int) -> None:
    exists = 1 <= month <= 12 and year >= 1 and 1 <= day <= calendar.monthrange(year, month)[1]

    try:
        assert birthday(f"{year:04}-{month:02}-{day:02}") == f"{month:02}-{day:02}"
    except ValueError:
        assert not exists
    else:
        assert exists


@pytest.mark.parametrize(
    "value",
    [
        "",
        "7-13",
        "07/13/1990",
        "13.07.1990",
        "1990/07/13",
        "02-30",
        "2023-02-29",
        "00-10",
        713,
        None,
    ],
    ids=named,
)
def test_what_is_no_birthday_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        birthday(value)


def test_the_leap_day_is_a_birthday() -> None:
    assert ["02-29"] * 3 == [birthday(d) for d in ("02-29", "2024-02-29", "29/02/2024")]


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)),  # noqa: DTZ001 -- made aware below
    st.integers(-14 * 60, 14 * 60),
)
def test_a_moment_is_the_same_in_every_offset(naive: datetime, minutes: int) -> None:
    utc = naive.replace(tzinfo=UTC)
    elsewhere = utc.astimezone(timezone(timedelta(minutes=minutes)))

    assert utc == moment(elsewhere.isoformat())
    assert utc == moment(naive.isoformat()), "without an offset it is UTC"
    assert utc == moment(f"{naive.isoformat()}Z")
    assert UTC == moment(elsewhere.isoformat()).tzinfo


def test_a_date_is_the_moment_when_it_begins() -> None:
    assert datetime(2026, 11, 21, tzinfo=UTC) == moment("2026-11-21")


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "2026-W01-1", "20261121", "2026-13-01", "1732201200", 1732201200, None],
    ids=named,
)
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="applied_after must be a date or time"):
        read("applied_after", MOMENT_KIND, value)


def test_a_moment_before_the_first_one_is_refused() -> None:
    with pytest.raises(InputError):
        read("applied_after", MOMENT_KIND, "0001-01-01T00:00:00+14:00")


@pytest.mark.parametrize(
    ("value", "said"), [("203.0.113.7", "203.0.113.7"), ("2001:DB8::0:1", "2001:db8::1")], ids=named
)
def test_an_ip_address_is_read(value: str, said: str) -> None:
    assert said == address(value)


@pytest.mark.parametrize(
    "value", ["", "shop.example.com", "1.2.3", "fe80::1%eth0", 16909060], ids=named
)
def test_what_is_no_ip_address_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        address(value)


def test_a_key_is_printable_ascii() -> None:
    assert "a key ~!" == printable("a key ~!")
    for wrong in ("kéy", "tab\t", "", "x" * 256):
        with pytest.raises(ValueError, match=r".*"):
            printable(wrong)


def test_one_of_several_words_is_read_in_any_case() -> None:
    kind = one_of("immediate", "end_of_period")

    assert "end_of_period" == read("cancellation_policy", kind, " End_Of_Period ")
    with pytest.raises(InputError, match="must be one of immediate, end_of_period; got 'later'"):
        read("cancellation_policy", kind, "later")


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, WHOLE_KIND),
        (bool | None, TRUTH_KIND),
        (Annotated[Decimal | None, "words"], AMOUNT_KIND),
        (Annotated[datetime, "words"] | None, MOMENT_KIND),
        (str, TEXT_KIND),
    ],
    ids=["whole", "truth", "amount", "moment", "text"],
)
def test_the_kind_of_a_plain_type_is_known(annotation: object, kind: Kind) -> None:
    assert kind is kind_of(annotation)


def test_the_kind_in_an_annotation_is_found() -> None:
    mine = between(1, 3)

    assert mine is kind_of(Annotated[int, mine])
    assert mine is kind_of(Annotated[Annotated[int, mine] | None, "words"])
    assert "one of a, b" == kind_of(Literal["a", "b"] | None).expected


def test_an_input_of_two_types_is_a_mistake_in_the_action() -> None:
    with pytest.raises(TypeError, match="one type or None"):
        kind_of(int | str)
    with pytest.raises(KeyError):
        kind_of(float)


def test_a_wrong_value_is_shown_shortened_and_whatever_it_is() -> None:
    assert "'ten'" == shortened("ten")
    assert 42 == len(shortened("x" * 1000))
    assert "something too large to show" == shortened([HUGE])


@given(st.text())
def test_reading_a_text_raises_nothing_but_input_errors(value: str) -> None:
    for kind in (WHOLE_KIND, AMOUNT_KIND, TRUTH_KIND, TEXT_KIND, MOMENT_KIND, one_of("a")):
        error = refusal(kind, value)
        if error is not None:
            said = (error.field, error.expected, error.given)
            assert ("field", kind.expected, shortened(value)) == said
