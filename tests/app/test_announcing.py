"""What the service is told of Rivo's webhooks and of the triggers: environment and CONFIG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.announcing import TRIGGERS
from app.environment import load
from app.settings import Settings, SettingsError, ShopSettings, TriggerSettings

ONE_SHOP = {"RIVO_API_KEY": "rivo-key-0001", "SECRET_KEY": "key-of-the-hashes"}
MESA = {
    "MESA_WEBHOOK_URL": "https://mesa.example.com/hook?to=acme",
    "MESA_WEBHOOK_SECRET": "secret-of-mesa-0001",
}
HOOK = {"RIVO_WEBHOOK_SECRET": "secret-of-rivo-0001"}


def shop(**environ: str) -> ShopSettings:
    (only,) = load({**ONE_SHOP, **environ}).shops
    return only


def refusal(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load({**ONE_SHOP, **environ})
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_nothing_is_announced_unless_it_is_configured() -> None:
    assert ((), ()) == (shop().webhook_secrets, shop().triggers)
    assert shop() == shop(MESA_WEBHOOK_URL="")


def test_rivo_may_sign_each_of_its_webhooks_with_a_secret_of_its_own(tmp_path: Path) -> None:
    secrets = [f"secret-of-rivo-{n:04d}" for n in range(40)]
    file = tmp_path / "secrets"
    file.write_text("\n".join(secrets))

    assert tuple(secrets) == shop(RIVO_WEBHOOK_SECRET=" ".join(secrets)).webhook_secrets
    assert tuple(secrets) == shop(RIVO_WEBHOOK_SECRET_FILE=str(file)).webhook_secrets
    told = "RIVO_WEBHOOK_SECRET holds 41 secrets: at most 40."
    assert told == refusal(RIVO_WEBHOOK_SECRET=" ".join([*secrets, "one-more-0001"]))


@pytest.mark.parametrize("given", ["7charac", "long-enough-0001 7charac", "x"])
def test_what_is_too_short_for_a_secret_of_rivos_was_pasted_wrongly(
    given: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(given)
    told = "is too short: it needs 8 characters or more."

    assert f"RIVO_WEBHOOK_SECRET {told}" == refusal(RIVO_WEBHOOK_SECRET=given)
    assert f"RIVO_WEBHOOK_SECRET_FILE {told}" == refusal(RIVO_WEBHOOK_SECRET_FILE=str(file))
    assert ("8charact",) == shop(RIVO_WEBHOOK_SECRET="8charact").webhook_secrets


@pytest.mark.parametrize("given", ["7charac", "whsec_AA==", "whsec_c2V2ZW5f", "old-secret-0001 x"])
def test_what_signs_triggers_has_eight_bytes_or_more(given: str) -> None:
    told = "MESA_WEBHOOK_SECRET is too short: it needs 8 bytes or more, behind whsec_ as base64."

    assert told == refusal(**{**MESA, "MESA_WEBHOOK_SECRET": given})
    for enough in ("8charact", "whsec_ZWlnaHRfX18="):
        assert 3 == len(shop(**{**MESA, "MESA_WEBHOOK_SECRET": enough}).triggers)


@pytest.mark.parametrize("name", ["RIVO_WEBHOOK_SECRET", "MESA_WEBHOOK_SECRET"])
@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_an_empty_secret_is_refused(name: str, empty: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(empty)
    others = {n: v for n, v in MESA.items() if n != name}
    told = "is empty: give it a value, or do not set it."

    assert f"{name} {told}" == refusal(**others, **{name: empty})
    assert f"{name}_FILE {told}" == refusal(**others, **{f"{name}_FILE": str(file)})


def test_every_trigger_goes_to_mesa() -> None:
    expected = tuple(
        TriggerSettings(
            trigger=name, url=MESA["MESA_WEBHOOK_URL"], secrets=("secret-of-mesa-0001",)
        )
        for name in TRIGGERS
    )

    assert expected == shop(**MESA).triggers


def test_a_secret_of_the_triggers_may_be_changed() -> None:
    given = {**MESA, "MESA_WEBHOOK_SECRET": "old-secret-0001 new-secret-0001"}

    assert {("old-secret-0001", "new-secret-0001")} == {t.secrets for t in shop(**given).triggers}


@pytest.mark.parametrize("missing", MESA)
def test_mesa_needs_an_address_and_a_secret(missing: str) -> None:
    told = f"{missing} is missing: triggers need an address and a secret."

    assert told == refusal(**{name: value for name, value in MESA.items() if name != missing})


@pytest.mark.parametrize(
    ("url", "networks"),
    [
        ("https://hooks.example.com", ()),
        ("https://hooks.example.com:8443/a/b?c=d", ()),
        ("HTTPS://HOOKS.EXAMPLE.COM/", ()),
        ("https://10.1.2.3/hook", ("10.1.2.3/32",)),
        ("https://[fd00::1]:8443/hook", ("fd00::1/128",)),
        ("http://127.0.0.1:8001/", ("127.0.0.1/32",)),
        ("http://[::1]:8001", ("::1/128",)),
        ("http://localhost:8001/hook", ("127.0.0.0/8", "::1/128")),
    ],
)
def test_a_private_address_is_named_by_standing_in_the_url(
    url: str, networks: tuple[str, ...]
) -> None:
    found = shop(**{**MESA, "MESA_WEBHOOK_URL": url}).triggers

    assert {(url, networks)} == {(each.url, each.networks) for each in found}


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com",
        "http://10.1.2.3/hook",
        "http://127.0.0.1.example.com",
        "http://127.1/hook",
        "http://2130706433/hook",
        "ftp://hooks.example.com",
        "hooks.example.com",
        "//hooks.example.com",
        "https://",
        "https:///hook",
        "https://[::1",
        "https://[fe80::1%25eth0]x",
        "https://hooks.example.com:port",
        "https://hooks.example.com:0",
        "https://hooks.example.com:70000",
        "https://me@hooks.example.com",
        "https://me:secret@hooks.example.com",
        "https://:@hooks.example.com",
        "https://hooks.example.com/#part",
        "https://hooks.example.com/#",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/a\tb",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hööks.example.com",
    ],
)
def test_any_other_address_is_refused(url: str) -> None:
    told = (
        "MESA_WEBHOOK_URL must be an https address (http only on loopback), "
        "without a user, a password or a fragment."
    )

    assert told == refusal(**{**MESA, "MESA_WEBHOOK_URL": url})


@pytest.mark.parametrize("name", ["RIVO_WEBHOOK_SECRET", "MESA_WEBHOOK_SECRET"])
@pytest.mark.parametrize(
    "other", ["API_KEY", "RIVO_API_KEY", "SECRET_KEY", "METRICS_KEY", "GORGIAS_SECRET"]
)
def test_equal_secrets_are_refused(name: str, other: str) -> None:
    everything = {**MESA, **HOOK}
    told = refusal(**{**everything, other: everything[name]})

    assert {name, other} == set(told.partition(" are the same")[0].split(" and "))


def test_who_receives_triggers_cannot_send_webhooks() -> None:
    told = refusal(**MESA, RIVO_WEBHOOK_SECRET=MESA["MESA_WEBHOOK_SECRET"])

    assert told.startswith("MESA_WEBHOOK_SECRET and RIVO_WEBHOOK_SECRET are the same")


def test_the_rivo_of_the_sandbox_has_a_secret_until_one_is_given() -> None:
    (demo,) = load({}, sandbox=True).shops
    (keyed,) = load({"API_KEY": "caller-0001"}, sandbox=True).shops
    (own,) = load(HOOK, sandbox=True).shops

    assert ("demo-rivo-webhook",) == demo.webhook_secrets == keyed.webhook_secrets
    assert ("secret-of-rivo-0001",) == own.webhook_secrets


def test_what_asks_rivo_how_often_is_set() -> None:
    settings = load({**ONE_SHOP, "RIVO_REQUESTS_PER_SECOND": "10", "STALE_SECONDS": "0"})

    assert (10, 0.0) == (settings.requests_per_second, settings.stale_seconds)
    assert (15, 300.0) == (load(ONE_SHOP).requests_per_second, load(ONE_SHOP).stale_seconds)


# In CONFIG.

ACME = """
[shops.acme]
rivo_api_key = "rivo-key-of-acme"
rivo_webhook_secret_file = "rivo"
[shops.acme.triggers]
points_redemption_created = [
    { url = "https://mesa.example.com/redeemed", secret_file = "mesa" },
    { url = "https://crm.example.com/redeemed", secret_file = "crm", networks = ["10.0.0.0/8"] },
]
loyalty_points_earned = [{ url = "https://10.1.2.3/earned", secret_file = "mesa" }]
"""
FILES = {
    "rivo": "secret-of-rivo-0001\n",
    "mesa": "secret-of-mesa-0001",
    "crm": "old-secret-0001 new-secret-0002",
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)


def configured(text: str, **environ: str) -> Settings:
    Path("config.toml").write_text(text)
    return load({"CONFIG": "config.toml", "SECRET_KEY": "key-of-the-hashes", **environ})


def refused(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        configured(text)
    return str(caught.value)


def test_each_trigger_of_a_shop_goes_where_config_says() -> None:
    settings = configured(ACME, **MESA)
    (acme,) = settings.shops
    redeemed, mesa = "points_redemption_created", ("secret-of-mesa-0001",)

    assert ("secret-of-rivo-0001",) == acme.webhook_secrets
    assert acme.triggers == (
        TriggerSettings(trigger=redeemed, url="https://mesa.example.com/redeemed", secrets=mesa),
        TriggerSettings(
            trigger=redeemed,
            url="https://crm.example.com/redeemed",
            secrets=("old-secret-0001", "new-secret-0002"),
            networks=("10.0.0.0/8",),
        ),
        TriggerSettings(
            trigger="loyalty_points_earned",
            url="https://10.1.2.3/earned",
            secrets=mesa,
            networks=("10.1.2.3/32",),
        ),
    )
    assert {"config.toml", *FILES} == set(map(str, settings.files))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"rivo"', '"nowhere"', "shops.acme.rivo_webhook_secret_file: nowhere cannot be read"),
        ('"rivo"', '"mesa"', "rivo_webhook_secret_file are the same: give each its own"),
        ("points_earned", "points_ernd", "triggers has an unknown key loyalty_points_ernd (did"),
        ("https://crm", "http://crm", "points_redemption_created[2].url must be an https address"),
        (', networks = ["10.0.0.0/8"]', ', networks = ["10.0.0.1/8"]', "lists networks like"),
        (', secret_file = "crm"', "", "points_redemption_created[2]: Object missing required"),
        ('secret_file = "crm"', 'secret = "crm", secret_file = "crm"', "has an unknown key secret"),
        ("https://crm.example.com", "https://mesa.example.com", "names the same url twice"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_table(old: str, new: str, told: str) -> None:
    assert old in ACME
    said = refused(ACME.replace(old, new))

    assert told in said
    assert said.startswith("CONFIG: ")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("rivo", "CONFIG: shops.acme.rivo_webhook_secret_file is too short"),
        ("crm", "CONFIG: shops.acme.triggers.points_redemption_created[2].secret_file is too"),
    ],
)
def test_the_table_of_what_is_too_short_is_named(file: str, told: str) -> None:
    Path(file).write_text("7charac")

    assert refused(ACME).startswith(told)


def test_shops_may_share_a_receiver_but_no_secret_of_rivos() -> None:
    other: Any = ACME.replace("shops.acme", "shops.bolt").replace("key-of-acme", "key-of-bolt")
    told = refused(ACME + other)

    assert "shops.bolt.rivo_webhook_secret_file and CONFIG: shops.acme.rivo_webhook" in told

    Path("rivo2").write_text("secret-of-rivo-0002")
    settings = configured(ACME + other.replace('"rivo"', '"rivo2"'))

    assert ["acme", "bolt"] == [each.name for each in settings.shops]
