"""`/operations`: writes looked up, settled and approved by those who have the right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final, Literal, Protocol, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.credentials import proven
from app.limits import Right
from app.manners import encode
from app.observe import Seen
from app.operations import looking
from app.operations.looking import FILTERS, Filters
from app.operations.operation import Operation
from app.operations.records import Transaction
from app.operations.showing import OperationAnswer
from app.problems import MEDIA_TYPE, HttpError, headers_of, problem_of, silent_about
from app.requests import read_inputs
from app.settings import Door
from app.shops import Caller, Shops
from app.store.sqlite import StoreError
from integrations.actions import inputs_of, parsed
from integrations.errors import ActionError, ForbiddenError, NotFoundError, UnavailableError
from integrations.inputs import LARGEST_ID
from integrations.kinds import between
from integrations.rivo.writing import REFERENCE

T = TypeVar("T")
DOORS: Final[tuple[Door, ...]] = ("actions", "gorgias")
MAY: Final[Mapping[Right, str]] = {
    "read_operations": "look at operations",
    "settle": "settle operations",
    "approve": "approve operations",
}


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What a person found out about a write that Rivo never confirmed."""

    outcome: Annotated[
        Literal["applied", "not_applied"],
        Meta(description="Whether it was applied.", examples=["applied"]),
    ]
    evidence: Annotated[
        str,
        Meta(
            description="How you know; it is kept with the operation.",
            examples=["Points event 79096412 in Rivo's admin shows our reference."],
        ),
    ]
    rivo_id: Annotated[
        int | None,
        between(1, LARGEST_ID),
        Meta(description="The row in Rivo that shows it, where there is one."),
    ] = None


SETTLEMENT: Final = {each.name: each for each in inputs_of(Settlement)}


class Reads(Protocol):
    """Where operations are read."""

    async def read(self, job: Callable[[Transaction], T]) -> T:
        """Run a job that reads."""
        ...


class Judges(Protocol):
    """Who carries out what people decide about an operation; what may not be is an ActionError."""

    async def settle(
        self,
        caller: Caller,
        operation_id: str,
        outcome: Literal["applied", "not_applied"],
        evidence: str,
        rivo_id: int | None,
    ) -> Operation:
        """Settle an operation of the caller's shop."""
        ...

    async def approve(self, caller: Caller, operation_id: str) -> Operation:
        """Approve an operation of the caller's shop."""
        ...


Ask = Callable[[Request, Caller], Awaitable[msgspec.Struct]]


def operations_routes(*, shops: Shops, store: Reads, judges: Judges) -> list[BaseRoute]:
    """Make the routes of /operations."""

    async def listed(request: Request, caller: Caller) -> msgspec.Struct:
        filters = Filters(**await _given(request, FILTERS))
        return await store.read(lambda tx: looking.page(tx, caller.shop.name, filters))

    async def one(request: Request, caller: Caller) -> msgspec.Struct:
        await _given(request, {})
        return await _one(store, caller, _id_of(request))

    async def settle(request: Request, caller: Caller) -> msgspec.Struct:
        found = Settlement(**await _given(request, SETTLEMENT))
        operation_id = _id_of(request)
        await judges.settle(caller, operation_id, found.outcome, found.evidence, found.rivo_id)
        return await _one(store, caller, operation_id)

    async def approve(request: Request, caller: Caller) -> msgspec.Struct:
        await _given(request, {})
        operation_id = _id_of(request)
        await judges.approve(caller, operation_id)
        return await _one(store, caller, operation_id)

    table: tuple[tuple[str, str, Right, Ask], ...] = (
        ("/operations", "GET", "read_operations", listed),
        ("/operations/{id}", "GET", "read_operations", one),
        ("/operations/{id}/settle", "POST", "settle", settle),
        ("/operations/{id}/approve", "POST", "approve", approve),
    )
    return [
        Route(path, _endpoint(shops, right, ask), methods=[method])
        for path, method, right, ask in table
    ]


def _endpoint(shops: Shops, right: Right, ask: Ask) -> Callable[[Request], Awaitable[Response]]:
    """Let in who has the right; whatever goes wrong is a problem as at the doors."""

    async def endpoint(request: Request) -> Response:
        seen: Seen = request.scope["seen"]
        seen.door = "operations"
        secrets: tuple[str, ...] = ()
        try:
            caller, credential = proven(request.scope, shops, *DOORS)
            seen.shop, seen.caller = caller.shop.name, caller.name
            secrets = (credential, caller.shop.settings.rivo_api_key)
            if right not in caller.settings.rights:
                raise ForbiddenError(f"This key may not {MAY[right]}.")
            answer = await _available(ask(request, caller))
        except (HttpError, ActionError) as error:
            seen.outcome = error.code
            problem = silent_about(secrets, problem_of(error, seen.request_id))
            response = Response(encode(problem), problem.status, media_type=MEDIA_TYPE.decode())
            response.raw_headers += headers_of(error)
            return response
        return Response(encode(answer), media_type="application/json")

    return endpoint


async def _available(asking: Awaitable[T]) -> T:
    try:
        return await asking
    except StoreError:
        raise UnavailableError("The operations cannot be read right now.", retry_after=1) from None


async def _one(store: Reads, caller: Caller, operation_id: str) -> OperationAnswer:
    found = await store.read(lambda tx: looking.one(tx, caller.shop.name, operation_id))
    if found is None:
        raise _unknown()
    return found


async def _given(request: Request, known: Mapping[str, Any]) -> dict[str, Any]:
    given = await read_inputs(request.scope, request.receive)
    return parsed(known, tuple(known.values()), given)


def _id_of(request: Request) -> str:
    operation_id: str = request.path_params["id"]
    if not REFERENCE.fullmatch(operation_id):
        raise _unknown()
    return operation_id


def _unknown() -> NotFoundError:
    return NotFoundError("There is no operation with this id.")
