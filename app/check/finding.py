"""What was found out, in words that never hold a customer's data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sized
from typing import Any, Final, Literal

import msgspec

Result = Literal["works", "differs", "missing", "could not tell"]

WORD: Final = re.compile(r"[A-Za-z][A-Za-z _-]{0,29}")
KEY: Final = re.compile(r"[a-z][a-z_]{0,39}")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One question and what was found out.

    `contract` names the row of the contract that the question is about, `ms` how long the answer
    took (None where nothing was asked for it). Where an essential one does not work, the service
    cannot work with this shop.
    """

    question: str
    result: Result
    seen: str
    contract: str
    ms: float | None = None
    essential: bool = False

    @property
    def failed(self) -> bool:
        """Whether the service cannot work because of this."""
        return self.essential and self.result != "works"


def nothing(question: str, seen: str, contract: str) -> Finding:
    """Say why nothing could be asked."""
    return Finding(question=question, result="could not tell", seen=seen, contract=contract)


def listed(names: Iterable[str], *, most: int = 12) -> str:
    """Join names of Rivo's; what does not look like one is only counted."""
    known, odd = [], 0
    for name in sorted(set(names)):
        if WORD.fullmatch(name):
            known.append(name)
        else:
            odd += 1
    rest = max(0, len(known) - most) + odd
    return ", ".join([*known[:most], *([f"{rest} more"] if rest else [])])


def shape(body: object) -> str:
    """Say how a body is built, by the names at its top and nothing below."""
    if body is None:
        return "no JSON"
    if isinstance(body, Mapping):
        names = [name for name in body if isinstance(name, str) and KEY.fullmatch(name)]
        return "{" + ", ".join(names[:6]) + "}"
    return "a list" if isinstance(body, list) else "a bare value"


def kind(value: Any) -> str:
    """Say of which type a value is."""
    match value:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def short(number: object) -> str:
    """Name a row by the end of its id."""
    return f"…{str(number)[-4:]}"


def rows_of(rows: Sized) -> str:
    """Count rows."""
    return "1 row" if len(rows) == 1 else f"{len(rows)} rows"
