"""Every row of the table that the official rules' results were written down in."""

from __future__ import annotations

from collections import Counter

import pytest

from integrations.zendesk.check import check
from tests.zendesk_package.valid import REQUIREMENTS, WEBHOOK, Change, Draft, require

PLAIN = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h7"/></svg>'
SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def nothing(_: Draft) -> None:
    """Change nothing."""


def without(name: str) -> Change:
    return lambda draft: draft.manifest.pop(name)


def with_(name: str, value: object) -> Change:
    return lambda draft: draft.manifest.update({name: value})


def told(**changes: object) -> Change:
    """Change the secure parameter; None takes a key away."""

    def change(draft: Draft) -> None:
        for name, value in changes.items():
            if value is None:
                draft.parameter.pop(name)
            else:
                draft.parameter[name] = value

    return change


def page(url: str) -> Change:
    return lambda draft: draft.places.update(ticket_sidebar={"url": url})


def signed(draft: Draft) -> None:
    draft.manifest["signedUrls"] = True
    draft.places["ticket_sidebar"] = {"url": "https://{{setting.base_url}}/page"}


def unlabelled(draft: Draft) -> None:
    draft.translation["app"]["parameters"] = {"base_url": {"helpText": "Where it is."}}


def holds(name: str, content: bytes) -> Change:
    return lambda draft: draft.files.update({name: content})


def linked(draft: Draft) -> None:
    draft.links.add("assets/elsewhere.js")


def without_logos(draft: Draft) -> None:
    for name in ("assets/logo.png", "assets/logo-small.png"):
        del draft.files[name]


ROWS: list[tuple[str, Change, dict[str, int]]] = [
    ("V01", nothing, {}),
    ("V02", without("author"), {"error manifest.missing": 1}),
    ("V03", without("defaultLocale"), {"error manifest.missing": 1}),
    ("V04", without("location"), {"error manifest.missing": 1}),
    ("V05", with_("frameworkVersion", "1.0"), {"error manifest.version": 1}),
    (
        "V06",
        with_("frameworkVersion", 2.0),
        {"error manifest.version": 1, "error manifest.not_text": 1},
    ),
    ("V07", told(type="password"), {"error parameters.type": 1, "warning files.words": 1}),
    ("V08", told(type="dropdown"), {"error parameters.type": 1}),
    ("V09", told(name="name"), {"error parameters.name": 1}),
    ("V10", told(scopes=["query"]), {"error parameters.scopes": 1}),
    ("V11", told(secure=None), {"error parameters.scopes": 1}),
    ("V12", told(scopes=None), {"warning parameters.unscoped": 1}),
    (
        "V13",
        told(name="access_token", secure=None, scopes=None),
        {"warning parameters.insecure": 1},
    ),
    ("V14", page("https://loyalty.example.com/page"), {}),
    ("V15", signed, {}),
    ("V16", page("http://loyalty.example.com/page"), {"error manifest.url": 1}),
    ("V17", page("assets/none.html"), {"error manifest.url": 1}),
    (
        "V18",
        lambda draft: draft.places.update(left_sidebar="assets/iframe.html"),
        {"error manifest.location": 1},
    ),
    ("V19", with_("domainWhitelist", "loyalty.example.com"), {"error manifest.not_texts": 1}),
    ("V20", with_("private", False), {"error translations.missing": 1}),
    ("V21", with_("private", True), {}),
    ("V22", unlabelled, {"error translations.label": 1}),
    ("V23-by-ending", holds("assets/more.zip", b"nothing of the kind"), {"error files.type": 1}),
    ("V23-by-content", holds("assets/more.dat", b"PK\x03\x04..."), {"error files.type": 1}),
    ("V23-pdf", holds("terms.pdf", b"%PDF-1.7"), {"error files.type": 1}),
    ("V24", linked, {"error files.link": 1}),
    ("V25", holds("assets/logo.svg", SCRIPT), {"warning files.svg": 1}),
    ("V26", holds("assets/logo.svg", PLAIN), {}),
    ("V27", without_logos, {}),
    ("V28", require(webhooks={"loyalty": {"name": "Loyalty"}}), {"error requirements.field": 4}),
    ("V29", require(sla_policies={}), {"error requirements.kind": 1}),
    ("V30", require(**REQUIREMENTS), {}),
]


@pytest.mark.parametrize(
    ("change", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_the_rules_say_of_a_package_what_the_official_ones_do(
    change: Change, expected: dict[str, int]
) -> None:
    draft = Draft()
    change(draft)

    found = Counter(f"{each.level} {each.code}" for each in check(draft.package()))

    assert expected == found


def test_every_row_is_there() -> None:
    assert [f"V{number:02}" for number in range(1, 31)] == sorted({row[0][:3] for row in ROWS})


ENDINGS = "zip pdf rar gz doc docx bin sh jar mp3 xls xlsx 7z"


@pytest.mark.parametrize("ending", ENDINGS.split())
def test_a_file_with_an_ending_that_is_not_taken_is_an_error(ending: str) -> None:
    draft = Draft()
    draft.files[f"assets/more.{ending}"] = b"text"

    assert ["files.type"] == [each.code for each in check(draft.package())]


def test_the_sample_of_a_webhook_has_all_that_is_needed() -> None:
    draft = Draft()
    draft.requirements = {"webhooks": {"loyalty": dict(WEBHOOK)}}

    assert [] == check(draft.package())
