"""What the service is told of Gorgias and Zendesk: from the environment, and from CONFIG."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.environment import load
from app.helpdesks import PUBLISHED, ZENDESK_READS, ZENDESK_WRITES
from app.limits import BUILT_IN, Limits
from app.settings import (
    GorgiasSettings,
    Settings,
    SettingsError,
    ShopSettings,
    ZendeskSettings,
)

ONE_SHOP = {"RIVO_API_KEY": "rivo-key-0001", "SECRET_KEY": "key-of-the-hashes"}
GORGIAS = {
    "GORGIAS_DOMAIN": "acme",
    "GORGIAS_USER": "jo@acme.com",
    "GORGIAS_API_KEY": "gorgias-key-0001",
}
ZENDESK = {
    "ZENDESK_SUBDOMAIN": "acme",
    "ZENDESK_SHARED_SECRET": "secret-of-the-app-0001",
    "ZENDESK_WEBHOOK_SECRET": "secret-of-the-webhook-0001",
}
NOTES = {"ZENDESK_USER": "jo@acme.com", "ZENDESK_API_TOKEN": "zendesk-token-0001"}
SECRETS = (
    "ZENDESK_SHARED_SECRET",
    "ZENDESK_WEBHOOK_SECRET",
    "ZENDESK_API_TOKEN",
    "GORGIAS_API_KEY",
)


def shop(**environ: str) -> ShopSettings:
    (only,) = load({**ONE_SHOP, **environ}).shops
    return only


def refusal(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load({**ONE_SHOP, **environ})
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_a_shop_has_no_helpdesk_unless_one_is_named() -> None:
    assert (None, None, ()) == (shop().gorgias, shop().zendesk, shop().callers)
    empty = dict.fromkeys(
        ("GORGIAS_DOMAIN", "GORGIAS_USER", "ZENDESK_SUBDOMAIN", "ZENDESK_USER"), ""
    )
    assert shop() == shop(**empty)


@pytest.mark.parametrize(
    "domain",
    ["acme", "acme.gorgias.com", "https://acme.gorgias.com", "https://acme.gorgias.com/", " Acme "],
)
def test_a_gorgias_goes_by_its_name_or_its_address(domain: str) -> None:
    expected = GorgiasSettings(
        domain="acme.gorgias.com",
        user="jo@acme.com",
        api_key="gorgias-key-0001",
        api_url="https://acme.gorgias.com/api",
    )

    assert expected == shop(**{**GORGIAS, "GORGIAS_DOMAIN": domain}).gorgias


@pytest.mark.parametrize(
    ("domain", "api_url"),
    [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/api"),
        ("http://localhost:9000/", "http://localhost:9000/api"),
        ("http://localhost", "http://localhost/api"),
    ],
)
def test_a_stand_in_of_gorgias_may_be_on_this_machine(domain: str, api_url: str) -> None:
    found = shop(**{**GORGIAS, "GORGIAS_DOMAIN": domain}).gorgias

    assert found is not None
    assert api_url == found.api_url


@pytest.mark.parametrize(
    "domain",
    [
        "http://acme.gorgias.com",
        "https://example.com",
        "acme.gorgias.com.example.com",
        "acme.example.com",
        "http://127.0.0.1.example.com",
        "acme/api",
        "acme@example",
        "acme:secret@gorgias.com",
        "-acme",
        "a" * 64,
    ],
)
def test_a_key_goes_to_no_other_host(domain: str) -> None:
    told = "GORGIAS_DOMAIN must be like acme or acme.gorgias.com."

    assert told == refusal(**{**GORGIAS, "GORGIAS_DOMAIN": domain})


@pytest.mark.parametrize("missing", GORGIAS)
def test_gorgias_needs_all_or_nothing(missing: str) -> None:
    given = {name: value for name, value in GORGIAS.items() if name != missing}
    told = f"{missing} is missing: Gorgias needs domain, user and key, or none of them."

    assert told == refusal(**given)


@pytest.mark.parametrize(
    "subdomain", ["acme", "acme.zendesk.com", "https://acme.zendesk.com/", "ACME"]
)
def test_a_zendesk_goes_by_its_name_or_its_address(subdomain: str) -> None:
    expected = ZendeskSettings(
        subdomain="acme",
        shared_secrets=("secret-of-the-app-0001",),
        webhook_secrets=("secret-of-the-webhook-0001",),
        user="jo@acme.com",
        api_token="zendesk-token-0001",
        api_url="https://acme.zendesk.com/api/v2",
    )
    found = shop(**{**ZENDESK, **NOTES, "ZENDESK_SUBDOMAIN": subdomain}).zendesk

    assert expected == found
    assert "acme.zendesk.com" == expected.audience


def test_two_ways_come_from_a_zendesk_each_with_its_rights() -> None:
    sidebar, webhook = shop(**ZENDESK).callers

    assert ("zendesk_shared_secret", "zendesk_webhook_secret") == (sidebar.name, webhook.name)
    for caller in (sidebar, webhook):
        assert ("zendesk", (), BUILT_IN) == (caller.door, caller.digests, caller.limits)
        assert frozenset({"manual"}) == caller.sources
        assert not caller.rights
    assert ZENDESK_READS | ZENDESK_WRITES == sidebar.actions
    assert {"create_points_event"} == webhook.actions


def test_a_way_without_a_secret_is_closed() -> None:
    for name, left in (
        ("ZENDESK_SHARED_SECRET", ["zendesk_webhook_secret"]),
        ("ZENDESK_WEBHOOK_SECRET", ["zendesk_shared_secret"]),
    ):
        given = {each: value for each, value in ZENDESK.items() if each != name}

        assert left == [caller.name for caller in shop(**given).callers]
    assert () == shop(ZENDESK_SUBDOMAIN="acme").callers


@pytest.mark.parametrize("name", [*ZENDESK, *NOTES])
def test_a_zendesk_says_whose_it_is(name: str) -> None:
    given = {each: value for each, value in {**ZENDESK, **NOTES}.items() if each == name}
    if name == "ZENDESK_SUBDOMAIN":
        assert "acme" == getattr(shop(**given).zendesk, "subdomain", None)
    else:
        told = "ZENDESK_SUBDOMAIN is missing: it says whose Zendesk this is."
        assert told == refusal(**given)


@pytest.mark.parametrize("missing", NOTES)
def test_notes_need_a_user_and_a_token(missing: str) -> None:
    given = {name: value for name, value in NOTES.items() if name != missing}

    assert refusal(**ZENDESK, **given).startswith(f"{missing} is missing: notes need")


@pytest.mark.parametrize("given", [PUBLISHED, f"secret-0001 {PUBLISHED}"])
def test_the_secret_that_everybody_knows_is_refused(given: str) -> None:
    told = refusal(**{**ZENDESK, "ZENDESK_WEBHOOK_SECRET": given})

    assert told.startswith("ZENDESK_WEBHOOK_SECRET is the one that everybody knows")
    assert PUBLISHED not in told


@pytest.mark.parametrize("given", ["acme.example.com", "acme example", "http://acme", "a_b", "é"])
def test_any_other_subdomain_is_refused(given: str) -> None:
    told = "ZENDESK_SUBDOMAIN must be like acme or acme.zendesk.com."

    assert told == refusal(**{**ZENDESK, "ZENDESK_SUBDOMAIN": given})


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GORGIAS_USER", "jo:secret", "GORGIAS_USER must be an e-mail address."),
        ("GORGIAS_USER", "jo@acme.com x", "GORGIAS_USER must be an e-mail address."),
        ("ZENDESK_USER", "jö@acme.com", "ZENDESK_USER must be an e-mail address."),
        ("GORGIAS_API_KEY", "one two", "GORGIAS_API_KEY holds 2 keys: give the one that is valid."),
        ("ZENDESK_API_TOKEN", "clé", "ZENDESK_API_TOKEN must be of printable ASCII characters."),
    ],
)
def test_what_could_not_be_sent_is_refused(name: str, value: str, told: str) -> None:
    assert told == refusal(**{**GORGIAS, **ZENDESK, **NOTES, name: value})


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    everything = {**ONE_SHOP, **GORGIAS, **ZENDESK, **NOTES}
    file = tmp_path / "secret"
    file.write_text(f"{everything.pop(name)}\n")
    from_file = load({**everything, f"{name}_FILE": str(file)})

    assert load({**ONE_SHOP, **GORGIAS, **ZENDESK, **NOTES}).shops == from_file.shops
    assert [file] == list(from_file.files)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("other", ["API_KEY", "RIVO_API_KEY", "SECRET_KEY", "GORGIAS_SECRET"])
def test_equal_secrets_are_refused(name: str, other: str) -> None:
    everything = {**GORGIAS, **ZENDESK, **NOTES}
    told = refusal(**everything, **{other: everything[name]} | {})

    assert {name, other} == set(told.partition(" are the same")[0].split(" and "))


def test_the_two_secrets_of_a_zendesk_differ() -> None:
    told = refusal(**{**ZENDESK, "ZENDESK_WEBHOOK_SECRET": ZENDESK["ZENDESK_SHARED_SECRET"]})

    assert "ZENDESK_WEBHOOK_SECRET and ZENDESK_SHARED_SECRET are the same" in told


def test_the_sandbox_has_a_zendesk_until_keys_are_given() -> None:
    (demo,) = load({}, sandbox=True).shops
    (own,) = load(ZENDESK, sandbox=True).shops
    (keyed,) = load({"API_KEY": "caller-0001"}, sandbox=True).shops

    assert demo.zendesk is not None
    assert ("demo", ("demo-zendesk",), ("demo-zendesk-webhook",)) == (
        demo.zendesk.subdomain,
        demo.zendesk.shared_secrets,
        demo.zendesk.webhook_secrets,
    )
    assert ["zendesk_shared_secret", "zendesk_webhook_secret"] == [
        caller.name for caller in demo.callers if caller.door == "zendesk"
    ]
    assert ["zendesk_shared_secret", "zendesk_webhook_secret"] == [c.name for c in own.callers]
    assert keyed.zendesk is None


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("STALE_IF_ERROR_SECONDS", "-1", "a number from 0 to 604800"),
        ("FRAME_ANCESTORS", "http://app.example.com", "lists origins like https://"),
        ("FRAME_ANCESTORS", "https://app.example.com/path", "lists origins like https://"),
        ("FRAME_ANCESTORS", "https://app.example.com; script-src *", "lists origins like"),
        ("FRAME_ANCESTORS", "*", "lists origins like https://"),
    ],
)
def test_what_a_page_may_be_framed_by_is_no_policy_of_its_own(
    name: str, value: str, told: str
) -> None:
    assert told in refusal(**{name: value})


def test_the_origins_that_frame_the_sidebar_are_listed() -> None:
    given = "https://app.example.com  https://*.example.org:8443"
    settings = load({**ONE_SHOP, "FRAME_ANCESTORS": given, "STALE_IF_ERROR_SECONDS": "0"})

    assert ("https://app.example.com", "https://*.example.org:8443") == settings.frame_ancestors
    assert 0 == settings.stale_if_error_seconds
    assert ((), 86_400) == (
        load(ONE_SHOP).frame_ancestors,
        load(ONE_SHOP).stale_if_error_seconds,
    )


# In CONFIG.

ACME = """
[shops.acme]
rivo_api_key = "rivo-key-of-acme"
[shops.acme.gorgias]
domain = "acme.gorgias.com"
user = "jo@acme.com"
api_key_file = "gorgias_key"
[shops.acme.zendesk]
subdomain = "acme"
shared_secret_file = "shared"
webhook_secret_file = "hooked"
user = "jo@acme.com"
api_token_file = "token"
[shops.acme.zendesk.sidebar]
actions = ["get_sidebar", "create_points_event"]
limits = { points_per_write = 50 }
rights = ["read_operations"]
[shops.acme.zendesk.webhook]
limits = { credits_per_write = "5" }
sources = []
"""
FILES = {
    "gorgias_key": "gorgias-key-0001",
    "shared": "secret-of-the-app-0001\nsecret-of-the-app-0002\n",
    "hooked": "secret-of-the-webhook-0001",
    "token": "zendesk-token-0001",
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)


def configured(text: str) -> Settings:
    Path("config.toml").write_text(text)
    return load({"CONFIG": "config.toml", "SECRET_KEY": "key-of-the-hashes"})


def refused(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        configured(text)
    return str(caught.value)


@pytest.mark.parametrize("table", ["sidebar", "webhook"])
def test_what_a_zendesk_may_do_is_not_said_of_none(table: str) -> None:
    """Nobody would heed the limits."""
    shop = '[shops.acme]\nrivo_api_key = "rivo-key-of-acme"\n'
    told = refused(f"{shop}[shops.acme.zendesk.{table}]\nlimits = {{ points_per_write = 5 }}\n")

    assert told == "CONFIG: shops.acme.zendesk.subdomain is missing: it says whose Zendesk this is."


def test_a_shop_of_config_has_its_own_helpdesks() -> None:
    settings = configured(ACME)
    (acme,) = settings.shops
    sidebar, webhook = acme.callers

    assert shop(**GORGIAS).gorgias == acme.gorgias
    assert acme.zendesk is not None
    assert ("secret-of-the-app-0001", "secret-of-the-app-0002") == acme.zendesk.shared_secrets
    assert ("jo@acme.com", "zendesk-token-0001") == (acme.zendesk.user, acme.zendesk.api_token)
    assert {"get_sidebar", "create_points_event"} == sidebar.actions
    assert {"read_operations"} == sidebar.rights
    assert sidebar.limits == Limits(
        points_per_write=50, credits_per_write=Decimal(25), writes_per_agent_day=20
    )
    assert {"create_points_event"} == webhook.actions
    assert Decimal(5) == webhook.limits.credits_per_write
    assert [frozenset({"manual"}), frozenset()] == [sidebar.sources, webhook.sources]
    assert ["config.toml", *FILES] == sorted(map(str, settings.files), key=_place)


def _place(name: str) -> Any:
    return ["config.toml", *FILES].index(name)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('domain = "acme.gorgias.com"', "", "CONFIG: shops.acme.gorgias.domain is missing"),
        ('api_key_file = "gorgias_key"', "", "shops.acme.gorgias.api_key_file is missing"),
        ('"gorgias_key"', '"nowhere"', "gorgias.api_key_file: nowhere cannot be read"),
        ('subdomain = "acme"', "", "CONFIG: shops.acme.zendesk.subdomain is missing"),
        ('api_token_file = "token"', "", "shops.acme.zendesk.api_token_file is missing"),
        ('"hooked"', '"shared"', "zendesk.shared_secret_file are the same"),
        ('"hooked"', '"known"', "zendesk.webhook_secret_file is the one that everybody knows"),
        ("sources = []", 'source = "manual"', "zendesk.webhook has an unknown key source"),
        ('"get_sidebar", ', '"get_sidebr", ', "names get_sidebr, which is no action"),
        ("points_per_write", "points_a_write", "zendesk.sidebar.limits has an unknown key"),
        (
            "sources = []",
            'actions = ["reverse_points_event"]',
            "shops.acme.zendesk.webhook.actions may list create_points_event.",
        ),
        ("user = ", "shared_secret = ", "has an unknown key shared_secret"),
        (
            "[shops.acme.zendesk.webhook]",
            '[shops.acme.callers.zendesk_shared_secret]\ndoor = "actions"\nactions = []\n'
            'secret_file = "other"\n[shops.acme.zendesk.webhook]',
            "shops.acme.callers.zendesk_shared_secret is how the Zendesk's own is called",
        ),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_table(old: str, new: str, told: str) -> None:
    Path("known").write_text(PUBLISHED)
    Path("other").write_text("another-secret-0001")
    assert old in ACME
    said = refused(ACME.replace(old, new))

    assert told in said
    assert said.startswith("CONFIG: shops.acme.")
    assert "\n" not in said


def test_shops_may_share_a_helpdesk_but_no_secret_of_ours() -> None:
    """One Gorgias, one Zendesk, and two shops in it."""
    other = ACME.replace("shops.acme", "shops.bolt").replace("rivo-key-of-acme", "rivo-key-bolt")
    told = refused(ACME + other)

    assert "shops.bolt.zendesk.shared_secret_file and CONFIG: shops.acme.zendesk" in told

    Path("shared2").write_text("secret-of-the-app-0003")
    Path("hooked2").write_text("secret-of-the-webhook-0002")
    other = other.replace('"shared"', '"shared2"').replace('"hooked"', '"hooked2"')

    assert ["acme", "bolt"] == [each.name for each in configured(ACME + other).shops]
