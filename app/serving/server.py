"""The process: how it begins to serve, and how it leaves nobody without an answer."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import math
import signal
import socket
import sys
import time
from dataclasses import replace
from types import FrameType
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from uvicorn.config import STARTUP_FAILURE

from app.serving.files import room_for
from app.serving.incoming import Held
from app.serving.limits import Limits
from app.serving.protocol import Protocol

NOTICE_SECONDS: Final = 0.1


class Server(uvicorn.Server):
    """uvicorn's, leaving in order.

    SIGTERM makes `/readyz` say so, and takes requests in for some seconds more: whoever sends them
    needs that time to notice. Then it finishes what is under way. SIGINT, and any second signal,
    goes on to that at once. Before it listens nobody knows of it, and any signal ends it.
    """

    def __init__(self, config: uvicorn.Config, *, app: Starlette, limits: Limits) -> None:
        super().__init__(config)
        self._app = app
        self._limits = limits
        self._leaves_at: float | None = None
        self._over_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to leave, or leave faster."""
        self._app.state.ready = False
        now = time.monotonic()
        if self._over_at is None:
            self._over_at = now + self._limits.exit_seconds
        if sig == signal.SIGTERM and self._leaves_at is None:
            self._captured_signals.append(sig)
            self._leaves_at = now + self._limits.accept_seconds
            return
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open and listen; whoever is told to leave meanwhile does not begin to serve."""
        opening = asyncio.create_task(self._open(sockets))
        while not opening.done() and self._over_at is None:
            await asyncio.wait([opening], timeout=NOTICE_SECONDS)  # a signal wakes up nobody
        if self._over_at is not None:
            self._app.state.ready = False  # it may have been said just now
            self.should_exit = True
        if not opening.done():
            # What the store was about to do is done whole by the next process, or was not begun.
            opening.cancel()
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # no stack trace of that
        elif (code := opening.result()) is not None:
            sys.exit(code)

    async def _open(self, sockets: list[socket.socket] | None) -> str | int | None:
        """Open and listen; the exit code where that failed (in a task nobody may exit)."""
        try:
            await super().startup(sockets)
        except SystemExit as error:
            return error.code
        return None

    async def on_tick(self, counter: int) -> bool:
        """Say whether it is time to leave."""
        if self._leaves_at is not None and time.monotonic() >= self._leaves_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way, as long as there is time for it."""
        over_at = self._over_at or time.monotonic() + self._limits.exit_seconds
        try:
            await asyncio.wait_for(super().shutdown(sockets), over_at - time.monotonic())
        except TimeoutError:
            # What was not finished is in the store: the next process takes it over.
            logging.getLogger("uvicorn.error").error("Left before everything had come to an end.")


def serve(
    app: Starlette,
    *,
    host: str,
    port: int,
    proxies: str | None = None,
    limits: Limits | None = None,
) -> None:
    """Serve until a signal comes; exit with 3 where it cannot begin.

    `proxies` are the addresses whose word is taken for whom a request comes from.
    """
    limits = limits or Limits()
    limits = replace(limits, connections=room_for(limits.connections))
    server = make_server(app, host=host, port=port, proxies=proxies, limits=limits)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started and not server.should_exit:
        sys.exit(STARTUP_FAILURE)


def make_server(
    app: Starlette,
    *,
    host: str = "127.0.0.1",
    port: int,
    proxies: str | None = None,
    limits: Limits,
) -> Server:
    """Make the server of an application; nothing runs yet."""
    protocol: Any = functools.partial(Protocol, limits=limits, held=Held())
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol,
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=math.ceil(limits.finish_seconds),
    )
    return Server(config, app=app, limits=limits)
