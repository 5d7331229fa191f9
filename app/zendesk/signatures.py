"""The signature of Zendesk's webhooks: base64(HMAC-SHA256(secret, timestamp + raw body))."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Final

WINDOW_SECONDS: Final = 300


def is_signed(
    body: bytes, *, timestamp: str, signature: str, secrets: Iterable[str], now: float
) -> bool:
    """Say whether a webhook with one of these secrets sent this, at most five minutes ago (or on).

    `timestamp` is the text of its header, as it came (RFC 3339); the secret is taken as text,
    although it looks like base64. `now` is in seconds since 1970.
    """
    given, signed = signature.encode("latin-1", "replace"), timestamp.encode("latin-1", "replace")
    found = False
    for secret in secrets:
        mac = hmac.digest(secret.encode(), signed + body, "sha256")
        found |= hmac.compare_digest(base64.b64encode(mac), given)
    return found and _is_recent(timestamp, now)


def _is_recent(timestamp: str, now: float) -> bool:
    try:
        at = datetime.fromisoformat(timestamp)
    except ValueError:
        return False
    return at.tzinfo is not None and abs(at.timestamp() - now) <= WINDOW_SECONDS
