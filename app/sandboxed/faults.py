"""`/sandbox/faults`: what is to go wrong in a demo shop next."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.credentials import proven
from app.manners import encode
from app.observe import Seen
from app.problems import MEDIA_TYPE, HttpError, headers_of, problem_of, silent_about
from app.requests import read_inputs
from app.sandboxed.shops import Sandboxes
from app.shops import Caller, Shops
from integrations.actions import inputs_of, parsed
from integrations.errors import ActionError, InputError
from integrations.kinds import between
from integrations.rivo_sandbox import Fault

MOST: Final = 100
PATH: Final = "/sandbox/faults"
NEVER_APPLIED: Final = frozenset({"refuse", "too_many"})


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to go wrong with the next writes to the demo shop."""

    kind: Annotated[
        Literal[
            "lost",
            "server_error",
            "too_many",
            "refuse",
            "hang",
            "trickle",
            "broken_json",
            "html",
            "redirect",
            "wrong_content_type",
        ],
        Meta(
            description="What goes wrong: a lost connection, a 502, a 429, a connection refused, "
            "no answer, one that comes in pieces, half of it, a page, a redirect, a wrong type.",
            examples=["lost"],
        ),
    ]
    applied: Annotated[
        bool, Meta(description="Whether the shop does what is asked all the same.")
    ] = False
    after: Annotated[
        int | None,
        between(1, 3600),
        Meta(description="The shop does it so many seconds later, whatever was answered."),
    ] = None
    count: Annotated[int, between(1, MOST), Meta(description="How many writes go wrong so.")] = 1


ORDER: Final = {each.name: each for each in inputs_of(Order)}


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """One write that will go wrong."""

    kind: str
    applied: bool
    after: int | None


class PendingFaults(msgspec.Struct, frozen=True, kw_only=True):
    """What will go wrong, write by write, the next one first."""

    faults: list[Pending]
    count: int


class Faults:
    """Lets people order faults for their shop, and see which wait."""

    def __init__(self, sandboxes: Sandboxes, shops: Shops) -> None:
        self._waiting = sandboxes.faults
        self._shops = shops

    def routes(self) -> list[BaseRoute]:
        """Make the route by which people let writes go wrong, and see which will."""
        return [Route(PATH, self._endpoint, methods=["GET", "POST"])]

    async def _endpoint(self, request: Request) -> Response:
        seen: Seen = request.scope["seen"]
        seen.door = "sandbox"
        secrets: tuple[str, ...] = ()
        try:
            caller, credential = proven(request.scope, self._shops, "actions")
            seen.shop, seen.caller = caller.shop.name, caller.name
            secrets = (credential,)
            if request.method == "POST":
                await self._take(caller, request)
            return Response(encode(self._pending(caller)), media_type="application/json")
        except (HttpError, ActionError) as error:
            seen.outcome = error.code
            problem = silent_about(secrets, problem_of(error, seen.request_id))
            response = Response(encode(problem), problem.status, media_type=MEDIA_TYPE.decode())
            response.raw_headers += headers_of(error)
            return response

    async def _take(self, caller: Caller, request: Request) -> None:
        given = await read_inputs(request.scope, request.receive)
        order = Order(**parsed(ORDER, tuple(ORDER.values()), given))
        if order.applied and order.kind in NEVER_APPLIED:
            raise InputError("applied", expected=f"false where kind is {order.kind}", given="true")
        if order.after and order.kind in NEVER_APPLIED:
            raise InputError("after", expected=f"nothing where kind is {order.kind}")
        waiting = self._waiting[caller.shop.name]
        if len(waiting) + order.count > MOST:
            raise InputError("count", expected=f"at most {MOST} with those that wait")
        after = timedelta(seconds=order.after) if order.after else None
        waiting += [Fault(kind=order.kind, applied=order.applied, after=after)] * order.count

    def _pending(self, caller: Caller) -> PendingFaults:
        faults = [
            Pending(
                kind=fault.kind,
                applied=fault.applied,
                after=None if fault.after is None else round(fault.after.total_seconds()),
            )
            for fault in self._waiting[caller.shop.name]
        ]
        return PendingFaults(faults=faults, count=len(faults))
