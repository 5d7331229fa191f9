"""`rivo-helpdesk zendesk`: a file that can be uploaded, or one sentence that says why not."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from integrations.zendesk.check.reading import Package, UnreadableError, read
from integrations.zendesk.package import zipped
from tests.zendesk_package.valid import Draft

SHOP = {
    "RIVO_API_KEY": "rivo-key-of-the-shop-0001",
    "PUBLIC_URL": "https://loyalty.example.com",
    "DATABASE_URL": "sqlite://",
}
CONFIG = """
[shops.acme]
rivo_api_key_file = "{key}"
currency = "EUR"
reasons = ["late delivery", "damaged item"]
[shops.other]
rivo_api_key_file = "{other}"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("RIVO_", "ZENDESK_", "PUBLIC_", "CONFIG", "SECRET_", "API_", "LEAD_")):
            monkeypatch.delenv(name)
    return tmp_path


def run(*arguments: str, env: Mapping[str, str] = SHOP) -> Result:
    return CliRunner().invoke(main, ["zendesk", *arguments], env=dict(env))


def test_it_writes_a_file_that_its_own_check_passes(here: Path) -> None:
    made = run("package")
    assert (0, "rivo-zendesk.zip\n") == (made.exit_code, made.stdout)

    checked = run("check", "rivo-zendesk.zip")
    assert 0 == checked.exit_code
    assert "0 errors, 4 warnings\n" == checked.stderr
    assert "warning" not in made.stderr


def test_no_secret_is_in_it_and_no_key_is_left_behind(here: Path) -> None:
    env = {
        **SHOP,
        "ZENDESK_SUBDOMAIN": "acme",
        "ZENDESK_SHARED_SECRET": "shared-secret-0001",
        "ZENDESK_WEBHOOK_SECRET": "webhook-secret-0001",
        "DATABASE_URL": f"sqlite:///{here}/data/rivo-helpdesk.db",
    }
    made = run("package", "--out", "app.zip", env=env)

    assert 0 == made.exit_code, made.output
    held = b"".join(read(here / "app.zip").files.values())
    for name in ("RIVO_API_KEY", "ZENDESK_SHARED_SECRET", "ZENDESK_WEBHOOK_SECRET"):
        assert env[name].encode() not in held
        assert env[name] not in made.output
    assert ["app.zip"] == [path.name for path in here.iterdir()]
    assert "acme.zendesk.com" in made.stderr


def test_the_webhooks_secret_is_in_it_only_where_that_is_asked_for(here: Path) -> None:
    env = {
        **SHOP,
        "ZENDESK_SUBDOMAIN": "acme",
        "ZENDESK_SHARED_SECRET": "shared-secret-0001",
        "ZENDESK_WEBHOOK_SECRET": "old-secret-0001 new-secret-0001",
    }
    made = run("package", "--with-webhook-secret", env=env)

    assert 0 == made.exit_code, made.output
    assert "warning" not in made.stderr
    assert "keep it as one" in made.stderr
    assert 0o600 == stat.S_IMODE((here / "rivo-zendesk.zip").stat().st_mode)
    (webhook,) = read(here / "rivo-zendesk.zip").json("requirements.json")["webhooks"].values()
    assert {"algorithm": "SHA256", "secret": "new-secret-0001"} == webhook["signing_secret"]

    without = {name: env[name] for name in env if name != "ZENDESK_WEBHOOK_SECRET"}
    assert "there is none to put in" in run("package", "--with-webhook-secret", env=without).stderr


def test_it_says_what_is_still_to_be_done(here: Path) -> None:
    assert "ZENDESK_SUBDOMAIN" in run("package").stderr

    env = {**SHOP, "ZENDESK_SUBDOMAIN": "acme", "ZENDESK_SHARED_SECRET": "shared-secret-0001"}
    assert "set ZENDESK_WEBHOOK_SECRET" in run("package", env=env).stderr


def test_the_sandbox_has_a_package_too(here: Path) -> None:
    made = run("package", "--sandbox", env={"PUBLIC_URL": SHOP["PUBLIC_URL"]})

    assert 0 == made.exit_code, made.output
    requirements = read(here / "rivo-zendesk.zip").json("requirements.json")
    assert "Rivo loyalty::Give 5.00 USD store credit" in [
        each["title"] for each in requirements["macros"].values()
    ]


