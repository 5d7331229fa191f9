"""What a service with `--sandbox` has besides: letting writes go wrong, and Rivo's own pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from app.openapi.inputs import Schema, parameter
from app.openapi.operations import FORM, PROVED
from app.openapi.responses import JSON, answered, headers, refusals
from app.sandboxed import faults, merchant
from integrations.actions import Input

PENDING: Final[Schema] = {
    "type": "object",
    "properties": {
        "faults": {
            "type": "array",
            "description": "The next one first.",
            "items": {
                "type": "object",
                "properties": {
                    "kind": faults.ORDER["kind"].kind.schema,
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
    """Describe the paths."""
    refused = refusals(writes=True, gorgias=False)
    return {
        faults.PATH: {
            "get": {
                **_words("list_sandbox_faults", "Show which writes will go wrong."),
                "responses": _responses(refused, "401", "405"),
            },
            "post": {
                **_words("create_sandbox_faults", "Let the next writes go wrong."),
                "requestBody": _body(faults.ORDER.values()),
                "responses": _responses(refused, "400", "401", "405", "413", "415", "422"),
            },
        },
        merchant.PATH: {
            "get": {
                **_words("rivo_admin", "Show what the merchant sees in Rivo itself."),
                "security": [],
                "parameters": [parameter(merchant.CHANGE["shop"])],
                "responses": {
                    "200": _page("The page."),
                    **{each: refused[each] for each in ("404", "405")},
                },
            },
            "post": {
                **_words("change_as_merchant", "Change something as the merchant, in Rivo itself."),
                "security": [],
                "requestBody": _body(merchant.CHANGE.values()),
                "responses": {
                    "303": {"description": "Done; the page shows it.", "headers": headers(303)},
                    "422": _page("Not done; the page says why."),
                    **{each: refused[each] for each in ("400", "403", "404", "405", "413", "415")},
                },
            },
        },
    }


def _body(inputs: Iterable[Input]) -> Schema:
    told = tuple(inputs)
    schema = {
        "type": "object",
        "properties": {
            each.name: {"description": each.description, **each.kind.schema} for each in told
        },
        "required": [each.name for each in told if each.required],
        "additionalProperties": False,
    }
    return {"required": True, "content": {kind: {"schema": schema} for kind in (JSON, FORM)}}


def _page(words: str) -> Schema:
    return answered(words, {"text/html": {"schema": {"type": "string"}}})


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
