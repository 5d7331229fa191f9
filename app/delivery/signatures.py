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
BASE64: Final = re.compile(rb"[A-Za-z0-9+/]{43}=")
HEX: Final = re.compile(rb"[0-9a-f]{64}")
UNIX: Final = re.compile(r"[0-9]{1,13}")
MILLISECONDS: Final = 100_000_000_000  # as seconds, this would be in the year 5138
VERSION: Final = b"v1,"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a request brings to prove itself, each header as its text; "" where it is not there."""

    id: str = ""
    timestamp: str = ""
    live: str = ""
    documented: str = ""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a request may prove: `prefix` is signed before the body, by one of `signatures`.

    `id` is the webhook's name; None in the documented shapes, which sign the body alone.
    """

    id: str | None
    prefix: bytes
    signatures: tuple[bytes, ...]


def claimed(given: Given, *, now: float) -> Claim | None:
    """Say what the headers claim; None where it cannot be right, whatever the secret is.

    That is found out before anything is hashed. A live signature goes before a documented one.
    `now` is in seconds since 1970.
    """
    live = [each.removeprefix(VERSION) for each in _raw(given.live).split()[:MOST_SIGNATURES]]
    live = [each for each in live if BASE64.fullmatch(each)]
    if live and NAME.fullmatch(given.id) and _is_recent(given.timestamp, now):
        prefix = _raw(f"{given.id}.{given.timestamp}.")
        return Claim(id=given.id, prefix=prefix, signatures=tuple(live))
    documented = _raw(given.documented)
    if BASE64.fullmatch(documented) or HEX.fullmatch(documented):
        return Claim(id=None, prefix=b"", signatures=(documented,))
    return None


def is_signed(body: bytes, claim: Claim, *, secrets: Iterable[str]) -> bool:
    """Say whether one of these secrets has signed what is claimed; an empty one signs nothing.

    Every secret is tried, whichever fits: how long it takes tells nothing.
    """
    message, found = claim.prefix + body, False
    for secret in secrets:
        if not secret:
            continue
        mac = hmac.digest(secret.encode(), message, "sha256")
        for each in claim.signatures:
            found |= hmac.compare_digest(base64.b64encode(mac), each)
            found |= claim.id is None and hmac.compare_digest(mac.hex().encode(), each)
    return found


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
