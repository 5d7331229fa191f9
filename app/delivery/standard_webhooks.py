"""Standard Webhooks: how a message is signed, and how whoever receives it finds that it was.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
PREFIX: Final = "whsec_"
VERSION: Final = "v1"
TOLERANCE_SECONDS: Final = 300
"""A message that is older, or younger, may be one that somebody has kept."""
MOST_SIGNATURES: Final = 16

_NUMBER: Final = re.compile(r"[0-9]{1,12}")


class NotSignedError(Exception):
    """A message was not signed by who knows the secret, or not just now; says why in a sentence."""


def key_of(secret: str) -> bytes:
    """Return the bytes to sign with: `whsec_` and base64, or any other text as it is.

    What begins with `whsec_` and is no base64 behind it is such a text, too.
    """
    if secret.startswith(PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if key:
            return key
    return secret.encode()


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Sign a message with one secret; `timestamp` are epoch seconds."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return f"{VERSION},{_digest(secret, signed)}"


def headers(
    secrets: Sequence[str], *, message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Make the headers of a message, signed with each secret: whoever knows one can tell.

    `message_id` is the same whenever the message is sent, `timestamp` the epoch seconds of sending.
    """
    signatures = [
        signature(secret, message_id=message_id, timestamp=timestamp, body=body)
        for secret in secrets
    ]
    return {ID: message_id, TIMESTAMP: str(timestamp), SIGNATURE: " ".join(signatures)}


def verify(received: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: float) -> str:
    """Return the id of a message that was signed with one of the secrets.

    `received` are its headers with names in lower case, `body` its bytes as they came, `now` epoch
    seconds. Raises NotSignedError where a header is missing, the time is not now, or no signature
    is right.
    """
    message_id, timestamp = received.get(ID, ""), received.get(TIMESTAMP, "")
    if not message_id or not _NUMBER.fullmatch(timestamp):
        raise NotSignedError("There is no webhook-id, or no webhook-timestamp.")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise NotSignedError("It was not signed within the last five minutes.")
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    given = [
        value.encode()
        for version, _, value in (
            each.partition(",") for each in received.get(SIGNATURE, "").split()[:MOST_SIGNATURES]
        )
        if version == VERSION
    ]
    right = False
    for secret in secrets:
        expected = _digest(secret, signed).encode()
        for each in given:  # all of them, so that the time tells nothing
            right |= hmac.compare_digest(expected, each)
    if not right:
        raise NotSignedError("No signature in it was made with this secret.")
    return message_id


def _digest(secret: str, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key_of(secret), signed, "sha256")).decode()
