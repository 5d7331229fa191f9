"""How much of a request has come, and whether it is too much."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from app.problems import HttpError
from app.requests import too_large
from app.serving.limits import Limits
from app.serving.refusing import BODY_LOST, HEAD_TOO_LARGE

WEBHOOKS: Final = b"/rivo/webhooks"
CUT: Final = 4
"""What cuts a body into chunks, and follows it, may be so many times as long as the body."""

Headers = Collection[tuple[bytes, bytes]]


class Incoming:
    """The request that comes in, or that may come next.

    `begun` says that some of it is there, `heading` that its headers have not come to their end.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.begun = False
        self.heading = True
        self._got = 0
        self._piece = 0
        self._most = limits.body_bytes

    def add(self, size: int) -> None:
        """Count the next piece, which may hold the end of one request and the start of another."""
        self._piece = size
        self._got += size

    def has_head(self) -> None:
        """Go on with the body."""
        self.heading = False

    def ended(self) -> None:
        """Begin anew; what the same piece holds besides is counted by its headers alone."""
        self.begun = False
        self.heading = True
        self._got = 0

    def head(self, url: bytes, headers: Headers, *, upgrades: bool) -> HttpError | None:
        """Take the head; say what is wrong with it, or with the body that it announces.

        `upgrades` says that another protocol is asked for: no parser reads a body then.
        """
        if len(headers) > self._limits.headers or self._is_long(url, headers):
            return HEAD_TOO_LARGE
        limits = self._limits
        most = limits.webhook_bytes if url.startswith(WEBHOOKS) else limits.body_bytes
        for name, value in headers:
            if name == b"content-length" and int(value) > (0 if upgrades else most):
                return BODY_LOST if upgrades else too_large(most)
            if upgrades and name == b"transfer-encoding":
                return BODY_LOST
        self._most = most
        return None

    def body(self, size: int) -> HttpError | None:
        """Say what is wrong with a body of which so much is there."""
        return too_large(self._most) if size > self._most else None

    def piece(self) -> HttpError | None:
        """Say what is wrong with a request that does not end with what has come."""
        if self.heading:
            return HEAD_TOO_LARGE if self._got > self._limits.head_bytes else None
        most = self._limits.head_bytes + CUT * self._most
        return too_large(self._most) if self._got > most else None

    def _is_long(self, url: bytes, headers: Headers) -> bool:
        """Say whether a head has too many bytes, counting them only where so many have come."""
        if max(self._got, self._piece) <= self._limits.head_bytes:
            return False
        lines = sum(len(name) + len(value) + len(b": \r\n") for name, value in headers)
        return len(url) + lines > self._limits.head_bytes
