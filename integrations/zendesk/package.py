"""The app's package for one deployment: which files it has, and what they say."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from integrations.zendesk.requirements import requirements

ASSETS: Final = Path(__file__).parent / "app" / "assets"
SHELL: Final = "iframe.html"
HOST: Final = "zendesk.js"
OWN: Final = (SHELL, HOST, "logo.png", "logo-small.png", "logo.svg")
NAMED: Final = re.compile(r"\"(?:\./)?sidebar/([\w-]+\.(?:js|css))\"")
IMPORTED: Final = re.compile(r"\"\./([\w-]+\.js)\"")
MODULES: Final = b"<!-- modules -->"
"""Where the shell names its modules, so that the browser need not find one by the other."""
NAME: Final = "Rivo loyalty"
SECRET: Final = "shared_secret"  # noqa: S105 -- the name of the setting, not its value
EXPECTED: Final = frozenset(
    {
        # The scope, the setting and the vendor's option are called so; no value is there.
        ("files.words", "manifest.json"),
        ("files.words", "translations/en.json"),
        ("files.words", f"assets/{HOST}"),
        # The name of a language, http://www.w3.org/2000/svg, which nobody calls.
        ("files.http", "assets/sidebar/dom.js"),
    }
)
"""What Zendesk's rules warn of in our package, and why it is right all the same."""
EXPECTED_SIGNING: Final = EXPECTED | {("files.words", "requirements.json")}
"""The same, where the webhook's secret is in it on purpose."""
EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """What a package is made for: one shop of one service.

    `public_url` is where Zendesk finds the service (https); `shop` is named in the addresses where
    the service has several; `reason` is given with what the macros ask for. `signing`, where it is
    given, is the webhook's secret: then the package holds it.
    """

    public_url: str
    version: str
    shop: str | None = None
    currency: str | None = None
    reason: str = "goodwill"
    author_email: str | None = None
    signing: str | None = None

    @property
    def host(self) -> str:
        """The host that the app may send the shared secret's signature to."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def address(self) -> str:
        """The door's address, without a slash at its end."""
        shop = f"/{self.shop}" if self.shop else ""
        return f"{self.public_url.rstrip('/')}/zendesk{shop}"


def build(deployment: Deployment, sidebar: Mapping[str, bytes]) -> dict[str, bytes]:
    """Make the package's files; `sidebar` holds those of the sidebar page by their names.

    Of these, only what the app reaches is taken.
    """
    own = {name: (ASSETS / name).read_bytes() for name in OWN}
    shell = (own[SHELL] + own[HOST]).decode()
    taken = sorted(set(_reached(NAMED.findall(shell), sidebar)))
    own[SHELL] = own[SHELL].replace(MODULES, _preloads(taken))
    assets = own | {f"sidebar/{name}": sidebar[name] for name in taken}
    return {
        "manifest.json": _spell(manifest(deployment)),
        "requirements.json": _spell(
            requirements(
                f"{deployment.address}/webhook",
                currency=deployment.currency,
                reason=deployment.reason,
                signing=deployment.signing,
            )
        ),
        "translations/en.json": _spell(translation()),
        "assets/service.js": _service(deployment),
        **{f"assets/{name}": content for name, content in assets.items()},
    }


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack files; the same files make the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=EPOCH)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return out.getvalue()


def manifest(deployment: Deployment) -> dict[str, Any]:
    """Say what the app is, where it stands, and what an installation has to be told."""
    page = {"url": f"assets/{SHELL}", "flexible": True}
    return {
        "name": NAME,
        "author": {
            "name": "rivo-helpdesk",
            "email": deployment.author_email or f"postmaster@{deployment.host}",
            "url": deployment.public_url,
        },
        "defaultLocale": "en",
        "private": True,
        "singleInstall": True,
        "version": deployment.version,
        "frameworkVersion": "2.0",
        "location": {"support": {"ticket_sidebar": page, "user_sidebar": page}},
        "domainWhitelist": [deployment.host],
        "parameters": [
            {
                "name": SECRET,
                "type": "text",
                "required": True,
                "secure": True,
                "scopes": ["jwt_secret_key"],
            }
        ],
    }


def translation() -> dict[str, Any]:
    """Say what an admin reads of the app; the sidebar's own texts are in `texts.js`."""
    return {
        "app": {
            "name": NAME,
            "short_description": "Points, store credit, tier and rewards beside the ticket.",
            "parameters": {
                SECRET: {
                    "label": "Shared secret",
                    "helpText": "The value of ZENDESK_SHARED_SECRET of your rivo-helpdesk.",
                }
            },
        }
    }


def _service(deployment: Deployment) -> bytes:
    line = f"export const ADDRESS = {json.dumps(deployment.address)};"
    return f"/* The service that this package was made for. */\n{line}\n".encode()


def _preloads(names: list[str]) -> bytes:
    modules = [name for name in names if name.endswith(".js")]
    links = (f'<link rel="modulepreload" href="sidebar/{name}">' for name in modules)
    return "\n".join(links).encode()


def _reached(names: list[str], sidebar: Mapping[str, bytes]) -> Iterator[str]:
    """Follow the imports from these modules on."""
    waiting, seen = list(names), set(names)
    while waiting:
        name = waiting.pop()
        yield name
        found = IMPORTED.findall(sidebar[name].decode())
        waiting += [each for each in found if each not in seen]
        seen |= set(found)


def _spell(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
