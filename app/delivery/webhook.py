"""`POST /rivo/webhooks`: what Rivo announces, verified and kept, answered in milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.credentials import CHALLENGE
from app.delivery.signatures import Claim, Given, claimed, is_signed
from app.delivery.taking import Announced, Taking
from app.doors import respond
from app.manners import Reply, encode
from app.observe import Seen, customer_hash
from app.problems import MEDIA_TYPE, HttpError, headers_of, problem_of
from app.requests import MOST_BYTES_OF_A_WEBHOOK, header, read_body
from app.shops import Shop, Shops
from app.store.sqlite import StoreError
from integrations.errors import ActionError, UnavailableError

PATH: Final = "/rivo/webhooks"
PATH_OF_A_SHOP: Final = "/rivo/webhooks/{shop}"
ID: Final = b"rivo-webhook-id"
TIMESTAMP: Final = b"rivo-webhook-timestamp"
TOPIC: Final = b"rivo-webhook-topic"
LIVE: Final = b"rivo-webhook-signature"
DOCUMENTED: Final = b"rivo-signature"
ACCEPTED: Final = encode({"accepted": True})
AGAIN_SECONDS: Final = 5
LIGHT_BYTES: Final = 1_000_000
"""So much is hashed within a millisecond; more is hashed apart, and little of that at once."""
HEAVY_AT_ONCE: Final = 2
HEAVY_WAITING: Final = 16


class Webhooks:
    """The door of Rivo's webhooks: who signs may say that something has changed, and no more."""

    def __init__(self, taking: Taking, *, shops: Shops, now: Callable[[], datetime]) -> None:
        self._taking = taking
        self._shops = shops
        self._now = now
        self._heavy = asyncio.Semaphore(HEAVY_AT_ONCE)
        self._waiting = 0

    def routes(self) -> list[Route]:
        """Make the routes."""
        return [Route(path, self) for path in (PATH, PATH_OF_A_SHOP)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever goes wrong with it is a problem."""
        seen: Seen = scope["seen"]
        seen.door = "rivo"
        try:
            reply = await self._serve(scope, receive, seen)
        except (HttpError, ActionError) as error:
            seen.outcome = error.code
            problem = problem_of(error, seen.request_id)
            reply = Reply(problem.status, encode(problem), MEDIA_TYPE, headers_of(error))
        await respond(send, reply, head=scope["method"] == "HEAD")

    async def _serve(self, scope: Scope, receive: Receive, seen: Seen) -> Reply:
        if not any(shop.settings.webhook_secrets for shop in self._shops.all()):
            raise HttpError(404, "closed", f"The door {PATH} is closed: it has no secret.")
        if scope["method"] != "POST":
            allow = ((b"allow", b"POST"),)
            raise HttpError(405, "method_not_allowed", "This answers POST only.", headers=allow)
        raw = await read_body(scope, receive, most=MOST_BYTES_OF_A_WEBHOOK)
        given = Given(
            id=header(scope, ID) or "",
            timestamp=header(scope, TIMESTAMP) or "",
            live=header(scope, LIVE) or "",
            documented=header(scope, DOCUMENTED) or "",
        )
        claim = claimed(given, now=self._now().timestamp())
        named = scope.get("path_params", {}).get("shop")
        shop = await self._signer(raw, claim, named) if claim is not None else None
        if claim is None or shop is None:
            raise HttpError(
                401, "unauthorized", "The webhook's valid signature is needed.", headers=CHALLENGE
            )
        seen.shop, seen.caller = shop.name, "rivo_webhook_secret"
        topic = header(scope, TOPIC) or ""
        came = Announced(shop=shop, name=claim.id, timestamp=given.timestamp, topic=topic, raw=raw)
        try:
            said = await self._taking.take(came, request_id=seen.request_id)
        except StoreError:
            raise UnavailableError(
                "The service cannot keep a record right now: send it again.",
                retry_after=AGAIN_SECONDS,
            ) from None
        if said is not None and said.about:
            who = next(each for each in said.about[0] if each is not None)
            seen.customer = customer_hash(self._shops.settings.secret_key, who)
        return Reply(200, ACCEPTED)

    async def _signer(self, raw: bytes, claim: Claim, named: str | None) -> Shop | None:
        """Find whose webhook this is; an unknown shop is answered like a wrong signature.

        Nothing is known of the sender yet: what takes long keeps nobody else waiting.
        """
        shops = [shop for shop in self._shops.all() if named in (None, shop.name)]
        secrets = sum(len(shop.settings.webhook_secrets) for shop in shops)
        if len(raw) * secrets <= LIGHT_BYTES:
            return _signer(shops, raw, claim)
        if self._waiting >= HEAVY_WAITING:
            raise UnavailableError(
                "Too much has to be verified right now: send it again.", retry_after=AGAIN_SECONDS
            )
        self._waiting += 1
        try:
            async with self._heavy:
                return await asyncio.to_thread(_signer, shops, raw, claim)
        finally:
            self._waiting -= 1


def _signer(shops: Sequence[Shop], raw: bytes, claim: Claim) -> Shop | None:
    """Try all shops that it may be, whichever fits."""
    found = None
    for shop in shops:
        if is_signed(raw, claim, secrets=shop.settings.webhook_secrets):
            found = shop
    return found
