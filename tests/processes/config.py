"""How the services of these tests are configured: one shop, three callers, one of whom leads."""

from __future__ import annotations

import json
from pathlib import Path

from app.limits import RIGHTS
from app.settings import EVERY_ACTION, digest
from tests.processes.rivo import KEY
from tests.simulation.intents import APPROVAL_ABOVE
from tests.simulation.people import KEYS

CALLER = """
[shops.shop.callers.{name}]
door = "actions"
secret_sha256 = ["{secret}"]
actions = {actions}
{more}
"""
MORE = {
    "desk": f"limits = {{ approval_above_points = {APPROVAL_ABOVE} }}",
    "lead": f"rights = {json.dumps(sorted(RIGHTS))}",
}


def configured(place: Path, *, rivo_url: str) -> Path:
    """Write a CONFIG into a folder."""
    shop = f'[shops.shop]\nrivo_api_key = "{KEY}"\nrivo_api_url = "{rivo_url}"\n'
    callers = [
        CALLER.format(
            name=name,
            secret=digest(key).hex(),
            actions=json.dumps(sorted(EVERY_ACTION)),
            more=MORE.get(name, ""),
        )
        for name, key in KEYS.items()
    ]
    path = place / "config.toml"
    path.write_text(shop + "".join(callers), encoding="utf-8")
    return path
