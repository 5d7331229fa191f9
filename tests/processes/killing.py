"""Where a service can be made to kill itself: around its commits, and around what it sends."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, cast

import httpx
import msgspec

POINTS: Final = (
    "accept.before",
    "accept.after",
    "sending.before",
    "sending.after",
    "request.before",
    "request.after",
    "reply.after",
    "outcome.before",
    "outcome.after",
)
"""Before and after the commit of an intent, of the step to sending, and of an outcome; before and
after a write leaves for Rivo, and after its reply is there."""

_STATE: Final = re.compile(r"\bstate = '([a-z_]+)'")


class Kill(msgspec.Struct, frozen=True):
    """Die when a point is reached for the `nth` time."""

    point: str
    nth: int = 1


class Killer:
    """Kills this process, at once and without a word, where it is told to.

    `die` is what it does.
    """

    def __init__(
        self,
        kill: Kill | None,
        *,
        die: Callable[[], object] = lambda: os.kill(os.getpid(), signal.SIGKILL),
    ) -> None:
        self._kill = kill
        self._die = die
        self._reached = 0

    def reach(self, point: str) -> None:
        """Come to a point."""
        assert point in POINTS, point
        if self._kill is not None and point == self._kill.point:
            self._reached += 1
            if self._reached == self._kill.nth:
                self._die()


class Commits:
    """Watches what a connection is told, and knows which steps each commit makes durable."""

    def __init__(self, killer: Killer) -> None:
        self._killer = killer
        self._steps: list[str] = []
        self._durable: list[str] = []

    def connect(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        """Stand in for `sqlite3.connect`."""
        connection: sqlite3.Connection = _connect(*arguments, **options)
        connection.set_trace_callback(self.hear)
        return connection

    def hear(self, statement: str) -> None:
        """Hear a statement, values filled in, just before it is run."""
        if statement.startswith("BEGIN"):
            self._steps = []
        elif statement.startswith("INSERT INTO operations "):
            self._steps.append("accept")
        elif statement.startswith("UPDATE operations SET "):
            state = _STATE.search(statement.partition(" WHERE ")[0])
            if state is not None:
                self._steps.append("sending" if state[1] == "sending" else "outcome")
        elif statement == "COMMIT":
            for step in self._steps:
                self._killer.reach(f"{step}.before")
            self._durable, self._steps = self._steps, []

    def committed(self) -> None:
        """Hear that whatever was to be done is done."""
        durable, self._durable = self._durable, []
        for step in durable:
            self._killer.reach(f"{step}.after")


class Writer(ThreadPoolExecutor):
    """The store's one thread, which may not live to tell what it has done."""

    def __init__(self, commits: Commits) -> None:
        super().__init__(1)
        self._commits = commits

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run something on the thread."""

        def run() -> Any:
            done = fn(*args, **kwargs)
            self._commits.committed()
            return done

        return super().submit(run)


class Wire(httpx.AsyncBaseTransport):
    """The way to Rivo, over sockets."""

    def __init__(self, killer: Killer) -> None:
        self._killer = killer
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        if request.method == "GET":
            return await self._inner.handle_async_request(request)

        async def trace(event: str, _: object) -> None:
            if event == "http11.send_request_body.complete":
                self._killer.reach("request.after")

        request.extensions["trace"] = trace
        self._killer.reach("request.before")
        response = await self._inner.handle_async_request(request)
        stream = cast(httpx.AsyncByteStream, response.stream)
        response.stream = _Reply(stream, lambda: self._killer.reach("reply.after"))
        return response

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()


class _Reply(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, ended: Callable[[], None]) -> None:
        self._inner = inner
        self._ended = ended

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            yield chunk
        self._ended()

    async def aclose(self) -> None:
        await self._inner.aclose()


_connect = sqlite3.connect
