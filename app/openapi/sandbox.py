"""What a service with `--sandbox` has besides: letting writes go wrong."""

from __future__ import annotations

from typing import Final

from app.openapi.inputs import Schema
from app.openapi.operations import FORM, PROVED
from app.openapi.responses import JSON, answered, refusals
from app.sandboxed.faults import ORDER, PATH

PENDING: Final[Schema] = {
    "type": "object",
    "properties": {
        "faults": {
            "type": "array",
            "description": "The next one first.",
            "items": {
                "type": "object",
                "properties": {
                    "kind": ORDER["kind"].kind.schema,
                    "applied": {"type": "boolean"},
                    "after": {"type": ["integer", "null"]},
                },
                "required": ["kind", "applied", "after"],
                "additionalProperties": False,
            },
        },
        "count": {"type": "integer"},
    },
    "required": ["faults", "count"],
    "additionalProperties": False,
}


def sandbox_paths() -> dict[str, Schema]:
    """Describe the path."""
    order = {
        "type": "object",
        "properties": {
            each.name: {"description": each.description, **each.kind.schema}
            for each in ORDER.values()
        },
        "required": [each.name for each in ORDER.values() if each.required],
        "additionalProperties": False,
    }
    content = {media_type: {"schema": order} for media_type in (JSON, FORM)}
    refused = refusals(writes=False, gorgias=False)
    return {
        PATH: {
            "get": {
                **_words("list_sandbox_faults", "Show which writes will go wrong."),
                "responses": _responses(refused, "401", "405"),
            },
            "post": {
                **_words("create_sandbox_faults", "Let the next writes go wrong."),
                "requestBody": {"required": True, "content": content},
                "responses": _responses(refused, "400", "401", "405", "413", "415", "422"),
            },
        }
    }


def _words(name: str, summary: str) -> Schema:
    return {
        "tags": ["service"],
        "operationId": name,
        "summary": summary,
        "description": "There is this with `--sandbox` alone, where Rivo is a demo shop.",
        "security": PROVED,
    }


def _responses(refused: dict[str, Schema], *statuses: str) -> dict[str, Schema]:
    done = answered("What will go wrong now.", {JSON: {"schema": PENDING}})
    return {"200": done, **{status: refused[status] for status in statuses}}
