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


class Held:
    """How many bytes of bodies a server holds that nobody works on yet."""

    def __init__(self) -> None:
        self.bytes = 0


class Incoming:
    """The size of the request that comes in.

    `got` is what has come since the piece in which the last one ended, `piece` the size of the
    largest piece that holds some of this one, and perhaps of others. Together they are at least
    what it has: where that is much, the headers themselves are counted.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._most = limits.body_bytes
        self.got = 0
        self.piece = 0

    def head(self, url: bytes, headers: Headers, *, upgrades: bool) -> HttpError | None:
        """Take the head; say what is wrong with it, or with the body that it announces.

        `upgrades` says that another protocol is asked for: no parser reads a body then.
        """
        limits = self._limits
        if len(headers) > limits.headers or (
            self.got + self.piece > limits.head_bytes and _size_of(url, headers) > limits.head_bytes
        ):
            return HEAD_TOO_LARGE
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

    def unended(self, *, heading: bool) -> HttpError | None:
        """Say what is wrong with a request that has not ended: with its head, or all of it."""
        if heading:
            return HEAD_TOO_LARGE if self.got > self._limits.head_bytes else None
        most = self._limits.head_bytes + CUT * self._most
        return too_large(self._most) if self.got > most else None


def _size_of(url: bytes, headers: Headers) -> int:
    return len(url) + sum(len(name) + len(value) + len(b": \r\n") for name, value in headers)
