"""`/sandbox/admin`: Rivo's own pages, as far as a demo needs them; the merchant is who looks.

Nobody proves who they are: the shop is made up, and gone with the process. What changes something
has to come from this page, though, and not from another site.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.delivery import outbox
from app.manners import encode
from app.observe import Seen, policy
from app.pages.routes import Pages
from app.problems import MEDIA_TYPE, HttpError, problem_of
from app.requests import header, own_address, read_inputs
from app.sandboxed.merchant import CHANGE, PATH, Change, carry_out
from app.sandboxed.shops import Sandboxes
from app.sandboxed.showing import announced, facts, triggered
from app.shops import Shop
from app.store.sqlite import SqliteStore, StoreError
from integrations.actions import parsed
from integrations.errors import InputError

MOST_SHOWN: Final = 10
HEADERS: Final = {
    # The page's forms may be sent, to here alone; and say from where, or nobody could tell.
    "content-security-policy": policy("'none'").replace("form-action 'none'", "form-action 'self'"),
    "referrer-policy": "same-origin",
}
DONE: Final = {
    "adjust": "Done. Rivo announces it.",
    "bulk": "Done, and announced to nobody: the sidebar shows it when Rivo is next asked.",
    "move": "Moved. If that is another tier than before, Rivo announces it.",
    "redeem": "Redeemed. Rivo announces it.",
}
REFUSED: Final = {
    "adjust": "Rivo refuses this: the customer is excluded from the programme, or not there.",
    "move": "Rivo refuses this: there is no such tier, or customer.",
    "redeem": "Rivo refuses this: the customer is no member or has too little, "
    "or the amount does not fit the reward.",
}


class Admin:
    """Shows a demo shop's customers and lets them be changed, as in Rivo itself."""

    def __init__(self, pages: Pages, sandboxes: Sandboxes, store: SqliteStore) -> None:
        self._pages = pages
        self._shops = pages.shops
        self._sandboxes = sandboxes
        self._store = store

    def routes(self) -> list[BaseRoute]:
        """Make the page's route."""
        return [Route(PATH, self._endpoint, methods=["GET", "POST"])]

    async def _endpoint(self, request: Request) -> Response:
        """Show the page (GET), or change something and show what came of it (POST)."""
        seen: Seen = request.scope["seen"]
        seen.door = "sandbox"
        asked = request.query_params
        try:
            if request.method == "POST":
                check_origin(request, self._pages.settings.public_url)
                return await self._change(request)
            shown = {"shop": asked.get("shop"), "customer": asked.get("customer")}
            return await self._show(request, shown, done=DONE.get(asked.get("done", "")))
        except HttpError as error:
            seen.outcome = error.code
            problem = problem_of(error, seen.request_id)
            return Response(encode(problem), problem.status, media_type=MEDIA_TYPE.decode())

    async def _change(self, request: Request) -> Response:
        """Carry out what a form says; afterwards to load the page again does nothing again."""
        given: Mapping[str, object] = {}
        try:
            given = await read_inputs(request.scope, request.receive)
            change = Change(**parsed(CHANGE, tuple(CHANGE.values()), given))
            shop = self._shop(change.shop)
            done = carry_out(self._sandboxes.of(shop.name), change)
            wrong = None if done else REFUSED[change.do]
        except InputError as error:
            wrong = error.message
        else:
            if wrong is None:
                what = "bulk" if change.do == "adjust" and change.bulk else change.do
                to = {"shop": shop.name, "customer": change.customer, "done": what}
                return RedirectResponse(f"admin?{urlencode(to)}", 303, HEADERS)
        request.scope["seen"].outcome = InputError.code
        shown = {name: str(value) for name, value in given.items()}
        return await self._show(request, shown, wrong=wrong, status=422)

    def _shop(self, name: str | None) -> Shop:
        """Find a shop, the first where none is named."""
        for shop in self._shops.all():
            if name in (None, "", shop.name):
                return shop
        raise HTTPException(404)

    async def _show(
        self,
        request: Request,
        given: Mapping[str, str | None],
        *,
        done: str | None = None,
        wrong: str | None = None,
        status: int = 200,
    ) -> Response:
        shop = self._shop(given.get("shop"))
        sandbox = self._sandboxes.of(shop.name)
        sandbox.settle()
        told = list(self._sandboxes.courier.told.get(shop.name, ()))[-MOST_SHOWN:]
        response = self._pages.page(
            "admin",
            request,
            root="../",
            status=status,
            shop=shop.name,
            shops=[each.name for each in self._shops.all()],
            announcements=[announced(each) for each in reversed(told)],
            listens=bool(shop.settings.triggers),
            triggers=await self._triggers(shop.name),
            done=done,
            wrong=wrong,
            # What was refused stays in its fields, for who filled them in.
            filled={name: wrong and given.get(name) for name in CHANGE},
            **facts(sandbox, given.get("customer"), now=self._sandboxes.now()),
        )
        response.headers.update(HEADERS)
        return response

    async def _triggers(self, shop: str) -> list[dict[str, Any]]:
        """List the newest triggers; none where the store cannot be read."""
        look = partial(outbox.page, shops=[shop], state=None, most=MOST_SHOWN)
        try:
            return [triggered(each) for each in await self._store.read(look)]
        except StoreError:
            return []


def check_origin(request: Request, public_url: str | None) -> None:
    """Refuse what another site lets a browser send; HttpError.

    Browsers say where a form comes from: in `Sec-Fetch-Site`, or where that is not sent (plain
    http on another machine) in `Origin`. Who sends neither is no browser and not somebody's victim,
    and has to send JSON, which no form can. A name that is not ours may have been led here after
    its page was loaded, so that the page counts as ours: only addresses and our own name will do.
    """
    scope = request.scope
    site, origin = header(scope, b"sec-fetch-site"), header(scope, b"origin")
    if site is not None:
        fine = site in ("same-origin", "none")
    elif origin is not None:
        fine = origin == own_address(scope)
    else:
        fine = (header(scope, b"content-type") or "").startswith("application/json")
    if not (fine and _is_ours(urlsplit(own_address(scope)).hostname or "", public_url)):
        raise HttpError(403, "forbidden", "This has to be sent from the page itself.")


def _is_ours(host: str, public_url: str | None) -> bool:
    """Say whether a name is an address, this machine, or the one that we are told is ours."""
    if host == "localhost" or (public_url and host == urlsplit(public_url).hostname):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
