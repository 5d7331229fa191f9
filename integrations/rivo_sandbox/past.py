"""What a shop was a moment ago, for reads that lag behind writes (U20)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from integrations.rivo_sandbox.received import Received
from integrations.rivo_sandbox.routes import is_list
from integrations.rivo_sandbox.state import State

NOTHING = timedelta(0)


class Past:
    """Photographs of a shop, each taken just before a write; no older than `most` is needed."""

    def __init__(self, most: timedelta) -> None:
        self._most = most
        self._states: deque[tuple[datetime, State]] = deque()

    def keep(self, state: State, *, until: datetime) -> None:
        """Keep what the shop was until this time."""
        self._forget(until)
        self._states.append((until, state.copy()))

    def seen(self, state: State, *, now: datetime, lag: timedelta) -> State:
        """Answer what the shop was `lag` before now; `state` is what it is."""
        self._forget(now)
        since = now - min(lag, self._most)
        return next((before for until, before in self._states if until > since), state)

    def _forget(self, now: datetime) -> None:
        while self._states and self._states[0][0] <= now - self._most:
            self._states.popleft()


def lists_only(lag: timedelta) -> Callable[[Received], timedelta]:
    """Let lists lag behind, and reads of one thing not at all."""
    return lambda received: lag if is_list(received) else NOTHING
