"""What a rule has to say about a package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

Level = Literal["error", "warning"]


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong (`error`: Zendesk refuses the package), or that is worth a look.

    `code` names the rule, `where` the file, `message` is one sentence for people.
    """

    level: Level
    code: str
    where: str
    message: str

    def __str__(self) -> str:
        """Spell the finding as one line."""
        return f"{self.level}: {self.where}: {self.message} [{self.code}]"


Findings = Iterator[Finding]


def error(code: str, where: str, message: str) -> Finding:
    """Say what Zendesk refuses."""
    return Finding("error", code, where, message)


def warning(code: str, where: str, message: str) -> Finding:
    """Say what Zendesk warns of."""
    return Finding("warning", code, where, message)


def words(text: str) -> frozenset[str]:
    """Make a set of the words of a text."""
    return frozenset(text.split())
