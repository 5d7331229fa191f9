"""Who comes from Zendesk: an installation of the app by its token, a webhook by its signature."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.types import Scope

from app.credentials import CHALLENGE, Proof, bearer
from app.helpdesks import SIDEBAR, WEBHOOK
from app.problems import HttpError
from app.requests import header
from app.shops import Caller, Shops
from app.zendesk.signatures import is_signed
from app.zendesk.tokens import Claims, Once, claims_of

SIGNATURE = b"x-zendesk-webhook-signature"
TIMESTAMP = b"x-zendesk-webhook-signature-timestamp"


class ByToken:
    """Lets in who brings a token that the app's proxied request was given.

    The path may name the shop; an unknown one answers like a wrong token. Without it, the token is
    tried against every shop's secrets.
    """

    def __init__(
        self, shops: Shops, *, now: Callable[[], datetime], clock: Callable[[], float]
    ) -> None:
        self._shops = shops
        self._now = now
        self._once = Once(clock)

    def __call__(self, scope: Scope, shop: str | None) -> Proof:
        """Verify the token; HttpError 401 for whatever is wrong with it, 404 on a closed door."""
        if not callers(self._shops, SIDEBAR.name):
            raise HttpError(404, "closed", "The door /zendesk is closed: it has no secret.")
        token, now = bearer(scope) or "", self._now().timestamp()
        for caller in callers(self._shops, SIDEBAR.name, shop):
            claims = _claims(caller, token, now)
            if claims is None:
                continue
            if claims.jti is not None and not self._once.is_first(caller.shop.name, claims.jti):
                break
            named = {"agent_email": claims.email, "agent_name": claims.name}
            asserted = {name: said for name, said in named.items() if said is not None}
            return Proof(caller=caller, credential=token, asserted=asserted)
        raise HttpError(
            401,
            "unauthorized",
            "A valid token of the Zendesk app is needed, as Authorization: Bearer.",
            headers=CHALLENGE,
        )


def by_signature(
    shops: Shops, scope: Scope, body: bytes, *, shop: str | None, now: datetime
) -> Caller:
    """Let in the webhook whose signature this is; HttpError 401 where it is nobody's."""
    signature, timestamp = header(scope, SIGNATURE) or "", header(scope, TIMESTAMP) or ""
    for caller in callers(shops, WEBHOOK.name, shop):
        zendesk = caller.shop.settings.zendesk
        if zendesk is not None and is_signed(
            body,
            timestamp=timestamp,
            signature=signature,
            secrets=zendesk.webhook_secrets,
            now=now.timestamp(),
        ):
            return caller
    raise HttpError(
        401, "unauthorized", "The webhook's valid signature is needed.", headers=CHALLENGE
    )


def _claims(caller: Caller, token: str, now: float) -> Claims | None:
    zendesk = caller.shop.settings.zendesk
    if zendesk is None:
        return None
    secrets, audience = zendesk.shared_secrets, zendesk.audience
    return claims_of(token, secrets=secrets, audience=audience, now=now)


def callers(shops: Shops, name: str, shop: str | None = None) -> list[Caller]:
    """Find who may come from Zendesk this way: to one shop, or to any."""
    return [
        caller
        for caller in shops.through("zendesk")
        if caller.name == name and shop in (None, caller.shop.name)
    ]
