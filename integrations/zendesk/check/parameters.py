"""The rules of a manifest's parameters: what an installation can be told.

From the public validator, `zendesk_apps_support` 4.52.0, as of November 2026.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from integrations.zendesk.check.finding import Findings, error, warning, words
from integrations.zendesk.check.manifest import MANIFEST

TYPES: Final = frozenset({"text", "checkbox", "url", "number", "multiline", "hidden", "oauth"})
SCOPES: Final = words(
    "header body url jwt_secret_key jwt_claim basic_auth_username basic_auth_password"
)
LIKE_A_SECRET: Final = re.compile("token|key|pwd|password", re.IGNORECASE)

Parameter = Mapping[str, Any]


def parameter_findings(manifest: Mapping[str, Any]) -> Findings:
    """Check the parameters of a manifest."""
    given = manifest.get("parameters")
    if given is None:
        given = []
    if not isinstance(given, list):
        yield error("parameters.not_array", MANIFEST, "parameters must be an array.")
        return
    if manifest.get("marketingOnly") is True:
        if given:
            message = "an app that is only a listing has no parameters."
            yield error("parameters.listing", MANIFEST, message)
        if manifest.get("private", True) is not False:
            message = "an app that is only a listing cannot be private."
            yield error("parameters.listing", MANIFEST, message)
        return
    if not all(isinstance(each, dict) for each in given):
        yield error("parameters.not_object", MANIFEST, "each parameter must be an object.")
        return
    yield from _together(given)
    for each in given:
        yield from _one(each)
        yield from _scopes(each)
    yield from _warnings(given)


def _together(given: Sequence[Parameter]) -> Findings:
    twice = [str(name) for name, count in Counter(map(_name, given)).items() if count > 1]
    if twice:
        yield error(
            "parameters.twice", MANIFEST, f"parameters are there twice: {', '.join(twice)}."
        )
    if sum(each.get("type") == "oauth" for each in given) > 1:
        yield error("parameters.oauth", MANIFEST, "there is more than one parameter of type oauth.")


def _one(each: Parameter) -> Findings:
    name, kind = _name(each), _type(each)
    if name == "name":
        yield error("parameters.name", MANIFEST, 'no parameter may be called "name".')
    if kind not in TYPES:
        yield error("parameters.type", MANIFEST, f"{name}: there is no parameter type {kind}.")
    for flag in ("required", "secure"):
        if not isinstance(each.get(flag), bool | None):
            yield error("parameters.boolean", MANIFEST, f"{name}.{flag} must be true or false.")
    if kind == "hidden" and each.get("required"):
        yield error("parameters.hidden", MANIFEST, f"{name} is hidden, so it cannot be required.")
    if kind == "oauth" and each.get("secure"):
        yield error("parameters.oauth", MANIFEST, f"{name} is of type oauth, so it is not secure.")


def _scopes(each: Parameter) -> Findings:
    name, scopes = _name(each), each.get("scopes")
    if scopes is None:
        return
    if not each.get("secure"):
        yield error("parameters.scopes", MANIFEST, f"{name} has scopes, but is not secure.")
    if not isinstance(scopes, list):
        yield error("parameters.scopes", MANIFEST, f"{name}.scopes must be an array.")
        return
    if not scopes:
        yield error("parameters.scopes", MANIFEST, f"{name}.scopes is empty.")
    wrong = [str(scope) for scope in scopes if str(scope) not in SCOPES]
    if wrong:
        yield error("parameters.scopes", MANIFEST, f"{name}: no scopes are {', '.join(wrong)}.")


def _warnings(given: Sequence[Parameter]) -> Findings:
    for each in given:
        name, kind, secure = _name(each), _type(each), bool(each.get("secure"))
        if LIKE_A_SECRET.search(name) and kind == "text" and not secure:
            message = f"{name} is named like a secret, and is not secure."
            yield warning("parameters.insecure", MANIFEST, message)
        if "default" in each and (secure or kind == "hidden"):
            message = f"{name} is secure or hidden, and its default is for all to see."
            yield warning("parameters.default", MANIFEST, message)
        if secure and not each.get("scopes"):
            message = f"{name} is secure without scopes: say where it may be put."
            yield warning("parameters.unscoped", MANIFEST, message)


def _name(each: Parameter) -> str:
    return str(each.get("name"))


def _type(each: Parameter) -> str:
    return str(each.get("type") or "text")
