"""The sidebar: its pages, what they are made of, and the links to it."""

from __future__ import annotations

from typing import Any, Final

from app.openapi.examples import Example
from app.openapi.inputs import SCHEMAS, Schema, body
from app.openapi.operations import FORM, PROVED
from app.openapi.responses import JSON, TAG, answered, refusals, unchanged
from app.sidebar import LINK, LinkAnswer, sidebar_files

ANSWERS: Final = (LinkAnswer,)
INPUTS: Final = tuple(LINK.values())
TEXT: Final[Schema] = {"schema": {"type": "string"}}
PAGE: Final[Schema] = {"text/html": TEXT}
URL: Final = "https://loyalty.example.com/sidebar/link#token=eyJhbGciOiJIUzI1NiJ9.e30.8Fq2"


def sidebar_paths(shown: Example) -> dict[str, Schema]:
    """Describe the paths; `shown` is the example of get_sidebar."""
    return {
        "/sidebar": {
            "get": {
                **_open("sidebar_preview", "Show the sidebar over the demo shop.", PAGE, "404"),
                "description": "There is this with `--sandbox` alone.",
            }
        },
        "/sidebar/link": {
            "get": {
                **_open("sidebar_link", "Show the sidebar of one customer, to read only.", PAGE),
                "description": "Whose it is, the link says after its `#`, which no server sees.",
            }
        },
        "/sidebar/links": {"post": _make()},
        "/sidebar/view": {"get": _view(shown)},
        **{
            f"/sidebar/{name}": {"get": _file(name, kind)} for name, kind in sidebar_files().items()
        },
    }


def _make() -> Schema:
    given = {each.name: each.examples[0] for each in INPUTS if each.examples}
    media = {"schema": body(INPUTS), "example": given}
    example = {"url": URL, "expires_at": "2026-11-21T14:10:00Z"}
    answer = {"schema": {"$ref": f"{SCHEMAS}LinkAnswer"}, "example": example}
    return {
        "tags": ["service"],
        "operationId": "create_sidebar_link",
        "summary": "Make a link to a customer's sidebar, for a tool that can show an iframe.",
        "description": "Who has the link sees what `get_sidebar` says of this one customer, until "
        "it ends; nobody can write with it. It takes a key of /actions that may use `get_sidebar`.",
        "security": PROVED,
        "requestBody": {"required": True, "content": {JSON: media, FORM: media}},
        "responses": {
            "200": answered("Here it is.", {JSON: answer}),
            **_refused("400", "401", "403", "405", "413", "415", "422"),
        },
    }


def _view(shown: Example) -> Schema:
    media = {"schema": {"$ref": f"{SCHEMAS}SidebarAnswer"}, "example": shown.answer}
    found: dict[str, Any] = answered("Found.", {JSON: media})
    return {
        "tags": ["service"],
        "operationId": "view_sidebar",
        "summary": "Show the customer of a link, as get_sidebar does.",
        "security": [{"linkToken": []}],
        "parameters": [{"$ref": "#/components/parameters/If-None-Match"}],
        "responses": {
            "200": found | {"headers": found["headers"] | TAG},
            "304": unchanged(),
            **_refused("400", "401", "403", "405", "413", "415", "422", "503"),
        },
    }


def _file(name: str, kind: str) -> Schema:
    named = f"sidebar_{name.replace('.', '_').replace('-', '_')}"
    return _open(named, "What the sidebar's pages are made of.", {kind: TEXT})


def _open(name: str, summary: str, content: Schema, *statuses: str) -> Schema:
    return {
        "tags": ["service"],
        "operationId": name,
        "summary": summary,
        "security": [],
        "responses": {
            "200": answered("It is here.", content),
            **_refused(*statuses, "405"),
        },
    }


def _refused(*statuses: str) -> Schema:
    refused = refusals(writes=False, gorgias=False)
    return {status: refused[status] for status in statuses}
