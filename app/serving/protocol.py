"""One connection: what a client may take of it, and the answer where it takes more.

A request is handed on when it is there as a whole, and not before: what is too slow, too large or
none at all never meets the application, and is answered in its turn like any other request.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Any, Final

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from app.problems import HttpError
from app.serving.deadline import Deadline
from app.serving.incoming import Held, Incoming
from app.serving.limits import Limits
from app.serving.lingering import LastWords
from app.serving.refusing import (
    REFUSAL,
    TOO_MUCH,
    TOO_SLOW,
    UNKNOWN,
    UNPARSABLE,
    Refusal,
    StopError,
    shed,
)

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
SMALL: Final = 8 * 1024
"""A body of so many bytes is let in whatever others hold: a helpdesk sends no more."""


class Protocol(HttpToolsProtocol):
    """uvicorn's, with limits on everything that a client sends, or leaves undone."""

    scope: Any
    """Of the request that comes in; None between two."""
    cycle: Any
    """Of the last request whose headers have come; None before the first."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits,
        held: Held,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits
        self.held = held
        self.holds = 0
        self.deadline = Deadline(self.loop, self.too_late)
        self.incoming = Incoming(limits)
        self.awaited: tuple[RequestResponseCycle, Any] | None = None
        """The request whose turn it is and who will answer it, while it is still coming."""
        self.serving: RequestResponseCycle | None = None
        self.idle = self.crowded = self.deaf = self.lingering = False

    # The connection.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let a client in; where there is no room for more, only to tell them so."""
        super().connection_made(transport)
        limits, number = self.limits, len(self.connections)
        if number > limits.connections + limits.connections // 4:
            transport.abort()
            return
        self.crowded = number > limits.connections
        self.deadline.set(limits.crowded_seconds if self.crowded else limits.receive_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what has not begun; what has goes on to its end."""
        super().connection_lost(exc)
        self.deadline.stop()
        self._hold(-self.holds)
        self.deaf = True
        self.awaited = None
        self.pipeline.clear()
        if self.serving is not None:
            self.serving.disconnected = True
            self.serving.message_event.set()

    def too_late(self) -> None:
        """End a connection whose client has not done in time what it had to do next."""
        if self.transport.is_closing() or self.lingering or self.flow.write_paused:
            self.transport.abort()
        elif self._has_begun():
            self._refuse(TOO_SLOW)
        else:
            self.transport.close()
            self._expect()

    def shutdown(self) -> None:
        """Take in no request any more; those that have come are answered."""
        super().shutdown()
        if self.serving is None:
            self.deadline.set(self.limits.linger_seconds)

    def pause_writing(self) -> None:
        """Wait with answers until the client takes them, but not for ever."""
        super().pause_writing()
        self._expect()

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._expect()

    # What comes in.

    def data_received(self, data: bytes) -> None:
        """Read on, as long as it is a request, and none that is too long."""
        if self.deaf:
            return
        if self.idle:
            self.idle = False
            self.deadline.set(self.limits.receive_seconds)
        incoming = self.incoming
        size = len(data)
        if self.scope is None or size > incoming.piece:
            incoming.piece = size
        incoming.got += size
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end_after(self.cycle)  # nobody here speaks anything else
        except httptools.HttpParserError as error:
            cause = error.__context__
            wrong = cause.error if isinstance(cause, StopError) else UNPARSABLE
            if wrong is None:
                self._end_after(self.cycle)
            else:
                self._refuse(wrong)
        else:
            if incoming.got > self.limits.head_bytes:
                wrong = incoming.unended(heading=self._is_heading())
                if wrong is not None:
                    self._refuse(wrong)

    def on_headers_complete(self) -> None:
        """Look at what is announced before anything is done about it."""
        if len(self.pipeline) >= self.limits.pipelined:
            raise StopError(None)
        upgrades = self.parser.should_upgrade()
        wrong = self.incoming.head(self.url, self.headers, upgrades=upgrades)
        if wrong is not None:
            self.scope["method"] = self.parser.get_method().decode("ascii")
            raise StopError(wrong)
        super().on_headers_complete()
        self.headers = []  # of a trailer: it is no header, and nobody asked for it

    def on_body(self, body: bytes) -> None:
        """Keep what comes until all is there."""
        self.cycle.body += body
        self._hold(len(body))
        if (wrong := self.incoming.body(len(self.cycle.body))) is not None:
            raise StopError(wrong)
        if self.held.bytes > self.limits.held_bytes and len(self.cycle.body) > SMALL:
            raise StopError(TOO_MUCH)

    def on_message_complete(self) -> None:
        """Hand the request on, if it is its turn."""
        self.cycle.more_body = False
        self.cycle.message_event.set()
        self._ended()
        if self.awaited is not None:
            self._start_asgi_task(*self.awaited)

    def _has_begun(self) -> bool:
        """Whether some of a request is there that has not ended."""
        return self.scope is not None

    def _is_heading(self) -> bool:
        """Whether headers are still to come, of this request or of the next one."""
        return self.cycle is None or self.cycle.scope is not self.scope

    def _ended(self) -> None:
        self.scope = None
        self.incoming.got = 0

    def _hold(self, size: int) -> None:
        """Count what is held for this connection; below 0: no more."""
        self.holds += size
        self.held.bytes += size

    # What goes on.

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Serve a request whose turn it is; one that is not there as a whole is waited for."""
        if cycle.more_body:
            self.awaited = (cycle, app)
            if cycle.waiting_for_100_continue:
                cycle.waiting_for_100_continue = False
                self.transport.write(CONTINUE)
            return
        self.awaited = None
        self.serving = cycle
        if cycle.body:
            self._hold(-len(cycle.body))
        self.deadline.clear()
        if self.crowded or len(self.tasks) >= self.limits.requests:
            scope: Any = cycle.scope
            shed(scope)
            cycle.keep_alive = cycle.keep_alive and not self.crowded
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on with the next request: one that waits, or one that may come."""
        self.server_state.total_requests += 1
        self.serving = None
        if not self.lingering and not self.transport.is_closing():
            self.flow.resume_reading()
            if self.pipeline:
                self._start_asgi_task(*self.pipeline.pop())
            elif self.scope is None and not self.flow.write_paused:
                self.idle = True  # as `_expect` has it, but nearly every answer ends here
                self.deadline.set(self.limits.idle_seconds)
                return
        self._expect()

    def _expect(self) -> None:
        """Set the deadline for what the client has to do next."""
        if self.lingering:
            return
        if self.flow.write_paused or self.transport.is_closing():
            self.deadline.set(self.limits.take_seconds)
        elif self.serving is not None:
            self.deadline.clear()
        elif self._has_begun():
            self.deadline.set(self.limits.receive_seconds)
        else:
            self.idle = True
            self.deadline.set(self.limits.idle_seconds)

    # What is refused.

    def _refuse(self, error: HttpError) -> None:
        """Answer an error in the place of what is coming in, and close."""
        comes_new = self._is_heading()
        cycle = self._headless() if comes_new else self.cycle
        self._hold(-len(cycle.body))
        cycle.body.clear()
        cycle.more_body = cycle.waiting_for_100_continue = False
        scope: Any = cycle.scope
        if error is TOO_MUCH:
            shed(scope)
        else:
            scope[REFUSAL] = Refusal(error)
        self._end_after(cycle, late=error is TOO_SLOW)
        self._ended()
        if self.awaited is not None or (comes_new and self.serving is None):
            self._start_asgi_task(cycle, self.app)
        elif comes_new:
            self.pipeline.appendleft((cycle, self.app))
            self.flow.pause_reading()

    def _end_after(self, cycle: RequestResponseCycle, *, late: bool = False) -> None:
        """Make this answer the last one, and read no more."""
        self.deaf = True
        cycle.keep_alive = False
        seconds = self.limits.late_seconds if late else self.limits.linger_seconds
        words: Any = LastWords(self.transport, functools.partial(self._linger, seconds))
        cycle.transport = words

    def _linger(self, seconds: float) -> None:
        self.lingering = True
        self.transport.write_eof()
        self.flow.resume_reading()
        self.deadline.set(seconds)

    def _headless(self) -> RequestResponseCycle:
        """Make the cycle of a request whose headers have not come to an end."""
        if not self._has_begun():
            self.on_message_begin()
        for name, value in UNKNOWN.items():
            self.scope.setdefault(name, value)
        self.cycle = made = RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        return made
