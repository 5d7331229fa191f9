"""The inputs of the actions as JSON Schema and as query parameters.

The schemas are exact: what they allow is read, apart from rules between several inputs, which the
actions' descriptions tell; what they do not allow is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from integrations.actions import CONTEXT, Action, Input
from integrations.gorgias import DIRECTION
from integrations.kinds import ABSENT_SCHEMA

Schema = dict[str, Any]

SCHEMAS: Final = "#/components/schemas/"
PARAMETERS: Final = "#/components/parameters/"
KEY: Final = "Idempotency-Key"
KNOWN: Final = "If-None-Match"
NOTHING: Final = {"$ref": f"{SCHEMAS}Nothing"}
SHOP: Final[Schema] = {
    "name": "shop",
    "in": "path",
    "required": True,
    "description": "The shop's name in CONFIG; an unknown one answers like a wrong signature.",
    "example": "acme",
    "schema": {"type": "string"},
}
"""Where a signature has to be tried: the path says with whose secrets."""


def input_schemas(actions: Mapping[str, Action], *more: Input) -> dict[str, Schema]:
    """Describe the inputs of every action, by component; a lenient reader has one of its own.

    `more` are inputs besides: of them only what is shared stands here.
    """
    inputs = [*CONTEXT, *more, *(each for action in actions.values() for each in action.inputs)]
    shared = {"Nothing": ABSENT_SCHEMA} | {
        str(each.kind.schema["title"]): {
            "description": f"{each.kind.expected[0].upper()}{each.kind.expected[1:]}.",
            **each.kind.schema,
        }
        for each in inputs
        if "title" in each.kind.schema
    }
    shared |= {each.name: _schema(each) for each in CONTEXT}
    for action in actions.values():
        shared[input_name(action)] = _inputs(action, unknown=False)
        if not action.writes:
            shared[input_name(action, lenient=True)] = _inputs(action, unknown=True)
    return shared


def input_name(action: Action, *, lenient: bool = False) -> str:
    """Name the component that describes an action's inputs."""
    return f"{action.name}.{'lenient_' if lenient else ''}inputs"


def context_parameters() -> dict[str, Schema]:
    """Describe the inputs that every action accepts, as query parameters."""
    return {each.name: parameter(each) for each in CONTEXT} | {
        KEY: {
            "name": KEY,
            "in": "header",
            "description": "A key of yours for one intended write, as the input idempotency_key: "
            "the same key again repeats nothing, and is answered how the write stands. Without one "
            "an identical request joins a write that is open, or that ended within two minutes.",
            "schema": {"type": "string", "pattern": "^[!-~](?:[ -~]{0,253}[!-~])?$"},
        },
        KNOWN: {
            "name": KNOWN,
            "in": "header",
            "description": "The `ETag` of an answer that you have: 304 where it is still so.",
            "schema": {"type": "string"},
        },
        DIRECTION: {
            "name": DIRECTION,
            "in": "header",
            "description": "Which way a button moves points or credit: `take` takes away what was "
            "typed, with a minus or without; `give` refuses a minus.",
            "schema": {"enum": ["give", "take"]},
        },
    }


def parameters(action: Action, given: Mapping[str, Any]) -> list[Schema]:
    """Describe an action's inputs as query parameters, with the values of an example."""
    own = [parameter(each, given.get(each.name)) for each in action.inputs]
    return [*own, *({"$ref": f"{PARAMETERS}{each.name}"} for each in CONTEXT)]


def _inputs(action: Action, *, unknown: bool) -> Schema:
    required = [each.name for each in action.inputs if each.required]
    described: Schema = {
        "type": "object",
        "properties": {
            **{each.name: _schema(each) for each in action.inputs},
            **{each.name: {"$ref": f"{SCHEMAS}{each.name}"} for each in CONTEXT},
        },
        "additionalProperties": unknown,
    }
    return described | ({"required": required} if required else {})


def body(inputs: Iterable[Input]) -> Schema:
    """Describe an object of these inputs and no others."""
    given = list(inputs)
    required = [each.name for each in given if each.required]
    return {
        "type": "object",
        "properties": {each.name: _schema(each) for each in given},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def parameter(given: Input, example: object = None) -> Schema:
    """Describe one input as a query parameter."""
    schema = _schema(given)
    described: Schema = {"name": given.name, "in": "query", "description": given.description}
    if given.required:
        described["required"] = True
    if example is not None:
        described["example"] = example
    schema = {key: value for key, value in schema.items() if key != "description"}
    return described | {"schema": schema}


def _schema(given: Input) -> Schema:
    """Describe one input: what its kind accepts, and nothing at all where it is not required."""
    described: Schema = {"description": given.description}
    if given.default is not None:
        described["default"] = msgspec.to_builtins(given.default)
    if given.examples:
        described["examples"] = list(given.examples)
    kind: Schema = given.kind.schema
    if "title" in kind:
        kind = {"$ref": f"{SCHEMAS}{kind['title']}"}
    if given.required:
        return described | {"allOf": [kind, {"not": NOTHING}]}
    return described | {"anyOf": [*kind.get("anyOf", [kind]), NOTHING]}
