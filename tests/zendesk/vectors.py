"""The recorded signatures and tokens: what is accepted, and every change that is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parent / "samples" / "vectors.seed.json"


def vector(name: str) -> dict[str, Any]:
    """Read one vector."""
    found: dict[str, Any] = json.loads(FILE.read_bytes())[name]
    return found


def accepted(name: str) -> list[dict[str, Any]]:
    """List what must be let in: the vector itself, and its variants."""
    plain = {"why": "as it is", **vector(name)}
    return [plain, *({**plain, **change} for change in plain.get("accept", []))]


def refused(name: str) -> list[dict[str, Any]]:
    """List what must be refused: the vector with each change."""
    return [{**vector(name), **change} for change in vector(name)["reject"]]


def why(case: dict[str, Any]) -> str:
    """Name a case in a test's id."""
    told: str = case["why"]
    return told.replace(" ", "_")
