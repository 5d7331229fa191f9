"""The webhooks of Rivo, which come in; signed, and not called by anybody else."""

from __future__ import annotations

from typing import Final

import msgspec

from app.delivery.topics import TOPICS
from app.delivery.webhook import PATH, PATH_OF_A_SHOP
from app.openapi.inputs import SCHEMAS, SHOP, Schema
from app.openapi.responses import JSON, answered, refusals

SIGNED: Final[list[Schema]] = [{"rivoSignature": []}, {"rivoBodySignature": []}]
SECURITY: Final = {
    "rivoSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "Rivo-Webhook-Signature",
        "description": "base64(HMAC-SHA256(RIVO_WEBHOOK_SECRET, `Rivo-Webhook-Id` + `.` + "
        "`Rivo-Webhook-Timestamp` + `.` + body)), bare or after `v1,`; as seen on live calls.",
    },
    "rivoBodySignature": {
        "type": "apiKey",
        "in": "header",
        "name": "Rivo-Signature",
        "description": "HMAC-SHA256(RIVO_WEBHOOK_SECRET, body), as base64 or hex; as Rivo "
        "documents it.",
    },
}
WORDS: Final = """\
What Rivo announces. It is verified, kept once, and answered before anything else happens. Nothing
in the body is believed: whom it names is looked up again, a write without an outcome that it
mentions is looked for, and three of the topics cause triggers. The same webhook again, by its
`Rivo-Webhook-Id` or its signed bytes, does nothing twice. Any topic is taken, known or not; a
signed body that cannot be understood is taken, too, so that it is not sent again. 503 asks Rivo to
send it again: it could not be kept."""
HEADERS: Final = (
    ("Rivo-Webhook-Id", "Names the webhook; part of what is signed on live calls.", "msg_00000001"),
    (
        "Rivo-Webhook-Timestamp",
        "When it was signed, within 5 minutes of now: seconds since 1970, or ISO 8601.",
        "1793707200",
    ),
    ("Rivo-Webhook-Topic", f"For example {', '.join(sorted(TOPICS))}.", "points_event/created"),
)
GIVEN: Final = {
    "id": 900000001,
    "points_amount": 100,
    "points_diff": 100,
    "source": "order_placed",
    "title": "Order placed",
    "customer": {"id": 7198630248648, "email": "ada@example.com", "points_tally": 500},
}


class Announced(msgspec.Struct):
    """A webhook was taken."""

    accepted: bool


ANSWERS: Final = (Announced,)


def announcement_paths() -> dict[str, Schema]:
    """Describe the paths."""
    return {
        PATH: {"post": _post("rivo_webhook", [])},
        PATH_OF_A_SHOP: {"post": _post("rivo_webhook_of_a_shop", [SHOP])},
    }


def _post(name: str, parameters: list[Schema]) -> Schema:
    sent: list[Schema] = [
        {
            "name": header,
            "in": "header",
            "description": words,
            "example": example,
            "schema": {"type": "string"},
        }
        for header, words, example in HEADERS
    ]
    answer = {
        "schema": {"$ref": f"{SCHEMAS}{Announced.__name__}"},
        "example": {"accepted": True},
    }
    refused = refusals(writes=False, gorgias=False)
    refused["413"] = {**refused["413"], "description": "The body is larger than 256 KB."}
    media = {"schema": {"type": "object"}, "example": GIVEN}
    return {
        "tags": ["/rivo"],
        "operationId": name,
        "summary": "Take in what Rivo announces.",
        "description": WORDS,
        "security": SIGNED,
        "parameters": [*parameters, *sent],
        "requestBody": {"required": True, "content": {JSON: media}},
        "responses": {
            "200": answered("It is taken, or was before.", {JSON: answer}),
            **{status: refused[status] for status in ("400", "401", "404", "405", "413", "503")},
        },
    }
