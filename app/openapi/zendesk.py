"""The webhook of Zendesk's macros; the door itself is described with the other doors."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from app.helpdesks import WEBHOOK_ACTIONS
from app.openapi.inputs import SCHEMAS, SHOP, Schema, body
from app.openapi.responses import EXAMPLE_OPERATION, JSON, answered, refusals
from app.zendesk.webhook import DEFAULT_ACTION, PATH, PATH_OF_A_SHOP
from integrations.rivo import ACTIONS

SIGNED: Final[list[Schema]] = [{"zendeskSignature": []}]
GIVEN: Final = {
    "action": DEFAULT_ACTION,
    "customer_email": "ada@example.com",
    "points_amount": 100,
    "ticket_id": "35436",
    "agent_email": "jo@support.example.com",
    "reason": "goodwill",
}
WORDS: Final = """\
What a macro asks for: it adds a tag, a trigger on the tag calls this webhook. The body is a flat
object with the inputs of the action, and its name in `action` (only those listed). Only what is
signed counts: nothing is read from the query. Each invocation is one write, however often it comes;
the same `X-Zendesk-Webhook-Invocation-Id` gets the same operation. The answer leaves before the
write is made: `/operations/{id}` tells how it ends."""
HEADERS: Final = (
    ("X-Zendesk-Webhook-Signature", "base64(HMAC-SHA256(secret, timestamp + body))."),
    ("X-Zendesk-Webhook-Signature-Timestamp", "When it was signed, within 5 minutes of now."),
    ("X-Zendesk-Webhook-Invocation-Id", "The invocation, 1 to 128 printable characters."),
)


class Accepted(msgspec.Struct):
    """What was taken in; what becomes of it is told elsewhere."""

    accepted: bool
    operation_id: str


ANSWERS: Final = (Accepted,)


def webhook_paths() -> dict[str, Schema]:
    """Describe the paths."""
    return {
        PATH: {"post": _post("zendesk_webhook", [])},
        PATH_OF_A_SHOP: {"post": _post("zendesk_webhook_of_a_shop", [SHOP])},
    }


def _post(name: str, parameters: list[Schema]) -> Schema:
    signed: list[dict[str, Any]] = [
        {
            "name": header,
            "in": "header",
            "required": True,
            "description": words,
            "schema": {"type": "string"},
        }
        for header, words in HEADERS
    ]
    known = ACTIONS[DEFAULT_ACTION].known.values()
    schema = body(each for each in known if each.name != "idempotency_key")
    schema["properties"]["action"] = {
        "description": "What is to be done.",
        "enum": sorted(WEBHOOK_ACTIONS),
        "default": DEFAULT_ACTION,
    }
    media = {"schema": schema, "example": GIVEN}
    answer = {
        "schema": {"$ref": f"{SCHEMAS}{Accepted.__name__}"},
        "example": {"accepted": True, "operation_id": EXAMPLE_OPERATION},
    }
    refused = refusals(writes=False, gorgias=False)
    statuses = ("400", "401", "403", "404", "405", "413", "422", "503")
    return {
        "tags": ["/zendesk"],
        "operationId": name,
        "summary": "Take in what a macro asks for.",
        "description": WORDS,
        "security": SIGNED,
        "parameters": [*parameters, *signed],
        "requestBody": {"required": True, "content": {JSON: media}},
        "responses": {
            "200": answered("It is taken in.", {JSON: answer}),
            **{status: refused[status] for status in statuses},
        },
    }
