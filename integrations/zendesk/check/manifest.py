"""The rules of `manifest.json`, but for its parameters.

From the public validator, `zendesk_apps_support` 4.52.0, as of November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from integrations.zendesk.check.finding import Findings, error, words
from integrations.zendesk.check.reading import Package

MANIFEST: Final = "manifest.json"
LOCALE: Final = re.compile(r"[a-z]{2,3}(-\w{2,3})?")
STRINGS: Final = (
    "defaultLocale",
    "version",
    "frameworkVersion",
    "remoteInstallationURL",
    "termsConditionsURL",
    "gaID",
)
BOOLEANS: Final = ("requirementsOnly", "marketingOnly", "singleInstall", "signedUrls")
OAUTH: Final = ("client_id", "client_secret", "authorize_uri", "access_token_uri")
EXPERIMENTS: Final = frozenset({"hashParams", "newCssCompiler"})
OLD_PRODUCTS: Final[Mapping[str, str]] = {
    "zendesk": "support",
    "zopim": "chat",
    "lotus_box": "standalone_chat",
}
LOCATIONS: Final[Mapping[str, frozenset[str]]] = {
    "support": words(
        "top_bar nav_bar ticket_sidebar new_ticket_sidebar user_sidebar organization_sidebar "
        "background modal ticket_editor system_top_bar"
    ),
    "chat": frozenset({"chat_sidebar", "background"}),
    "standalone_chat": frozenset({"nav_bar", "system_top_bar"}),
    "sell": words(
        "deal_card person_card company_card lead_card background modal dashboard note_editor "
        "call_log_editor email_editor top_bar visit_editor"
    ),
}


def manifest_findings(package: Package, manifest: Mapping[str, Any]) -> Findings:
    """Check what a manifest says, but for its parameters."""
    yield from _missing(manifest)
    yield from _types(manifest)
    yield from _author(manifest.get("author"))
    yield from _address(manifest.get("termsConditionsURL"), "termsConditionsURL")
    yield from _oauth(manifest)
    yield from _locale(package, manifest.get("defaultLocale"))
    yield from _experiments(manifest.get("experiments"))
    if manifest.get("noTemplate"):
        yield error("manifest.no_template", MANIFEST, "noTemplate is of the first framework.")
    if has_no_pages(manifest):
        for name in ("location", "frameworkVersion"):
            if manifest.get(name):
                message = f"{name} may not be there in an app without pages."
                yield error("manifest.no_pages", MANIFEST, message)
    else:
        yield from _version(manifest.get("frameworkVersion"))
        yield from _locations(package, manifest.get("location"))


def has_no_pages(manifest: Mapping[str, Any]) -> bool:
    """Say whether an app has only requirements, or only a listing."""
    return manifest.get("requirementsOnly") is True or manifest.get("marketingOnly") is True


def products(manifest: Mapping[str, Any]) -> set[str]:
    """Say for which products an app has pages; without any it is for Support."""
    location = manifest.get("location")
    given = location if isinstance(location, dict) else {}
    named = {OLD_PRODUCTS.get(each) or str(each) for each in given}
    return named & set(LOCATIONS) or {"support"}


def _missing(manifest: Mapping[str, Any]) -> Findings:
    for name in ("author", "defaultLocale"):
        if manifest.get(name) is None:
            yield error("manifest.missing", MANIFEST, f"{name} is missing.")


def _types(manifest: Mapping[str, Any]) -> Findings:
    for name in STRINGS:
        if not isinstance(manifest.get(name, ""), str | None):
            yield error("manifest.not_text", MANIFEST, f"{name} must be a text.")
    for name in BOOLEANS:
        if not isinstance(manifest.get(name), bool | None):
            yield error("manifest.not_boolean", MANIFEST, f"{name} must be true or false.")
    if not isinstance(manifest.get("private", True), bool):
        yield error("manifest.not_boolean", MANIFEST, "private must be true or false.")
    hosts = manifest.get("domainWhitelist")
    if hosts is not None and not (
        isinstance(hosts, list) and all(isinstance(each, str) for each in hosts)
    ):
        yield error("manifest.not_texts", MANIFEST, "domainWhitelist must be an array of texts.")


def _author(author: object) -> Findings:
    if author is None:
        return
    if not isinstance(author, dict):
        yield error("manifest.not_object", MANIFEST, "author must be an object.")
        return
    for name in ("name", "email", "url"):
        if not isinstance(author.get(name), str | None):
            yield error("manifest.not_text", MANIFEST, f"author.{name} must be a text.")
    yield from _address(author.get("url"), "author.url")


def _address(given: object, name: str) -> Findings:
    if isinstance(given, str) and given and not _is_address(given):
        yield error("manifest.address", MANIFEST, f"{name} must be an address of the web.")


def _is_address(given: str) -> bool:
    try:
        parts = urlsplit(given)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _oauth(manifest: Mapping[str, Any]) -> Findings:
    oauth = manifest.get("oauth")
    if oauth is None:
        return
    missing = [name for name in OAUTH if not (isinstance(oauth, dict) and oauth.get(name))]
    if missing:
        yield error("manifest.oauth", MANIFEST, f"oauth lacks {', '.join(missing)}.")
    parameters = manifest.get("parameters")
    given = parameters if isinstance(parameters, list) else []
    if not any(isinstance(each, dict) and each.get("type") == "oauth" for each in given):
        yield error("manifest.oauth", MANIFEST, "oauth needs a parameter of type oauth.")


def _locale(package: Package, locale: object) -> Findings:
    if not isinstance(locale, str):
        return
    if LOCALE.fullmatch(locale) is None:
        yield error("manifest.locale", MANIFEST, "defaultLocale must be like en or en-US.")
    elif f"translations/{locale}.json" not in package.files:
        message = f"translations/{locale}.json is missing, and defaultLocale names it."
        yield error("manifest.no_translation", MANIFEST, message)


def _experiments(experiments: object) -> Findings:
    if experiments is None:
        return
    if not isinstance(experiments, dict):
        yield error("manifest.not_object", MANIFEST, "experiments must be an object.")
        return
    for name in sorted(each for each, on in experiments.items() if on and each not in EXPERIMENTS):
        yield error("manifest.experiment", MANIFEST, f"the experiment {name} is not allowed.")


def _version(version: object) -> Findings:
    if version is None:
        yield error("manifest.missing", MANIFEST, "frameworkVersion is missing.")
    elif version != "2.0":
        yield error("manifest.version", MANIFEST, 'frameworkVersion must be the text "2.0".')


def _locations(package: Package, location: object) -> Findings:
    if not location:
        yield error("manifest.missing", MANIFEST, "location is missing.")
        return
    if not isinstance(location, dict):
        yield error("manifest.location", MANIFEST, "location must name products, each an object.")
        return
    for given, places in location.items():
        product = OLD_PRODUCTS.get(given) or str(given)
        if product not in LOCATIONS:
            yield error("manifest.product", MANIFEST, f"there is no product {given}.")
        elif not isinstance(places, dict):
            yield error("manifest.location", MANIFEST, f"location.{given} must be an object.")
        else:
            for place, options in places.items():
                at = f"location.{given}.{place}"
                if place not in LOCATIONS[product]:
                    yield error("manifest.location", MANIFEST, f"{at} is no place of {product}.")
                yield from _place(package, at, options)


def _place(package: Package, at: str, options: object) -> Findings:
    given = options if isinstance(options, dict) else {"url": options}
    url = given.get("url")
    if isinstance(url, str) and url:
        if not _is_page(package, url):
            message = f"{at}.url must be https, or begin with assets/ and be there: {url}."
            yield error("manifest.url", MANIFEST, message)
    elif given.get("autoLoad", True):
        yield error("manifest.url", MANIFEST, f"{at}.url is empty.")
    if not isinstance(given.get("flexible"), bool | None):
        yield error("manifest.not_boolean", MANIFEST, f"{at}.flexible must be true or false.")


def _is_page(package: Package, url: str) -> bool:
    if "{{setting." in url:
        return True
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme:
        return parts.scheme == "https" or host == "localhost"
    return url.isprintable() and parts.path.startswith("assets/") and parts.path in package.files
