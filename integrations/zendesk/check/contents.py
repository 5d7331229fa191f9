"""The rules for the files themselves: their types, pictures, words and addresses.

From the public validator, `zendesk_apps_support` 4.52.0, as of November 2026. Its test for values
that look like somebody's key goes by patterns of other vendors and is not repeated here, but for
private keys.
"""

from __future__ import annotations

import re
import struct
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Final

from integrations.zendesk.check.finding import Findings, error, warning, words
from integrations.zendesk.check.reading import Package

REFUSED: Final = words(
    "rar zip gz gzip pdf doc docx avi bin bz bz2 csh sh jar mp3 mpeg odt pptx ppt xls xlsx 7z"
)
"""Endings that Zendesk refuses; it looks at what a file holds as well."""
BEGINNINGS: Final = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b": "gzip",
    b"%PDF-": "pdf",
    b"Rar!\x1a\x07": "rar",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"BZh": "bz2",
    b"ID3": "mp3",
    b"\x00\x00\x01\xba": "mpeg",
}
TEXTS: Final = re.compile(r"(html?|xml|js|json?)$")
WORDS: Final = re.compile(
    "password|secretToken|secret_token|secret|auth_key|authKey|auth_pass|authPass|auth_user"
    "|AuthUser|api_key"
)
PRIVATE_KEY: Final = re.compile("-----BEGIN ([A-Z]+ )*PRIVATE KEY( BLOCK)?-----")
PLAIN_HTTP: Final = re.compile(r"http:[^\s\"'`<>)]+")
DRAWN: Final = words(
    "svg g path rect circle ellipse line polygon polyline defs symbol use title desc metadata "
    "text tspan textpath marker mask clippath switch lineargradient radialgradient stop filter "
    "fegaussianblur animate animatecolor animatemotion animatetransform set mpath"
)
BANNER: Final = "assets/banner.png"
BANNER_SIZES: Final = ((830, 200), (1660, 400))


def content_findings(package: Package) -> Findings:
    """Check the files, whatever the manifest says."""
    for name in sorted(package.links):
        yield error("files.link", name, "it is a symbolic link.")
    yield from _types(package)
    yield from _banner(package)
    yield from _drawings(package)
    yield from _words(package)
    yield from _addresses(package)


def png_size(content: bytes) -> tuple[int, int] | None:
    """Read the width and height of a PNG, in pixels; None where it is none."""
    if len(content) < 24 or not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _types(package: Package) -> Findings:
    for name, content in package.files.items():
        ending = PurePosixPath(name).suffix.removeprefix(".")
        held = next((kind for mark, kind in BEGINNINGS.items() if content.startswith(mark)), "")
        for kind in {ending, held} & REFUSED:
            yield error("files.type", name, f"files of type {kind} are not taken.")
            break


def _banner(package: Package) -> Findings:
    if BANNER in package.files and png_size(package.files[BANNER]) not in BANNER_SIZES:
        yield error("files.banner", BANNER, "it must be a PNG of 830 by 200 or 1660 by 400.")


class _Drawing(HTMLParser):
    """Reads an SVG without following anything that it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.clean = True
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in DRAWN or any(self._acts(name, value or "") for name, value in attrs):
            self.clean = False

    def handle_decl(self, decl: str) -> None:  # noqa: ARG002 -- the name is the parser's
        self.clean = False

    def _acts(self, name: str, value: str) -> bool:
        refers = name in ("href", "xlink:href") and not value.startswith("#")
        return name.startswith("on") or refers or "javascript:" in value.lower()


def _drawings(package: Package) -> Findings:
    for name in package.named(".svg"):
        if name.startswith("assets/") and not _Drawing(package.text(name)).clean:
            message = "it holds more than a drawing, and Zendesk may take that out."
            yield warning("files.svg", name, message)


def _words(package: Package) -> Findings:
    for name in package.files:
        if not TEXTS.search(name):
            continue
        text = package.text(name)
        if found := sorted(set(WORDS.findall(text))):
            message = f"it says {', '.join(found)}: make sure that no secret is in the package."
            yield warning("files.words", name, message)
        if PRIVATE_KEY.search(text):
            yield warning("files.private_key", name, "it holds a private key.")


def _addresses(package: Package) -> Findings:
    for name in package.named(".js", ".jsx", ".html", ".htm"):
        for address in sorted(set(PLAIN_HTTP.findall(package.text(name)))):
            yield warning("files.http", name, f"it names {address}, which is not encrypted.")
