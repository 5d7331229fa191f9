"""The operations: every action through every door, and what the service has besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.entrances import DOORS
from app.gorgias import GIVE_OR_TAKE
from app.openapi.answers import full_name
from app.openapi.examples import Example
from app.openapi.flat import flat_ref
from app.openapi.inputs import KEY, KNOWN, PARAMETERS, SCHEMAS, Schema, input_name, parameters
from app.openapi.responses import JSON, RESPONSES, TAG, answered, headers, refusals, unchanged
from app.settings import Door
from app.viewing import VIEW
from integrations.actions import Action
from integrations.gorgias import DIRECTION

FORM: Final = "application/x-www-form-urlencoded"
PROVED: Final[list[Schema]] = [{"bearer": []}, {"apiKey": []}]
PROOFS: Final[Mapping[Door, list[Schema]]] = {"zendesk": [{"zendeskToken": []}]}
"""How those prove who they are who have no key."""

PAGES: Final = {
    "/": ("Says what this is, and leads on", "text/html"),
    "/docs": ("The documentation, for people", "text/html"),
    "/openapi.json": ("This document", JSON),
    "/static/pages.css": ("How the pages look", "text/css"),
    "/static/icon.svg": ("The icon of the pages", "image/svg+xml"),
}
FLAT_READ: Final = (
    "One flat object. `status` says in words whether there is something to show: whatever else is "
    "wrong (an unknown customer, no e-mail, a wrong input, Rivo down), a read answers 200. "
    "Unknown inputs are ignored."
)
FLAT_WRITE: Final = (
    "One flat object; `message` says what happened and whether to repeat it, also where it was "
    "done before."
)


def paths(actions: Mapping[str, Action], examples: Mapping[str, Example]) -> dict[str, Schema]:
    """Describe every path."""
    described: dict[str, Schema] = {}
    for door in DOORS:
        described[f"/{door}"] = {"get": _list(door)}
        for action in actions.values():
            example = examples[action.name]
            methods = {"post": _post(door, action, example)}
            if not action.writes:
                methods = {"get": _get(door, action, example)} | methods
            described[f"/{door}/{action.name}"] = methods
    return described | _service() | {path: {"get": _page(path)} for path in PAGES}


def _list(door: Door) -> Schema:
    responses = refusals(writes=False, gorgias=False)
    schema = {"$ref": f"{SCHEMAS}ActionsAnswer"}
    return {
        "tags": [f"/{door}"],
        "operationId": f"{door}_list",
        "summary": "List what this caller may do, and what a form has to know beforehand.",
        "security": PROOFS.get(door, PROVED),
        "responses": {
            "200": answered("The actions.", {JSON: {"schema": schema}}),
            **{status: responses[status] for status in ("401", "404", "405")},
        },
    }


def _get(door: Door, action: Action, example: Example) -> Schema:
    return {
        **_words(door, action, by="_by_query"),
        "parameters": [*parameters(action, example.given), *_headers(door, action)],
        "responses": _responses(door, action),
    }


def _post(door: Door, action: Action, example: Example) -> Schema:
    lenient = door == "gorgias" and not action.writes
    schema = {"$ref": SCHEMAS + input_name(action, lenient=lenient)}
    shown: Schema = {"plain": {"value": example.given}}
    if example.full is not None and door != "gorgias":
        shown["full"] = {"value": example.full.given}
    sent = _headers(door, action)
    return {
        **_words(door, action),
        **({"parameters": sent} if sent else {}),
        "requestBody": {
            "required": any(each.required for each in action.inputs),
            "description": "The inputs; they may come in the query as well.",
            "content": {
                JSON: {"schema": schema, "examples": shown},
                FORM: {"schema": schema, "examples": shown},
            },
        },
        "responses": _responses(door, action),
    }


def _words(door: Door, action: Action, *, by: str = "") -> Schema:
    manner = (FLAT_WRITE if action.writes else FLAT_READ) if door == "gorgias" else ""
    return {
        "tags": [f"/{door}"],
        "operationId": f"{door}_{action.name}{by}",
        "summary": action.summary,
        "description": "\n\n".join(filter(None, (action.description, manner))) or action.summary,
        "security": PROOFS.get(door, PROVED),
    }


def _headers(door: Door, action: Action) -> list[Schema]:
    """Point to the headers that may be sent: a write's key, or the tag of a view that is known."""
    sent = [KEY] if action.writes else [KNOWN] if _is_tagged(door, action) else []
    if (door, action.name) == ("gorgias", GIVE_OR_TAKE):
        sent = [*sent, DIRECTION]
    return [{"$ref": f"{PARAMETERS}{name}"} for name in sent]


