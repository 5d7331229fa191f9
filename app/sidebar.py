"""The sidebar's pages, and signed links by which other tools show it, to read only."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from app import viewing
from app.credentials import proven
from app.doors import DEADLINE_SECONDS, Desk
from app.environment import DEMO_KEY
from app.links import MOST_MINUTES, Link, Links
from app.manners import Asked, Manner, Reply, encode
from app.observe import Seen, customer_hash, policy
from app.problems import MEDIA_TYPE, HttpError, headers_of, problem_of, silent_about
from app.requests import header, own_address, read_inputs
from app.settings import Settings
from app.shops import Caller, Shops
from app.tagging import tagged, unless_known
from integrations.actions import Action, Context, inputs_of, parsed
from integrations.errors import ActionError, ForbiddenError
from integrations.kinds import between
from integrations.rivo.inputs import CustomerEmail

HERE: Final = Path(__file__).parent / "pages" / "sidebar"
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
ANY_SITE: Final = ("https:",)
GZIP: Final = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)
VARY: Final = (b"vary", b"accept-encoding")
OF_FILES: Final = (
    # Kept, and asked for each time: that costs one 304.
    (b"cache-control", b"no-cache"),
    # By itself a file may do nothing; what a page may do with it, the page says.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
Ask = Callable[[Request], Awaitable[Reply]]
Send = Callable[..., Reply]


class LinkInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Whose sidebar a link shows, and for how long."""

    customer_email: CustomerEmail
    minutes: Annotated[
        int,
        between(1, MOST_MINUTES),
        Meta(description="How long the link is good for.", examples=[10]),
    ] = MOST_MINUTES


class LinkAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A link, and when it ends."""

    url: str
    expires_at: str


LINK: Final = {each.name: each for each in inputs_of(LinkInputs)}


class Sidebar:
    """Shows a customer's sidebar to whoever has a link; who has a key makes the links.

    `action` is get_sidebar, `clock` gives seconds that only go forward, `now` the time of day.
    """

    def __init__(
        self,
        shops: Shops,
        *,
        action: Action,
        desk: Desk,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self.shops = shops
        self.action = action
        self.desk = desk
        self.clock = clock
        self.links = Links(shops, now=now)
        self.manner = Manner()

    async def make(self, request: Request) -> Reply:
        """Make a link to a customer's sidebar, for a caller of /actions who may read it."""
        seen: Seen = request.scope["seen"]
        caller, key = proven(request.scope, self.shops, "actions")
        self._note(seen, caller)
        given = await read_inputs(request.scope, request.receive)
        inputs = LinkInputs(**parsed(LINK, tuple(LINK.values()), given))
        self._note(seen, caller, inputs.customer_email)
        self._check(caller)
        link = Link(caller, inputs.customer_email)
        by = hashlib.sha256(key.encode("latin-1")).digest()
        token, ends = self.links.make(link, by=by, minutes=inputs.minutes)
        base = (self.shops.settings.public_url or own_address(request.scope)).rstrip("/")
        return Reply(
            200,
            encode(
                LinkAnswer(
                    # What stands after the # is never sent: no log of ours or of a proxy has it.
                    url=f"{base}/sidebar/link#token={token}",
                    expires_at=ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
                )
            ),
        )

    async def view(self, request: Request) -> Reply:
        """Answer get_sidebar for the customer of a link."""
        until = self.clock() + DEADLINE_SECONDS
        scheme, _, token = (header(request.scope, b"authorization") or "").partition(" ")
        link = self.links.read(token.strip() if scheme.lower() == "bearer" else "")
        seen: Seen = request.scope["seen"]
        self._note(seen, link.caller, link.customer)
        parsed({}, (), await read_inputs(request.scope, request.receive))
        self._check(link.caller)
        inputs = {"customer_email": link.customer}
        shop = link.caller.shop
        context = self.desk.admit(link.caller, self.action, inputs, Context())
        asked = Asked(shop, self.action, context)
        return unless_known(request.scope, await viewing.read(asked, inputs, self.manner, until))

    def policy(self) -> str:
        """Say what a link's page may do, and who may frame it: it has no cookie, and only reads."""
        return policy(*(self.shops.settings.frame_ancestors or ANY_SITE))

    def secrets(self, scope: Scope) -> tuple[str, ...]:
        """Name what may not be seen in an answer: what was sent as a proof, and the shops' keys."""
        bearer = (header(scope, b"authorization") or "").rpartition(" ")[2]
        keys = [shop.settings.rivo_api_key for shop in self.shops.all()]
        sent = (bearer, header(scope, b"x-api-key") or "")
        return tuple(filter(None, (*sent, *keys)))

    def _check(self, caller: Caller) -> None:
        if not caller.may(self.action):
            raise ForbiddenError(f"This key may not use {self.action.name}.")

    def _note(self, seen: Seen, caller: Caller, customer: str | None = None) -> None:
        seen.shop, seen.caller, seen.action = caller.shop.name, caller.name, self.action.name
        if customer is not None:
            seen.customer = customer_hash(self.shops.settings.secret_key, customer)


