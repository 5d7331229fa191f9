"""The schema of a kind says exactly what the kind accepts: not more, and not less."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integrations.actions import CONTEXT
from integrations.errors import InputError, NotFoundError
from integrations.inputs import Kind, is_absent, read
from integrations.kinds import ABSENT_SCHEMA, TRUTH_KIND, between, one_of
from integrations.rivo import ACTIONS
from integrations.spellings import BIRTHDAY, DATE, around, numbers
from tests.often import often

KINDS = {
    each.kind.expected: each.kind
    for inputs in (*(action.inputs for action in ACTIONS.values()), CONTEXT)
    for each in inputs
}
SCHEMAS = {
    expected: jsonschema_rs.Draft202012Validator(kind.schema, validate_formats=True)
    for expected, kind in KINDS.items()
}
ABSENT = jsonschema_rs.Draft202012Validator(ABSENT_SCHEMA)

texts = st.text(max_size=40)
json_numbers = st.one_of(
    st.integers(-(10**20), 10**20),
    st.integers(-600, 600),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-600, 600).map(lambda number: round(number, 3)),
)


def patterns(schema: Any) -> Iterator[str]:
    """Find every pattern in a schema."""
    if isinstance(schema, dict):
        if "pattern" in schema:
            yield schema["pattern"]
        for each in schema.values():
            yield from patterns(each)
    if isinstance(schema, list):
        for each in schema:
            yield from patterns(each)


def accepts(kind: Kind, value: object) -> bool:
    """Say whether a value is read; a masked address is, although it never matches anybody."""
    try:
        read("field", kind, value)
    except InputError:
        return False
    except NotFoundError:
        return True
    return True


def likely(kind: Kind) -> st.SearchStrategy[str]:
    """Draw texts that are right, or were before one character came or went."""
    found = [st.from_regex(pattern) for pattern in patterns(kind.schema)] or [texts]
    right = st.one_of(found).filter(lambda text: not re.search(r"[\ud800-\udfff]", text))
    return st.one_of(right, st.builds(_mistyped, right, st.integers(0, 60), st.text(max_size=1)))


def _mistyped(text: str, at: int, instead: str) -> str:
    return text[:at] + instead + text[at + 1 :]


@pytest.mark.parametrize("expected", KINDS)
@given(st.data())
@settings(max_examples=often(suite=15, commit=40))
def test_a_schema_allows_exactly_the_texts_that_are_accepted(
    expected: str, data: st.DataObject
) -> None:
    kind = KINDS[expected]
    text = data.draw(st.one_of(likely(kind), texts))
    assume(not is_absent(text))

    assert accepts(kind, text) == SCHEMAS[expected].is_valid(text), text


@pytest.mark.parametrize("expected", KINDS)
@given(json_numbers)
def test_a_schema_allows_exactly_the_numbers_that_are_accepted(
    expected: str, number: int | float
) -> None:
    kind = KINDS[expected]
    came = Decimal(repr(number))
    # What JSON Schema cannot say of an amount: that it has three decimals at most.
    assume(not expected.startswith("an amount") or came.as_tuple().exponent in range(-3, 12))

    assert accepts(kind, came) == SCHEMAS[expected].is_valid(number), number


@pytest.mark.parametrize("value", [True, False, [], ["1"], {}, {"a": 1}], ids=str)
@pytest.mark.parametrize("expected", KINDS)
def test_a_schema_allows_nothing_else_but_yes_and_no(expected: str, value: object) -> None:
    kind = KINDS[expected]
    said = SCHEMAS[expected].is_valid(value)

    assert accepts(kind, value) == said == (kind is TRUTH_KIND and isinstance(value, bool))


@given(st.one_of(texts, *(st.from_regex(each) for each in patterns(ABSENT_SCHEMA))))
def test_the_schema_of_nothing_is_exactly_what_counts_as_absent(text: str) -> None:
    assume(not re.search(r"[\ud800-\udfff]", text))

    assert is_absent(text) == ABSENT.is_valid(text), text


@pytest.mark.parametrize("bounds", [(0, 250), (1, 250), (1, 500), (1, 9), (0, 10), (-1007, 1007)])
def test_a_pattern_of_numbers_has_exactly_those_in_between(bounds: tuple[int, int]) -> None:
    pattern = re.compile(around(numbers(*bounds)))

    found = [n for n in range(-2000, 2000) if pattern.search(str(n))]
    assert list(range(bounds[0], bounds[1] + 1)) == found


@pytest.mark.parametrize("year", [1000, 1582, 1900, 1999, 2000, 2023, 2024, 2100, 8999])
def test_a_pattern_of_dates_knows_the_calendar(year: int) -> None:
    for month in range(14):
        days = calendar.monthrange(year, month)[1] if 1 <= month <= 12 else 0
        for day in range(33):
            exists = 1 <= day <= days
            clear = exists and (day > 12 or day == month)
            assert exists == bool(re.fullmatch(DATE, f"{year}-{month:02}-{day:02}"))
            assert clear == bool(re.fullmatch(BIRTHDAY, f"{day:02}/{month:02}/{year}"))


@pytest.mark.parametrize("years", ["0000", "0999", "9000", "24"])
def test_a_year_has_four_digits(years: str) -> None:
    assert not re.fullmatch(BIRTHDAY, f"{years}-01-31")


def test_a_choice_is_an_enumeration_first() -> None:
    schema: Any = one_of("flat", "full").schema
    first, second = schema["anyOf"]

    assert {"enum": ["flat", "full"]} == first
    assert re.search(second["pattern"], " FULL\n")


def test_a_number_of_a_row_has_up_to_eighteen_digits() -> None:
    kind = between(1, 10**18 - 1)

    assert accepts(kind, "9" * 18)
    assert not accepts(kind, "1" + "0" * 18)
