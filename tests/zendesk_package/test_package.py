"""The package that we make: what is in it, and that Zendesk's rules have nothing against it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest

from app.commands.zendesk import _sidebar
from integrations.zendesk.check import check
from integrations.zendesk.check.contents import png_size
from integrations.zendesk.check.reading import Package
from integrations.zendesk.package import EXPECTED, Deployment, build, zipped
from integrations.zendesk.requirements import GIFTS, WEBHOOK

SDK = b"static.zdassets.com"
HERE = Deployment(public_url="https://loyalty.example.com", version="0.1.0", currency="USD")


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return build(HERE, _sidebar())


def read(made: Mapping[str, bytes], name: str) -> Any:
    return json.loads(made[name])


def test_zendesk_would_take_it_and_every_warning_is_argued(made: Mapping[str, bytes]) -> None:
    found = check(Package(made))

    assert [] == [str(each) for each in found if each.level == "error"]
    assert {(each.code, each.where) for each in found} == EXPECTED


def test_it_goes_to_one_service_only(made: Mapping[str, bytes]) -> None:
    manifest = read(made, "manifest.json")

    assert ["loyalty.example.com"] == manifest["domainWhitelist"]
    assert b'"https://loyalty.example.com/zendesk"' in made["assets/service.js"]
    assert manifest["author"]["url"] == HERE.public_url
    assert manifest["author"]["email"] == "postmaster@loyalty.example.com"


def test_one_shop_of_several_is_named_in_the_addresses() -> None:
    here = Deployment(public_url="https://x.example/rivo/", version="1", shop="acme")
    made = build(here, _sidebar())

    assert b'"https://x.example/rivo/zendesk/acme"' in made["assets/service.js"]
    webhook = read(made, "requirements.json")["webhooks"][WEBHOOK]
    assert "https://x.example/rivo/zendesk/acme/webhook" == webhook["endpoint"]


def test_only_the_shell_names_the_vendors_script(made: Mapping[str, bytes]) -> None:
    assert ["assets/iframe.html"] == [name for name, content in made.items() if SDK in content]


def test_nothing_is_inline_and_nothing_unsafe_is_allowed(made: Mapping[str, bytes]) -> None:
    shell = made["assets/iframe.html"].decode()

    assert "unsafe" not in shell
    assert "default-src 'none'" in shell
    assert [] == re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", shell)


def test_every_file_that_a_module_imports_is_there(made: Mapping[str, bytes]) -> None:
    for name, content in made.items():
        if name.endswith(".js"):
            folder = name.rpartition("/")[0]
            for path in re.findall(r"(?:from|import)\s*\"\./([^\"]+)\"", content.decode()):
                assert f"{folder}/{path}" in made, (name, path)


def test_hosts_of_other_places_stay_at_home(made: Mapping[str, bytes]) -> None:
    assert "assets/sidebar/sidebar.js" in made
    assert [] == [name for name in made if re.search(r"/(preview|link)\.", name)]


def test_the_secret_may_only_sign(made: Mapping[str, bytes]) -> None:
    (parameter,) = read(made, "manifest.json")["parameters"]

    assert {
        "name": "shared_secret",
        "type": "text",
        "required": True,
        "secure": True,
        "scopes": ["jwt_secret_key"],
    } == parameter
    labels = read(made, "translations/en.json")["app"]["parameters"]
    assert ["shared_secret"] == list(labels)
    assert b'"{{setting.shared_secret}}"' in made["assets/zendesk.js"]


def test_the_logos_have_the_sizes_that_zendesk_shows(made: Mapping[str, bytes]) -> None:
    assert (320, 320) == png_size(made["assets/logo.png"])
    assert (128, 128) == png_size(made["assets/logo-small.png"])


def test_each_macro_sets_a_tag_that_one_trigger_sends_and_takes_away(
    made: Mapping[str, bytes],
) -> None:
    told = read(made, "requirements.json")
    macros, triggers = told["macros"].values(), told["triggers"].values()
    tags = [action(each, "current_tags") for each in macros]

    assert len(GIFTS) == len(set(tags)) == len(triggers)
    for tag, trigger in zip(tags, triggers, strict=True):
        assert tag == action(trigger, "remove_tags")
        assert {"field": "current_tags", "operator": "includes", "value": tag} == (
            trigger["conditions"]["all"][0]
        )
        assert action(trigger, "notification_webhook")[0] == WEBHOOK


def test_no_customer_sets_a_trigger_off(made: Mapping[str, bytes]) -> None:
    """The tags are no secret, and a customer's own come with their tickets."""
    for trigger in read(made, "requirements.json")["triggers"].values():
        assert {"field": "role", "operator": "is_not", "value": "end_user"} in (
            trigger["conditions"]["all"]
        )


def test_what_a_trigger_sends_is_json_before_and_after_it_is_filled_in(
    made: Mapping[str, bytes],
) -> None:
    sent = [
        action(each, "notification_webhook")[1]
        for each in read(made, "requirements.json")["triggers"].values()
    ]
    values = {
        "{{ticket.requester.email}}": "ada+o'hara@example.com",
        "{{ticket.id}}": "35436",
        "{{current_user.email}}": "agent@example.com",
    }
    filled = []
    for text in sent:
        for name, value in values.items():
            assert name in text
            text = text.replace(name, value)  # noqa: PLW2901 -- as Zendesk fills it in
        assert "{{" not in text
        filled.append(json.loads(text))

    told = {
        "action": "create_points_event",
        "customer_email": "ada+o'hara@example.com",
        "ticket_id": "35436",
        "agent_email": "agent@example.com",
        "reason": "goodwill",
    }
    assert [
        {**told, "points_amount": 100},
        {**told, "points_amount": 250},
        {**told, "credits_amount": "5.00"},
    ] == filled


def test_a_macro_says_the_amount_and_its_currency(made: Mapping[str, bytes]) -> None:
    titles = [each["title"] for each in read(made, "requirements.json")["macros"].values()]

    assert [
        "Rivo loyalty::Give 100 points",
        "Rivo loyalty::Give 250 points",
        "Rivo loyalty::Give 5.00 USD store credit",
    ] == titles


def test_the_same_deployment_makes_the_same_bytes(made: Mapping[str, bytes]) -> None:
    packed = zipped(made)

    assert packed == zipped(dict(reversed(list(made.items()))))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert sorted(made) == archive.namelist()
        assert made == {name: archive.read(name) for name in archive.namelist()}


def action(rule: Mapping[str, Any], field: str) -> Any:
    (value,) = [each["value"] for each in rule["actions"] if each["field"] == field]
    return value
