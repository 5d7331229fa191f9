"""The rules beyond the table, and that nothing in a package can stop the checker."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.zendesk.check import check
from integrations.zendesk.check.finding import Finding
from integrations.zendesk.check.manifest import BOOLEANS, STRINGS
from integrations.zendesk.check.reading import Package
from integrations.zendesk.check.requirements import KINDS, OBJECTS
from tests.zendesk_package.valid import REQUIREMENTS, Draft

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
FIELDS = (
    *STRINGS,
    *BOOLEANS,
    "author",
    "private",
    "location",
    "parameters",
    "domainWhitelist",
    "experiments",
    "oauth",
    "noTemplate",
)


def codes(package: Package) -> list[str]:
    return [each.code for each in check(package)]


def with_manifest(**changes: Any) -> Package:
    draft = Draft()
    draft.manifest |= changes
    return draft.package()


def with_parameter(**given: Any) -> Package:
    draft = Draft()
    draft.manifest["parameters"].append(given)
    return draft.package()


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (with_manifest(author="Example"), ["manifest.not_object"]),
        (with_manifest(author={"name": 7}), ["manifest.not_text"]),
        (with_manifest(author={"url": "example.com"}), ["manifest.address"]),
        (with_manifest(author={"url": "http://["}), ["manifest.address"]),
        (with_manifest(termsConditionsURL="ftp://example.com"), ["manifest.address"]),
        (with_manifest(singleInstall="yes"), ["manifest.not_boolean"]),
        (with_manifest(private=None), ["manifest.not_boolean"]),
        (with_manifest(defaultLocale="english"), ["manifest.locale"]),
        (with_manifest(defaultLocale="nl"), ["manifest.no_translation"]),
        (with_manifest(noTemplate=True), ["manifest.no_template"]),
        (with_manifest(experiments=["hashParams"]), ["manifest.not_object"]),
        (with_manifest(experiments={"hashParams": True, "other": False}), []),
        (with_manifest(experiments={"other": True}), ["manifest.experiment"]),
        (with_manifest(oauth={}), ["manifest.oauth", "manifest.oauth"]),
        (with_manifest(frameworkVersion=None), ["manifest.missing"]),
        (with_manifest(location=["ticket_sidebar"]), ["manifest.location"]),
        (with_manifest(location={"support": "ticket_sidebar"}), ["manifest.location"]),
        (with_manifest(location={"phone": {}}), ["manifest.product"]),
        (with_manifest(location={"sell": {"deal_card": "assets/iframe.html"}}), []),
        (with_manifest(location={"zopim": {"chat_sidebar": "assets/iframe.html"}}), []),
        (with_manifest(location={"support": {"modal": ""}}), ["manifest.url"]),
        (with_manifest(location={"support": {"modal": {"autoLoad": False}}}), []),
        (with_manifest(location={"support": {"modal": "http://localhost:4567/a"}}), []),
        (with_manifest(location={"support": {"modal": "https://["}}), ["manifest.url"]),
        (with_manifest(requirementsOnly=True), ["manifest.no_pages"] * 2),
        (with_manifest(parameters={}), ["parameters.not_array"]),
        (with_manifest(parameters=["one"]), ["parameters.not_object"]),
        (with_parameter(name="base_url"), ["parameters.twice"]),
        (with_parameter(name="more", required="yes"), ["parameters.boolean"]),
        (with_parameter(name="more", type="hidden", required=True), ["parameters.hidden"]),
        (with_parameter(name="more", type="hidden", default="x"), ["parameters.default"]),
        (with_parameter(name="more", type="mtls"), ["parameters.type"]),
        (with_parameter(name="more", type="oauth", secure=True, scopes=[]), ["parameters.oauth"]),
        (with_parameter(name="more", secure=True, scopes="header"), ["parameters.scopes"]),
    ],
)
def test_a_manifest_that_breaks_a_rule_is_noticed(package: Package, expected: list[str]) -> None:
    found = codes(package)

    assert expected == found[: len(expected)]
    assert bool(expected) == bool(found)


def test_two_ways_to_sign_in_are_one_too_many() -> None:
    two = [{"name": name, "type": "oauth"} for name in ("one", "other")]

    assert ["parameters.oauth"] == codes(with_manifest(parameters=two))


def test_an_app_that_is_only_a_listing_has_no_parameters_and_is_public() -> None:
    draft = Draft()
    draft.manifest |= {"marketingOnly": True}
    del draft.manifest["location"], draft.manifest["frameworkVersion"]

    assert ["parameters.listing"] * 2 == codes(draft.package())


def test_requirements_alone_are_an_app() -> None:
    draft = Draft()
    draft.manifest |= {"requirementsOnly": True}
    del draft.manifest["location"], draft.manifest["frameworkVersion"]
    assert ["requirements.missing"] == codes(draft.package())

    draft.requirements = dict(REQUIREMENTS)
    assert [] == codes(draft.package())


def test_chat_has_no_requirements() -> None:
    draft = Draft()
    draft.manifest["location"] = {"chat": {"chat_sidebar": "assets/iframe.html"}}
    draft.requirements = dict(REQUIREMENTS)

    assert ["requirements.unsupported"] == codes(draft.package())


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        ([], ["requirements.not_object"]),
        ({"macros": []}, ["requirements.not_object"]),
        ({"macros": {"one": 1}}, ["requirements.not_object"]),
        ({"macros": {"one": {}}}, ["requirements.field"]),
        ({"user_fields": {"one": {"title": "One"}}}, ["requirements.field"]),
        ({"channel_integrations": {"a": {}, "b": {}}}, ["requirements.many"]),
        ({"targets": {"one": {"title": "x", "type": "http_target"}}}, ["requirements.kind"]),
        ({"custom_objects": {}}, ["requirements.field"]),
        ({"custom_objects": {"custom_object_types": [{"key": "a"}]}}, ["requirements.field"]),
        ({"custom_objects_v2": {"objects": []}}, []),
        ({"macros": {f"m{n}": {"title": "x"} for n in range(5001)}}, ["requirements.many"]),
    ],
)
def test_requirements_that_break_a_rule_are_noticed(requirements: Any, expected: list[str]) -> None:
    draft = Draft()
    draft.requirements = requirements
    found = codes(draft.package())

    assert expected == found[: len(expected)]
    assert bool(expected) == bool(found)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("translations/english.json", b'{"app": {}}', "translations.locale"),
        ("translations/nl.json", b"{", "translations.not_json"),
        ("translations/nl.json", b'{"a": 1, "a": 2}', "translations.twice"),
        ("translations/nl.json", b"[]", "translations.not_object"),
        ("requirements.json", b"\xff", "requirements.not_json"),
        ("requirements.json", b'{"macros": {}, "macros": {}}', "requirements.twice"),
        ("manifest.json", b"{", "manifest.not_json"),
        ("manifest.json", b'{"name": "a", "name": "b"}', "manifest.twice"),
        ("manifest.json", b"[" * 100_000, "manifest.not_json"),
        ("manifest.json", b"[]", "manifest.not_object"),
        ("assets/banner.png", b"\x89PNG\r\n\x1a\n", "files.banner"),
        ("assets/app.js", b"fetch('http://example.com/a')", "files.http"),
        ("assets/key.json", b"-----BEGIN RSA PRIVATE KEY-----", "files.private_key"),
        ("assets/a.svg", b"<svg><image href='x.png'/></svg>", "files.svg"),
        ("assets/a.svg", b"<svg onload='go()'><path/></svg>", "files.svg"),
        ("assets/a.svg", b"<svg><use href='https://x.example/a.svg'/></svg>", "files.svg"),
        ("assets/a.svg", b"<!DOCTYPE svg><svg></svg>", "files.svg"),
    ],
)
def test_a_file_that_breaks_a_rule_is_noticed(name: str, content: bytes, expected: str) -> None:
    draft = Draft()
    draft.files[name] = content

    assert [expected] == codes(draft.package())


def test_a_manifest_in_a_folder_is_told_from_none() -> None:
    files = dict(Draft().package().files)
    manifest = files.pop("manifest.json")

    assert ["manifest.missing_file"] == codes(Package(files))
    assert ["manifest.nested"] == codes(Package({**files, "app/manifest.json": manifest}))


def test_products_have_texts_of_their_own() -> None:
    draft = Draft()
    draft.translation = {"app": {"support": {"name": "Loyalty"}}}
    assert [] == codes(draft.package())

    draft.translation = {"app": {"sell": {"label": "Loyalty"}}}
    assert ["translations.product", "translations.missing"] == codes(draft.package())


def test_what_a_public_app_is_described_with_may_have_its_old_name() -> None:
    draft = Draft()
    draft.manifest["private"] = False
    told = ("name", "description", "installation_instructions", "long_description")
    draft.translation = {"app": dict.fromkeys(told, "Text")}

    assert [] == codes(draft.package())


@given(field=st.sampled_from(FIELDS), value=JSON)
def test_no_value_in_the_manifest_stops_the_checker(field: str, value: Any) -> None:
    assert all(isinstance(each, Finding) for each in check(with_manifest(**{field: value})))


@given(
    requirements=JSON
    | st.dictionaries(
        st.sampled_from(sorted(KINDS)),
        JSON | st.dictionaries(st.sampled_from(["type", "title", *OBJECTS]), JSON),
    )
)
def test_no_requirement_stops_the_checker(requirements: Any) -> None:
    draft = Draft()
    draft.requirements = requirements

    assert all(isinstance(each, Finding) for each in check(draft.package()))


@given(parameter=st.dictionaries(st.sampled_from(["name", "type", "secure", "scopes"]), JSON))
def test_no_parameter_stops_the_checker(parameter: dict[str, Any]) -> None:
    assert all(isinstance(each, Finding) for each in check(with_parameter(**parameter)))


@given(place=st.dictionaries(st.sampled_from(["url", "autoLoad", "flexible"]), JSON), texts=JSON)
def test_no_place_and_no_text_stops_the_checker(place: dict[str, Any], texts: Any) -> None:
    draft = Draft()
    draft.places["modal"] = place
    draft.translation = texts

    assert all(isinstance(each, Finding) for each in check(draft.package()))


def test_a_finding_is_one_line() -> None:
    (found,) = check(with_manifest(frameworkVersion="1.0"))

    assert (
        'error: manifest.json: frameworkVersion must be the text "2.0". [manifest.version]'
        == str(found)
    )
    assert json.loads(json.dumps(str(found)))
