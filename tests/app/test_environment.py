"""The environment: every variable that this version heeds, and a sentence for every mistake."""

from __future__ import annotations

import stat
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.environment import GORGIAS_BUTTONS, GORGIAS_READS, load
from app.limits import BUILT_IN, RIGHTS, Limits
from app.settings import EVERY_ACTION, CallerSettings, SettingsError
from integrations.rivo import READS, WRITES

ONE_SHOP = {"RIVO_API_KEY": "rivo-key-0001", "SECRET_KEY": "key-of-the-hashes"}
CALLERS = ("API_KEY", "LEAD_KEY", "GORGIAS_SECRET", "GORGIAS_BUTTON_SECRET")
SECRETS = (*CALLERS, "RIVO_API_KEY", "SECRET_KEY", "METRICS_KEY")


def digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def callers(**environ: str) -> dict[str, CallerSettings]:
    (shop,) = load({**ONE_SHOP, **environ}).shops
    return {caller.name: caller for caller in shop.callers}


def refusal(environ: dict[str, str], **options: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environ, **options)
    return str(caught.value)


def test_a_key_that_is_too_short_for_hashes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("fifteen-letters")
    environ = {name: value for name, value in ONE_SHOP.items() if name != "SECRET_KEY"}
    told = "is too short: it needs 16 characters or more."

    assert f"SECRET_KEY {told}" == refusal({**environ, "SECRET_KEY": "fifteen-letters"})
    assert f"SECRET_KEY_FILE {told}" == refusal({**environ, "SECRET_KEY_FILE": str(file)})
    assert b"sixteen-letters." == load({**environ, "SECRET_KEY": "sixteen-letters."}).secret_key


def test_a_shop_needs_no_more_than_its_key() -> None:
    settings = load(ONE_SHOP)
    (shop,) = settings.shops

    assert "rivo-key-0001" == shop.rivo_api_key
    assert "https://developer-api.rivo.io/merchant_api/v1" == shop.rivo_api_url
    assert (None, "UTC", "unknown", ()) == (
        shop.currency,
        shop.timezone,
        shop.tier_basis,
        shop.callers,
    )
    assert ("127.0.0.1", 8000, 30.0) == (settings.host, settings.port, settings.fresh_seconds)
    assert ("info", "json") == (settings.log_level, settings.log_format)
    assert ("./data/rivo-helpdesk.db", 90.0) == (settings.database, settings.settle_seconds)
    assert (None, "", (), False) == (
        settings.public_url,
        settings.trusted_proxies,
        settings.metrics_digests,
        settings.sandbox,
    )


def test_every_variable_is_heeded() -> None:
    settings = load(
        {
            **ONE_SHOP,
            "RIVO_API_URL": "http://127.0.0.1:9000/merchant_api/v1/",
            "SHOP_CURRENCY": "EUR",
            "SHOP_TIMEZONE": "Europe/Amsterdam",
            "PUBLIC_URL": "https://loyalty.example.com/",
            "TRUSTED_PROXIES": "10.0.0.1",
            "FRESH_SECONDS": "12.5",
            "HOST": "0.0.0.0",  # noqa: S104 -- given, not listened on
            "PORT": "9001",
            "LOG_LEVEL": "DEBUG",
            "LOG_FORMAT": "console",
            "METRICS_KEY": "key-of-the-metrics",
            "DATABASE_URL": "sqlite:////var/lib/rivo/operations.db",
            "SETTLE_SECONDS": "120",
            "RIVO_REQUESTS_PER_SECOND": "10",
            "STALE_SECONDS": "60",
        }
    )
    (shop,) = settings.shops

    assert "http://127.0.0.1:9000/merchant_api/v1" == shop.rivo_api_url
    assert ("EUR", "Europe/Amsterdam") == (shop.currency, shop.timezone)
    assert "https://loyalty.example.com" == settings.public_url
    assert ("10.0.0.1", 12.5) == (settings.trusted_proxies, settings.fresh_seconds)
    assert ("0.0.0.0", 9001) == (settings.host, settings.port)  # noqa: S104
    assert ("debug", "console") == (settings.log_level, settings.log_format)
    assert (digest("key-of-the-metrics"),) == settings.metrics_digests
    assert b"key-of-the-hashes" == settings.secret_key
    assert ("/var/lib/rivo/operations.db", 120.0) == (settings.database, settings.settle_seconds)


