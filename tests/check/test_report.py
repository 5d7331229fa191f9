"""What the check prints: a table, JSON, an exit code, and nobody's data."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from app import cli
from app.main import World
from app.settings import ShopSettings
from integrations.rivo_sandbox import Sandbox, Shop, demo_shop
from tests.check.asked import KEY, Checked

CANARY = "canary"


async def _no_nap(seconds: float) -> None:
    """Go on at once."""


class _Line:
    """Runs the command over a sandbox; `asked` are the shops that were asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, key: str = KEY) -> None:
        world = World()
        self.sandbox = Sandbox(demo_shop(), clock=world.now, key=key, requests_per_second=None)
        self.asked: list[str] = []
        self._monkeypatch = monkeypatch
        replaced = World(transport=self._transport, sleep=_no_nap)
        monkeypatch.setattr(cli, "World", lambda: replaced)
        monkeypatch.setattr(cli, "sandbox_world", lambda: replaced)

    def run(self, *arguments: str, **environ: str) -> Result:
        for name in ("RIVO_API_KEY", "CONFIG", "SECRET_KEY", "API_KEY"):
            self._monkeypatch.delenv(name, raising=False)
        return CliRunner().invoke(cli.main, ["check", *arguments], env=environ)

    def _transport(self, shop: ShopSettings) -> httpx.AsyncBaseTransport:
        self.asked.append(shop.name)
        return httpx.ASGITransport(app=self.sandbox)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> _Line:
    monkeypatch.chdir(tmp_path)
    return _Line(monkeypatch)


def test_a_shop_that_works_ends_with_zero(line: _Line, tmp_path: Path) -> None:
    done = line.run(RIVO_API_KEY=KEY)

    assert 0 == done.exit_code, done.output
    assert "The shop shop" in done.output
    assert "48 works, 1 could not tell. 26 requests, all GET." in done.output
    assert "Nothing essential is in the way." in done.output
    assert [] == list(tmp_path.iterdir()), "to look leaves nothing behind"


def test_a_refused_key_is_one_sentence_and_ends_with_one(line: _Line) -> None:
    done = line.run(RIVO_API_KEY="another-key")

    assert 1 == done.exit_code
    assert "Rivo refuses the key: look it up in Settings, Developer Toolkit. (401)\n" == done.stdout


def test_programs_get_json(line: _Line) -> None:
    done = line.run("--json", RIVO_API_KEY=KEY)

    told = json.loads(done.stdout)
    assert 0 == done.exit_code
    assert (True, "shop", False, 26) == (
        told["ok"],
        told["shop"],
        told["sandbox"],
        told["requests"],
    )
    assert {
        "question": "Rivo accepts the key",
        "result": "works",
        "seen": "sent raw, without Bearer",
        "contract": "1.1",
        "ms": told["findings"][0]["ms"],
        "essential": True,
    } == told["findings"][0]


def test_the_demo_shop_is_checked_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    line = _Line(monkeypatch, key="sandbox")
    done = line.run("--sandbox")

    assert 0 == done.exit_code, done.output
    assert "The demo shop" in done.output
    assert ["sandbox"] == line.asked


def test_one_of_several_shops_has_to_be_named(line: _Line, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[shops.acme]\nrivo_api_key = "another"\n[shops.bolt]\nrivo_api_key = "{KEY}"\n'
    )

    unnamed = line.run(CONFIG=str(config))
    strange = line.run("--shop", "cozy", CONFIG=str(config))
    named = line.run("--shop", "bolt", CONFIG=str(config))

    assert 1 == unnamed.exit_code
    assert "name one with --shop (acme, bolt)" in unnamed.output
    assert 1 == strange.exit_code
    assert "There is no shop of that name: there is acme, bolt." in strange.output
    assert 0 == named.exit_code, named.output
    assert ["bolt"] == line.asked


def test_whom_to_ask_about_has_to_be_somebody(line: _Line) -> None:
    done = line.run("--customer", "not a customer", RIVO_API_KEY=KEY)

    assert 2 == done.exit_code
    assert "it must be an e-mail address or a Shopify customer id" in done.output
    assert [] == line.asked


@pytest.mark.anyio
async def test_nothing_personal_is_printed() -> None:
    def edit(path: str, body: Any) -> Any:
        body[f"{CANARY}@example.com"] = 1
        for name in ("error", "message"):
            if name in body:
                body[name] = f"{CANARY}@example.com is nobody here"
        for row in body["data"] if isinstance(body.get("data"), list) else ():
            row["attributes"][f"{CANARY}@example.com"] = f"{CANARY}-value"
            for name in ("source", "purchase_type"):
                row["attributes"][name] = f"{CANARY}@example.com"
        return body

    shop = _planted(demo_shop())
    headers = {"x-ratelimit-limit": CANARY, "x-powered-by": CANARY}
    report = await Checked(shop, edit=edit, headers=headers).report()
    out = io.StringIO()
    report.show(Console(file=out, width=400))
    printed = out.getvalue() + json.dumps(report.plain(), ensure_ascii=False)

    assert 40 < len(report.findings)
    assert CANARY not in printed
    assert KEY not in printed
    assert [] == re.findall(r"@|\d{6,}", printed)


def _planted(shop: Shop) -> Shop:
    def planted(row: Any, *names: str) -> Any:
        values = {name: f"{CANARY}-{name}-{row.id}" for name in names}
        return msgspec.structs.replace(row, **values)

    customers = (
        msgspec.structs.replace(
            planted(each, "first_name", "last_name", "referral_code"),
            email=f"{CANARY}-{each.id}@example.com",
        )
        for each in shop.customers
    )
    return msgspec.structs.replace(
        shop,
        customers=tuple(customers),
        points_events=tuple(
            planted(each, "title", "internal_note", "external_note") for each in shop.points_events
        ),
        points_redemptions=tuple(planted(each, "code", "name") for each in shop.points_redemptions),
        rewards=tuple(planted(each, "name") for each in shop.rewards),
        vip_tiers=tuple(planted(each, "name") for each in shop.vip_tiers),
    )
