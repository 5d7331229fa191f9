"""The service as Zendesk asks it: with a signed token, or with a signed webhook."""

from __future__ import annotations

import base64
import hmac
import itertools
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import httpx
import jwt
import msgspec

from tests.app.loop import seconds
from tests.app.serving import ENVIRON, NOW, Service

SHARED: Final = "secret-of-a-zendesk-app-0001"
HOOKED: Final = "secret-of-a-zendesk-webhook-0001"
AUDIENCE: Final = "acme.zendesk.com"
ZENDESK: Final = {
    **ENVIRON,
    "ZENDESK_SUBDOMAIN": "acme",
    "ZENDESK_SHARED_SECRET": SHARED,
    "ZENDESK_WEBHOOK_SECRET": HOOKED,
}
AGENT: Final = "jo@support.example.com"


class Zendesk(Service):
    """A service with a Zendesk; asks as the app and as the webhook do."""

    def __init__(self, environ: Mapping[str, str] = ZENDESK, **options: Any) -> None:
        self._began = seconds()
        self._count = itertools.count(1)
        super().__init__(environ, **options)

    def later(self, after: float = 0.0) -> float:
        """Say what time it is there, in seconds since 1970."""
        return (NOW + timedelta(seconds=seconds() - self._began + after)).timestamp()

    def token(self, secret: str = SHARED, **claimed: Any) -> str:
        """Sign a token, with a name of its own, for two minutes."""
        claims = {
            "iss": "acme",
            "aud": AUDIENCE,
            "sub": "7",
            "email": AGENT,
            "name": "Jo Ann",
            "jti": f"token-{next(self._count)}",
            "exp": int(self.later(120)),
            **claimed,
        }
        plain = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(plain, secret.ljust(64, "\0"), "HS256")

    async def call(
        self,
        action: str = "",
        /,
        *,
        shop: str | None = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **inputs: Any,
    ) -> httpx.Response:
        """Call an action as the app does, through the proxy."""
        path = "/".join(filter(None, ("/zendesk", shop, action)))
        key = self.token() if token is None else token
        return await self.ask("POST", path, key=key, json=inputs, headers=headers)

    async def hook(
        self,
        body: bytes | Mapping[str, Any],
        *,
        invocation: str | None = None,
        path: str = "/zendesk/webhook",
        secret: str = HOOKED,
        after: float = 0.0,
        headers: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Call the webhook as a trigger does."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        at = NOW + timedelta(seconds=seconds() - self._began + after)
        timestamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        mac = hmac.digest(secret.encode(), timestamp.encode() + raw, "sha256")
        sent = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Zendesk Webhook",
            "x-zendesk-account-id": "123456",
            "x-zendesk-webhook-id": "01EXAMPLE0000000000000000",
            "x-zendesk-webhook-invocation-id": invocation or f"invocation-{next(self._count)}",
            "x-zendesk-webhook-signature": base64.b64encode(mac).decode(),
            "x-zendesk-webhook-signature-timestamp": timestamp,
            **(headers or {}),
        }
        plain = {name: value for name, value in sent.items() if value is not None}
        return await self.ask("POST", path, key=None, content=raw, headers=plain)