def test_what_is_set_to_nothing_and_is_no_secret_has_its_default() -> None:
    names = (
        "RIVO_API_URL SHOP_CURRENCY SHOP_TIMEZONE PUBLIC_URL TRUSTED_PROXIES FRESH_SECONDS HOST "
        "PORT LOG_LEVEL LOG_FORMAT DATABASE_URL SETTLE_SECONDS"
    )

    assert load(ONE_SHOP) == load({**ONE_SHOP, **dict.fromkeys(names.split(), "")})


@pytest.mark.parametrize(
    ("name", "door", "actions"),
    [
        ("API_KEY", "actions", EVERY_ACTION),
        ("LEAD_KEY", "actions", EVERY_ACTION),
        ("GORGIAS_SECRET", "gorgias", GORGIAS_READS),
        ("GORGIAS_BUTTON_SECRET", "gorgias", GORGIAS_BUTTONS),
    ],
)
def test_a_secret_makes_a_caller_with_its_rights(
    name: str, door: str, actions: frozenset[str]
) -> None:
    (caller,) = callers(**{name: "secret-0001"}).values()

    assert (name.lower(), door) == (caller.name, caller.door)
    assert (digest("secret-0001"),) == caller.digests
    assert actions == caller.actions


@pytest.mark.parametrize(
    ("name", "limits", "sources", "rights"),
    [
        ("API_KEY", Limits(), None, {"read_operations"}),
        ("LEAD_KEY", Limits(), None, RIGHTS),
        ("GORGIAS_SECRET", BUILT_IN, {"manual"}, set()),
        ("GORGIAS_BUTTON_SECRET", BUILT_IN, {"manual"}, set()),
    ],
)
def test_a_secret_makes_a_caller_with_its_limits(
    name: str, limits: Limits, sources: Any, rights: Any
) -> None:
    (caller,) = callers(**{name: "secret-0001"}).values()

    assert (limits, sources, rights) == (caller.limits, caller.sources, caller.rights)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///./data/rivo-helpdesk.db", "./data/rivo-helpdesk.db"),
        ("sqlite:///operations.db", "operations.db"),
        ("sqlite:////abs/olute/operations.db", "/abs/olute/operations.db"),
        ("sqlite://", ":memory:"),
        ("sqlite:///:memory:", ":memory:"),
    ],
)
def test_operations_are_kept_where_it_is_said(url: str, path: str) -> None:
    assert path == load({**ONE_SHOP, "DATABASE_URL": url}).database
    assert (
        path
        == load({"DATABASE_URL": url, "SECRET_KEY": "key-of-the-hashes"}, sandbox=True).database
    )


@pytest.mark.parametrize(
    "url",
    [
        "operations.db",
        "sqlite:/operations.db",
        "sqlite:///",
        "sqlite:///.",
        "sqlite:////",
        "sqlite:///data/",
        "sqlite:///data/..",
        "sqlite:///:memory",
        "sqlite:///operations.db?mode=ro",
        "sqlite://host/operations.db",
        "sqlite:///a\0b",
        "sqlite+aiosqlite:///operations.db",
        "mysql://someone:s3cr3t@db/operations",
    ],
)
def test_any_other_place_is_refused(url: str) -> None:
    told = "DATABASE_URL must be like sqlite:///./data/rivo-helpdesk.db."

    assert told == refusal({**ONE_SHOP, "DATABASE_URL": url})


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_said_to_come(scheme: str) -> None:
    told = refusal({**ONE_SHOP, "DATABASE_URL": f"{scheme}://me:s3cr3t@db/operations"})

    assert "DATABASE_URL: PostgreSQL is not there yet in this version." == told


