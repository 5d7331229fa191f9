"""Where new ids and codes come from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

FIRST_IDS = {
    "points_event": 900_000_001,
    "points_redemption": 60_000_001,
    "referral": 5_001,
    "vip_tier_membership": 90_000_001,
    "cancellation_request": 84_001,
    "webhook": 3_001,
}
# An odd factor and a power of two: every count gives another code, none looks like its neighbour.
CODE_FACTOR = 0x9E3779B97F4B
CODE_SPACE = 2**48


class Ids:
    """Count up from where no seeded row reaches; `first` is handed out before, noun by noun."""

    def __init__(self, first: Mapping[str, Iterable[int]] | None = None) -> None:
        self._first = {noun: deque(numbers) for noun, numbers in (first or {}).items()}
        self._counts: dict[str, int] = {}

    def __call__(self, noun: str) -> int:
        """Answer a new id for a `points_event`, ..., or 48 bits for a `code`."""
        if self._first.get(noun):
            return self._first[noun].popleft()
        count = self._counts.get(noun, 0)
        self._counts[noun] = count + 1
        if noun == "code":
            return (count + 1) * CODE_FACTOR % CODE_SPACE
        return FIRST_IDS.get(noun, 1) + count
