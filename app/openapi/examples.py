"""One example for each action: what is asked, and what both doors answer.

They lie beside this module as JSON. What is asked is written by hand; the answers are the demo
shop's, and two under `shape=full` those of Rivo's documentation. A test keeps them true.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

FILE: Final = Path(__file__).with_name("examples.json")


class Full(msgspec.Struct, frozen=True):
    """What is asked with `shape=full`, and what is answered."""

    given: dict[str, Any]
    answer: dict[str, Any]


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """One example; `answer` is canonical, `flat` that of /gorgias."""

    given: dict[str, Any]
    answer: dict[str, Any]
    flat: dict[str, Any]
    full: Full | None = None


def read_examples() -> dict[str, Example]:
    """Read the example of every action, by its name."""
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, Example])
