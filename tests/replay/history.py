"""What Rivo held of each customer at each time: photographs, taken at each change."""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

from integrations.rivo_sandbox import PointsEvent, PointsRedemption, Sandbox

SHOWN = 10
Row = TypeVar("Row", PointsEvent, PointsRedemption)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a sidebar would have to show of a customer from a time on (seconds of the replay)."""

    at: float
    points: int
    credits: str
    tier: int | None
    events: tuple[int, ...]
    codes: tuple[int, ...]


class History:
    """The photographs of all customers, by Shopify id, oldest first."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._held: dict[int, list[Held]] = {}
        self._events = _Rows[PointsEvent]()
        self._redemptions = _Rows[PointsRedemption]()
        for customer_id in sandbox.state.customers:
            self.note(customer_id, at=0.0)

    def note(self, customer_id: int, *, at: float) -> Held:
        """Take a photograph now."""
        state = self._sandbox.state
        points, credit = self._sandbox.balance(customer_id)
        events = self._events.of(customer_id, state.points_events)
        redemptions = self._redemptions.of(customer_id, state.points_redemptions)
        held = Held(
            at=at,
            points=points,
            credits=str(credit),
            tier=state.customers[customer_id].vip_tier_id,
            events=_newest(events),
            codes=_newest(redemptions),
        )
        self._held.setdefault(customer_id, []).append(held)
        return held

    def during(self, customer_id: int, first: float, last: float) -> Iterator[Held]:
        """Look at all that was held at some time between two."""
        held = self._held[customer_id]
        end = bisect.bisect_right(held, last, key=lambda each: each.at)
        start = bisect.bisect_right(held, first, key=lambda each: each.at)
        return itertools.islice(held, max(start - 1, 0), end)

    def changes(self, customer_id: int) -> list[float]:
        """List when something changed."""
        return [each.at for each in self._held[customer_id][1:]]


class _Rows(Generic[Row]):
    """An index by customer of rows that are only ever added."""

    def __init__(self) -> None:
        self._seen = 0
        self._of: defaultdict[int, list[Row]] = defaultdict(list)

    def of(self, customer_id: int, rows: dict[int, Row]) -> list[Row]:
        for row in itertools.islice(rows.values(), self._seen, None):
            self._of[row.customer_id].append(row)
        self._seen = len(rows)
        return self._of[customer_id]


def _newest(rows: list[Row]) -> tuple[int, ...]:
    newest = sorted(rows, key=lambda row: (row.applied_at, row.id), reverse=True)
    return tuple(row.id for row in newest[:SHOWN])
