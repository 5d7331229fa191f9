"""The README's promises: every action has a row, and every row's line works."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import httpx
import pytest

from app.environment import load
from app.main import create_app
from app.observe import make_log
from integrations.rivo import ACTIONS

pytestmark = pytest.mark.anyio

README = Path(__file__).parents[1] / "README.md"
ROW = re.compile(r"^\| (\w+) \| .+ \| `(curl .+)` \|$", re.MULTILINE)
LINES = dict(ROW.findall(README.read_text(encoding="utf-8")))


def test_every_action_has_a_row() -> None:
    assert list(ACTIONS) == list(LINES)


@pytest.mark.parametrize("action", LINES)
async def test_the_line_of_each_row_works_against_the_demo_shop(action: str) -> None:
    settings = load({}, sandbox=True)
    app = create_app(settings, log=make_log(io.BytesIO(), level="info", form="json"))
    words = shlex.split(LINES[action])
    fields = [words[at + 1] for at, word in enumerate(words) if word == "-d"]
    method = "POST" if fields else "GET"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        answer = await client.request(
            method,
            f"http://127.0.0.1:8000/actions/{action}",
            headers={"X-Api-Key": "demo", "Content-Type": "application/x-www-form-urlencoded"},
            content="&".join(fields),
        )

    assert ["curl", "-s", "-H", "$K", f"$U/{action}"] == words[:5]
    assert 2 == answer.status_code // 100, answer.text
    assert next(iter(answer.json())) != "type"


def test_it_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 200
