"""Forgets now and then what came signed long ago."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from structlog.typing import FilteringBoundLogger

from app.delivery import remembering
from app.store.sqlite import SqliteStore, StoreError

EVERY_SECONDS: Final = 3_600.0


class Forgetter:
    """Keeps the memory of webhooks short; `now` is the time of day (UTC)."""

    def __init__(
        self,
        store: SqliteStore,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]],
        log: FilteringBoundLogger,
    ) -> None:
        self._store = store
        self._now = now
        self._sleep = sleep
        self._log = log

    async def run(self) -> None:
        """Go on until cancelled; what could not be done is done next time."""
        while True:
            try:
                await self.once()
            except StoreError as error:
                self._log.error("store.failed", reason=str(error))
            await self._sleep(EVERY_SECONDS)

    async def once(self) -> None:
        """Forget all that is old, piece by piece: others write in between."""
        at, number = self._now().timestamp(), 0
        while piece := await self._store.write(lambda tx: remembering.forget(tx, at=at)):
            number += piece
        if number:
            self._log.info("webhooks.forgotten", number=number)
