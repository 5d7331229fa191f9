"""`/operations`: writes looked up, settled and approved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from app.openapi.inputs import SCHEMAS, Schema, body, parameter
from app.openapi.operations import FORM, PROVED
from app.openapi.responses import EXAMPLE_OPERATION, JSON, answered, refusals
from app.operations.looking import FILTERS, OperationsAnswer
from app.operations.operation import Operation
from app.operations.routes import SETTLEMENT
from app.operations.showing import Happened, OperationAnswer, shown, shown_whole, when

ANSWERS: Final[tuple[type[msgspec.Struct], ...]] = (OperationsAnswer, OperationAnswer)
INPUTS: Final = (*FILTERS.values(), *SETTLEMENT.values())
AT: Final = 1_795_251_600.0
ONE: Final = Operation(
    id=EXAMPLE_OPERATION,
    shop="shop",
    door="gorgias",
    caller="gorgias_button_secret",
    action="create_points_event",
    fingerprint=b"",
    ticket_id="4711",
    agent="jo@support.example.com",
    reason="late delivery",
    inputs={"customer_email": "sarah.martinez@example.com", "points_amount": 100},
    customer="sarah.martinez@example.com",
    state="unknown",
    applied=None,
    created_at=AT,
    sent_at=AT + 0.2,
    due_at=AT + 90.2,
)
FOUND: Final = msgspec.structs.replace(
    ONE,
    state="succeeded",
    applied=True,
    rivo_id=79096412,
    points_diff=100,
    ended_at=AT + 300,
    settled_by="lead_key",
    evidence=(str(SETTLEMENT["evidence"].examples[0]),),
)
WAITS: Final = msgspec.structs.replace(
    ONE, state="accepted", applied=False, sent_at=None, approved_by="lead_key"
)
PAST: Final = (("accepted", 0.0, ONE.caller), ("sending", 0.2, ONE.caller))
SETTLED: Final = (*PAST, ("unknown", 2.7, ONE.caller), ("settled", 300.0, "lead_key"))
APPROVED: Final = (
    *PAST[:1],
    ("awaiting_approval", 0.2, ONE.caller),
    ("approved", 60.0, "lead_key"),
)


def lookup_paths() -> dict[str, Schema]:
    """Describe the paths."""
    listed = {"operations": [shown(ONE, reversed_by=None)], "count": 1, "next": None}
    identified: Schema = {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The operation's id.",
        "example": EXAMPLE_OPERATION,
        "schema": {"type": "string", "pattern": "^op_[0-9a-f]{32}$"},
    }
    settled, approved = _whole(FOUND, SETTLED), _whole(WAITS, APPROVED)
    given = {each.name: each.examples[0] for each in SETTLEMENT.values() if each.examples}
    return {
        "/operations": {
            "get": {
                **_words("list_operations", "List writes, the newest first.", "read_operations"),
                "parameters": [parameter(each) for each in FILTERS.values()],
                "responses": _responses(OperationsAnswer, listed, "404", "422"),
            }
        },
        "/operations/{id}": {
            "get": {
                **_words("get_operation", "Show a write and its history.", "read_operations"),
                "parameters": [identified],
                "responses": _responses(OperationAnswer, _whole(ONE, PAST), "404", "422"),
            }
        },
        "/operations/{id}/settle": {
            "post": {
                **_words("settle_operation", "Say for good what became of a write.", "settle"),
                "parameters": [identified],
                "requestBody": _body(SETTLEMENT.values(), given),
                "responses": _responses(OperationAnswer, settled, "404", "409", "422"),
            }
        },
        "/operations/{id}/approve": {
            "post": {
                **_words("approve_operation", "Approve a write that waits for it.", "approve"),
                "parameters": [identified],
                "requestBody": _body((), {}),
                "responses": _responses(OperationAnswer, approved, "404", "409", "422"),
            }
        },
    }


def _words(name: str, summary: str, right: str) -> Schema:
    return {
        "tags": ["/operations"],
        "operationId": name,
        "summary": summary,
        "description": f"Takes the right `{right}`; there are those of the key's own shop.",
        "security": PROVED,
    }


def _whole(operation: Operation, past: Iterable[tuple[str, float, str]]) -> OperationAnswer:
    history = [Happened(at=when(AT + after), event=event, by=by) for event, after, by in past]
    return shown_whole(operation, reversed_by=None, history=history)


def _body(inputs: Iterable[Any], example: Mapping[str, Any]) -> Schema:
    schema = body(inputs)
    media = {"schema": schema, "example": dict(example)}
    return {"required": "required" in schema, "content": {JSON: media, FORM: media}}


def _responses(answer: type[msgspec.Struct], example: object, *statuses: str) -> Schema:
    refused = refusals(writes=True, gorgias=False)
    media = {
        "schema": {"$ref": f"{SCHEMAS}{answer.__name__}"},
        "example": msgspec.to_builtins(example),
    }
    always = ("400", "401", "403", "405", "413", "415", "503")
    found = {status: refused[status] for status in sorted({*always, *statuses})}
    return {"200": answered("Here it is.", {JSON: media}), **found}
