"""The signatures of Rivo's webhooks: the live shape, and the two that are documented.

Live (observed in September 2026): `rivo-webhook-signature` is base64(HMAC-SHA256(secret,
"{rivo-webhook-id}.{rivo-webhook-timestamp}.{raw body}")), bare or after "v1,". Documented:
`rivo-signature` is the HMAC-SHA256 of the raw body alone, as base64 or (older) as hex; it signs
neither a name nor a time. https://developer-docs.rivo.io/reference/verifying-webhook-signatures
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

WINDOW_SECONDS: Final = 300
MOST_SIGNATURES: Final = 4
"""So many may stand in one header, as a sender has them who changes its secret."""
NAME: Final = re.compile(r"[!#-z|~]{1,128}")
"""Without quotes and braces: nothing of a body that was signed alone can pass for a name."""
UNIX: Final = re.compile(r"[0-9]{1,13}")
MILLISECONDS: Final = 100_000_000_000  # as seconds, this would be in the year 5138
VERSION: Final = b"v1,"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a request brings to prove itself, each header as its text; "" where it is not there."""

    id: str = ""
    timestamp: str = ""
    live: str = ""
    documented: str = ""


class Signed(msgspec.Struct, frozen=True):
    """What was signed besides the body: the webhook's name, where the shape has one."""

    id: str | None


def verify(body: bytes, given: Given, *, secrets: Iterable[str], now: float) -> Signed | None:
    """Say what one of these secrets has signed; None where none has, or too long ago (or ahead).

    Every secret is tried in every shape, whichever fits: how long it takes tells nothing. `now` is
    in seconds since 1970. An empty secret signs nothing.
    """
    live = [each.removeprefix(VERSION) for each in _raw(given.live).split()[:MOST_SIGNATURES]]
    documented = _raw(given.documented)
    named = _raw(f"{given.id}.{given.timestamp}.") + body
    is_live = is_documented = False
    for secret in secrets:
        if not secret:
            continue
        key = secret.encode()
        if live:
            expected = base64.b64encode(hmac.digest(key, named, "sha256"))
            for each in live:
                is_live |= hmac.compare_digest(expected, each)
        if documented:
            mac = hmac.digest(key, body, "sha256")
            is_documented |= hmac.compare_digest(base64.b64encode(mac), documented)
            is_documented |= hmac.compare_digest(mac.hex().encode(), documented)
    if is_live and NAME.fullmatch(given.id) and _is_recent(given.timestamp, now):
        return Signed(given.id)
    return Signed(None) if is_documented else None


def _raw(header: str) -> bytes:
    """Return a header as it came; what cannot have come in one becomes what proves nothing."""
    return header.encode("latin-1", "replace")


def _is_recent(timestamp: str, now: float) -> bool:
    """Say whether a time is within five minutes: seconds or milliseconds since 1970, or ISO 8601.

    Which of them Rivo sends is not known.
    """
    if UNIX.fullmatch(timestamp):
        number = int(timestamp)
        at = number / 1000 if number >= MILLISECONDS else float(number)
    else:
        try:
            moment = datetime.fromisoformat(timestamp)
        except ValueError:
            return False
        if moment.tzinfo is None:
            return False
        at = moment.timestamp()
    return abs(at - now) <= WINDOW_SECONDS
