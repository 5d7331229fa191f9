"""Signed links to one customer's sidebar, to read only, for tools that can show an iframe."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import jwt
import msgspec

from app.problems import HttpError
from app.shops import Caller, Shops

ALGORITHM: Final = "HS256"
AUDIENCE: Final = "rivo-helpdesk/sidebar"
PURPOSE: Final = b"links to the sidebar"
MOST_MINUTES: Final = 15
MOST_CHARACTERS: Final = 8_192
"""No token of ours is as long; to take a far longer one apart costs milliseconds."""
LEEWAY_SECONDS: Final = 5


class Link(msgspec.Struct, frozen=True):
    """What a link lets somebody see: one customer, as its maker may see them."""

    caller: Caller
    customer: str


class Links:
    """Makes links and reads them; they end by themselves, and with the key that made them.

    `now` is the time of day (UTC).
    """

    def __init__(self, shops: Shops, *, now: Callable[[], datetime]) -> None:
        self._shops = shops
        self._now = now

    def make(self, link: Link, *, by: bytes, minutes: int) -> tuple[str, datetime]:
        """Sign a link's token; also says when it ends. `by` is the digest of its maker's key."""
        began = self._now().replace(microsecond=0)
        ends = began + timedelta(minutes=minutes)
        claims = {
            "aud": AUDIENCE,
            "iat": began,
            "exp": ends,
            "shop": link.caller.shop.name,
            "caller": link.caller.name,
            "by": self._named(by),
            "customer": link.customer,
        }
        return jwt.encode(claims, self._key(), ALGORITHM), ends

    def read(self, token: str) -> Link:
        """Say what a token stands for; HttpError 401 where it is over, or not one of ours."""
        if len(token) > MOST_CHARACTERS:
            raise _over()
        try:
            claims = jwt.decode(
                token,
                self._key(),
                [ALGORITHM],
                audience=AUDIENCE,
                options={
                    "require": ["aud", "iat", "exp", "shop", "caller", "by", "customer"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
            at = self._now().timestamp()
            live = claims["iat"] - LEEWAY_SECONDS <= at < claims["exp"]
        except (jwt.PyJWTError, TypeError, ValueError):
            raise _over() from None
        shop = self._shops.find(claims["shop"])
        found = [
            each
            for each in (shop.settings.callers if shop else ())
            if each.name == claims["caller"]
            and each.door == "actions"
            and claims["by"] in map(self._named, each.digests)
        ]
        if not live or shop is None or not found:
            raise _over()
        return Link(Caller(shop=shop, settings=found[0]), claims["customer"])

    def _named(self, digest: bytes) -> str:
        """Name a key without telling it, so that a link ends with it."""
        return hashlib.blake2b(digest, key=self._key(), digest_size=8).hexdigest()

    def _key(self) -> bytes:
        """Derive the key of the links, so that what they sign can be nothing else's."""
        return hmac.digest(self._shops.settings.secret_key, PURPOSE, "sha256")


def _over() -> HttpError:
    return HttpError(
        401,
        "unauthorized",
        "This link is over; open it anew.",
        headers=((b"www-authenticate", b'Bearer realm="rivo-helpdesk", error="invalid_token"'),),
    )
