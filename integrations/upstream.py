"""One HTTP client for any upstream: a deadline, bounded answers, a second attempt at reads.

httpx 0.28 over httpcore 1.0.9 loses a slot of its pool when a call is cancelled at a bad moment;
after some thousand cancelled calls none is left (2026-11-21, reproduced in `test_upstream.py`).
So a caller's cancellation never reaches httpx: each call is a task of its own, and a semaphore no
larger than the pool stands before it. A caller that is cancelled or out of time walks away; the
task ends by httpx's own timeouts, and only then gives its slot back.

stamina counts and logs every retry, process-wide, until it is told not to. Whoever puts the
application together tells it: `stamina.instrumentation.set_on_retry_hooks([])`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import cast
from urllib.parse import quote, urlencode

import httpx
import msgspec
import stamina

from integrations.budget import Priority
from integrations.errors import LostReplyError, NotSentError, UpstreamError
from integrations.trouble import BROKEN, TOO_LATE, trouble_of

Segments = Sequence[str | int]
Pairs = Sequence[tuple[str, str]]

# After its deadline a call has this long to say what became of it; then its caller leaves.
LAST_WORD_SECONDS = 0.05
# What keeps none of httpx's timeouts (an application in process, headers that trickle) is cut off.
CUT_OFF_SECONDS = 1.0
PASSING_STATUSES = frozenset({429, 500, 502, 503, 504})


class Reply(msgspec.Struct, frozen=True):
    """One complete answer, whatever its status.

    `content_type` is the media type in lower case without parameters ("" if none came), `body` is
    decoded, `retry_after` the seconds of a numeric Retry-After header, an hour at most.
    """

    status: int
    content_type: str
    body: bytes
    retry_after: float | None


class Upstream:
    """Calls one upstream on behalf of one shop."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        name: str,
        clock: Callable[[], float],
        connections: int = 10,
        max_bytes: int = 2_000_000,
        observe: Callable[[str, str, float], None] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Take over `client`; `close` closes it.

        `name` labels the running tasks, `clock` answers monotonic seconds, `chance` a number from 0
        to 1. At most `connections` calls (no more than the client's pool holds) run at once. An
        answer has at most `max_bytes`, decoded. `observe(method, outcome, seconds)` hears of every
        attempt: 2xx, 3xx, 4xx, 429, 5xx, not_sent or lost, and its seconds, waiting included.
        """
        self.name = name
        self._client = client
        self._clock = clock
        self._max_bytes = max_bytes
        self._observe = observe or (lambda _method, _outcome, _seconds: None)
        self._chance = chance
        self._slots = asyncio.Semaphore(connections)
        self._running: set[asyncio.Task[Reply]] = set()
        self._twice = stamina.AsyncRetryingCaller(attempts=2, timeout=None)

    async def call(
        self,
        method: str,
        segments: Segments,
        *,
        params: Pairs = (),
        form: Pairs | None = None,
        json: bytes | None = None,
        seconds: float,
        priority: Priority = Priority.WRITE,  # noqa: ARG002
    ) -> Reply:
        """Send one request, once, and answer the reply.

        `segments` go behind the base URL, each quoted whole: what is in one never reaches another
        path. `form` is sent as application/x-www-form-urlencoded, `json` (already encoded) as JSON;
        neither: no body. `seconds` is the time for everything, waiting for a connection included.

        Raises NotSentError if the request surely never reached the other side, LostReplyError if it
        may have. If the caller is cancelled, a request under way goes on to its end and its reply
        is dropped; one that still waits for a connection is never sent.
        """
        request = self._request(method, segments, params, form if json is None else json)
        return await self._once(request, self._clock() + seconds)

    async def read(
        self,
        segments: Segments,
        *,
        params: Pairs = (),
        seconds: float,
        priority: Priority = Priority.READ,  # noqa: ARG002
    ) -> Reply:
        """GET, with a second attempt if the trouble may pass; otherwise as `call`.

        Both errors may pass, and the statuses 429, 500, 502, 503, 504. The second attempt comes
        after 100 to 800 ms, or after Retry-After if that is longer, and only if a second is left
        for it then. `seconds` is the time for both.
        """
        deadline = self._clock() + seconds
        request = self._request("GET", segments, params)
        try:
            return await self._twice(self._backoff(deadline), self._get, request, deadline)
        except _PassingError as passing:
            return passing.reply

    async def close(self) -> None:
        """Wait for the calls under way, each bounded by its deadline; later ones are not sent."""
        while self._running:
            await asyncio.wait(self._running)
        await self._client.aclose()

    def _request(
        self, method: str, segments: Segments, params: Pairs = (), body: Pairs | bytes | None = None
    ) -> httpx.Request:
        texts = [str(segment) for segment in segments]
        # An empty segment names the resource above; %2E%2E is ".." to many a proxy (RFC 3986,
        # 6.2.2.2), to some behind %2F as well. None of them names anything.
        sound = all({"", ".", ".."}.isdisjoint(re.split(r"[/\\]", text)) for text in texts)
        base = self._client.base_url
        headers = {"Accept-Encoding": "gzip"}
        if body is not None:
            kind = "json" if isinstance(body, bytes) else "x-www-form-urlencoded"
            headers["Content-Type"] = f"application/{kind}"
        with contextlib.suppress(UnicodeError, httpx.InvalidURL):
            path = "/".join(quote(text, safe="") for text in texts)
            target = f"{path}?{urlencode(params)}" if params else path
            url = base.copy_with(raw_path=base.raw_path + target.encode("ascii"))
            content = body if body is None or isinstance(body, bytes) else urlencode(body).encode()
            if sound:
                return self._client.build_request(method, url, content=content, headers=headers)
        raise NotSentError("The request cannot be sent as it is.")

    async def _once(self, request: httpx.Request, deadline: float) -> Reply:
        asked = self._clock()
        if not await self._take_slot(deadline):
            self._observe(request.method, "not_sent", self._clock() - asked)
            raise NotSentError("No time was left to send the request.")
        task = asyncio.create_task(self._attempt(request, asked, deadline), name=self.name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        # Unlike a plain await, this leaves the task alone if the caller is cancelled.
        await asyncio.wait({task}, timeout=deadline + LAST_WORD_SECONDS - self._clock())
        if not task.done() or task.cancelled():
            raise LostReplyError(TOO_LATE)
        return task.result()

    async def _take_slot(self, deadline: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline - self._clock()):
                await self._slots.acquire()
            if self._clock() < deadline and not self._client.is_closed:
                return True
            self._slots.release()
        return False

    async def _attempt(self, request: httpx.Request, asked: float, deadline: float) -> Reply:
        request.extensions["timeout"] = _TimeLeft(self._clock, deadline)
        outcome = "lost"
        try:
            async with asyncio.timeout(deadline + CUT_OFF_SECONDS - self._clock()):
                reply = await self._send(request, deadline + LAST_WORD_SECONDS)
            outcome = "429" if reply.status == 429 else f"{reply.status // 100}xx"
            return reply
        except Exception as exc:  # noqa: BLE001 - whatever a transport raises, it may have sent
            trouble = trouble_of(exc)
            outcome = "not_sent" if isinstance(trouble, NotSentError) else "lost"
        finally:
            self._observe(request.method, outcome, self._clock() - asked)
        # Out here, so that it does not carry httpx's error along: that holds our key.
        raise trouble

    async def _send(self, request: httpx.Request, until: float) -> Reply:
        response = await self._client.send(request, stream=True, follow_redirects=False)
        async with contextlib.aclosing(response):
            body = await self._body(response, until)
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        after = re.fullmatch(r"[0-9]+(\.[0-9]+)?", response.headers.get("retry-after", ""))
        retry_after = min(float(after[0]), 3600.0) if after else None
        return Reply(response.status_code, media_type, body, retry_after)

    async def _body(self, response: httpx.Response, until: float) -> bytes:
        # httpx itself would decode a chunk whole: 64 KB may hold 64 MB, encoded twice far more.
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip"}:
            raise LostReplyError(BROKEN)
        unzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else None
        body = bytearray()
        async for chunk in cast(httpx.AsyncByteStream, response.stream):
            body += unzip.decompress(chunk, self._max_bytes + 1 - len(body)) if unzip else chunk
            if len(body) > self._max_bytes:
                raise LostReplyError("The answer was too large.")
            # Each chunk may come in time and the end never.
            if self._clock() >= until:
                raise LostReplyError(TOO_LATE)
        if unzip and body and (not unzip.eof or unzip.unused_data):
            raise LostReplyError(BROKEN)
        return bytes(body)

    def _ended(self, task: asyncio.Task[Reply]) -> None:
        self._slots.release()
        self._running.discard(task)
        if not task.cancelled():
            # Looked at, so that nobody complains of an error whose caller has left.
            task.exception()

    async def _get(self, request: httpx.Request, deadline: float) -> Reply:
        reply = await self._once(request, deadline)
        if reply.status in PASSING_STATUSES:
            raise _PassingError(reply)
        return reply

    def _backoff(self, deadline: float) -> Callable[[Exception], bool | float]:
        def seconds_to_wait(trouble: Exception) -> bool | float:
            wait = 0.1 + 0.7 * self._chance()
            if isinstance(trouble, _PassingError):
                wait = max(wait, trouble.reply.retry_after or 0.0)
            elif not isinstance(trouble, UpstreamError):
                return False
            return self._clock() + wait + 1.0 <= deadline and wait

        return seconds_to_wait


def make_client(
    *,
    base_url: str,
    headers: Mapping[str, str],
    transport: httpx.AsyncBaseTransport | None = None,
    connections: int = 10,
) -> httpx.AsyncClient:
    """Make the client that an Upstream takes over.

    It takes nothing from the environment, follows no redirect, keeps no cookie, has a pool of
    `connections`. `headers` go out with every request; `transport` stands in for the network.
    """
    return httpx.AsyncClient(
        base_url=base_url,
        headers=dict(headers),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        transport=transport,
        limits=httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30
        ),
        trust_env=False,
    )


class _PassingError(Exception):
    """A complete answer that a second attempt may better."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class _TimeLeft(msgspec.Struct):
    """Stands in for httpcore's dict of timeouts, so that each is what is left when it is needed."""

    clock: Callable[[], float]
    deadline: float

    def get(self, phase: str, _default: object = None) -> float:
        left = max(self.deadline - self.clock(), 0.0)
        return min(left, 1.0) if phase == "connect" else left
