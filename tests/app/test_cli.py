"""`rivo-helpdesk serve`: what it hands to the server, and how it says that it cannot start."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from app import cli
from app.serving.server import Server
from tests.app.serving import API_KEY, ENVIRON

pytestmark = pytest.mark.anyio

Serve = Callable[..., Result]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Catch what would have been served."""
    caught: list[dict[str, Any]] = []

    def run(server: Server) -> None:
        caught.append(vars(server.config))
        server.started = True

    monkeypatch.setattr(Server, "run", run)
    for name in (*ENVIRON, "CONFIG", "HOST", "PORT", "TRUSTED_PROXIES"):
        monkeypatch.delenv(name, raising=False)
    return caught


def serve(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(cli.main, ["serve", *arguments], env=environ)


@pytest.mark.parametrize(
    ("arguments", "environ", "host", "port"),
    [
        ((), {}, "127.0.0.1", 8000),
        ((), {"HOST": "10.0.0.1", "PORT": "9000"}, "10.0.0.1", 9000),
        (("--host", "::1", "--port", "0"), {"HOST": "10.0.0.1", "PORT": "9000"}, "::1", 0),
    ],
)
def test_it_listens_where_it_is_told(
    served: list[dict[str, Any]],
    arguments: tuple[str, ...],
    environ: dict[str, str],
    host: str,
    port: int,
) -> None:
    done = serve(*arguments, **ENVIRON, **environ)
    (how,) = served

    assert (0, "") == (done.exit_code, done.stdout)
    assert (host, port) == (how["host"], how["port"])


def test_the_server_says_nothing_of_itself_and_trusts_nobody(served: list[dict[str, Any]]) -> None:
    serve(**ENVIRON)
    (how,) = served

    assert (False, False, False) == (how["access_log"], how["server_header"], how["proxy_headers"])
    assert how["timeout_graceful_shutdown"] <= 15


def test_a_proxy_is_trusted_where_it_is_named(served: list[dict[str, Any]]) -> None:
    serve(**ENVIRON, TRUSTED_PROXIES="10.0.0.1,10.0.0.2")
    (how,) = served

    assert (True, "10.0.0.1,10.0.0.2") == (how["proxy_headers"], how["forwarded_allow_ips"])


@pytest.mark.parametrize(
    ("arguments", "environ", "told"),
    [
        ((), {}, "RIVO_API_KEY is missing: set it to the shop's key, or start with --sandbox."),
        ((), {"RIVO_API_KEY": ""}, "RIVO_API_KEY is empty: give it a value, or do not set it."),
        (
            ("--sandbox",),
            {"API_KEY": ""},
            "API_KEY is empty: give it a value, or do not set it.",
        ),
        (("--sandbox",), {"PORT": "x"}, "PORT must be a number from 0 to 65535."),
        ((), {"CONFIG": "nowhere"}, "CONFIG: nowhere cannot be read (FileNotFoundError)."),
    ],
)
def test_what_keeps_it_from_starting_is_one_sentence(
    served: list[dict[str, Any]], arguments: tuple[str, ...], environ: dict[str, str], told: str
) -> None:
    done = serve(*arguments, **environ)

    assert 1 == done.exit_code
    assert f"Error: {told}\n" == done.stderr
    assert ("", []) == (done.stdout, served)


async def test_what_it_hands_over_is_the_service(
    served: list[dict[str, Any]], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    serve("--sandbox")
    transport = httpx.ASGITransport(app=served[0]["app"])
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get("/actions/list_vip_tiers", headers={"x-api-key": "demo"})

    assert 200 == answer.status_code


async def test_files_are_read_again_by_the_service_that_it_starts(
    served: list[dict[str, Any]], tmp_path: Path
) -> None:
    secret = tmp_path / "api_key"
    secret.write_text("first-0001")
    rest = {name: value for name, value in ENVIRON.items() if name != "API_KEY"}
    serve(**rest, API_KEY_FILE=str(secret))
    app = served[0]["app"]
    transport = httpx.ASGITransport(app=app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        app.router.lifespan_context(app),
    ):
        secret.write_text("second-0002")
        statuses = []
        for _ in range(20):
            answer = await client.get("/actions", headers={"x-api-key": "second-0002"})
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                break
            await asyncio.sleep(0.5)

    assert 401 == statuses[0]
    assert 200 == statuses[-1]
    assert len(statuses) <= 12


def test_the_log_goes_to_standard_output(served: list[dict[str, Any]]) -> None:
    done = serve(**ENVIRON)

    assert API_KEY not in done.output
    assert [] == [json.loads(line) for line in done.stdout.splitlines()]
