"""The rules of `requirements.json`: what is made in the account when the app is installed.

From the public validator, `zendesk_apps_support` 4.52.0, as of November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from integrations.zendesk.check.finding import Findings, error, words
from integrations.zendesk.check.manifest import products
from integrations.zendesk.check.reading import NotJsonError, Package, TwiceError

REQUIREMENTS: Final = "requirements.json"
MOST: Final = 5000
MOST_OBJECTS: Final = 50
KINDS: Final = words(
    "automations channel_integrations custom_objects macros targets views ticket_fields triggers "
    "user_fields organization_fields webhooks custom_objects_v2"
)
WITHOUT_TITLE: Final = frozenset(
    {"channel_integrations", "custom_objects", "webhooks", "custom_objects_v2"}
)
OF_EACH: Final[Mapping[str, tuple[str, ...]]] = {
    "webhooks": ("name", "status", "endpoint", "http_method", "request_format"),
    "user_fields": ("key",),
    "organization_fields": ("key",),
    "channel_integrations": ("manifest_url",),
}
OBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "custom_object_types": ("key", "schema"),
    "custom_object_relationship_types": ("key", "source", "target"),
}
OLD_TARGETS: Final = frozenset({"http_target", "url_target_v2"})


def requirement_findings(package: Package, manifest: Mapping[str, Any]) -> Findings:
    """Check the requirements, where there are any."""
    if REQUIREMENTS not in package.files:
        if manifest.get("requirementsOnly") is True:
            yield error("requirements.missing", REQUIREMENTS, "it is missing.")
        return
    if manifest.get("marketingOnly") is True or products(manifest) == {"chat"}:
        yield error("requirements.unsupported", REQUIREMENTS, "only Support and Sell have any.")
        return
    try:
        given = package.json(REQUIREMENTS)
    except NotJsonError as problem:
        yield error("requirements.not_json", REQUIREMENTS, f"it is not JSON: {problem}.")
    except TwiceError as twice:
        yield error("requirements.twice", REQUIREMENTS, f"the key {twice} is there twice.")
    else:
        if isinstance(given, dict):
            yield from _counts(given)
            yield from _kinds(given)
        else:
            yield error("requirements.not_object", REQUIREMENTS, "it must be an object.")


def _kinds(given: Mapping[str, Any]) -> Findings:
    for kind, entries in given.items():
        if kind not in KINDS:
            yield error("requirements.kind", REQUIREMENTS, f"there is no kind {kind}.")
        elif not isinstance(entries, dict):
            yield error("requirements.not_object", REQUIREMENTS, f"{kind} must be an object.")
        elif kind == "custom_objects":
            yield from _objects(entries)
        elif kind != "custom_objects_v2":
            yield from _entries(kind, entries)


def _counts(given: Mapping[str, Any]) -> Findings:
    if sum(len(each) if isinstance(each, dict | list) else 1 for each in given.values()) > MOST:
        yield error("requirements.many", REQUIREMENTS, f"there are more than {MOST}.")
    integrations = given.get("channel_integrations")
    if isinstance(integrations, dict) and len(integrations) > 1:
        message = "there is more than one channel integration."
        yield error("requirements.many", REQUIREMENTS, message)


def _entries(kind: str, entries: Mapping[str, Any]) -> Findings:
    needed = (*OF_EACH.get(kind, ()), *(() if kind in WITHOUT_TITLE else ("title",)))
    for name, entry in entries.items():
        if not isinstance(entry, dict):
            message = f"{kind}.{name} must be an object."
            yield error("requirements.not_object", REQUIREMENTS, message)
            continue
        for key in needed:
            if key not in entry:
                yield error("requirements.field", REQUIREMENTS, f"{kind}.{name} lacks {key}.")
        if kind == "targets" and str(entry.get("type")) in OLD_TARGETS:
            message = f"targets.{name} is of a type that is not taken any more."
            yield error("requirements.kind", REQUIREMENTS, message)


def _objects(objects: Mapping[str, Any]) -> Findings:
    if "custom_object_types" not in objects:
        message = "custom_objects lacks custom_object_types."
        yield error("requirements.field", REQUIREMENTS, message)
    given = {kind: objects.get(kind) or [] for kind in OBJECTS}
    for kind, each in given.items():
        if not isinstance(each, list):
            yield error("requirements.not_array", REQUIREMENTS, f"{kind} must be an array.")
            return
    rows = [(kind, each) for kind in OBJECTS for each in given[kind]]
    if len(rows) > MOST_OBJECTS:
        message = f"there are more than {MOST_OBJECTS} custom objects."
        yield error("requirements.many", REQUIREMENTS, message)
    for kind, each in rows:
        for key in OBJECTS[kind]:
            if not (isinstance(each, dict) and key in each):
                yield error("requirements.field", REQUIREMENTS, f"{kind} has one without {key}.")
