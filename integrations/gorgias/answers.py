"""Any read as one flat object: `<object>_<key>`, the customer's own keys without a prefix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.gorgias.texts import shown

Flat = dict[str, Any]


def flat_read(answer: Mapping[str, Any], blank: Mapping[str, Any], *, zone: str) -> Flat:
    """Flatten a read's canonical answer; `blank` is the same answer with nothing in it.

    Every key of `blank` is there, also where the answer lacks the whole object.
    """
    there = {
        name: value
        for name, value in answer.items()
        if value is not None or not isinstance(blank[name], Mapping)
    }
    return {"status": "Found", "message": None} | _flat(blank, zone) | _flat(there, zone)


def failed_read(blank: Mapping[str, Any], *, status: str, message: str, zone: str) -> Flat:
    """Answer a read that has nothing to show, with the same keys."""
    return {"status": status, "message": message} | _flat(blank, zone)


def _flat(answer: Mapping[str, Any], zone: str) -> Flat:
    flat: Flat = {}
    for name, value in answer.items():
        if isinstance(value, Mapping):
            for key, inner in value.items():
                flat[f"{name}_{key}".removeprefix("customer_")] = shown(inner, zone)
        elif isinstance(value, list):
            flat[name] = [_row(row, zone) for row in value]
        else:
            flat[name] = shown(value, zone)
    return flat


def _row(row: Mapping[str, Any], zone: str) -> Flat:
    return {key: shown(value, zone) for key, value in row.items()}
