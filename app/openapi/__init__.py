"""The OpenAPI document, read off the actions and their doors; nothing is declared twice."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.openapi import lookups, sidebar, webhooks, zendesk
from app.openapi.answers import answer_schemas
from app.openapi.examples import Example, read_examples
from app.openapi.flat import flat_schemas
from app.openapi.inputs import context_parameters, input_schemas
from app.openapi.operations import answered_by_action, paths
from app.openapi.responses import HEADERS, shared_responses
from app.openapi.sandbox import sandbox_paths
from integrations.actions import Action
from integrations.rivo import ACTIONS

__all__ = ["Example", "document", "openapi_routes", "read_examples"]

DESCRIPTION: Final = """\
Rivo's loyalty programme of a Shopify store, for the store's helpdesk: one endpoint per action.

**Inputs** come as JSON, as a form or in the query, and are merged; one name with two values is
refused. They may be text from a template: `"100"` and `100.0` are 100, `"True"` is true, a space
inside an e-mail address is a `+` that lost its encoding, and what a template left empty counts as
absent (see the schema `Nothing`). An amount has at most three decimals, also as a JSON number.
Every action accepts the context inputs (`ticket_id` to `shape`) as well.

**Lists** are paged by `page` and `per_page`, or by `since_id` and `limit`, never by both; `next` is
what to send back, or null.

**Answers** always have the same keys; what is absent is null. A refusal is a problem (RFC 9457)
with one short sentence in `error` and a `code`. Wherever it goes, a request may be refused before
it is looked at: 400 where it is no HTTP, 408, 413 and 431 where it is too slow or too large, and
503 with the code `overloaded` while too much is asked for at once (see the shared responses).

**Writes** are made once. Each is an operation: its answer says in `operation` which one, in which
`state`, whether it was `applied` (null while nobody knows) and whether it is `safe_to_retry`. The
same request again, by its `Idempotency-Key` or because it is identical, gets the same operation
and the header `Idempotent-Replayed: true`. 202 says that Rivo has not confirmed it, or that it
waits for approval: do not repeat it; `/operations/{id}` tells how it ends.
"""
SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The caller's key."},
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Api-Key",
        "description": "The caller's key, for tools that cannot send a bearer key.",
    },
    "zendeskToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "What Zendesk's proxy signs for the app with ZENDESK_SHARED_SECRET: HS256, "
        "`aud` the account's domain (acme.zendesk.com), `exp` at most 120 seconds ahead; a `jti` "
        "is accepted once. `email` and `name` say who the agent is.",
    },
    "zendeskSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Zendesk-Webhook-Signature",
        "description": "base64(HMAC-SHA256(ZENDESK_WEBHOOK_SECRET, timestamp + body)).",
    },
    **webhooks.SECURITY,
    "linkToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "What stands after `#token=` in a link to the sidebar.",
    },
    "metricsKey": {"type": "http", "scheme": "bearer", "description": "METRICS_KEY."},
}
TAGS: Final = [
    {"name": "/actions", "description": "Canonical answers, for any tool that speaks HTTP."},
    {"name": "/gorgias", "description": "Flat answers, ready to show in a Gorgias sidebar."},
    {
        "name": "/zendesk",
        "description": "The answers of /actions for the Zendesk app, and the webhook of macros. "
        "Where there are several shops, `/zendesk/{shop}/...` names one.",
    },
    {"name": "/rivo", "description": "What Rivo announces: the webhooks that come in."},
    {"name": "/operations", "description": "Writes looked up, settled and approved by people."},
    {"name": "service", "description": "Health, metrics, pages."},
]


def document(
    actions: Mapping[str, Action] = ACTIONS,
    *,
    public_url: str | None = None,
    sandbox: bool = False,
) -> dict[str, Any]:
    """Make the OpenAPI 3.1 document; the same inputs make the same document."""
    examples = read_examples()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "rivo-helpdesk",
            "version": version("rivo-helpdesk"),
            "summary": "Rivo's loyalty programme, inside the helpdesk.",
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": (public_url or "").rstrip("/") or "/"}],
        "tags": TAGS,
        "paths": paths(actions, examples)
        | lookups.lookup_paths()
        | zendesk.webhook_paths()
        | webhooks.announcement_paths()
        | sidebar.sidebar_paths(examples["get_sidebar"])
        | (sandbox_paths() if sandbox else {}),
        "components": {
            "securitySchemes": SECURITY,
            "headers": HEADERS,
            "parameters": context_parameters(),
            "schemas": {
                **input_schemas(actions, *lookups.INPUTS, *sidebar.INPUTS),
                **answer_schemas(
                    actions, *lookups.ANSWERS, *sidebar.ANSWERS, *zendesk.ANSWERS, *webhooks.ANSWERS
                ),
                **flat_schemas(actions),
            },
            "responses": shared_responses() | answered_by_action(actions, examples),
        },
    }


def openapi_routes(public_url: str | None, *, sandbox: bool = False) -> list[BaseRoute]:
    """Make the route of the document, which is built here once."""
    body = msgspec.json.encode(document(public_url=public_url, sandbox=sandbox))

    async def openapi(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    return [Route("/openapi.json", openapi)]
