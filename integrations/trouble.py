"""What a failed HTTP call means: it surely never arrived, or nobody knows."""

from __future__ import annotations

import zlib

import httpx

from integrations.errors import LostReplyError, NotSentError, UpstreamError

TOO_LATE = "No complete answer came in time."
BROKEN = "The answer was broken, or broken off."


def trouble_of(exc: Exception) -> UpstreamError:
    """Say of what a transport raised whether the request may have arrived; in doubt, it may."""
    match exc:
        case UpstreamError():
            return exc
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
            return NotSentError("No connection could be made.")
        case _ if is_ours(exc):
            return NotSentError("The request cannot be sent as it is.")
        case httpx.TimeoutException() | TimeoutError():
            return LostReplyError(TOO_LATE)
        case httpx.NetworkError() | httpx.RemoteProtocolError() | zlib.error():
            return LostReplyError(BROKEN)
        case _:
            return LostReplyError("The call failed.")


def is_ours(exc: Exception) -> bool:
    """Say whether the request itself is to blame, so that it tells nothing of the other side."""
    # A local protocol error is h11 refusing our headers, before the first byte.
    return isinstance(exc, httpx.UnsupportedProtocol | httpx.LocalProtocolError)
