"""From what a helpdesk sends to what an action takes: text from templates becomes typed values.

A `Kind` is how one kind of input is read. It stands in the annotation of the parameter, beside the
`msgspec.Meta` that describes it; plain types (int, bool, Decimal, Literal ...) have theirs in
`kind_of`.
"""

from __future__ import annotations

import calendar
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from integrations.errors import InputError, NotFoundError

ABSENT = frozenset({"", "none", "null", "undefined"})
LARGEST_ID = 2**63 - 1
LARGEST_AMOUNT = 1_000_000_000

# Letters outside ASCII have to fit into one, too: Rivo's e-mails may be internationalised.
EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,190}")
# As JSON Schema says it: what is surely an address, and no template's remains.
EMAIL_PATTERN = r"^[^\s@*{}/\\\x00-\x1f\x7f]{1,64}@[^\s@*{}/\\\x00-\x1f\x7f]{1,190}$"
WHOLE = re.compile(r"[+-]?[0-9]{1,19}(\.0{1,9})?")
AMOUNT = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,3})?")
# Half of a surrogate pair is no character: it cannot be sent anywhere.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# What no path segment may hold: "/" at an end, twice, or around "." and ".."; "\" likewise.
PATH = re.compile(r"(^|[/\\])\.{0,2}([/\\]|$)")


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """How one kind of input is read.

    `expected` finishes the sentence "... must be"; `parse` takes text or a JSON value and raises
    ValueError where it is not that; `schema` is the JSON Schema of what is accepted in a JSON body.
    """

    expected: str
    parse: Callable[[object], object]
    schema: dict[str, object] = field(default_factory=dict)


def is_absent(value: object) -> bool:
    """Say whether nothing came, in a template's spelling: None, "", "None", "{{ticket.id}}"."""
    if value is None:
        return True
    if not isinstance(value, str):
        return False
    return value.strip().casefold() in ABSENT or "{{" in value


def shortened(value: object) -> str:
    """Show a wrong value within an error, at most 40 characters of it."""
    try:
        shown = value if isinstance(value, str) else str(value)
    except (ValueError, RecursionError):  # thousands of digits, or of brackets
        return "something too large to show"
    return repr(shown if len(shown) <= 40 else shown[:39] + "…")


def read(name: str, kind: Kind, value: object) -> object:
    """Read one input that is not absent; InputError names it, what was expected and what came."""
    try:
        return kind.parse(value.strip() if isinstance(value, str) else value)
    except (ValueError, OverflowError, InvalidOperation):
        raise InputError(name, expected=kind.expected, given=shortened(value)) from None


def whole(value: object, *, least: int = -LARGEST_AMOUNT, most: int = LARGEST_AMOUNT) -> int:
    """Read a whole number: 100, "100", 100.0 and "100.0" are the same."""
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, str):
        if not WHOLE.fullmatch(value):
            raise ValueError(value)
        number = int(value.partition(".")[0])
    elif isinstance(value, int | Decimal) and least <= value <= most and value == int(value):
        # The bounds come first: int(Decimal("1e999999999")) would have a billion digits.
        number = int(value)
    else:
        raise ValueError(value)
    if not least <= number <= most:
        raise ValueError(value)
    return number


def amount(value: object) -> Decimal:
    """Read an amount of money exactly; a JSON number has to come as Decimal already.

    What binary fractions leave behind (0.30000000000000004) is rounded away, real decimals are not.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(value)
    if isinstance(value, Decimal):
        rounded = value.quantize(Decimal("0.001"))
        if abs(rounded - value) > Decimal("1e-9"):
            raise ValueError(value)
        value = f"{rounded.normalize():f}"
    if not AMOUNT.fullmatch(str(value)):
        raise ValueError(value)
    return Decimal(value)


def truth(value: object) -> bool:
    """Read yes or no, in JSON's spelling and in templates'."""
    spelled = str(value).casefold()
    if spelled in ("true", "1", "yes"):
        return True
    if spelled in ("false", "0", "no"):
        return False
    raise ValueError(value)


def text(value: object, *, most: int = 255) -> str:
    """Read one text; a number is taken for its digits."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(value)
    read_text = str(value)
    if not read_text or len(read_text) > most or CONTROL.search(read_text):
        raise ValueError(value)
    return read_text


