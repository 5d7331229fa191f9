"""The rules of `translations/`.

From the public validator, `zendesk_apps_support` 4.52.0, as of November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from integrations.zendesk.check.finding import Findings, error
from integrations.zendesk.check.manifest import LOCALE, LOCATIONS, products
from integrations.zendesk.check.reading import NotJsonError, Package, TwiceError

LISTED: Final = ("name", "short_description", "installation_instructions", "long_description")
FOLDER: Final = "translations/"
ENGLISH: Final = f"{FOLDER}en.json"


def translation_findings(package: Package, manifest: Mapping[str, Any]) -> Findings:
    """Check every translation; the English one has what a listing needs, too."""
    for name in package.named(".json"):
        if not name.startswith(FOLDER):
            continue
        locale = name.removeprefix(FOLDER).removesuffix(".json")
        if LOCALE.fullmatch(locale) is None:
            yield error("translations.locale", name, f"{locale} is no locale like en or en-US.")
        try:
            texts = package.json(name)
        except NotJsonError as problem:
            yield error("translations.not_json", name, f"it is not JSON: {problem}.")
            continue
        except TwiceError as twice:
            yield error("translations.twice", name, f"the key {twice} is there twice.")
            continue
        if not isinstance(texts, dict):
            yield error("translations.not_object", name, "it must be an object.")
            continue
        app = texts.get("app")
        app = app if isinstance(app, dict) else {}
        yield from _labels(name, app.get("parameters"))
        if name == ENGLISH:
            yield from _listing(app, manifest)


def _labels(name: str, parameters: object) -> Findings:
    for key, texts in parameters.items() if isinstance(parameters, dict) else ():
        if not (isinstance(texts, dict) and "label" in texts):
            yield error("translations.label", name, f"app.parameters.{key} has no label.")


def _listing(app: Mapping[str, Any], manifest: Mapping[str, Any]) -> Findings:
    needed = LISTED if manifest.get("private", True) is False else LISTED[:1]
    named = [each for each in LOCATIONS if isinstance(app.get(each), dict)]
    for product in named:
        if product not in products(manifest):
            message = f"app.{product} is there, and the app has no page in {product}."
            yield error("translations.product", ENGLISH, message)
    for at, texts in [(f"app.{each}", app[each]) for each in named] or [("app", app)]:
        there = {"short_description" if key == "description" else key for key in texts}
        missing = [key for key in needed if key not in there]
        if missing:
            yield error("translations.missing", ENGLISH, f"{at} lacks {', '.join(missing)}.")
