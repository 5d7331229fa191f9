"""Last words: how a connection ends whose client still sends, so that they can read why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class LastWords:
    """The transport that a refusal is written to; when it is over, `linger` is called.

    To close a connection while bytes arrive can take the answer back from who sends them.
    """

    def __init__(self, transport: asyncio.Transport, linger: Callable[[], None]) -> None:
        self._transport = transport
        self._linger = linger

    def write(self, data: bytes) -> None:
        """Send."""
        self._transport.write(data)

    def is_closing(self) -> bool:
        """Say whether it is over."""
        return self._transport.is_closing()

    def close(self) -> None:
        """End our side only."""
        if not self._transport.is_closing():
            self._linger()