def _is_tagged(door: Door, action: Action) -> bool:
    return action.name == VIEW and door != "gorgias"


def answered_by_action(
    actions: Mapping[str, Action], examples: Mapping[str, Example]
) -> dict[str, Schema]:
    """Describe what every action answers, by component; /zendesk answers as /actions does."""
    described: dict[str, Schema] = {}
    for action in actions.values():
        example = examples[action.name]
        for door, content in (
            ("actions", _canonical(action, example)),
            ("gorgias", _flat(action, example)),
        ):
            for status, words in _successes(action).items():
                told = answered(words, content, wrote=action.writes)
                if door == "actions" and action.name == VIEW:
                    told["headers"] |= TAG
                described[f"{door}.{action.name}.{status}"] = told
    return described


def _responses(door: Door, action: Action) -> Schema:
    manner = "gorgias" if door == "gorgias" else "actions"
    found: Schema = {
        str(status): {"$ref": f"{RESPONSES}{manner}.{action.name}.{status}"}
        for status in _successes(action)
    }
    if _is_tagged(door, action):
        found["304"] = unchanged()
    refused = refusals(writes=action.writes, gorgias=door == "gorgias")
    return dict(sorted((found | refused).items()))


def _successes(action: Action) -> dict[int, str]:
    if not action.creates:
        return {200: "Done." if action.writes else "Found."}
    looks = {200: "Looked at; nothing was written."} if action.only_looks else {}
    return looks | {201: "Done."}


def _canonical(action: Action, example: Example) -> Schema:
    kinds = [
        {"$ref": f"{SCHEMAS}{action.answer.__name__}"},
        {"$ref": f"{SCHEMAS}{full_name(action)}"},
    ]
    shown: dict[str, Any] = {"flat": {"value": example.answer}}
    if example.full is not None:
        shown["full"] = {"summary": "With shape=full", "value": example.full.answer}
    return {JSON: {"schema": {"oneOf": kinds}, "examples": shown}}


def _flat(action: Action, example: Example) -> Schema:
    return {JSON: {"schema": flat_ref(action), "example": example.flat}}


def _service() -> dict[str, Schema]:
    health = {JSON: {"schema": {"$ref": f"{SCHEMAS}Health"}}}
    metrics = {"text/plain": {"schema": {"type": "string"}}}
    refused = refusals(writes=False, gorgias=False)
    return {
        "/healthz": {"get": _open("healthz", "Say that the service is alive.", health)},
        "/readyz": {
            "get": _open(
                "readyz",
                "Say whether requests may come.",
                health,
                {"503": {"description": "Not yet.", "headers": headers(200), "content": health}},
            )
        },
        "/metrics": {
            "get": {
                **_open("metrics", "Show what was counted.", metrics, {"401": refused["401"]}),
                "description": "With METRICS_KEY as bearer key; where none is set, from loopback.",
                "security": [{"metricsKey": []}, {}],
            }
        },
    }


def _page(path: str) -> Schema:
    summary, media_type = PAGES[path]
    schema = {"type": "object" if media_type == JSON else "string"}
    name = path.strip("/").replace("/", "_").replace(".", "_") or "home"
    return _open(name, f"{summary}.", {media_type: {"schema": schema}})


def _open(name: str, summary: str, content: Schema, more: Schema | None = None) -> Schema:
    refused = refusals(writes=False, gorgias=False)
    return {
        "tags": ["service"],
        "operationId": name,
        "summary": summary,
        "security": [],
        "responses": {
            "200": answered("It is here.", content),
            **(more or {}),
            "405": refused["405"],
        },
    }
