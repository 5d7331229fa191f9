"""How often Rivo had to be asked at least: one read for each window in which somebody looked.

A window of a customer's resource begins when it is looked at, and ends after `FRESH_SECONDS` or at
a change of that customer: a write of ours, or something that Rivo has announced to us.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qs, unquote

from tests.replay.judge import FRESH_SECONDS
from tests.replay.network import Arrival
from tests.replay.plan import What

SIDEBAR: Final = ("customers", "points_events", "points_redemptions", "memberships")
LOOKED_AT: Final[Mapping[What, tuple[str, ...]]] = {
    "actions get_sidebar": SIDEBAR,
    "gorgias get_sidebar": SIDEBAR,
    "actions get_customer": ("customers",),
    "gorgias get_customer": ("customers",),
    "actions list_customer_points_events": ("points_events",),
}
SECOND: Final = 1.0
Looks = Mapping[tuple[str, int], list[float]]


def needed(looks: Looks, changes: Mapping[int, list[float]]) -> Counter[str]:
    """Count the windows of each resource; `looks` are the times at which somebody looked."""
    windows: Counter[str] = Counter()
    for (resource, who), times in looks.items():
        known = sorted(changes.get(who, ()))
        ends = float("-inf")
        for at in sorted(times):
            if at < ends:
                continue
            windows[resource] += 1
            following = bisect.bisect_right(known, at)
            change = known[following] if following < len(known) else float("inf")
            ends = min(at + FRESH_SECONDS, change)
    return windows


def asked(arrivals: Iterable[Arrival], *, by: tuple[str, ...] = ("",)) -> Counter[str]:
    """Count the reads about one customer by resource: all, or those for certain askers."""
    reads: Counter[str] = Counter()
    for each in arrivals:
        if each.method == "GET" and each.asker.startswith(by):
            resource, who = named(each)
            if who is not None:
                reads[resource] += 1
    return reads


def named(arrival: Arrival) -> tuple[str, str | None]:
    """Say which resource a request is about, and which customer, if one."""
    segments = arrival.path.partition("/merchant_api/v1/")[2].split("/")
    filtered = parse_qs(arrival.query).get("filters[customer_identifier]")
    if filtered:
        return segments[0], filtered[0]
    at = {"customers": 1, "memberships": 2}.get(segments[0], len(segments))
    return segments[0], unquote(segments[at]) if len(segments) > at else None


def most_in_a_second(arrivals: Iterable[Arrival]) -> int:
    """Count the most requests that arrived in any second, wherever it begins."""
    times = sorted(each.at for each in arrivals)
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= SECOND:
            first += 1
        most = max(most, last - first + 1)
    return most
