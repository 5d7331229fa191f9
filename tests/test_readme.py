"""The README's promises: every action has a row, and every line works as it says."""

from __future__ import annotations

import functools
import io
import re
import shlex
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import time_machine
from starlette.applications import Starlette

from app.environment import load
from app.main import create_app
from app.observe import make_log
from app.openapi import openapi_routes
from integrations.rivo import ACTIONS

pytestmark = pytest.mark.anyio

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\w+) \| .+ \| `(curl .+)` \|$", re.MULTILINE)
LINES = dict(ROW.findall(TEXT))
ONCE = re.findall(
    r"^(curl .+?) +# (\d+): (.+)$", TEXT.partition("## A credit is given once")[2], re.MULTILINE
)
URL = "http://127.0.0.1:8000"


@pytest.fixture(scope="module", autouse=True)
def _one_document() -> Iterator[None]:
    """Build the OpenAPI document once for all the services of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.main.openapi_routes", functools.cache(openapi_routes))
        yield


@asynccontextmanager
async def demo() -> AsyncIterator[tuple[Starlette, httpx.AsyncClient]]:
    """Make the service of `make run`, its database in memory, and a client of it."""
    settings = load({"DATABASE_URL": "sqlite://"}, sandbox=True)
    app = create_app(settings, log=make_log(io.BytesIO(), level="info", form="json"))
    await app.state.store.open()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        yield app, client
    await app.state.store.close()


async def run(client: httpx.AsyncClient, line: str, **variables: str) -> httpx.Response:
    """Do what a line of curl does."""
    for name, value in {"K": "X-Api-Key: demo", "U": f"{URL}/actions", **variables}.items():
        line = line.replace(f"${name}", value)
    words = shlex.split(line)
    assert ["curl", "-H", "X-Api-Key: demo"] == [words[0], *words[2:4]]
    fields = [words[at + 1] for at, word in enumerate(words) if word == "-d"]
    in_query = "-G" in words
    return await client.request(
        "GET" if in_query or not fields else "POST",
        words[4] + (f"?{'&'.join(fields)}" if in_query else ""),
        headers={
            "X-Api-Key": "demo",
            **({} if in_query else {"Content-Type": "application/x-www-form-urlencoded"}),
        },
        content=None if in_query else "&".join(fields),
    )


def test_every_action_has_a_row() -> None:
    assert list(ACTIONS) == list(LINES)


@pytest.mark.parametrize("action", LINES)
async def test_the_line_of_each_row_works_against_the_demo_shop(action: str) -> None:
    assert ["curl", "-s", "-H", '"$K"', f"$U/{action}"] == LINES[action].split()[:5]
    async with demo() as (_, client):
        given = await run(client, LINES["create_points_event"])
        answer = await run(client, LINES[action], ID=given.json()["operation"]["id"])

    assert 2 == answer.status_code // 100, answer.text
    assert next(iter(answer.json())) != "type"


async def test_a_credit_is_given_once_and_what_became_of_a_lost_reply_is_told() -> None:
    async with demo() as (app, client):
        answers = [await run(client, line) for line, _, _ in ONCE[:-1]]
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=7)):
            await app.state.settler.once()
        answers.append(await run(client, ONCE[-1][0]))
    first, again, _, unknown, found = answers

    assert 5 == len(ONCE)
    assert [int(status) for _, status, _ in ONCE] == [each.status_code for each in answers]
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert "Idempotent-Replayed: true" in ONCE[1][2]
    assert "true" == again.headers["idempotent-replayed"]
    assert ONCE[3][2].strip('"') in unknown.json()["error"]
    for promised in re.findall(r'"\w+":(?:"\w+"|\w+)', ONCE[4][2]):
        assert promised in found.text


def test_it_is_short() -> None:
    assert len(TEXT.splitlines()) < 200
