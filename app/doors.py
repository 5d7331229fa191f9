"""From an action to an endpoint: who comes, what they may, what they ask, how they are answered.

A door is mounted like any ASGI application. What it offers is read off the actions; how its
answers look is its `Manner`, two plain functions of the helpdesk's own.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from app.credentials import proven
from app.manners import Asked, Manner, Reply, encode
from app.observe import Seen, customer_hash
from app.problems import (
    MEDIA_TYPE,
    HttpError,
    headers_of,
    problem_of,
    silent_about,
)
from app.requests import idempotency_key, read_inputs
from app.settings import Door as DoorName
from app.shops import Caller, Shops
from integrations.actions import Action, Context
from integrations.errors import ActionError, ForbiddenError

# An answer leaves within 4 s; what comes after the last upstream call needs its share.
DEADLINE_SECONDS: Final = 3.9


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A write that somebody may make and wants: who, through which door, what, and until when.

    `key` is the caller's idempotency key, `until` the time (of the clock) at which the answer
    leaves, `credential` what must not be seen in it.
    """

    caller: Caller
    door: DoorName
    action: Action
    inputs: Mapping[str, Any]
    context: Context
    key: str | None
    until: float
    credential: str
    request_id: str


class Desk(Protocol):
    """Where writes are taken in, and where is decided whether anything may be asked at all."""

    def admit(
        self, caller: Caller, action: Action, inputs: Mapping[str, Any], context: Context
    ) -> Context:
        """Return the context as it is kept; an ActionError where this may not be asked."""
        ...

    async def perform(self, wanted: Wanted) -> Reply:
        """Make a write once, and answer what is known of it."""
        ...


class Door:
    """One way in: `name` says which callers come through it, `actions` what is behind it."""

    def __init__(
        self,
        name: DoorName,
        *,
        actions: Mapping[str, Action],
        shops: Shops,
        manner: Manner,
        desk: Desk,
        clock: Callable[[], float],
    ) -> None:
        self.name = name
        self.actions = actions
        self.shops = shops
        self.manner = manner
        self.desk = desk
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever goes wrong with it is an answer, too."""
        seen: Seen = scope["seen"]
        seen.door = self.name
        try:
            reply = await self._serve(scope, receive, seen)
        except HttpError as error:
            seen.outcome = error.code
            body = encode(problem_of(error, seen.request_id))
            reply = Reply(error.status, body, MEDIA_TYPE, headers_of(error))
        await respond(send, reply, head=scope["method"] == "HEAD")

    async def _serve(self, scope: Scope, receive: Receive, seen: Seen) -> Reply:
        until = self.clock() + DEADLINE_SECONDS
        caller, credential = self._caller(scope)
        seen.shop, seen.caller = caller.shop.name, caller.name
        name = scope["path"].partition(f"/{self.name}")[2].strip("/")
        if not name:
            return self._list(scope, caller)
        action = self._action(name, scope["method"])
        seen.action = action.name
        try:
            lenient = self.manner.ignores_unknown_reads and not action.writes
            given = await read_inputs(scope, receive, only=action.known if lenient else None)
            inputs, context = action.parse(given)
            inputs = self.manner.understood(scope, action, inputs)
            self._note(seen, inputs, context)
            looks = action.only_looks is not None and action.only_looks(inputs)
            if not caller.may(action, looks=looks):
                raise ForbiddenError(f"This key may not use {action.name}.")
            context = self.desk.admit(caller, action, inputs, context)
            key = idempotency_key(scope, context.idempotency_key) if action.writes else None
            if action.writes and not looks:
                reply = await self.desk.perform(
                    Wanted(
                        caller=caller,
                        door=self.name,
                        action=action,
                        inputs=inputs,
                        context=context,
                        key=key,
                        until=until,
                        credential=credential,
                        request_id=seen.request_id,
                    )
                )
            else:
                rivo = caller.shop.rivo  # a write that only looks does not say how old it is
                rivo = rivo.until(until) if action.writes else rivo.for_read(until)
                answer = await action.run(rivo, **inputs)
                reply = self.manner.answer(Asked(caller.shop, action, context), answer)
        except ActionError as error:
            secrets = (credential, caller.shop.settings.rivo_api_key)
            problem = silent_about(secrets, problem_of(error, seen.request_id))
            seen.outcome = error.code
            return self.manner.refuse(Asked(caller.shop, action), error, problem)
        seen.outcome = reply.outcome
        return reply

    def _caller(self, scope: Scope) -> tuple[Caller, str]:
        """Let in who proves who they are, by `Authorization: Bearer` or `X-Api-Key`."""
        if not self.shops.is_open(self.name):
            raise HttpError(404, "closed", f"The door /{self.name} is closed: it has no secret.")
        return proven(scope, self.shops, self.name)

    def _list(self, scope: Scope, caller: Caller) -> Reply:
        """List what this caller may do."""
        if scope["method"] != "GET":
            raise _wrong_method(b"GET")
        listed = [
            {
                "name": action.name,
                "writes": action.writes,
                "summary": action.summary,
                "inputs": [i.name for i in action.inputs],
            }
            for action in self.actions.values()
            if caller.may(action)
        ]
        return Reply(200, encode({"actions": listed, "count": len(listed)}))

    def _action(self, name: str, method: str) -> Action:
        action = self.actions.get(name)
        if action is None:
            nearest = difflib.get_close_matches(name[:64], self.actions, n=1, cutoff=0.6)
            hint = f" Did you mean {nearest[0]}?" if nearest else ""
            raise HttpError(404, "no_such_action", f"There is no such action.{hint}")
        if method != "POST" and (action.writes or method != "GET"):
            raise _wrong_method(b"POST" if action.writes else b"GET, POST")
        return action

    def _note(self, seen: Seen, inputs: Mapping[str, Any], context: Context) -> None:
        if (who := inputs.get("customer_email")) is not None:
            seen.customer = customer_hash(self.shops.settings.secret_key, who)
        if context.ticket_id is not None and context.ticket_id.isdecimal():
            seen.ticket = context.ticket_id[:20]


class Straight:
    """Goes straight to a door; Starlette's router would try its routes one by one before.

    They stay among the routes: what is not exactly an action below a door is theirs.
    """

    def __init__(self, app: ASGIApp, *, doors: Mapping[str, Door]) -> None:
        self.app = app
        self.doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        above = scope.get("path", "").rpartition("/")[0]
        await self.doors.get(above, self.app)(scope, receive, send)


async def respond(send: Send, reply: Reply, *, head: bool = False) -> None:
    """Send an answer."""
    await send(
        {
            "type": "http.response.start",
            "status": reply.status,
            "headers": [
                (b"content-type", reply.media_type),
                (b"content-length", str(len(reply.body)).encode()),
                *reply.headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": b"" if head else reply.body})


def _wrong_method(allowed: bytes) -> HttpError:
    return HttpError(
        405,
        "method_not_allowed",
        f"This answers {allowed.decode()} only.",
        headers=((b"allow", allowed),),
    )
