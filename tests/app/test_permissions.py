"""What CONFIG says that may be done, and how much of it: read exactly, or refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.environment import load
from app.limits import BUILT_IN, RIGHTS, Limits
from app.settings import EVERY_ACTION, CallerSettings, SettingsError, ShopSettings

CONFIG = f"""
[shops.acme]
rivo_api_key = "rivo-key-of-acme"

[shops.acme.callers.buttons]
door = "gorgias"
secret_sha256 = ["{"a" * 64}"]
actions = ["create_points_event"]

[shops.acme.callers.mesa]
door = "actions"
secret_sha256 = ["{"b" * 64}"]
actions = ["*"]
"""
SHOP = "shops.acme"
BUTTONS = "shops.acme.callers.buttons"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def shop(line: str = "", *, where: str = SHOP) -> ShopSettings:
    """Read CONFIG with one more line in one of its tables."""
    assert f"[{where}]\n" in CONFIG
    Path("config.toml").write_text(CONFIG.replace(f"[{where}]\n", f"[{where}]\n{line}\n"))
    (only,) = load({"CONFIG": "config.toml", "SECRET_KEY": "key-of-the-hashes"}).shops
    return only


def buttons(line: str) -> CallerSettings:
    return shop(line, where=BUTTONS).callers[0]


def refusal(line: str, *, where: str = SHOP) -> str:
    with pytest.raises(SettingsError) as caught:
        shop(line, where=where)
    said = str(caught.value)
    assert said.startswith(f"CONFIG: {where}") or "too large" in said
    assert "\n" not in said
    return said


def test_a_caller_of_which_nothing_more_is_said_has_what_is_built_in() -> None:
    acme = shop()

    assert [BUILT_IN] * 2 == [each.limits for each in acme.callers]
    assert [{"manual"}, None] == [each.sources for each in acme.callers]
    assert [set()] * 2 == [each.rights for each in acme.callers]
    assert (Limits(), (), frozenset()) == (acme.limits, acme.reasons, acme.kill)


@pytest.mark.parametrize(
    ("line", "limits"),
    [
        ("limits = {}", BUILT_IN),
        (
            "limits = { points_per_write = 0 }",
            Limits(
                points_per_write=0,
                credits_per_write=BUILT_IN.credits_per_write,
                writes_per_agent_day=BUILT_IN.writes_per_agent_day,
            ),
        ),
        (
            "limits = { credits_per_write = 0.125, writes_per_agent_day = 1000000000 }",
            Limits(
                points_per_write=BUILT_IN.points_per_write,
                credits_per_write=Decimal("0.125"),
                writes_per_agent_day=1_000_000_000,
            ),
        ),
    ],
)
def test_a_limit_that_is_set_replaces_the_built_in_one(line: str, limits: Limits) -> None:
    assert limits == buttons(line).limits


@pytest.mark.parametrize("amount", ["10.1", '"10.1"', '"10.100"', "10.100", "1_0.1"])
def test_amounts_are_never_binary_fractions(amount: str) -> None:
    found = shop(f"limits.credits_per_shop_day = {amount}").limits

    assert Limits(credits_per_shop_day=Decimal("10.1")) == found
    assert type(found.credits_per_shop_day) is Decimal


def test_every_limit_can_be_set() -> None:
    values: dict[str, Any] = dict.fromkeys(Limits.__struct_fields__, 7)
    values["reason_required"] = True
    lines = "\n".join(f"limits.{name} = {str(value).lower()}" for name, value in values.items())

    assert Limits(**values) == shop(lines).limits
    assert Limits(**values) == buttons(lines).limits


def test_sources_and_rights_are_those_that_are_listed() -> None:
    assert frozenset() == buttons("sources = []").sources
    assert (
        frozenset({"visit_url", "manual"}) == buttons('sources = ["visit_url", "manual"]').sources
    )
    assert {"settle", "approve"} == buttons('rights = ["settle", "approve"]').rights
    assert RIGHTS == buttons('rights = ["approve", "settle", "read_operations"]').rights


@pytest.mark.parametrize(
    ("line", "kill"),
    [
        ('kill = ["*"]', EVERY_ACTION),
        ('kill = ["get_sidebar", "*"]', EVERY_ACTION),
        ('kill = ["get_sidebar", "create_referral"]', {"get_sidebar", "create_referral"}),
    ],
)
def test_actions_are_switched_off_by_name_or_all(line: str, kill: frozenset[str]) -> None:
    assert kill == shop(line).kill


def test_reasons_lose_only_what_nobody_sees() -> None:
    found = shop('reasons = ["  Late   delivery", "Cadeau d\'été"]')

    assert ("Late delivery", "Cadeau d'été") == found.reasons


AMOUNT = 'must be an amount from 0 to 999999999 with at most three decimals, like "25.00".'
NUMBER = "must be a whole number from 0 to 1000000000."


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("limits = 5", "Expected `object`, got `int` - at `$.limits`."),
        (
            "limits.points_per_wriet = 5",
            ".limits has an unknown key points_per_wriet (did you mean points_per_write?).",
        ),
        ("limits.x = 5", ".limits has an unknown key x (known are approval_above_credits, "),
        ("limits.points_per_write = -1", f".limits.points_per_write {NUMBER}"),
        ("limits.points_per_write = 1.5", f".limits.points_per_write {NUMBER}"),
        ("limits.points_per_write = 1000000001", f".limits.points_per_write {NUMBER}"),
        ("limits.points_per_write = '5'", f".limits.points_per_write {NUMBER}"),
        ("limits.points_per_write = true", f".limits.points_per_write {NUMBER}"),
        ("limits.writes_per_minute = nan", f".limits.writes_per_minute {NUMBER}"),
        ("limits.credits_per_write = -1", f".limits.credits_per_write {AMOUNT}"),
        ("limits.credits_per_write = '-0.5'", f".limits.credits_per_write {AMOUNT}"),
        ("limits.credits_per_write = 0.0001", f".limits.credits_per_write {AMOUNT}"),
        ("limits.credits_per_write = 1e999999999", f".limits.credits_per_write {AMOUNT}"),
        ("limits.credits_per_write = inf", f".limits.credits_per_write {AMOUNT}"),
        ("limits.credits_per_write = 1000000000", f".limits.credits_per_write {AMOUNT}"),
        ("limits.credits_per_write = '$25'", f".limits.credits_per_write {AMOUNT}"),
        ("limits.credits_per_write = '٢٥'", f".limits.credits_per_write {AMOUNT}"),
        ("limits.credits_per_write = '25\\n'", f".limits.credits_per_write {AMOUNT}"),
        ("limits.credits_per_write = true", f".limits.credits_per_write {AMOUNT}"),
        ("limits.credits_per_write = 2026-11-22", f".limits.credits_per_write {AMOUNT}"),
        ("limits.credits_per_write = [25]", f".limits.credits_per_write {AMOUNT}"),
        ("limits.reason_required = 1", ".limits.reason_required must be true or false."),
    ],
)
@pytest.mark.parametrize("where", [SHOP, BUTTONS])
def test_a_wrong_limit_is_refused(where: str, line: str, told: str) -> None:
    assert told in refusal(line, where=where)


@pytest.mark.parametrize(
    ("where", "line", "told"),
    [
        (SHOP, 'kill = "*"', "Expected `array`, got `str` - at `$.kill`."),
        (
            SHOP,
            'kill = ["get_costumer"]',
            ".kill names get_costumer, which is no action (did you mean get_customer?).",
        ),
        (
            BUTTONS,
            'sources = ["manuel"]',
            ".sources names manuel, which is no source (did you mean manual?).",
        ),
        (
            BUTTONS,
            'sources = ["*"]',
            ".sources names *, which is no source (known are custom_action, facebook_like, ",
        ),
        (BUTTONS, "sources = 3", "got `int` - at `$.sources`."),
        (
            BUTTONS,
            'rights = ["setle"]',
            ".rights names setle, which is no right (did you mean settle?).",
        ),
        (
            BUTTONS,
            'rights = ["\\n"]',
            ".rights names without a name, which is no right (known are approve, "
            "read_operations, settle).",
        ),
        (SHOP, "reasons = [3]", "Expected `str`, got `int` - at `$.reasons[0]`."),
        (SHOP, 'reasons = [" "]', ".reasons lists texts of 1 to 255 characters."),
        (SHOP, 'reasons = ["None"]', ".reasons lists texts of 1 to 255 characters."),
        (SHOP, 'reasons = ["a\\u0000b"]', ".reasons lists texts of 1 to 255 characters."),
        (
            SHOP,
            f'reasons = ["{"x" * 256}"]',
            ".reasons lists texts of 1 to 255 characters.",
        ),
        (SHOP, 'reasons = ["late", "LATE "]', ".reasons lists LATE twice."),
    ],
)
def test_a_wrong_name_is_refused(where: str, line: str, told: str) -> None:
    assert told in refusal(line, where=where)


@pytest.mark.parametrize("number", ["1e99999999999999999999", "9" * 5000])
def test_a_number_that_nothing_can_hold_is_refused(number: str) -> None:
    told = "CONFIG holds a number that is too large."

    assert told == refusal(f"limits.credits_per_write = {number}")
