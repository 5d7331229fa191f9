"""When a read is tried again: once, after a while, and only while few others are."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

OVER_SECONDS: Final = 10.0
PASSING_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
PART: Final = 0.1
PER_SECOND: Final = 1.0
LEAST_SECONDS: Final = 1.0
"""With less time left a second attempt is not worth it."""


class RetryBudget:
    """How many second attempts there may be: a tenth of the first ones, and one a second.

    Both are counted over the last ten seconds: a short stumble may use what was left over before
    it, a long one cannot double what is asked. `clock` gives seconds that only go forward.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self.refused = 0
        self._clock = clock
        self._left: deque[float] = deque()
        self._second: deque[float] = deque()

    def count(self) -> None:
        """Count an attempt that leaves, first or second."""
        self._left.append(self._clock())
        self._forget_old(self._left)

    def take_second(self) -> bool:
        """Say whether there may be a second attempt now, and count it if so."""
        self._forget_old(self._left)
        self._forget_old(self._second)
        first = len(self._left) - len(self._second)
        if len(self._second) + 1 > PART * first + PER_SECOND * OVER_SECONDS:
            self.refused += 1
            return False
        self._second.append(self._clock())
        return True

    def _forget_old(self, attempts: deque[float]) -> None:
        since = self._clock() - OVER_SECONDS
        while attempts and attempts[0] <= since:
            attempts.popleft()


def backoff(chance: float, retry_after: float | None) -> float:
    """Say how many seconds to wait before the second attempt: 0.1 to 0.8, `chance` from 0 to 1.

    As long as Retry-After says where that is longer.
    """
    return max(0.1 + 0.7 * chance, retry_after or 0.0)
