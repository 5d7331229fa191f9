"""Parameters as Grape reads them: text coerced, problems collected, unknown names ignored."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from integrations.rivo_sandbox.answers import InvalidError, StatusError

_INTEGER = re.compile(r"[+-]?\d{1,18}")
_DECIMAL = re.compile(r"[+-]?(\d{1,12}(\.\d{1,12})?|\.\d{1,12})")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Params:
    """The parameters of one request; `done` refuses them if anything was wrong with them."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: value for name, value in values.items() if value not in (None, "")}
        self.problems: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def drop(self, name: str) -> None:
        """Forget a parameter, as a server does that never heard of it."""
        self._values.pop(name, None)

    def require(self, *names: str) -> None:
        """Note every name that is missing."""
        self.problems += [f"{name} is missing" for name in names if name not in self._values]

    def invalid(self, name: str) -> None:
        """Note that a parameter is wrong."""
        self.problems.append(f"{name} is invalid")

    def done(self) -> None:
        """Raise InvalidError if any parameter was missing or wrong."""
        if self.problems:
            raise InvalidError(self.problems)

    def text(self, name: str) -> str | None:
        """Read text; numbers and booleans of a JSON body are spelled out."""
        value = self._values.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        self.invalid(name)
        return None

    def integer(
        self, name: str, *, least: int | None = None, most: int | None = None
    ) -> int | None:
        """Read an integer of any size that Rivo's ids have."""
        text = self.text(name)
        if text is None:
            return None
        if not _INTEGER.fullmatch(text):
            self.invalid(name)
            return None
        number = int(text)
        if (least is not None and number < least) or (most is not None and number > most):
            self.problems.append(f"{name} does not have a valid value")
            return None
        return number

    def decimal(self, name: str) -> Decimal | None:
        """Read a decimal number with the digits it was sent with."""
        text = self.text(name)
        if text is None:
            return None
        if not _DECIMAL.fullmatch(text):
            self.invalid(name)
            return None
        return Decimal(text)

    def boolean(self, name: str) -> bool | None:
        """Read a boolean."""
        text = self.text(name)
        if text is None:
            return None
        value = _BOOLEANS.get(text.lower())
        if value is None:
            self.invalid(name)
        return value

    def moment(self, name: str) -> datetime | None:
        """Read an ISO 8601 time; one without an offset is UTC."""
        text = self.text(name)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.invalid(name)
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def choice(self, name: str, allowed: Collection[str]) -> str | None:
        """Read one of a list of words."""
        text = self.text(name)
        if text is not None and text not in allowed:
            self.problems.append(f"{name} does not have a valid value")
            return None
        return text

    def words(self, name: str) -> tuple[str, ...] | None:
        """Read a list of words: a JSON array, or `name[]` repeated in a form."""
        value = self._values.get(name, self._values.get(f"{name}[]"))
        if value is None:
            return None
        return tuple(map(str, value)) if isinstance(value, list) else (str(value),)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Read an array of objects."""
        value = self._values.get(name)
        if isinstance(value, list) and all(isinstance(row, dict) for row in value):
            return value
        if value is not None:
            self.invalid(name)
        return []


def read_query(query: str) -> dict[str, Any]:
    """Read a query string; a name that ends in `[]` collects its values, else the last one wins."""
    values: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name.endswith("[]"):
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return values


def read_body(body: bytes, content_type: str) -> dict[str, Any]:
    """Read a form or a JSON object; anything else is 415, broken JSON 400, as Grape has it."""
    if not body:
        return {}
    media = content_type.partition(";")[0].strip().lower()
    if media == "application/x-www-form-urlencoded":
        return read_query(body.decode("utf-8", "replace"))
    if media != "application/json":
        raise StatusError(415, f"The provided content-type '{media}' is not supported.")
    try:
        values = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise StatusError(400, "message body does not match declared format") from None
    if not isinstance(values, dict):
        raise StatusError(400, "message body does not match declared format")
    return values