def test_gorgias_may_read_a_customer_and_its_buttons_may_write() -> None:
    reads = {function.__name__ for function in READS}
    writes = {function.__name__ for function in WRITES}

    assert {
        "get_sidebar",
        "get_customer",
        "get_membership",
        "list_customer_points_events",
        "list_customer_points_redemptions",
        "list_customer_referrals",
    } == GORGIAS_READS
    assert reads >= GORGIAS_READS
    assert writes >= GORGIAS_BUTTONS


@pytest.mark.parametrize("given", ["first-0001 second-0002", "first-0001\nsecond-0002\n"])
@pytest.mark.parametrize("name", CALLERS)
def test_two_secrets_are_valid_while_one_is_changed(name: str, given: str) -> None:
    (caller,) = callers(**{name: given}).values()

    assert (digest("first-0001"), digest("second-0002")) == caller.digests


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file-0001\n")
    given = {n: v for n, v in ONE_SHOP.items() if n != name}
    from_file, direct = (
        load({**given, f"{name}_FILE": str(file)}),
        load({**given, name: "from-a-file-0001"}),
    )

    assert direct.shops == from_file.shops
    assert direct.metrics_digests == from_file.metrics_digests
    assert direct.secret_key == from_file.secret_key
    assert [file] == list(from_file.files)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_and_its_file_are_not_both_given(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("secret-0002")
    environ = {**ONE_SHOP, name: "secret-0001", f"{name}_FILE": str(file)}

    assert f"{name} and {name}_FILE are both set: keep one." == refusal(environ)


@pytest.mark.parametrize("given", ["", " ", "\n"])
@pytest.mark.parametrize("name", SECRETS)
def test_an_empty_secret_is_a_start_error(name: str, given: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(given)
    others = {n: v for n, v in ONE_SHOP.items() if n != name}
    told = "is empty: give it a value, or do not set it."

    assert f"{name} {told}" == refusal({**others, name: given})
    assert f"{name}_FILE {told}" == refusal({**others, f"{name}_FILE": str(file)})


def test_the_shops_key_is_never_guessed() -> None:
    told = "RIVO_API_KEY is missing: set it to the shop's key, or start with --sandbox."

    assert told == refusal({"SECRET_KEY": "key-of-the-hashes", "API_KEY": "caller-0001"})


def test_a_third_secret_is_refused() -> None:
    told = refusal({**ONE_SHOP, "API_KEY": "one-0001 two-0002 three-0003"})

    assert "API_KEY holds 3 secrets: one, or two while it is changed." == told


@pytest.mark.parametrize("other", [*CALLERS[1:], "RIVO_API_KEY", "SECRET_KEY", "METRICS_KEY"])
@pytest.mark.parametrize("given", ["the-same-secret-0001", "another-0002 the-same-secret-0001"])
def test_equal_secrets_are_refused(other: str, given: str) -> None:
    told = refusal({**ONE_SHOP, other: "the-same-secret-0001", "API_KEY": given})

    assert "are the same: give each its own." in told
    assert {"API_KEY", other} == set(told.partition(" are ")[0].split(" and "))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("RIVO_API_URL", "http://rivo.example.com", "https address"),
        ("RIVO_API_URL", "http://127.0.0.1.example.com", "https address"),
        ("RIVO_API_URL", "ftp://rivo.example.com", "https address"),
        ("RIVO_API_URL", "rivo.example.com", "https address"),
        ("RIVO_API_URL", "https://", "https address"),
        ("RIVO_API_URL", "https://[::1", "https address"),
        ("RIVO_API_URL", "https://rivo.example.com:port", "https address"),
        ("RIVO_API_URL", "https://me:secret@rivo.example.com", "https address"),
        ("RIVO_API_URL", "https://rivo.example.com/v1?key=secret", "https address"),
        ("RIVO_API_KEY", "clé-secrète", "printable ASCII"),
        ("API_KEY", "not\udcffutf-8", "printable"),
        ("API_KEY", "a\0b", "printable"),
        ("PUBLIC_URL", "loyalty.example.com", "address like https"),
        ("PUBLIC_URL", "javascript://loyalty.example.com", "address like https"),
        ("PUBLIC_URL", "https://loyalty example.com", "address like https"),
        ("SHOP_CURRENCY", "dollars", "three letters"),
        ("SHOP_CURRENCY", "usd", "three letters"),
        ("SHOP_TIMEZONE", "Mars/Olympus", "a time zone like"),
        ("SHOP_TIMEZONE", "../../etc/passwd", "a time zone like"),
        ("PORT", "eighty", "a number from 0 to 65535"),
        ("PORT", "65536", "a number from 0 to 65535"),
        ("PORT", "80.5", "a whole number"),
        ("RIVO_REQUESTS_PER_SECOND", "14.5", "a whole number"),
        ("RIVO_REQUESTS_PER_SECOND", "0.5", "a number from 1 to 1000"),
        ("STALE_SECONDS", "86401", "a number from 0 to 86400"),
        ("FRESH_SECONDS", "-1", "a number from 0 to 86400"),
        ("FRESH_SECONDS", "nan", "a number from 0 to 86400"),
        ("STALE_IF_ERROR_SECONDS", "604801", "a number from 0 to 604800"),
        ("SETTLE_SECONDS", "0.5", "a number from 1 to 3600"),
        ("SETTLE_SECONDS", "3601", "a number from 1 to 3600"),
        ("SETTLE_SECONDS", "nan", "a number from 1 to 3600"),
        ("LOG_LEVEL", "chatty", "one of info, debug, warning, error"),
        ("LOG_FORMAT", "xml", "one of json, console"),
        ("API_KEY_FILE", "/nowhere/api_key", "cannot be read (FileNotFoundError)"),
        ("CONFIG", "/nowhere/config.toml", "cannot be read (FileNotFoundError)"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_what_to_mend(
    name: str, value: str, told: str
) -> None:
    said = refusal({**ONE_SHOP, name: value})

    assert said.startswith(name)
    assert told in said
    assert "\n" not in said
    assert "secret" not in said.removeprefix(name)


@pytest.mark.parametrize(
    "url",
    [
        "https://rivo.example.com",
        "http://localhost:9000",
        "http://127.0.0.1:9000",
        "http://127.8.9.1",
        "http://[::1]:9000/merchant_api/v1",
    ],
)
def test_http_goes_no_further_than_this_machine(url: str) -> None:
    (shop,) = load({**ONE_SHOP, "RIVO_API_URL": url}).shops

    assert url == shop.rivo_api_url


def test_no_mistake_tells_a_secret(tmp_path: Path) -> None:
    secret = "s3cr3t-that-nobody-may-see"
    binary = tmp_path / "binary"
    binary.write_bytes(secret.encode() + b"\xff")
    environs = [
        *({**ONE_SHOP, name: f"{secret} {secret}-2 {secret}-3"} for name in SECRETS),
        *({**ONE_SHOP, "API_KEY": secret, name: secret} for name in CALLERS[1:]),
        {**ONE_SHOP, "API_KEY": secret, "API_KEY_FILE": secret},
        {**ONE_SHOP, "API_KEY_FILE": str(binary)},
        {**ONE_SHOP, "RIVO_API_KEY": f"{secret}é"},
        {**ONE_SHOP, "RIVO_API_URL": f"https://u:{secret}@rivo.example.com"},
        {**ONE_SHOP, "PUBLIC_URL": f"https://u:{secret}@rivo.example.com"},
    ]
    said = [refusal(environ) for environ in environs]

    assert 15 == len(said)
    assert [] == [each for each in said if secret in each]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data" / "secret_key"


def test_a_key_for_hashes_is_made_once_beside_the_data(elsewhere: Path) -> None:
    environ = {"RIVO_API_KEY": "rivo-key-0001"}
    first, second = load(environ), load(environ)

    assert elsewhere.read_bytes() == first.secret_key == second.secret_key
    assert 64 == len(first.secret_key)
    assert 0o600 == stat.S_IMODE(elsewhere.stat().st_mode)
    assert 0o700 == stat.S_IMODE(elsewhere.parent.stat().st_mode)


def test_two_houses_have_two_keys(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"RIVO_API_KEY": "rivo-key-0001"}
    first = load(environ)
    other = elsewhere.parent / "other"
    other.mkdir()
    monkeypatch.chdir(other)

    assert first.secret_key != load(environ).secret_key


def test_a_key_for_hashes_lies_beside_the_database_wherever_that_is(elsewhere: Path) -> None:
    file = elsewhere.parent.parent / "here" / "secret_key"
    for sandbox in (False, True):
        url = f"sqlite:///{file.with_name('operations.db')}"
        environ = {"RIVO_API_KEY": "rivo-key-0001", "DATABASE_URL": url}

        assert load(environ, sandbox=sandbox).secret_key == file.read_bytes()
    assert not elsewhere.parent.exists()


def test_a_key_for_hashes_is_kept_no_longer_than_what_it_signs(elsewhere: Path) -> None:
    environ = {"RIVO_API_KEY": "rivo-key-0001", "DATABASE_URL": "sqlite://"}
    first, second = load(environ), load(environ)

    assert first.secret_key != second.secret_key
    assert not elsewhere.parent.exists()


def test_a_key_that_is_given_makes_no_file(elsewhere: Path) -> None:
    load(ONE_SHOP)

    assert not elsewhere.parent.exists()


def test_the_sandbox_makes_no_file_and_needs_nothing(elsewhere: Path) -> None:
    settings = load({}, sandbox=True)
    (shop,) = settings.shops

    assert settings.sandbox
    assert 64 == len(settings.secret_key)
    assert "./data/sandbox.db" == settings.database
    assert ("USD", {}) == (shop.currency, dict(settings.files))
    assert not elsewhere.parent.exists()


def test_the_sandbox_has_an_agent_a_widget_and_a_lead() -> None:
    agent, lead, widget, *_ = load({}, sandbox=True).shops[0].callers

    assert ["demo", "demo-lead", "demo-gorgias"] == [agent.name, lead.name, widget.name]
    assert ["actions", "actions", "gorgias"] == [agent.door, lead.door, widget.door]
    assert [(digest("demo"),), (digest("demo-lead"),)] == [agent.digests, lead.digests]
    assert agent.digests == widget.digests
    assert [{"read_operations"}, RIGHTS, set()] == [agent.rights, lead.rights, widget.rights]
    assert [Limits(), Limits(), BUILT_IN] == [agent.limits, lead.limits, widget.limits]
    assert [None, None, {"manual"}] == [agent.sources, lead.sources, widget.sources]
    assert [EVERY_ACTION, EVERY_ACTION] == [agent.actions, lead.actions]
    assert GORGIAS_READS | GORGIAS_BUTTONS == widget.actions


def test_the_sandbox_takes_keys_of_ones_own() -> None:
    (shop,) = load({"API_KEY": "caller-0001"}, sandbox=True).shops
    (caller,) = shop.callers

    assert (digest("caller-0001"),) == caller.digests


def test_a_place_where_no_key_can_be_kept_is_told(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"RIVO_API_KEY": "rivo-key-0001"}
    elsewhere.parent.mkdir()
    elsewhere.touch()

    assert "data/secret_key is empty: remove it, and a new one is made." == refusal(environ)

    elsewhere.unlink()
    elsewhere.parent.rmdir()
    elsewhere.parent.touch()

    assert "SECRET_KEY: data/secret_key cannot be read (NotADirectoryError)." == refusal(environ)

    def read_only(self: Path, **_options: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "mkdir", read_only)
    told = "SECRET_KEY is not set and data/secret_key cannot be made (PermissionError)."

    assert told == refusal(environ)
