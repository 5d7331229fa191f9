"""`POST /zendesk/webhook`: what a macro asks for by way of a trigger, taken in at once, done after.

Zendesk shows nobody the answer: what became of the write is told on the ticket where that is
configured, and by /operations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from starlette.types import Receive, Scope, Send

from app.delivery import remembering
from app.doors import DEADLINE_SECONDS, Wanted, note, respond
from app.helpdesks import WEBHOOK, WEBHOOK_ACTIONS
from app.manners import Reply, encode
from app.observe import Seen
from app.operations.operation import Operation
from app.problems import MEDIA_TYPE, HttpError, headers_of, problem_of, silent_about
from app.requests import header, read_body, read_object
from app.shops import Caller, Shops
from app.store.sqlite import SqliteStore, StoreError
from app.zendesk.proving import SIGNATURE, TIMESTAMP, by_signature, callers
from integrations.actions import Action, Context
from integrations.errors import ActionError, ForbiddenError, InputError, UnavailableError
from integrations.inputs import is_absent, shortened

PATH: Final = "/zendesk/webhook"
PATH_OF_A_SHOP: Final = "/zendesk/{shop}/webhook"
DEFAULT_ACTION: Final = "create_points_event"
INVOCATION: Final = b"x-zendesk-webhook-invocation-id"
NAME: Final = re.compile(r"[!-~]{1,128}")
NO_RECORD: Final = "The service cannot keep a record right now; nothing was sent."


class Intake(Protocol):
    """Where writes are taken in for somebody who does not wait for them."""

    def admit(
        self, caller: Caller, action: Action, inputs: Mapping[str, Any], context: Context
    ) -> Context:
        """Return the context as it is kept; an ActionError where this may not be asked."""
        ...

    async def take_in(self, wanted: Wanted) -> Operation:
        """Put a write down; it is made apart. An ActionError where it cannot be kept."""
        ...


class Webhook:
    """Takes in what a shop's macros ask for; each invocation is one write, however often it comes.

    The invocation's name is not signed: whoever sends a signed request again under another name
    gets the operation of the first.
    """

    def __init__(
        self,
        *,
        actions: Mapping[str, Action],
        shops: Shops,
        desk: Intake,
        store: SqliteStore,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._actions = {name: actions[name] for name in sorted(WEBHOOK_ACTIONS)}
        self._shops = shops
        self._desk = desk
        self._store = store
        self._clock = clock
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever goes wrong with it is a problem."""
        seen: Seen = scope["seen"]
        seen.door = "zendesk"
        secrets = [header(scope, SIGNATURE) or "no signature"]
        try:
            reply = await self._serve(scope, receive, seen, secrets)
        except (HttpError, ActionError) as error:
            seen.outcome = error.code
            problem = silent_about(tuple(secrets), problem_of(error, seen.request_id))
            reply = Reply(problem.status, encode(problem), MEDIA_TYPE, headers_of(error))
        await respond(send, reply, head=scope["method"] == "HEAD")

    async def _serve(self, scope: Scope, receive: Receive, seen: Seen, secrets: list[str]) -> Reply:
        until = self._clock() + DEADLINE_SECONDS
        if not callers(self._shops, WEBHOOK.name):
            raise HttpError(404, "closed", "The door /zendesk/webhook is closed: it has no secret.")
        if scope["method"] != "POST":
            allow = ((b"allow", b"POST"),)
            raise HttpError(405, "method_not_allowed", "This answers POST only.", headers=allow)
        body = await read_body(scope, receive)
        shop = scope.get("path_params", {}).get("shop")
        caller = by_signature(self._shops, scope, body, shop=shop, now=self._now())
        seen.shop, seen.caller = caller.shop.name, caller.name
        secrets.append(caller.shop.settings.rivo_api_key)
        key = f"zendesk:{await self._invocation(scope, caller, body)}"
        action, given = self._asked(read_object(body))
        seen.action = action.name
        inputs, context = action.parse(given)
        note(seen, self._shops, inputs, context)
        if not caller.may(action):
            raise ForbiddenError(f"This webhook may not use {action.name}.")
        if (own := context.idempotency_key) is not None:
            expected = "left out: the invocation is the key"
            raise InputError("idempotency_key", expected=expected, given=shortened(own))
        context = self._desk.admit(caller, action, inputs, context)
        operation = await self._desk.take_in(
            Wanted(
                caller=caller,
                door="zendesk",
                action=action,
                inputs=inputs,
                context=context,
                key=key,
                until=until,
                credential=secrets[0],
                request_id=seen.request_id,
            )
        )
        seen.outcome = "ok"
        return Reply(200, encode({"accepted": True, "operation_id": operation.id}))

    async def _invocation(self, scope: Scope, caller: Caller, body: bytes) -> str:
        """Return the name of the invocation: the first under which this signed request came."""
        invocation = header(scope, INVOCATION) or ""
        if not NAME.fullmatch(invocation):
            raise HttpError(
                400, "unparsable", "X-Zendesk-Webhook-Invocation-Id must be there once."
            )
        # Of the signature's text there may be variants; what it signs is one.
        signed = remembering.digest((header(scope, TIMESTAMP) or "").encode("latin-1"), body)
        shop, at = caller.shop.name, self._now().timestamp()
        try:
            # It need not be on the disk before the operation is, which follows.
            return await self._store.write(
                lambda tx: remembering.first_name(
                    tx,
                    shop=shop,
                    topic=remembering.ZENDESK,
                    signed=signed,
                    name=invocation,
                    at=at,
                ),
                durable=False,
            )
        except StoreError:
            raise UnavailableError(NO_RECORD, retry_after=1) from None

    def _asked(self, given: Mapping[str, Any]) -> tuple[Action, dict[str, object]]:
        """Tell the action, which may be named, from its inputs."""
        inputs = dict(given)
        name = inputs.pop("action", None)
        name = DEFAULT_ACTION if is_absent(name) else name
        action = self._actions.get(name) if isinstance(name, str) else None
        if action is None:
            which = ", ".join(self._actions)
            raise InputError("action", expected=f"left out, or {which}", given=shortened(name))
        return action, inputs
