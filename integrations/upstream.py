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
from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import msgspec
import stamina

from integrations.breaker import FAILING, PROBE_SECONDS, Breaker
from integrations.budget import Budget, Leaving, Priority, Waiting
from integrations.errors import HeldBackError, LostReplyError, NotSentError, UpstreamError
from integrations.requesting import Pairs, Segments, request_of
from integrations.retrying import LEAST_SECONDS, PASSING_STATUSES, RetryBudget, backoff
from integrations.trouble import TOO_LATE, is_ours, trouble_of
from integrations.wire import Leaves, TimeLeft, body_in, media_type_in, retry_after_in

# After its deadline a call has this long to say what became of it; then its caller leaves.
LAST_WORD_SECONDS = 0.05
# What keeps none of httpx's timeouts (an application in process, headers that trickle) is cut off.
CUT_OFF_SECONDS = 1.0
# Who had to wait and has less left is not sent any more.
READ_NEEDS_SECONDS = 0.5
WRITE_NEEDS_SECONDS = 1.2


class Reply(msgspec.Struct, frozen=True):
    """One complete answer, whatever its status.

    `content_type` is the media type in lower case without parameters ("" if none came), `body` is
    decoded, `retry_after` the seconds of a numeric Retry-After header, an hour at most; `left` is
    when the request left, a time of the clock.
    """

    status: int
    content_type: str
    body: bytes
    retry_after: float | None
    left: float = 0.0


