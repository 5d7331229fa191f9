"""CONFIG: several shops, their callers, what each may do, and nothing that nobody would heed."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.environment import load
from app.limits import Limits
from app.settings import EVERY_ACTION, SettingsError, ShopSettings

HEXADECIMAL = [sha256(secret.encode()).hexdigest() for secret in ("one", "two", "three", "four")]
ACME = f"""
[shops.acme]
rivo_api_key_file = "acme_rivo"
currency = "USD"
timezone = "America/New_York"
tier_basis = "unknown"
customer_fields = ["first_name"]
reasons = ["late delivery", "damaged item", "goodwill"]
kill = []

[shops.acme.callers.gorgias]
door = "gorgias"
secret_sha256 = ["{HEXADECIMAL[0]}", "{HEXADECIMAL[1]}"]
actions = ["get_sidebar", "get_customer"]

[shops.acme.callers.buttons]
door = "gorgias"
secret_sha256 = ["{HEXADECIMAL[2].upper()}"]
actions = ["create_points_event"]
sources = ["manual"]

[shops.acme.callers.buttons.limits]
points_per_agent_day = 2000
credits_per_write = "25"
reason_required = true
approval_above_points = 300
"""
SECOND = f"""
[shops.other-shop]
rivo_api_key = "rivo-key-of-the-other"
rivo_api_url = "http://localhost:9000/merchant_api/v1/"

[shops.other-shop.callers.mesa]
door = "actions"
secret_sha256 = ["{HEXADECIMAL[3]}"]
actions = ["*"]
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme_rivo").write_text("rivo-key-of-acme\n")
    return tmp_path


def shops(text: str, **environ: str) -> dict[str, ShopSettings]:
    Path("config.toml").write_text(text)
    settings = load({"CONFIG": "config.toml", "SECRET_KEY": "key-of-the-hashes", **environ})
    return {shop.name: shop for shop in settings.shops}


