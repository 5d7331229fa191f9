"""The token that Zendesk's proxy signs for the sidebar app: HS256, short-lived, for one account.

Browser code writes the claims. They prove that an installation which holds the secret asks, not
which agent does: whom they name is asserted. See section 6 of Zendesk's `client.request`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import jwt
import msgspec
from cachetools import TTLCache

LIFE_SECONDS: Final = 120
LEEWAY_SECONDS: Final = 30
MOST_CHARACTERS: Final = 4096
MOST_KEPT: Final = 50_000
BLOCK: Final = 64
OPTIONS: Final[Any] = {
    "require": ["exp", "aud"],
    "verify_aud": True,
    # Of these three we judge ourselves, by the clock that is handed in.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    # An agent's id may come as a number.
    "verify_sub": False,
    "verify_jti": False,
}


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says of the agent, as written by the app; `jti` is the token's own name."""

    email: str | None
    name: str | None
    jti: str | None


def claims_of(token: str, *, secrets: Iterable[str], audience: str, now: float) -> Claims | None:
    """Verify a token against one or two secrets; None where it proves nothing.

    `now` is in seconds since 1970. It takes `aud`, and `exp` at most 120 seconds ahead; `iat` and
    `nbf` may be missing. Half a minute is allowed for clocks that differ.
    """
    if len(token) > MOST_CHARACTERS:
        return None
    for secret in secrets:
        # HMAC fills a short key up with zeros itself: the same key, and no warning about it.
        key = secret.encode().ljust(BLOCK, b"\0")
        if not _may_be_signed(token, key):
            continue
        try:
            found = jwt.decode(token, key, ["HS256"], options=OPTIONS, audience=audience)
            if _is_timely(found, now):
                return Claims(
                    email=_text(found.get("email")),
                    name=_text(found.get("name")),
                    jti=_identity(found.get("jti")),
                )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            continue
    return None


class Once:
    """Remembers which tokens came, as long as they could come again; a shop by itself.

    A process remembers its own; what a write does twice is prevented by the operations.
    """

    def __init__(self, clock: Callable[[], float], *, most: int = MOST_KEPT) -> None:
        self._clock = clock
        self._most = most
        self._shops: dict[str, TTLCache[bytes, None]] = {}

    def is_first(self, shop: str, jti: str) -> bool:
        """Say whether this token comes for the first time, and remember it."""
        seen = self._shops.get(shop)
        if seen is None:
            # From half a minute before it is issued to half a minute after it expires.
            life = LIFE_SECONDS + 2 * LEEWAY_SECONDS
            seen = self._shops[shop] = TTLCache(self._most, ttl=life, timer=self._clock)
        name = hashlib.blake2b(jti.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if name in seen:
            return False
        seen[name] = None
        return True


def _may_be_signed(token: str, key: bytes) -> bool:
    """Say whether it is worth while to take a token apart, which costs far more than this."""
    signed, _, signature = token.encode("utf-8", "replace").rpartition(b".")
    mac = base64.urlsafe_b64encode(hmac.digest(key, signed, "sha256"))
    return hmac.compare_digest(mac.rstrip(b"="), signature.rstrip(b"="))


def _is_timely(claims: Mapping[str, Any], now: float) -> bool:
    left = float(claims["exp"]) - now
    starts = [claims[name] for name in ("iat", "nbf") if claims.get(name) is not None]
    begun = all(float(each) - now <= LEEWAY_SECONDS for each in starts)
    return begun and -LEEWAY_SECONDS < left <= LIFE_SECONDS + LEEWAY_SECONDS


def _text(claim: object) -> str | None:
    return claim if isinstance(claim, str) else None


def _identity(claim: object) -> str | None:
    return None if claim is None else str(claim)
