"""The guide says what is so: its pictures are there, and what it names is called so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import integrations.zendesk
from app.environment import load
from integrations.zendesk.package import EXPECTED
from integrations.zendesk.requirements import GIFTS, requirements
from tests.zendesk_package.test_commands import SHOP

HERE = Path(integrations.zendesk.__path__[0])
GUIDE = (HERE / "README.md").read_text(encoding="utf-8")
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", GUIDE))))
def test_every_file_that_it_shows_or_names_by_a_link_is_there(link: str) -> None:
    assert (HERE / link).is_file()


def test_every_test_that_it_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/.]+)`", GUIDE)

    assert 4 == len(named)
    assert [] == [each for each in named if not (ROOT / each).exists()]


def test_it_names_every_macro_and_tag() -> None:
    told = requirements("", currency=None, reason="")

    assert [] == [each.tag for each in GIFTS if f"`{each.tag}`" not in GUIDE]
    for macro in told["macros"].values():
        first, _, rest = macro["title"].partition("::")
        assert first in GUIDE
        assert rest.replace("5.00 ", "5.00 … ") in GUIDE


def test_the_settings_that_it_names_are_read() -> None:
    env = {
        **SHOP,
        "SECRET_KEY": "key-of-the-hashes-0001",
        "ZENDESK_SUBDOMAIN": "acme",
        "ZENDESK_SHARED_SECRET": "old-secret-0001 new-secret-0001",
        "ZENDESK_WEBHOOK_SECRET": "webhook-secret-0001",
        "ZENDESK_USER": "agent@example.com",
        "ZENDESK_API_TOKEN": "token-0001",
    }
    assert [] == [name for name in env if name.startswith("ZENDESK_") and name not in GUIDE]

    (shop,) = load(env).shops
    assert shop.zendesk
    assert ("old-secret-0001", "new-secret-0001") == shop.zendesk.shared_secrets


def test_the_table_for_config_is_taken(tmp_path: Path) -> None:
    (table,) = re.findall(r"```toml\n(.+?)```", GUIDE, re.DOTALL)
    for name in ("rivo", "acme_zendesk", "acme_zendesk_webhook"):
        (tmp_path / name).write_text(f"secret-in-{name}-0001")
    head = f'[shops.acme]\nrivo_api_key_file = "{tmp_path}/rivo"\n'
    config = tmp_path / "config.toml"
    config.write_text(head + table.replace("/run/secrets", str(tmp_path)))

    (shop,) = load(
        {"CONFIG": str(config), "SECRET_KEY": "x" * 20, "DATABASE_URL": "sqlite://"}
    ).shops
    limits = {each.name: each.limits for each in shop.callers}
    assert (200, 100) == tuple(each.points_per_write for each in limits.values())


def test_it_argues_every_warning() -> None:
    words = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}

    assert f"Ours has {words[len(EXPECTED)]} warnings" in GUIDE
