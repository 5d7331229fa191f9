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

from app import viewing
from app.credentials import Proves
from app.limits import tightest
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
from app.serving.refusing import OVERLOADED, TOO_MUCH
from app.settings import Door as DoorName
from app.shops import Caller, Shops
from app.tagging import NOT_MODIFIED, unless_known
from integrations.actions import Action, Context
from integrations.errors import ActionError, ForbiddenError, InputError, OverloadedError
from integrations.inputs import is_absent, read, shortened

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
    """One way in: `name` says which callers come through it, `actions` what is behind it.

    `proves` finds out who comes. Where a credential does not tell whose it is, the path may
    (`names_shops`), before the action: it selects which secrets are tried, and proves nothing.
    """

    def __init__(
        self,
        name: DoorName,
        *,
        actions: Mapping[str, Action],
        shops: Shops,
        manner: Manner,
        desk: Desk,
        clock: Callable[[], float],
        proves: Proves,
        names_shops: bool = False,
    ) -> None:
        self.name = name
        self.actions = actions
        self.shops = shops
        self.manner = manner
        self.desk = desk
        self.clock = clock
        self.proves = proves
        self.names_shops = names_shops

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
        shop, name = self._asked(scope["path"])
        proof = self.proves(scope, shop)
        caller, credential = proof.caller, proof.credential
        seen.shop, seen.caller = caller.shop.name, caller.name
        if not name or (self.names_shops and shop is None and self._is_shop(name, caller)):
            return self._list(scope, caller)
        action = self._action(name, scope["method"])
        seen.action = action.name
        try:
            if OVERLOADED in scope:
                raise OverloadedError(TOO_MUCH.message, retry_after=1)
            lenient = self.manner.ignores_unknown_reads and not action.writes
            given = await read_inputs(scope, receive, only=action.known if lenient else None)
            if action.writes:
                given = _with_asserted(action, given, proof.asserted)
            inputs, context = action.parse(given)
            inputs = self.manner.understood(scope, action, inputs)
            note(seen, self.shops, inputs, context)
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
                reply = await self._look(scope, Asked(caller.shop, action, context), inputs, until)
        except ActionError as error:
            secrets = (credential, caller.shop.settings.rivo_api_key)
            problem = silent_about(secrets, problem_of(error, seen.request_id))
            seen.outcome = error.code
            return self.manner.refuse(Asked(caller.shop, action), error, problem)
        seen.outcome = reply.outcome
        return reply

    async def _look(
        self, scope: Scope, asked: Asked, inputs: Mapping[str, Any], until: float
    ) -> Reply:
        """Answer what changes nothing; a write that only looks does not say how old it is."""
        if asked.action.writes:
            answer = await asked.action.run(asked.shop.rivo.until(until), **inputs)
            return self.manner.answer(asked, answer)
        return unless_known(scope, await viewing.read(asked, inputs, self.manner, until))

    def _asked(self, path: str) -> tuple[str | None, str]:
        """Take a path below the door apart: the shop where it names one, and the action."""
        below = path.partition(f"/{self.name}")[2].lstrip("/")
        shop, slash, name = below.partition("/")
        name = name.strip("/")
        if self.names_shops and slash and (name or shop not in self.actions):
            return shop, name
        return None, below.strip("/")

    def _is_shop(self, name: str, caller: Caller) -> bool:
        return name == caller.shop.name and name not in self.actions

    def _list(self, scope: Scope, caller: Caller) -> Reply:
        """List what this caller may do, and what a form has to know beforehand."""
        if scope["method"] != "GET":
            raise _wrong_method(b"GET")
        shop = caller.shop.settings
        listed = [
            {
                "name": action.name,
                "writes": action.writes,
                "summary": action.summary,
                "inputs": [i.name for i in action.inputs],
            }
            for action in self.actions.values()
            if caller.may(action) and action.name not in shop.kill
        ]
        limits = msgspec.structs.asdict(tightest(caller.settings.limits, shop.limits))
        told = {
            "actions": listed,
            "count": len(listed),
            "reasons": shop.reasons,
            "limits": {name: limit for name, limit in limits.items() if limit not in (None, False)},
            "currency": shop.currency,
        }
        return Reply(200, encode(told))

    def _action(self, name: str, method: str) -> Action:
        action = self.actions.get(name)
        if action is None:
            nearest = difflib.get_close_matches(name[:64], self.actions, n=1, cutoff=0.6)
            hint = f" Did you mean {nearest[0]}?" if nearest else ""
            raise HttpError(404, "no_such_action", f"There is no such action.{hint}")
        if method != "POST" and (action.writes or method != "GET"):
            raise _wrong_method(b"POST" if action.writes else b"GET, POST")
        return action


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


def note(seen: Seen, shops: Shops, inputs: Mapping[str, Any], context: Context) -> None:
    """Say for the log whom a request is about: a keyed hash, and the ticket's number."""
    if (who := inputs.get("customer_email")) is not None:
        seen.customer = customer_hash(shops.settings.secret_key, who)
    if context.ticket_id is not None and context.ticket_id.isdecimal():
        seen.ticket = context.ticket_id[:20]


async def respond(send: Send, reply: Reply, *, head: bool = False) -> None:
    """Send an answer."""
    headers = list(reply.headers)
    if reply.status != NOT_MODIFIED:
        length = str(len(reply.body)).encode()
        headers = [(b"content-type", reply.media_type), (b"content-length", length), *headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else reply.body})


def _wrong_method(allowed: bytes) -> HttpError:
    return HttpError(
        405,
        "method_not_allowed",
        f"This answers {allowed.decode()} only.",
        headers=((b"allow", allowed),),
    )


def _with_asserted(
    action: Action, given: dict[str, object], asserted: Mapping[str, str]
) -> dict[str, object]:
    """Fill in what the credential says of the agent; an InputError where the inputs differ."""
    for name, said in asserted.items():
        kind = action.known[name].kind
        if is_absent(said):
            continue
        if is_absent(given.get(name)):
            given[name] = said
        elif _plain(read(name, kind, given[name])) != _plain(read(name, kind, said)):
            raise InputError(
                name, expected="the agent whom the token names", given=shortened(given[name])
            )
    return given


def _plain(value: object) -> str:
    return str(value).casefold()
