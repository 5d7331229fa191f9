"""The kinds of inputs: how each is read, and the JSON Schema of exactly what is accepted.

A kind stands in the annotation of the parameter, beside the `msgspec.Meta` that describes it; plain
types (int, bool, Decimal, Literal ...) have theirs in `kind_of`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from integrations.inputs import (
    LARGEST_AMOUNT,
    LARGEST_ID,
    LARGEST_MONEY,
    Kind,
    address,
    amount,
    birthday,
    customer_identifier,
    email,
    moment,
    more_than_nothing,
    operation,
    printable,
    text,
    truth,
    whole,
)
from integrations.spellings import (
    AMOUNT,
    BIRTHDAY,
    EMAIL,
    MOMENT,
    MORE_THAN_NOTHING,
    OPERATION,
    PRINTABLE,
    TEXT,
    any_case,
    around,
    numbers,
)

ABSENT_SCHEMA: dict[str, object] = {
    "title": "Nothing",
    "description": "Nothing, as templates spell it: null, an empty text, None, null or undefined "
    "in any case, or a placeholder that was never filled ({{ticket.id}}).",
    "anyOf": [
        {"type": "null"},
        {"type": "string", "pattern": around(f"(?:{any_case('none', 'null', 'undefined')})?")},
        {"type": "string", "pattern": r"\{\{"},
    ],
}


def _either(title: str, json_type: dict[str, object], spelling: str) -> dict[str, object]:
    """Build the schema of a value that may come as JSON or as a template's text."""
    return {"title": title, "anyOf": [json_type, _text(spelling)]}


def _text(spelling: str) -> dict[str, object]:
    return {"type": "string", "pattern": around(spelling)}


WHOLE_KIND = Kind(
    "a whole number",
    whole,
    _either(
        "WholeNumber",
        {"type": "integer", "minimum": -LARGEST_AMOUNT, "maximum": LARGEST_AMOUNT},
        numbers(-LARGEST_AMOUNT, LARGEST_AMOUNT),
    ),
)
# Decimals are counted by us alone: `multipleOf` fails on what binary fractions leave behind.
AMOUNT_KIND = Kind(
    "an amount of at most 999999999 with at most three decimals",
    amount,
    _either(
        "Amount", {"type": "number", "minimum": -LARGEST_MONEY, "maximum": LARGEST_MONEY}, AMOUNT
    ),
)
PRICE_KIND = Kind(
    "an amount above 0 and of at most 999999999, with at most three decimals",
    more_than_nothing,
    _either(
        "Price",
        {"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST_MONEY},
        MORE_THAN_NOTHING,
    ),
)
TRUTH_KIND = Kind(
    "true or false",
    truth,
    {
        "title": "YesOrNo",
        "anyOf": [
            {"type": "boolean"},
            {"enum": [0, 1]},
            _text(any_case("true", "false", "yes", "no", "1", "0")),
        ],
    },
)
TEXT_KIND = Kind(
    "a text of at most 255 characters", text, _either("Text", {"type": "number"}, TEXT)
)
EMAIL_KIND = Kind("an e-mail address", email, {"title": "EmailAddress", **_text(EMAIL)})
CUSTOMER_KIND = Kind(
    "an e-mail address or a Shopify customer id",
    customer_identifier,
    {
        "title": "EmailAddressOrId",
        "anyOf": [
            _text(EMAIL),
            _text(numbers(1, LARGEST_ID)),
            {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
        ],
    },
)
BIRTHDAY_KIND = Kind(
    "a birthday as MM-DD or YYYY-MM-DD (DD/MM/YYYY where it is unambiguous)",
    birthday,
    {"title": "Birthday", **_text(BIRTHDAY)},
)
MOMENT_KIND = Kind(
    "a date or time as 2026-11-21 or 2026-11-21T15:20:00Z",
    moment,
    {"title": "Moment", **_text(MOMENT)},
)
KEY_KIND = Kind(
    "1 to 255 printable ASCII characters", printable, _either("Key", {"type": "number"}, PRINTABLE)
)
OPERATION_KIND = Kind(
    "an operation's id: op_ and 32 hexadecimal digits",
    operation,
    {"title": "OperationId", **_text(OPERATION)},
)
ADDRESS_KIND = Kind(
    "an IPv4 or IPv6 address",
    address,
    {"title": "IpAddress", "type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
)


def between(least: int, most: int) -> Kind:
    """Make the kind of a whole number from `least` (0 or 1) to `most`, both included."""
    rows = most == LARGEST_ID
    return Kind(
        "the number of a row" if rows else f"a whole number from {least} to {most}",
        partial(whole, least=least, most=most),
        _either(
            f"{'RowNumber' if rows else 'WholeNumber'}From{least}" + ("" if rows else f"To{most}"),
            {"type": "integer", "minimum": least, "maximum": most},
            numbers(least, most),
        ),
    )


def one_of(*choices: str) -> Kind:
    """Make the kind of a text that is one of the choices, in any case."""
    by_spelling = {choice.lower(): choice for choice in choices}

    def parse(value: object) -> str:
        if isinstance(value, str) and value.isascii() and value.lower() in by_spelling:
            return by_spelling[value.lower()]
        raise ValueError(value)

    return Kind(
        "one of " + ", ".join(choices),
        parse,
        {"anyOf": [{"enum": list(choices)}, _text(any_case(*choices))]},
    )


def kind_of(annotation: object) -> Kind:
    """Find how a parameter is read: the `Kind` in its annotation, else its plain type's."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        return next((e for e in extras if isinstance(e, Kind)), None) or kind_of(inner)
    if get_origin(annotation) in (Union, UnionType):
        inner, *others = (a for a in get_args(annotation) if a is not type(None))
        if others:
            raise TypeError(f"an input is of one type or None, not {annotation}")
        return kind_of(inner)
    if get_origin(annotation) is Literal:
        return one_of(*get_args(annotation))
    return {
        int: WHOLE_KIND,
        bool: TRUTH_KIND,
        Decimal: AMOUNT_KIND,
        datetime: MOMENT_KIND,
        str: TEXT_KIND,
    }[annotation]  # type: ignore[index]  # a KeyError here is a mistake in an action's signature
