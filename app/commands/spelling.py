"""Texts of others, spelt for a terminal: shown as they are, but for what would steer it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

HIDDEN: Final = "********"
TELLING: Final = 8
"""So much of a secret tells which it is."""


def spelt(text: str, *, secrets: Iterable[str] = ()) -> str:
    """Write out what is not printable (only lines stay lines), and hide our own `secrets`.

    Escape sequences, their one-character forms (U+0080 to U+009F) and marks that turn the direction
    of writing come as numbers.
    """
    for each in secrets:
        text = re.sub(rf"\S*{re.escape(each[:TELLING])}\S*", HIDDEN, text)  # it may be cut off
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in text
    )
