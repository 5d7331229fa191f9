"""The sidebar: its pages, and what they are made of."""

from __future__ import annotations

from typing import Final

from app.openapi.inputs import Schema
from app.openapi.responses import answered, refusals
from app.sidebar import KINDS, sidebar_files

TEXT: Final[Schema] = {"schema": {"type": "string"}}


def sidebar_paths() -> dict[str, Schema]:
    """Describe the paths."""
    named: Schema = {
        "name": "file",
        "in": "path",
        "required": True,
        "description": "The file's name.",
        "schema": {"enum": list(sidebar_files())},
    }
    page: Schema = {"text/html": TEXT}
    return {
        "/sidebar": {
            "get": {
                **_open("sidebar_preview", "Show the sidebar over the demo shop.", page, "404"),
                "description": "There is this with `--sandbox` alone.",
            }
        },
        "/sidebar/link": {
            "get": {
                **_open("sidebar_link", "Show the sidebar of one customer, to read only.", page),
                "description": "Whose it is, the link says after its `#`, which no server sees.",
            }
        },
        "/sidebar/{file}": {
            "get": {
                **_open(
                    "sidebar_file",
                    "What the sidebar's pages are made of.",
                    dict.fromkeys(KINDS.values(), TEXT),
                    "404",
                ),
                "parameters": [named],
            }
        },
    }


def _open(name: str, summary: str, content: Schema, *statuses: str) -> Schema:
    refused = refusals(writes=False, gorgias=False)
    return {
        "tags": ["service"],
        "operationId": name,
        "summary": summary,
        "security": [],
        "responses": {
            "200": answered("It is here.", content),
            **{status: refused[status] for status in (*statuses, "405")},
        },
    }
