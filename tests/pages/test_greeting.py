"""What `serve` says before it serves: where to look, and a line that works."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from app import cli
from app.serving.server import Server
from tests.pages.site import client, request_of

pytestmark = pytest.mark.anyio


Greet = Callable[..., str]


@pytest.fixture
def greet(monkeypatch: pytest.MonkeyPatch) -> Greet:
    """Greet without serving."""
    monkeypatch.setattr(Server, "run", lambda server: setattr(server, "started", True))
    for name in ("RIVO_API_KEY", "API_KEY", "CONFIG", "HOST", "PORT"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, **environ: str) -> str:
        done = CliRunner().invoke(cli.main, ["serve", *arguments], env=environ)
        assert 0 == done.exit_code, done.output
        return done.stderr

    return run


async def test_the_sandbox_greets_with_a_line_that_works(greet: Greet) -> None:
    said = greet("--sandbox", "--port", "8123")
    asked = request_of(said[said.index("curl") :].strip())

    assert "documentation: http://127.0.0.1:8123/docs" in said
    assert asked["url"].startswith("http://127.0.0.1:8123/actions/get_customer?")
    assert 200 == (await client().request(**asked)).status_code


def test_a_key_of_ones_own_is_not_the_demo_key(greet: Greet) -> None:
    said = greet("--sandbox", "--host", "::1", API_KEY="a-key-of-my-own-0001")

    assert 'Authorization: Bearer $API_KEY"' in said
    assert "http://[::1]:8000/actions/" in said
    assert "a-key-of-my-own" not in said


def test_a_service_without_callers_says_that_its_doors_are_closed(greet: Greet) -> None:
    said = greet(RIVO_API_KEY="key-of-a-shop-0001", SECRET_KEY="key-of-the-hashes-0001")

    assert "every door is closed: set API_KEY to open /actions" in said
    assert "curl" not in said
