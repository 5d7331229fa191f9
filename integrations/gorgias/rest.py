"""Gorgias' REST API: how fast it may be asked, and what became of a request.

    GorgiasError                 a request did not bring what was asked for
    ├── NotDoneError             it surely was not done, and may be sent again later
    │   └── BusyError            we asked for too much (429)
    ├── SaidNoError              Gorgias said no: it surely was not done
    │   ├── KeyRefusedError      to our user and key
    │   └── NotThereError        there is no such thing (any more)
    └── MaybeDoneError           it may have been done

Sources: developers.gorgias.com/reference/limitations and /reference/pagination (November 2026).
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Literal

import msgspec

from integrations.errors import LostReplyError, NotSentError
from integrations.requesting import Pairs
from integrations.upstream import Reply, Upstream

Method = Literal["GET", "POST", "PUT", "DELETE"]
WINDOW_SECONDS: Final = 20.0
LEAST_WAIT_SECONDS: Final = 0.001
"""Two sums of the same times may differ in the last digit: to wait for less would never end."""
MOST_IN_WINDOW: Final = 36
"""Of the 40 that an API key has: what is left is for notes, which the service posts meanwhile."""
REQUEST_SECONDS: Final = 15.0
PATIENCE_SECONDS: Final = 120.0
BUSY_SECONDS: Final = 2.0
"""Waited where Gorgias is busy or broken and does not say for how long."""
TRIES: Final = 3
PAGE: Final = 100
MOST_PAGES: Final = 100
MOST_CHARACTERS: Final = 200


class GorgiasError(Exception):
    """A request did not bring what was asked for; the message is one sentence for people.

    `retry_after` are the seconds after which another try makes sense, where that is known.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class NotDoneError(GorgiasError):
    """It surely was not done, and may be sent again later."""


class BusyError(NotDoneError):
    """We asked for too much."""


class SaidNoError(GorgiasError):
    """Gorgias understood and said no; it surely was not done."""


class KeyRefusedError(SaidNoError):
    """Gorgias refuses our user and key."""


class NotThereError(SaidNoError):
    """There is no such thing (any more)."""


class MaybeDoneError(GorgiasError):
    """It was sent, and nobody knows whether it was done."""


class Answer(msgspec.Struct, frozen=True):
    """A success: its status, and the JSON that came (None where none did)."""

    status: int
    body: Any


class GorgiasApi:
    """Asks one Gorgias account, never faster than it allows."""

    def __init__(
        self,
        upstream: Upstream,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        hidden: Sequence[str] = (),
    ) -> None:
        """Take over `upstream`, whose client has `headers_of` and Gorgias' /api as base URL.

        `clock` answers monotonic seconds; `hidden` are secrets that no message may hold.
        """
        self._upstream = upstream
        self._clock = clock
        self._sleep = sleep
        self._hidden = hidden
        self._sent: deque[float] = deque()

    async def request(
        self,
        method: Method,
        *segments: str | int,
        json: object = None,
        params: Pairs = (),
        patience: float = PATIENCE_SECONDS,
    ) -> Answer:
        """Send a request, in its turn; raises a GorgiasError that says what became of it.

        Where Gorgias is too busy (429), the request was not done: it is sent again after
        Retry-after, as long as that is within `patience` seconds. What was surely not sent is
        tried three times; so is what may have been done where twice is once: GET, PUT, DELETE.
        """
        body = None if json is None else msgspec.json.encode(json)
        until = self._clock() + patience
        tries = TRIES
        while True:
            await self._turn()
            try:
                return self._answer(await self._once(method, segments, params, body))
            except (NotDoneError, MaybeDoneError) as error:
                tries -= not isinstance(error, BusyError)
                wait = BUSY_SECONDS if error.retry_after is None else error.retry_after
                once = method == "POST" and isinstance(error, MaybeDoneError)
                if once or tries == 0 or self._clock() + wait > until:
                    raise
            await self._sleep(wait)

    async def rows(self, *segments: str, params: Pairs = ()) -> list[dict[str, Any]]:
        """List all objects of a kind, page by page."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            at = [("cursor", cursor)] if cursor else []
            answer = await self.request(
                "GET", *segments, params=[("limit", str(PAGE)), *params, *at]
            )
            page, cursor = _page(answer.body)
            found += page
            if cursor is None:
                return found
        raise GorgiasError(f"Gorgias lists more {segments[-1]} than anybody can have.")

    async def close(self) -> None:
        """Wait for what is under way, and close the connections."""
        await self._upstream.close()

    async def _turn(self) -> None:
        """Wait until one more request is within the limit."""
        while True:
            now = self._clock()
            while self._sent and self._sent[0] <= now - WINDOW_SECONDS:
                self._sent.popleft()
            if len(self._sent) < MOST_IN_WINDOW:
                self._sent.append(now)
                return
            await self._sleep(max(self._sent[0] + WINDOW_SECONDS - now, LEAST_WAIT_SECONDS))

    async def _once(
        self, method: str, segments: Sequence[str | int], params: Pairs, body: bytes | None
    ) -> Reply:
        try:
            return await self._upstream.call(
                method, segments, params=params, json=body, seconds=REQUEST_SECONDS
            )
        except NotSentError:
            raise NotDoneError("Gorgias could not be reached; nothing was sent.") from None
        except LostReplyError:
            raise MaybeDoneError("Gorgias did not answer; this may have been done.") from None

    def _answer(self, reply: Reply) -> Answer:
        status = reply.status
        if 200 <= status < 300:
            return Answer(status, _decoded(reply.body))
        said = self._said(reply.body)
        if status == 429:
            raise BusyError("Gorgias is too busy right now.", retry_after=reply.retry_after)
        if status >= 500 or status == 408:
            raise MaybeDoneError(f"Gorgias is in trouble ({status}){said}.")
        if status in (401, 403):
            raise KeyRefusedError(f"Gorgias refuses this user and key ({status}){said}.")
        if status in (404, 410):
            raise NotThereError(f"Gorgias has no such thing ({status}){said}.")
        if status < 400:
            raise SaidNoError(f"Gorgias is somewhere else ({status}): is the domain right?")
        raise SaidNoError(f"Gorgias refused this ({status}){said}.")

    def _said(self, body: bytes) -> str:
        """Quote what an error says; {"error": {"msg"}}, {"error"} and {"message"} are known."""
        said = _decoded(body)
        if isinstance(said, dict):
            said = said.get("error") or said.get("message")
        if isinstance(said, dict):
            said = said.get("msg") or said.get("message")
        if not isinstance(said, str):
            return ""
        for secret in self._hidden:
            said = said.replace(secret, "…")
        line = " ".join("".join(c if c.isprintable() else " " for c in said).split())
        return f": {line[:MOST_CHARACTERS].rstrip('.')}" if line else ""


def headers_of(user: str, api_key: str) -> dict[str, str]:
    """Prove who we are with every request: basic authentication by e-mail and API key."""
    proof = base64.b64encode(f"{user}:{api_key}".encode()).decode()
    return {"Authorization": f"Basic {proof}", "Accept": "application/json"}


def _page(body: object) -> tuple[list[dict[str, Any]], str | None]:
    """Read a page: `{"data": [...], "meta": {"next_cursor"}}`, or a bare list."""
    if isinstance(body, dict):
        rows, meta = body.get("data"), body.get("meta")
        cursor = meta.get("next_cursor") if isinstance(meta, dict) else None
    else:
        rows, cursor = body, None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise GorgiasError("Gorgias' list cannot be read: is the domain right?")
    return rows, str(cursor) if cursor else None


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
