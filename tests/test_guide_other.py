"""The guide for any other tool: each exchange in it is what the service really answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.environment import load
from app.limits import BUILT_IN
from tests.test_readme import URL, demo

pytestmark = pytest.mark.anyio

GUIDE = Path(__file__).parents[1] / "integrations" / "other" / "README.md"
TEXT = GUIDE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```http\n(.+?)^```$", TEXT, re.MULTILINE | re.DOTALL)
EXCHANGES = list(zip(BLOCKS[::2], BLOCKS[1::2], strict=True))


def shown_in(shown: Any, answer: Any) -> bool:
    """Say whether what is shown is in an answer; "…" stands for any text that is there."""
    if isinstance(shown, dict):
        return isinstance(answer, dict) and all(
            name in answer and shown_in(value, answer[name]) for name, value in shown.items()
        )
    return isinstance(answer, str) and bool(answer) if shown == "…" else bool(shown == answer)


@pytest.mark.parametrize(
    "exchange", EXCHANGES, ids=[f"{n}-{each[0].split()[1]}" for n, each in enumerate(EXCHANGES)]
)
async def test_each_request_is_answered_as_shown(exchange: tuple[str, str]) -> None:
    (head, _, body), (status, _, answer) = (each.partition("\n\n") for each in exchange)
    first, *headers = head.splitlines()
    method, path = first.split()
    named = dict(line.replace("<key>", "demo").split(": ", 1) for line in headers)
    async with demo() as (_, client):
        real = await client.request(method, f"{URL}{path}", headers=named, content=body)

    assert int(status) == real.status_code, real.text
    assert shown_in(json.loads(answer), real.json()), real.text


def test_the_caller_in_the_guide_can_be_configured(tmp_path: Path) -> None:
    (table,) = re.findall(r"^```toml\n(.+?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    config = tmp_path / "config.toml"
    (tmp_path / "rivo").write_text("a-key-of-rivo-0001")
    shop = f'[shops.acme]\nrivo_api_key_file = "{tmp_path}/rivo"\n'
    config.write_text(shop + table.replace('"…"', f'"{"0" * 64}"'))

    ((caller,),) = (
        shop.callers
        for shop in load({"CONFIG": str(config), "SECRET_KEY": "key-of-the-hashes"}).shops
    )

    assert "ai_agent" == caller.name
    assert frozenset({"get_sidebar", "create_points_event"}) == caller.actions
    assert (100, 300, 5000, 50) == (
        caller.limits.points_per_write,
        caller.limits.points_per_customer_month,
        caller.limits.points_per_caller_day,
        caller.limits.approval_above_points,
    )
    assert BUILT_IN.credits_per_write == caller.limits.credits_per_write