def customer_identifier(value: object) -> str:
    """Read an e-mail address or a Shopify customer id; a masked address is never matched."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(whole(value, least=1, most=LARGEST_ID))
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
        return str(whole(value, least=1, most=LARGEST_ID))
    address = email(value)
    if "*" in address:
        raise NotFoundError("A masked e-mail address never matches a customer.")
    return address


def email(value: object) -> str:
    """Read an e-mail address; a space inside is a plus sign that lost its encoding.

    One that reads like a path ("../a@b") is refused: no request could carry it.
    """
    if not isinstance(value, str):
        raise ValueError(value)
    address = value.replace(" ", "+")
    if not EMAIL.fullmatch(address) or CONTROL.search(address) or PATH.search(address):
        raise ValueError(value)
    return address


def birthday(value: object) -> str:
    """Read a birthday as MM-DD from MM-DD, YYYY-MM-DD, or DD/MM/YYYY where it is unambiguous."""
    if not isinstance(value, str):
        raise ValueError(value)
    if found := re.fullmatch(r"(?:(\d{4})-)?(\d{2})-(\d{2})", value, re.ASCII):
        year, month, day = int(found[1] or 2000), int(found[2]), int(found[3])
    elif found := re.fullmatch(r"(\d{2})/(\d{2})/(\d{4})", value, re.ASCII):
        day, month, year = int(found[1]), int(found[2]), int(found[3])
        if day <= 12 and day != month:
            raise ValueError("the day and the month could be either way round")
    else:
        raise ValueError(value)
    if not (1 <= month <= 12 and year >= 1 and 1 <= day <= calendar.monthrange(year, month)[1]):
        raise ValueError(value)
    return f"{month:02}-{day:02}"


def moment(value: object) -> datetime:
    """Read a date or a time of ISO 8601; without an offset it is UTC."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError(value)
    read_time = datetime.fromisoformat(value)
    return (read_time if read_time.tzinfo else read_time.replace(tzinfo=UTC)).astimezone(UTC)


def address(value: object) -> str:
    """Read an IPv4 or IPv6 address; one with a zone means something on one machine only."""
    if not isinstance(value, str) or "%" in value:
        raise ValueError(value)
    return str(ipaddress.ip_address(value))


def printable(value: object) -> str:
    """Read a key of 1 to 255 printable ASCII characters."""
    key = text(value)
    if not (key.isascii() and key.isprintable()):
        raise ValueError(value)
    return key


def _either(json_type: dict[str, object], pattern: str) -> dict[str, object]:
    """Build the schema of a value that may come as JSON or as a template's text."""
    return {"anyOf": [json_type, {"type": "string", "pattern": pattern}]}


WHOLE_KIND = Kind(
    "a whole number",
    whole,
    _either(
        {"type": "integer", "minimum": -LARGEST_AMOUNT, "maximum": LARGEST_AMOUNT},
        r"^[+-]?[0-9]{1,9}(\.0{1,9})?$",
    ),
)
AMOUNT_KIND = Kind(
    "an amount of at most 999999999 with at most three decimals",
    amount,
    _either(
        {"type": "number", "minimum": -999_999_999, "maximum": 999_999_999, "multipleOf": 0.001},
        r"^[+-]?[0-9]{1,9}(\.[0-9]{1,3})?$",
    ),
)
TRUTH_KIND = Kind(
    "true or false",
    truth,
    {"anyOf": [{"type": "boolean"}, {"enum": ["true", "false", "True", "False", "1", "0", 1, 0]}]},
)
TEXT_KIND = Kind(
    "a text of at most 255 characters",
    text,
    {"type": ["string", "integer"], "maxLength": 255, "pattern": r"^[^\x00-\x1f\x7f]*$"},
)
MOMENT_KIND = Kind(
    "a date or time as 2026-11-21 or 2026-11-21T15:20:00Z",
    moment,
    {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]},
)


def between(least: int, most: int) -> Kind:
    """Make the kind of a whole number from `least` to `most`, both included."""
    return Kind(
        f"a whole number from {least} to {most}" if most < LARGEST_ID else "the number of a row",
        partial(whole, least=least, most=most),
        _either(
            {"type": "integer", "minimum": least, "maximum": most},
            # Every text of fewer digits than `most` has is in between.
            rf"^{'(0|' if least == 0 else '('}[1-9][0-9]{{0,{len(str(most)) - 2}}})$",
        ),
    )


def one_of(*choices: str) -> Kind:
    """Make the kind of a text that is one of the choices, in any case."""
    by_spelling = {choice.casefold(): choice for choice in choices}

    def parse(value: object) -> str:
        try:
            return by_spelling[text(value).casefold()]
        except KeyError:
            raise ValueError(value) from None

    return Kind("one of " + ", ".join(choices), parse, {"type": "string", "enum": list(choices)})


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