class UpstreamState(msgspec.Struct, frozen=True):
    """How things stand with one upstream; `breaker` is closed, open or half_open."""

    breaker: str
    times_opened: int
    budget: Waiting
    held_back: int
    retries_refused: int


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
        budget: Budget | None = None,
        probe: Segments | None = None,
    ) -> None:
        """Take over `client`; `close` closes it.

        `name` labels the running tasks, `clock` answers monotonic seconds, `chance` a number from 0
        to 1. At most `connections` calls (no more than the client's pool holds) run at once. An
        answer has at most `max_bytes`, decoded. `observe(method, outcome, seconds)` hears of every
        attempt: 2xx, 3xx, 4xx, 429, 5xx, not_sent or lost, and its seconds, waiting included.
        `budget` says how many may leave (and has its own connections); where `probe` names a
        harmless read, the other side is left alone while it fails.
        """
        self.name = name
        self._client = client
        self._clock = clock
        self._max_bytes = max_bytes
        self._observe = observe or (lambda _method, _outcome, _seconds: None)
        self._chance = chance
        self._budget = budget or Budget(clock=clock, connections=connections)
        self._retries = RetryBudget(clock=clock)
        self._probed = probe
        self._breaker = Breaker(
            clock=clock, probe=self._probe, opened=lambda: self._budget.turn_away(FAILING)
        )
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
        priority: Priority = Priority.WRITE,
    ) -> Reply:
        """Send one request, once, and answer the reply.

        `segments` go behind the base URL, each quoted whole: what is in one never reaches another
        path. `form` is sent as application/x-www-form-urlencoded, `json` (already encoded) as JSON;
        neither: no body. `seconds` is the time for everything, waiting for a connection and for a
        share of the budget included; who waits is served by `priority`.

        Raises NotSentError if the request surely never reached the other side (HeldBackError: we
        did not let it), LostReplyError if it may have. If the caller is cancelled, a request under
        way goes on to its end and its reply is dropped; one that still waits is never sent.
        """
        body = form if json is None else json
        request = request_of(self._client, method, segments, params, body)
        return await self._once(request, self._clock() + seconds, priority)

    async def read(
        self,
        segments: Segments,
        *,
        params: Pairs = (),
        seconds: float,
        priority: Priority = Priority.READ,
    ) -> Reply:
        """GET, with a second attempt if the trouble may pass; otherwise as `call`.

        Both errors may pass, and the statuses 429, 500, 502, 503, 504. The second attempt comes
        after 100 to 800 ms, or after Retry-After if that is longer, only if a second is left for it
        then, and only while few reads need one. `seconds` is the time for both.
        """
        deadline = self._clock() + seconds
        request = request_of(self._client, "GET", segments, params)
        try:
            return await self._twice(
                self._backoff(deadline), self._get, request, deadline, priority
            )
        except _PassingError as passing:
            return passing.reply

    async def close(self) -> None:
        """Wait for the calls under way, each bounded by its deadline; later ones are not sent."""
        await self._breaker.close()
        self._budget.close()
        while self._running:
            await asyncio.wait(self._running)
        await self._client.aclose()

    def state(self) -> UpstreamState:
        """Say how things stand with the other side now."""
        return UpstreamState(
            breaker=self._breaker.state.value,
            times_opened=self._breaker.times_opened,
            budget=self._budget.state(),
            held_back=self._breaker.refused,
            retries_refused=self._retries.refused,
        )

    async def _once(
        self, request: httpx.Request, deadline: float, priority: Priority, *, probes: bool = False
    ) -> Reply:
        asked = self._clock()
        try:
            if not probes:
                self._breaker.check()
            least = READ_NEEDS_SECONDS if request.method == "GET" else WRITE_NEEDS_SECONDS
            leaving = await self._budget.enter(priority, deadline=deadline, least=least)
        except NotSentError:
            self._observe(request.method, "not_sent", self._clock() - asked)
            raise
        attempt = self._attempt(request, asked, deadline, leaving)
        task = asyncio.create_task(attempt, name=self.name)
        self._running.add(task)
        task.add_done_callback(lambda _: self._ended(task, leaving))
        # Unlike a plain await, this leaves the task alone if the caller is cancelled.
        await asyncio.wait({task}, timeout=deadline + LAST_WORD_SECONDS - self._clock())
        if not task.done() or task.cancelled():
            raise LostReplyError(TOO_LATE)
        return task.result()

    async def _attempt(
        self, request: httpx.Request, asked: float, deadline: float, leaving: Leaving
    ) -> Reply:
        request.extensions["timeout"] = TimeLeft(self._clock, deadline)
        request.extensions["trace"] = Leaves(self._budget, leaving)
        self._budget.left(leaving)
        self._retries.count()
        outcome, began = "lost", self._clock()
        failed: bool | None = True
        try:
            async with asyncio.timeout(deadline + CUT_OFF_SECONDS - began):
                reply = await self._send(request, deadline + LAST_WORD_SECONDS, leaving)
            outcome = "429" if reply.status == 429 else f"{reply.status // 100}xx"
            failed = reply.status >= 500
            if reply.status == 429:
                self._budget.too_many(reply.retry_after)
            return reply
        except Exception as exc:  # noqa: BLE001 - whatever a transport raises, it may have sent
            trouble = trouble_of(exc)
            outcome = "not_sent" if isinstance(trouble, NotSentError) else "lost"
            if is_ours(exc) or deadline - began < READ_NEEDS_SECONDS:
                failed = None  # it tells nothing of the other side
        finally:
            if failed is not None and self._probed is not None:
                self._breaker.count(failed=failed)
            self._observe(request.method, outcome, self._clock() - asked)
        # Out here, so that it does not carry httpx's error along: that holds our key.
        raise trouble

    async def _send(self, request: httpx.Request, until: float, leaving: Leaving) -> Reply:
        response = await self._client.send(request, stream=True, follow_redirects=False)
        async with contextlib.aclosing(response):
            body = await body_in(response, self._max_bytes, until=until, clock=self._clock)
        media, after = media_type_in(response), retry_after_in(response)
        return Reply(response.status_code, media, body, after, leaving.at)

    def _ended(self, task: asyncio.Task[Reply], leaving: Leaving) -> None:
        self._budget.leave(leaving)
        self._running.discard(task)
        if not task.cancelled():
            # Looked at, so that nobody complains of an error whose caller has left.
            task.exception()

    async def _get(self, request: httpx.Request, deadline: float, priority: Priority) -> Reply:
        reply = await self._once(request, deadline, priority)
        if reply.status in PASSING_STATUSES:
            raise _PassingError(reply)
        return reply

    def _backoff(self, deadline: float) -> Callable[[Exception], bool | float]:
        def seconds_to_wait(trouble: Exception) -> bool | float:
            passing = isinstance(trouble, _PassingError | UpstreamError)
            if not passing or isinstance(trouble, HeldBackError):
                return False
            after = trouble.reply.retry_after if isinstance(trouble, _PassingError) else None
            wait = backoff(self._chance(), after)
            is_time = self._clock() + wait + LEAST_SECONDS <= deadline
            return is_time and self._retries.take_second() and wait

        return seconds_to_wait

    async def _probe(self) -> bool:
        """Ask for something harmless, past the breaker; say whether the other side works."""
        request = request_of(self._client, "GET", self._probed or ())
        until = self._clock() + PROBE_SECONDS
        try:
            reply = await self._once(request, until, Priority.READ, probes=True)
        except UpstreamError:
            return False
        return reply.status < 500


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