def sidebar_files() -> dict[str, str]:
    """Name what the pages are made of, with its media type; the pages are not among it."""
    found = sorted(each for each in HERE.iterdir() if each.suffix in KINDS)
    return {each.name: KINDS[each.suffix] for each in found}


def sidebar_routes(settings: Settings, sidebar: Sidebar) -> list[BaseRoute]:
    """Make the routes; the preview is in the sandbox alone, where its key is no secret."""
    the_preview = _sender("preview.html", "text/html")
    the_link = _sender("link.html", "text/html")

    async def preview(request: Request) -> Response:
        if not settings.sandbox or sidebar.shops.caller("actions", DEMO_KEY.encode()) is None:
            raise HTTPException(404)
        return _response(the_preview(request))

    async def link(request: Request) -> Response:
        policy = (b"content-security-policy", sidebar.policy().encode())
        return _response(the_link(request, policy))

    return [
        Route("/sidebar", preview),
        Route("/sidebar/link", link),
        Route("/sidebar/links", _endpoint(sidebar, sidebar.make), methods=["POST"]),
        Route("/sidebar/view", _endpoint(sidebar, sidebar.view), methods=["GET"]),
        *(_file(name, kind) for name, kind in sidebar_files().items()),
    ]


def _file(name: str, kind: str) -> Route:
    send = _sender(name, kind)

    async def file(request: Request) -> Response:
        return _response(tagged(request.scope, send(request, *OF_FILES)))

    return Route(f"/sidebar/{name}", file)


def _sender(name: str, kind: str) -> Send:
    """Make what sends a file, packed where the other side can unpack it."""
    plain = (HERE / name).read_bytes()

    @cache
    def packed() -> bytes:
        return gzip.compress(plain, mtime=0)

    def send(request: Request, *headers: tuple[bytes, bytes]) -> Reply:
        if GZIP.search(request.headers.get("accept-encoding", "")):
            encoded = (b"content-encoding", b"gzip")
            return Reply(200, packed(), kind.encode(), [*headers, VARY, encoded])
        return Reply(200, plain, kind.encode(), [*headers, VARY])

    return send


def _endpoint(sidebar: Sidebar, ask: Ask) -> Callable[[Request], Awaitable[Response]]:
    """Answer what is asked; whatever goes wrong is a problem as at the doors."""

    async def endpoint(request: Request) -> Response:
        seen: Seen = request.scope["seen"]
        seen.door = "sidebar"
        try:
            reply = await ask(request)
        except (HttpError, ActionError) as error:
            seen.outcome = error.code
            problem = silent_about(
                sidebar.secrets(request.scope), problem_of(error, seen.request_id)
            )
            reply = Reply(problem.status, encode(problem), MEDIA_TYPE, headers_of(error))
        else:
            seen.outcome = reply.outcome
        return _response(reply)

    return endpoint


def _response(reply: Reply) -> Response:
    response = Response(reply.body, reply.status, media_type=reply.media_type.decode())
    response.raw_headers += reply.headers
    return response
