"""From a host's name to its addresses, looked up once for each time that something is sent.

A look-up cannot be cut short. Each host has one at most, on a thread of its own that holds nobody
up: not the look-ups of other hosts, and not the end of the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import Final

Found = list[str] | OSError
_Future = asyncio.Future[Found]


def system(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a host, best first; OSError where there are none."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(row[4][0]) for row in rows]


class Names:
    """Looks up hosts; `ask` blocks, and answers or raises OSError."""

    def __init__(self, ask: Callable[[str, int], list[str]] = system) -> None:
        self._ask: Final = ask
        self._asking: dict[tuple[str, int], _Future] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return a host's addresses; OSError where none is found. An address is its own."""
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        which = host, port
        future = self._asking.get(which)
        if future is None or future.done():
            loop = asyncio.get_running_loop()
            future = self._asking[which] = loop.create_future()
            future.add_done_callback(lambda _: self._asking.pop(which, None))
            look = threading.Thread(
                target=self._look_up, args=(*which, loop, future), name="names", daemon=True
            )
            try:
                look.start()
            except RuntimeError:  # there are no more threads: a later try may have one
                _tell(future, OSError("no thread"))
        found = await asyncio.shield(future)
        if isinstance(found, OSError):
            raise found
        return found

    def _look_up(
        self, host: str, port: int, loop: asyncio.AbstractEventLoop, future: _Future
    ) -> None:
        found: Found
        try:
            found = self._ask(host, port)
        except (OSError, UnicodeError) as error:  # a label too long for IDNA is no host either
            found = error if isinstance(error, OSError) else OSError("no host")
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(_tell, future, found)


def _tell(future: _Future, found: Found) -> None:
    if not future.done():
        future.set_result(found)