def refusal(text: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        shops(text, **environ)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_the_documented_example_is_read() -> None:
    (acme,) = shops(ACME).values()
    gorgias, buttons = acme.callers

    assert ("rivo-key-of-acme", "USD", "America/New_York") == (
        acme.rivo_api_key,
        acme.currency,
        acme.timezone,
    )
    assert "unknown" == acme.tier_basis
    assert {"first_name"} == acme.customer_fields
    assert ("gorgias", "gorgias") == (gorgias.name, gorgias.door)
    assert HEXADECIMAL[:2] == [each.hex() for each in gorgias.digests]
    assert {"get_sidebar", "get_customer"} == gorgias.actions
    assert HEXADECIMAL[2:3] == [each.hex() for each in buttons.digests]
    assert {"create_points_event"} == buttons.actions
    assert ("late delivery", "damaged item", "goodwill") == acme.reasons
    assert Limits() == acme.limits
    assert frozenset({"manual"}) == buttons.sources
    assert [set(), set()] == [acme.kill, buttons.rights]
    assert buttons.limits == Limits(
        points_per_write=500,
        points_per_agent_day=2000,
        credits_per_write=Decimal(25),
        writes_per_agent_day=20,
        reason_required=True,
        approval_above_points=300,
    )


def test_there_may_be_several_shops() -> None:
    found = shops(ACME + SECOND)
    other = found["other-shop"]

    assert ["acme", "other-shop"] == list(found)
    assert "rivo-key-of-the-other" == other.rivo_api_key
    assert "http://localhost:9000/merchant_api/v1" == other.rivo_api_url
    assert EVERY_ACTION == other.callers[0].actions


def test_it_replaces_the_variables_of_the_one_shop() -> None:
    with_more = {"RIVO_API_KEY": "not-used", "API_KEY": "not-used-either"}

    assert shops(ACME) == shops(ACME, **with_more)


def test_every_file_is_watched(here: Path) -> None:
    Path("mesa").write_text("secret-of-mesa")
    shops(ACME)
    text = f"{ACME}\n[shops.acme.callers.mesa]\ndoor='actions'\nactions=[]\nsecret_file='mesa'"
    Path("config.toml").write_text(text)
    settings = load({"CONFIG": "config.toml", "SECRET_KEY": "key-of-the-hashes"})

    assert ["config.toml", "acme_rivo", "mesa"] == [str(path) for path in settings.files]


def test_a_secret_in_a_file_is_one_or_two() -> None:
    text = f"{ACME}\n[shops.acme.callers.mesa]\ndoor='actions'\nactions=[]\nsecret_file='mesa'"
    Path("mesa").write_text("first\nsecond\n")
    (acme,) = shops(text).values()

    assert [sha256(b"first").digest(), sha256(b"second").digest()] == list(acme.callers[2].digests)

    Path("mesa").write_text(" ")

    assert "CONFIG: shops.acme.callers.mesa.secret_file is empty" in refusal(text)


@pytest.mark.parametrize(
    ("key", "where", "hint"),
    [
        ("rivo_api_kye = 'x'", "shops.acme", "did you mean rivo_api_key?"),
        ("raesons = []", "shops.acme", "did you mean reasons?"),
        ("sources = ['manual']", "shops.acme", "known are callers, currency, "),
        ("right = ['settle']", "shops.acme.callers.gorgias", "did you mean rights?"),
        ("kill = []", "shops.acme.callers.gorgias", "known are actions, door, limits, rights, "),
        ("may_approve = true", "shops.acme.callers.gorgias", "known are actions, door, limits, "),
    ],
)
def test_what_nobody_would_heed_is_refused_by_name(key: str, where: str, hint: str) -> None:
    text = ACME.replace(f"[{where}]\n", f"[{where}]\n{key}\n")
    name = key.partition(" ")[0]

    assert refusal(text).startswith(f"CONFIG: {where} has an unknown key {name} ({hint}")


def test_an_unknown_table_is_refused_by_name() -> None:
    told = "CONFIG has an unknown key store (known are shops)."
    assert told == refusal(f"{ACME}\n[store]\n")
    told = "CONFIG: shops.acme has an unknown key webhooks ("
    text = f"{ACME}\n[shops.acme.webhooks]\npoints_redemption_created = []\n"
    assert refusal(text).startswith(told)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"acme_rivo"', '"nowhere"', "shops.acme.rivo_api_key_file: nowhere cannot be read"),
        ('"acme_rivo"', '"a\\u0000b"', "cannot be read (ValueError)"),
        ('rivo_api_key_file = "acme_rivo"', "", "shops.acme needs rivo_api_key_file"),
        ('rivo_api_key_file = "acme_rivo"', 'rivo_api_key = ""', "rivo_api_key is empty"),
        ('rivo_api_key_file = "acme_rivo"', "rivo_api_key = 12", "Expected `str | null`"),
        ('"acme_rivo"', '"acme_rivo"\nrivo_api_key = "x"', "keep one"),
        ('"USD"', '"$"', "shops.acme.currency must be a currency code"),
        ('"America/New_York"', '"Nowhere"', "shops.acme.timezone must be a time zone"),
        ('"unknown"', '"luck"', "Invalid enum value 'luck' - at `$.tier_basis`"),
        ('["first_name"]', '["email"]', "customer_fields may list first_name, last_name"),
        ('door = "gorgias"', 'door = "zendesk"', "callers.gorgias: Invalid enum value 'zendesk'"),
        ('"get_customer"]', '"get_costumer"]', "names get_costumer, which is no action"),
        (f'["{HEXADECIMAL[0]}"', '["abc"', "callers.gorgias.secret_sha256 lists SHA-256"),
        (f'"{HEXADECIMAL[2].upper()}"', "", "callers.buttons needs one secret, or two"),
        ('actions = ["create_points_event"]', "", "missing required field `actions`"),
        ("[shops.acme]", '[shops."../etc"]', "CONFIG: shops must have a name of a-z"),
        ("callers.buttons]", 'callers."b\\nc"]', "CONFIG: shops.acme.callers must have a name"),
        (HEXADECIMAL[2].upper(), HEXADECIMAL[1], "are the same: give each its own"),
        ("[shops.acme]", "[shops.acme", "CONFIG is not TOML:"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_table(old: str, new: str, told: str) -> None:
    assert old in ACME
    said = refusal(ACME.replace(old, new))

    assert said.startswith("CONFIG")
    assert told in said


@pytest.mark.parametrize("text", ["", "[shops]", "shops = 3", "[" * 5000, "a = \x00"])
def test_a_file_that_names_no_shop_is_refused(text: str) -> None:
    assert refusal(text).startswith("CONFIG")


def test_a_third_secret_is_refused() -> None:
    three = f'["{HEXADECIMAL[0]}", "{HEXADECIMAL[1]}", "{HEXADECIMAL[3]}"]'
    text = ACME.replace(f'["{HEXADECIMAL[0]}", "{HEXADECIMAL[1]}"]', three)

    assert "callers.gorgias needs one secret, or two" in refusal(text)


def test_shops_share_no_key() -> None:
    same = SECOND.replace("rivo-key-of-the-other", "rivo-key-of-acme")
    told = "CONFIG: shops.other-shop.rivo_api_key and CONFIG: shops.acme.rivo_api_key are the same"

    assert told in refusal(ACME + same)
    told = "CONFIG: shops.other-shop.callers.mesa and CONFIG: shops.acme.callers.gorgias are"
    assert told in refusal(ACME + SECOND.replace(HEXADECIMAL[3], HEXADECIMAL[0]))


def test_no_mistake_tells_a_secret() -> None:
    secret = "s3cr3t-that-nobody-may-see"
    wrong: list[dict[str, Any]] = [
        {"text": ACME.replace(HEXADECIMAL[0], secret)},
        {"text": ACME.replace('rivo_api_key_file = "acme_rivo"', f'rivo_api_key = "{secret}é"')},
        {"text": ACME.replace('rivo_api_key_file = "acme_rivo"', f'rivo_api_key = ["{secret}"]')},
        {"text": ACME.replace('"acme_rivo"', f'"acme_rivo"\nrivo_api_key = "{secret}"')},
        {"text": ACME + f'\nsecret = "{secret}"'},
        {"text": ACME + f'\nsecret_file = "{secret}'},
    ]

    assert [] == [each for each in wrong if secret in refusal(**each)]
