"""From what a helpdesk sends to what an action takes: text from templates becomes typed values.

A `Kind` is how one kind of input is read; `integrations.kinds` has those that there are.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from integrations.errors import InputError, NotFoundError
from integrations.spellings import (
    AMOUNT,
    BIRTHDAY,
    EMAIL,
    MOMENT,
    OPERATION,
    PRINTABLE,
    SPACE,
    TEXT,
    WHOLE,
    numbers,
)

ABSENT = frozenset({"", "none", "null", "undefined"})
# Every number of up to 18 digits is one, so that a pattern can say so.
LARGEST_ID = 10**18 - 1
LARGEST_AMOUNT = 1_000_000_000
LARGEST_MONEY = 999_999_999.999

_ID = re.compile(numbers(1, LARGEST_ID))
_EMAIL = re.compile(EMAIL)
_TEXT = re.compile(TEXT)
# Half of a surrogate pair is no character: it cannot be sent anywhere.
_HALF = re.compile(r"[\ud800-\udfff]")


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
    return value.strip(SPACE).lower() in ABSENT or "{{" in value


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
        return kind.parse(value.strip(SPACE) if isinstance(value, str) else value)
    except (ValueError, OverflowError, InvalidOperation):
        raise InputError(name, expected=kind.expected, given=shortened(value)) from None


def whole(value: object, *, least: int = -LARGEST_AMOUNT, most: int = LARGEST_AMOUNT) -> int:
    """Read a whole number: 100, "100", 100.0 and "100.0" are the same."""
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, str):
        if not re.fullmatch(WHOLE, value):
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
    if not re.fullmatch(AMOUNT, str(value)):
        raise ValueError(value)
    return Decimal(value)


def more_than_nothing(value: object) -> Decimal:
    """Read an amount above 0."""
    if (read_amount := amount(value)) <= 0:
        raise ValueError(value)
    return read_amount


def truth(value: object) -> bool:
    """Read yes or no, in JSON's spelling and in templates'."""
    if isinstance(value, int | Decimal) and value in (0, 1):
        return bool(value)
    spelled = value.lower() if isinstance(value, str) else None
    if spelled in ("true", "1", "yes"):
        return True
    if spelled in ("false", "0", "no"):
        return False
    raise ValueError("neither yes nor no")


def text(value: object) -> str:
    """Read one text; a number is taken for its digits."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(value)
    read_text = str(value)
    if not _TEXT.fullmatch(read_text) or _HALF.search(read_text):
        raise ValueError(value)
    return read_text


def customer_identifier(value: object) -> str:
    """Read an e-mail address or a Shopify customer id; a masked address is never matched."""
    is_id = _ID.fullmatch(value) if isinstance(value, str) else isinstance(value, int | Decimal)
    if is_id and not isinstance(value, bool):
        return str(whole(value, least=1, most=LARGEST_ID))
    address = email(value)
    if "*" in address:
        raise NotFoundError("A masked e-mail address never matches a customer.")
    return address


def email(value: object) -> str:
    """Read an e-mail address; a space inside is a plus sign that lost its encoding.

    One that reads like a path ("../a@b") is refused: no request could carry it.
    """
    address = value.replace(" ", "+") if isinstance(value, str) else ""
    if not _EMAIL.fullmatch(address) or _HALF.search(address):
        raise ValueError(value)
    return address


def birthday(value: object) -> str:
    """Read a birthday as MM-DD from MM-DD, YYYY-MM-DD, or DD/MM/YYYY where it is unambiguous."""
    if not isinstance(value, str) or not re.fullmatch(BIRTHDAY, value):
        raise ValueError("no such day, or the day and the month could be either way round")
    return f"{value[3:5]}-{value[:2]}" if "/" in value else value[-5:]


def moment(value: object) -> datetime:
    """Read a date or a time of ISO 8601; without an offset it is UTC."""
    if not isinstance(value, str) or not re.fullmatch(MOMENT, value):
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
    if not re.fullmatch(PRINTABLE, key):
        raise ValueError(value)
    return key


def operation(value: object) -> str:
    """Read an operation's id, as every write's answer has it."""
    if not isinstance(value, str) or not re.fullmatch(OPERATION, value):
        raise ValueError(value)
    return value
