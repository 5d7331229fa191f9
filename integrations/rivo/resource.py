"""One resource of Rivo's, read with care: numbers may be text, ids pairs, keys missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.errors import ActionError, OutcomeUnknownError, UnavailableError

LARGEST = 2**63
DIGITS = re.compile(r"[0-9]{1,19}")
# An operator's address inside a note is nobody's business (contract, trap 8). It begins where a
# word does, or a long note without one would be searched from every letter.
OPERATOR = re.compile(r"(?<![^\s@<>()\"'])[^\s@<>()\"']+@[^\s<>()\"']+")
# Our reference stands first in a note; what Rivo cut off within it is still nobody's words.
OURS = re.compile(r"\Aop_(?:[0-9a-f]{32}(?: |\Z)|[0-9a-f]{8,31}\Z)")


def strange(what: str) -> ActionError:
    """Make the error for an answer of Rivo's that is not what its contract says."""
    return UnavailableError(f"Rivo's answer was not understood ({what}).")


def unclear(what: str) -> ActionError:
    """Make the same error for the answer to a write: that may have been applied."""
    return OutcomeUnknownError(
        f"Rivo's answer was not understood ({what}): the change may have been applied. "
        "Do not repeat it before you have looked at the customer."
    )


class Resource:
    """A resource as JSON:API has it: `id`, `type`, `attributes`.

    The accessors return None for what is missing or null and raise `trouble` for what has another
    type than the contract says, naming the attribute: UnavailableError by default, but
    OutcomeUnknownError (`unclear`) where the resource is the answer to a write.
    """

    __slots__ = ("attributes", "id", "trouble", "type")

    def __init__(
        self,
        attributes: Mapping[str, Any],
        row: object = None,
        kind: object = None,
        *,
        trouble: Callable[[str], ActionError] = strange,
    ) -> None:
        self.attributes = attributes
        self.id = _scalar_id(attributes.get("id") if row is None else row)
        self.type = kind if isinstance(kind, str) else None
        self.trouble = trouble

    @classmethod
    def of(cls, data: object, *, trouble: Callable[[str], ActionError] = strange) -> Resource:
        """Read a resource object, or bare attributes where Rivo leaves the envelope out."""
        if not isinstance(data, dict):
            raise trouble("a resource")
        attributes = data.get("attributes")
        if isinstance(attributes, dict):
            return cls(attributes, data.get("id"), data.get("type"), trouble=trouble)
        return cls(data, data.get("id"), trouble=trouble)

    def read_back(self) -> Resource:
        """Return the same resource as what a write left behind: what is odd about it is unclear."""
        return Resource(self.attributes, self.id, self.type, trouble=unclear)

    def text(self, *names: str) -> str | None:
        """Return the first of the named attributes that is filled, as text."""
        value = self._first(names)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.trouble(names[0])
        return str(value)

    def whole(self, *names: str) -> int | None:
        """Return a whole number, also where it came as text or as 100.0."""
        value = self._first(names)
        if value is None or (type(value) is int and -LARGEST <= value < LARGEST):
            return value
        try:
            number = Decimal(str(value))
            is_whole = -LARGEST <= number < LARGEST and number == int(number)
        except InvalidOperation:
            is_whole, number = False, Decimal(0)
        if not is_whole or isinstance(value, bool):
            raise self.trouble(names[0])
        return int(number)

    def number(self, *names: str) -> int | float | None:
        """Return a number as Rivo wrote it, with or without a fraction."""
        value = self._first(names)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                raise self.trouble(names[0]) from None
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.trouble(names[0])
        if not -LARGEST < value < LARGEST:  # nan is not, either
            raise self.trouble(names[0])
        return value

    def money(self, *names: str) -> str | None:
        """Return a decimal as Rivo's text, never normalised ("25.50")."""
        text = self.text(*names)
        if text is None:
            return None
        try:
            is_amount = Decimal(text).is_finite()
        except InvalidOperation:
            is_amount = False
        if not is_amount:
            raise self.trouble(names[0])
        return text

    def flag(self, *names: str) -> bool | None:
        """Return true or false."""
        value = self._first(names)
        if value is None or isinstance(value, bool):
            return value
        raise self.trouble(names[0])

    def texts(self, *names: str) -> list[str] | None:
        """Return a list of texts."""
        value = self._first(names)
        if value is None:
            return None
        if not isinstance(value, list):
            raise self.trouble(names[0])
        return [str(item) for item in value]

    def day(self, *names: str) -> str | None:
        """Return a date that Rivo wrote as prose ("October 04, 2024") as 2024-10-04.

        What is not in that form stays as it is.
        """
        text = self.text(*names)
        try:
            return text and f"{datetime.strptime(text, '%B %d, %Y').replace(tzinfo=UTC):%Y-%m-%d}"
        except ValueError:
            return text

    def note(self, *names: str) -> str | None:
        """Return an internal note without our reference and the addresses of operators."""
        text = self.text(*names)
        return text and (OPERATOR.sub("[e-mail]", OURS.sub("", text)) or None)

    def inner(self, name: str) -> Resource | None:
        """Return a nested object as a resource of its own."""
        value = self.attributes.get(name)
        if value is None:
            return None
        return Resource.of(value, trouble=self.trouble)

    def full(self) -> dict[str, object]:
        """Return the resource for `shape=full`: Rivo's own, but for what `note` leaves out."""
        attributes = dict(self.attributes)
        if "internal_note" in attributes:
            attributes["internal_note"] = self.note("internal_note")
        return {"id": self.id, "type": self.type, "attributes": attributes}

    def _first(self, names: tuple[str, ...]) -> Any:
        for name in names:
            if (value := self.attributes.get(name)) is not None:
                return value
        return None


def _scalar_id(value: object) -> int | None:
    """Read an id; inside some attributes it is a pair of shop and row (contract, trap 3)."""
    if isinstance(value, list) and value:
        value = value[-1]
    if isinstance(value, str) and DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < LARGEST else None
