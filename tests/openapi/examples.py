"""Answers the requests of the examples anew: `python -m tests.openapi.examples` writes them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import httpx

from app.openapi import Example, read_examples
from app.openapi.examples import FILE
from tests.openapi.served import client, service

SAMPLES: Final = Path(__file__).parents[1] / "rivo_sandbox" / "samples"
SEEDS: Final = {
    "create_points_redemption": "seed_create_points_redemption.doc.json",
    "cancel_membership": "seed_cancel_membership.doc.json",
}
"""The examples under `shape=full` that Rivo's documentation shows."""


def seed(action: str) -> Any:
    """Read what the documentation shows of an action."""
    return json.loads((SAMPLES / SEEDS[action]).read_bytes())


async def answered(action: str, example: Example) -> dict[str, Any]:
    """Ask for an example through both doors, each time of a fresh demo shop."""
    told: dict[str, Any] = {"given": example.given}
    for name, door in (("answer", "actions"), ("flat", "gorgias")):
        async with client(service()) as http:
            if action == "reverse_points_event":
                told["given"] = {"operation_id": await _points_given(http)}
            answer = await http.post(f"/{door}/{action}", json=told["given"])
        assert answer.is_success, (action, answer.text)
        told[name] = answer.json()
    if example.full is not None:
        shown_whole = {**seed(action), "operation": told["answer"]["operation"]}
        told["full"] = {"given": example.full.given, "answer": shown_whole}
    return told


async def _points_given(http: httpx.AsyncClient) -> str:
    """Give points, so that there is something to take back; names the operation."""
    given = read_examples()["create_points_event"].given
    answer = await http.post("/actions/create_points_event", json=given)
    operation_id: str = answer.json()["operation"]["id"]
    return operation_id


async def all_answered() -> dict[str, Any]:
    """Ask for every example."""
    return {name: await answered(name, each) for name, each in read_examples().items()}


def shown(answers: dict[str, Any]) -> str:
    """Write the answers as they lie in the file."""
    return json.dumps(answers, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(shown(asyncio.run(all_answered())), encoding="utf-8")
