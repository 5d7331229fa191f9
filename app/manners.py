"""How a door answers: the canonical manner, from which a helpdesk's own may differ."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from starlette.types import Scope

from app.problems import MEDIA_TYPE, Problem, headers_of
from app.shops import Shop
from integrations.actions import Action, Answer, Context, OperationState
from integrations.errors import ActionError

JSON: Final = b"application/json"
ENDING: Final = ("count", "next", "complete", "as_of", "stale", "operation")

Headers = list[tuple[bytes, bytes]]
encode = msgspec.json.Encoder().encode


class Reply(msgspec.Struct, frozen=True):
    """An answer as it leaves: status, media type, body, and headers besides.

    `outcome` is the word for it in logs and metrics.
    """

    status: int
    body: bytes
    media_type: bytes = JSON
    headers: Headers = []
    outcome: str = "ok"


class Asked(msgspec.Struct, frozen=True):
    """What was asked for: the shop, the action, and the context of the request."""

    shop: Shop
    action: Action
    context: Context = Context()


class Manner:
    """How a door answers; this one is canonical, a helpdesk's own differs."""

    ignores_unknown_reads = False
    tags_views = True
    """Whether a view that is asked for again and again has an ETag."""

    def understood(self, scope: Scope, action: Action, inputs: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Understand parsed inputs as they are meant; an InputError where they cannot be."""
        return inputs

    def answer(self, asked: Asked, answer: Answer) -> Reply:
        """Show what an action answered."""
        status = 201 if asked.action.creates and answer.wrote else 200
        if asked.context.shape != "full":
            return Reply(status, encode(answer))
        ending = {name: getattr(answer, name) for name in ENDING if hasattr(answer, name)}
        return Reply(status, encode({"data": answer.resource, **ending}))

    def refuse(self, asked: Asked, error: ActionError, problem: Problem) -> Reply:  # noqa: ARG002
        """Show why an action has no answer."""
        return Reply(problem.status, encode(problem), MEDIA_TYPE, headers_of(error))

    def settled(self, asked: Asked, operation: OperationState) -> Reply:
        """Show that a write was applied of which nothing more is known."""
        status = 201 if asked.action.creates else 200
        return Reply(status, encode({**blank(asked.action.answer), "operation": operation}))

    def repeated(self, asked: Asked, reply: Reply, *, at: datetime) -> Reply:  # noqa: ARG002
        """Show an answer again that was there before, when something was done or asked (`at`)."""
        return reply


def blank(answer: type[Answer]) -> dict[str, Any]:
    """Make an answer with every key and nothing in it."""
    return {
        field.encode_name: _nothing(msgspec.inspect.type_info(field.type))
        for field in msgspec.structs.fields(answer)
    }


def _nothing(described: msgspec.inspect.Type) -> Any:
    if isinstance(described, msgspec.inspect.UnionType):
        inner = next(
            (t for t in described.types if isinstance(t, msgspec.inspect.StructType)), None
        )
        return _nothing(inner) if inner else None
    if isinstance(described, msgspec.inspect.StructType):
        return {field.encode_name: None for field in described.fields}
    return [] if isinstance(described, msgspec.inspect.ListType) else None