def test_one_shop_of_several_is_named(here: Path) -> None:
    for name in ("key", "other"):
        (here / name).write_text(f"rivo-key-of-{name}-0001")
    config = CONFIG.format(key=here / "key", other=here / "other")
    (here / "config.toml").write_text(config)
    env = {"CONFIG": str(here / "config.toml"), "PUBLIC_URL": SHOP["PUBLIC_URL"]}

    assert "--shop" in run("package", env=env).stderr

    made = run("package", "--shop", "acme", env=env)
    assert (0, "rivo-zendesk-acme.zip\n") == (made.exit_code, made.stdout)
    package = read(here / "rivo-zendesk-acme.zip")
    assert "https://loyalty.example.com/zendesk/acme" in package.text("assets/service.js")
    assert '\\"reason\\": \\"late delivery\\"' in package.text("requirements.json")
    assert "5.00 EUR" in package.text("requirements.json")


def test_the_author_can_be_named(here: Path) -> None:
    run("package", "--author-email", "help@example.com")

    manifest = read(here / "rivo-zendesk.zip").json("manifest.json")
    assert "help@example.com" == manifest["author"]["email"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (None, "PUBLIC_URL is not set"),
        ("http://loyalty.example.com", "Zendesk only calls public https addresses"),
        ("https://localhost:8000", "Zendesk only calls public https addresses"),
        ("https://127.0.0.1", "Zendesk only calls public https addresses"),
    ],
)
def test_an_address_that_zendesk_cannot_call_is_refused(
    here: Path, url: str | None, words: str
) -> None:
    env = {name: value for name, value in SHOP.items() if name != "PUBLIC_URL"}
    made = run("package", env={**env, **({"PUBLIC_URL": url} if url else {})})

    assert 1 == made.exit_code
    assert words in made.stderr
    assert [] == list(here.iterdir())


def test_a_place_that_cannot_be_written_is_one_sentence(here: Path) -> None:
    made = run("package", "--out", "nowhere/app.zip")

    assert (1, "Error: nowhere/app.zip cannot be written (No such file or directory).\n") == (
        made.exit_code,
        made.stderr,
    )


def test_a_package_that_would_be_refused_is_not_written(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.commands.zendesk.build", lambda *_: {"more.zip": b""})
    made = run("package")

    assert 1 == made.exit_code
    assert "manifest.missing_file" in made.stderr
    assert "it was not written" in made.stderr
    assert [] == list(here.iterdir())


def test_a_folder_with_an_error_is_told_by_the_exit_code(here: Path) -> None:
    draft = Draft()
    draft.manifest["frameworkVersion"] = "1.0"
    unpack(draft, here / "app")

    checked = run("check", "app")

    assert 1 == checked.exit_code
    assert "manifest.version" in checked.stdout
    assert "1 errors, 0 warnings\n" == checked.stderr


def test_what_is_no_package_is_one_sentence(here: Path) -> None:
    (here / "app.zip").write_bytes(b"not a zip")

    checked = run("check", "app.zip")

    assert 1 == checked.exit_code
    assert "Error: app.zip is neither a folder nor a readable zip (BadZipFile).\n" == checked.stderr


# Reading.


def unpack(draft: Draft, to: Path) -> None:
    for name, content in draft.package().files.items():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes(content)


def test_a_folder_and_its_zip_are_the_same_package(tmp_path: Path) -> None:
    draft = Draft()
    unpack(draft, tmp_path / "app")
    (tmp_path / "app" / "tmp").mkdir()
    (tmp_path / "app" / "tmp" / "more.zip").write_bytes(b"left out")
    (tmp_path / "app.zip").write_bytes(zipped(draft.package().files))

    assert read(tmp_path / "app.zip") == read(tmp_path / "app") == draft.package()


def test_symbolic_links_are_noticed_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("not for you")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "link.js").symlink_to(tmp_path / "elsewhere")
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        entry = zipfile.ZipInfo("link.js")
        entry.create_system, entry.external_attr = 3, 0o120777 << 16
        archive.writestr(entry, str(tmp_path / "elsewhere"))

    linked = Package({}, frozenset({"link.js"}))
    assert read(tmp_path / "app.zip") == read(tmp_path / "app") == linked


@pytest.mark.parametrize("name", ["/etc/more", "../more", "assets/../../more"])
def test_a_zip_that_reaches_outside_of_itself_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "app.zip").write_bytes(zipped({name: b""}))

    with pytest.raises(UnreadableError, match="outside of it"):
        read(tmp_path / "app.zip")


def test_a_zip_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app.zip").write_bytes(zipped({f"{n}": b"\0" * 2**23 for n in range(9)}))

    with pytest.raises(UnreadableError, match="more than 64 MiB"):
        read(tmp_path / "app.zip")
