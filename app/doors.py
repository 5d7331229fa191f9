"""From an action to an endpoint: who comes, what they may, what they ask, how they are answered.

A door is mounted like any ASGI application. What it offers is read off the actions; how its
answers look is its `Manner`, two plain functions of the helpdesk's own.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from app.observe import Seen, customer_hash
from app.problems import MEDIA_TYPE, HttpError, Problem, headers_of, problem_of
from app.requests import header, read_inputs
from app.settings import Door as DoorName
from app.shops import Caller, Shops
from integrations.actions import Action, Answer, Context
from integrations.errors import ActionError, ForbiddenError

# An answer leaves within 4 s; what comes after the last upstream call needs its share.
DEADLINE_SECONDS: Final = 3.9
JSON: Final = b"application/json"
ENDING: Final = ("count", "next", "complete", "as_of", "stale")
CHALLENGE: Final = ((b"www-authenticate", b'Bearer realm="rivo-helpdesk"'),)

Headers = list[tuple[bytes, bytes]]


class Reply(msgspec.Struct, frozen=True):
    """An answer as it leaves: status, media type, body, and headers besides."""

    status: int
    body: bytes
    media_type: bytes = JSON
    headers: Headers = []


class Asked(msgspec.Struct, frozen=True):
    """Who asked for what: the caller, the action, and the context of the request."""

    caller: Caller
    action: Action
    context: Context = Context()


class Manner:
    """How a door answers; this one is canonical, a helpdesk's own differs."""

    ignores_unknown_reads = False

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


class Door:
    """One way in: `name` says which callers come through it, `actions` what is behind it."""

    def __init__(
        self,
        name: DoorName,
        *,
        actions: Mapping[str, Action],
        shops: Shops,
        manner: Manner,
        clock: Callable[[], float],
    ) -> None:
        self.name = name
        self.actions = actions
        self.shops = shops
        self.manner = manner
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
            answer, context = await self._run(caller, action, given, until, seen)
        except ActionError as error:
            seen.outcome = error.code
            secrets = (credential, caller.shop.settings.rivo_api_key)
            problem = _silent_about(secrets, problem_of(error, seen.request_id))
            return self.manner.refuse(Asked(caller, action), error, problem)
        seen.outcome = "ok"
        return self.manner.answer(Asked(caller, action, context), answer)

    def _caller(self, scope: Scope) -> tuple[Caller, str]:
        """Let in who proves who they are, by `Authorization: Bearer` or `X-Api-Key`."""
        if not self.shops.is_open(self.name):
            raise HttpError(404, "closed", f"The door /{self.name} is closed: it has no secret.")
        bearer = header(scope, b"authorization") or ""
        scheme, _, token = bearer.partition(" ")
        credential = token.strip() if scheme.lower() == "bearer" else None
        credential = credential or header(scope, b"x-api-key")
        caller = self.shops.caller(self.name, credential.encode("latin-1")) if credential else None
        if caller is None or credential is None:
            raise HttpError(
                401,
                "unauthorized",
                "A valid key is needed, as Authorization: Bearer or as X-Api-Key.",
                headers=CHALLENGE,
            )
        return caller, credential

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

    async def _run(
        self, caller: Caller, action: Action, given: Mapping[str, object], until: float, seen: Seen
    ) -> tuple[Answer, Context]:
        inputs, context = action.parse(given)
        self._note(seen, inputs, context)
        looks = action.only_looks is not None and action.only_looks(inputs)
        if not caller.may(action, looks=looks):
            raise ForbiddenError(f"This key may not use {action.name}.")
        return await action.run(caller.shop.rivo.until(until), **inputs), context

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


def _silent_about(secrets: tuple[str, ...], problem: Problem) -> Problem:
    """Take secrets out of a problem: the caller's own, sent in a wrong place, and the shop's."""
    told = {name: getattr(problem, name) for name in ("error", "detail", "field", "given")}
    told = {name: text for name, text in told.items() if isinstance(text, str)}
    given = told.get("given", "")
    shown = given.strip("'\"…")
    for secret in secrets:
        start = secret[:8]
        if start in shown or (len(shown) >= 8 and shown in secret):
            told = {name: text.replace(given, "something else") for name, text in told.items()}
            told["given"] = None
            shown = ""
        for name, text in told.items():
            if text is not None and start in text:
                told[name] = re.sub(rf"\S*{re.escape(start)}\S*", "…", text)
    return msgspec.structs.replace(problem, **told)


encode = msgspec.json.Encoder().encode
