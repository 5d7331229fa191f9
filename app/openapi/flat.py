"""The answers of the /gorgias door as JSON Schema: one flat object each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

import msgspec
from msgspec import inspect

from app.gorgias import DOWN, NO_EMAIL, SIDEBAR, UNKNOWN
from app.openapi.inputs import SCHEMAS, Schema
from integrations.actions import Action, Answer, State

YES_NO: Final = {"enum": ["Yes", "No"]}
TEXT: Final = {"type": "string"}
TEXT_OR_NULL: Final = {"type": ["string", "null"]}
WHOLE_OR_NULL: Final = {"type": ["integer", "null"]}
CODE: Final = {
    "type": "object",
    "properties": {"code": TEXT_OR_NULL, "reward": TEXT_OR_NULL, "expires": TEXT},
    "required": ["code", "reward", "expires"],
}
SIDEBAR_KEYS: Final[dict[str, Schema]] = {
    "status": {
        "type": "string",
        "examples": ["Member", "Guest", "Excluded", UNKNOWN, NO_EMAIL, DOWN],
    },
    **dict.fromkeys(("message", "name", "email"), TEXT_OR_NULL),
    "points": WHOLE_OR_NULL,
    **dict.fromkeys(
        ("store_credit", "vip_tier", "next_tier", "to_next_tier", "points_expire"), TEXT_OR_NULL
    ),
    **dict.fromkeys(("membership", "next_billing", "birthday"), TEXT_OR_NULL),
    "orders": WHOLE_OR_NULL,
    **dict.fromkeys(("total_spent", "referral_code", "referral_link"), TEXT_OR_NULL),
    "unused_codes": {"type": "array", "maxItems": 5, "items": CODE},
    **dict.fromkeys(("last_activity", "rewards_available", "updated"), TEXT_OR_NULL),
    "stale": YES_NO,
    "profile_url": TEXT_OR_NULL,
    "_version": {"type": "integer"},
}
WRITE_KEYS: Final[dict[str, Schema]] = {
    "ok": YES_NO,
    "message": {"type": "string", "description": "What happened, and whether to repeat it."},
    "error": TEXT_OR_NULL,
    "operation_id": TEXT_OR_NULL,
    "state": {"enum": [*get_args(State), None]},
    "applied": {"enum": ["Yes", "No", "Not known"]},
    "safe_to_retry": YES_NO,
    "points": WHOLE_OR_NULL,
    "store_credit": TEXT_OR_NULL,
    "code": TEXT_OR_NULL,
}
WRITE: Final = "Gorgias.write"


def flat_schemas(actions: Mapping[str, Action]) -> dict[str, Schema]:
    """Describe every flat answer, by component."""
    reads = {flat_name(a): _read(a) for a in actions.values() if not a.writes}
    return reads | {WRITE: _object(WRITE_KEYS)}


def flat_name(action: Action) -> str:
    """Name the component that describes an action's flat answer."""
    return WRITE if action.writes else f"Gorgias.{action.name}"


def flat_ref(action: Action) -> Schema:
    """Point to the component that describes an action's flat answer."""
    return {"$ref": f"{SCHEMAS}{flat_name(action)}"}


def _read(action: Action) -> Schema:
    if action.name == SIDEBAR:
        return _object(SIDEBAR_KEYS)
    words = {"status": {"enum": ["Found", UNKNOWN, NO_EMAIL, DOWN]}, "message": TEXT_OR_NULL}
    return _object(words | dict(_keys(action.answer)))


def _keys(answer: type[Answer]) -> Iterator[tuple[str, Schema]]:
    """Name what an answer holds: an object by its keys, its customer's without a prefix."""
    for field in msgspec.structs.fields(answer):
        name, kinds = field.encode_name, _kinds(inspect.type_info(field.type))
        struct = next((each for each in kinds if isinstance(each, inspect.StructType)), None)
        rows = next((each for each in kinds if isinstance(each, inspect.ListType)), None)
        if struct is not None:
            for key in struct.fields:
                yield f"{name}_{key.encode_name}".removeprefix("customer_"), _shown(key.type)
        elif rows is not None:
            yield name, {"type": "array", "items": _row(rows.item_type)}
        else:
            yield name, _shown(inspect.type_info(field.type))


def _row(described: inspect.Type) -> Schema:
    if not isinstance(described, inspect.StructType):
        return _shown(described)
    return _object({key.encode_name: _shown(key.type) for key in described.fields})


def _shown(described: inspect.Type) -> Schema:
    """Describe a value as it is shown: words for yes and no, lists as one line, or null."""
    types: set[str] = {"null"}
    for kind in _kinds(described):
        if isinstance(kind, inspect.BoolType):
            return {"enum": ["Yes", "No", None]}
        if isinstance(kind, inspect.IntType):
            types.add("integer")
        elif isinstance(kind, inspect.FloatType):
            types.add("number")
        elif not isinstance(kind, inspect.NoneType):
            types.add("string")
    return {"type": sorted(types)}


def _kinds(described: inspect.Type) -> tuple[inspect.Type, ...]:
    return described.types if isinstance(described, inspect.UnionType) else (described,)


def _object(keys: Mapping[str, Any]) -> Schema:
    """Describe an object that has these keys, always and no others."""
    return {
        "type": "object",
        "properties": dict(keys),
        "required": list(keys),
        "additionalProperties": False,
    }
