"""How many requests a key may make in a second (U17)."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Literal

SECOND = timedelta(seconds=1)


class Limit:
    """A count of one key's requests that reads no clock: every call brings its time."""

    def __init__(self, per_second: int) -> None:
        self._most = per_second
        self._admitted: deque[datetime] = deque(maxlen=per_second)
        self._tokens = float(per_second)
        self._filled_at: datetime | None = None

    def admits(
        self, at: datetime, *, kind: Literal["rolling", "token_bucket", "fixed_window"]
    ) -> bool:
        """Whether a request at this time is within the limit; counts it if so."""
        if kind == "token_bucket":
            return self._takes_token(at)
        since = at - SECOND
        if kind == "fixed_window":
            # `since` itself does not count, the first microsecond of the window does.
            since = at.replace(microsecond=0) - timedelta(microseconds=1)
        admitted = len(self._admitted) < self._most or self._admitted[0] <= since
        if admitted:
            self._admitted.append(at)
        return admitted

    def _takes_token(self, at: datetime) -> bool:
        passed = (at - self._filled_at).total_seconds() if self._filled_at else 0.0
        self._filled_at = at
        self._tokens = min(float(self._most), self._tokens + passed * self._most)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
