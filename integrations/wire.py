"""One attempt as httpx sees it: the time it has, the moment it leaves, its answer bounded."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from typing import cast

import httpx
import msgspec

from integrations.budget import Budget, Leaving
from integrations.errors import LostReplyError
from integrations.trouble import BROKEN, TOO_LATE


class TimeLeft(msgspec.Struct):
    """Stands in for httpcore's dict of timeouts, so that each is what is left when it is needed."""

    clock: Callable[[], float]
    deadline: float

    def get(self, phase: str, _default: object = None) -> float:
        """Return the seconds for a phase: pool, connect, write or read."""
        left = max(self.deadline - self.clock(), 0.0)
        return min(left, 1.0) if phase == "connect" else left


class Leaves(msgspec.Struct, frozen=True):
    """Listens to httpcore, and tells the budget when a request really leaves.

    To make a connection takes a part of a second, and the next request finds it made: both would
    arrive at once if they were counted when they set out.
    """

    budget: Budget
    leaving: Leaving

    async def __call__(self, event: str, _about: Mapping[str, object]) -> None:
        """Hear of an event."""
        if event == "connection.connect_tcp.started":
            self.budget.connecting(self.leaving)
        elif event.endswith(".send_request_headers.started"):
            self.budget.left(self.leaving)


async def body_in(
    response: httpx.Response, max_bytes: int, *, until: float, clock: Callable[[], float]
) -> bytes:
    """Read a body, decoded, of at most `max_bytes` and until that time of the clock.

    LostReplyError where it is larger, broken, or not there in time.
    """
    # httpx itself would decode a chunk whole: 64 KB may hold 64 MB, encoded twice far more.
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise LostReplyError(BROKEN)
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else None
    body = bytearray()
    async for chunk in cast(httpx.AsyncByteStream, response.stream):
        body += unzip.decompress(chunk, max_bytes + 1 - len(body)) if unzip else chunk
        if len(body) > max_bytes:
            raise LostReplyError("The answer was too large.")
        # Each chunk may come in time and the end never.
        if clock() >= until:
            raise LostReplyError(TOO_LATE)
    if unzip and body and (not unzip.eof or unzip.unused_data):
        raise LostReplyError(BROKEN)
    return bytes(body)


def media_type_in(response: httpx.Response) -> str:
    """Return the media type in lower case without parameters; "" where none came."""
    media_type: str = response.headers.get("content-type", "").partition(";")[0]
    return media_type.strip().lower()


def retry_after_in(response: httpx.Response) -> float | None:
    """Return the seconds of a numeric Retry-After, an hour at most; None where there is none."""
    after = re.fullmatch(r"[0-9]+(\.[0-9]+)?", response.headers.get("retry-after", ""))
    return min(float(after[0]), 3600.0) if after else None
