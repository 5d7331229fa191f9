"""Whether what was shown is true: held against Rivo's history, and against what was known when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from tests.replay.history import Held, History
from tests.replay.network import BACK_SECONDS, THERE_SECONDS
from tests.replay.plan import JITTER_SECONDS, What, id_of
from tests.simulation.shop import NOW

DEADLINE_SECONDS: Final = 4.0
FRESH_SECONDS: Final = 30.0
CATALOGUE_SECONDS: Final = 300.0
WHOLE_SECONDS: Final = 1.0
"""Times in a flat answer have no fractions."""
THERE: Final = THERE_SECONDS + JITTER_SECONDS
THERE_AND_BACK: Final = THERE + BACK_SECONDS + JITTER_SECONDS
"""A read leaves at its `as_of`, and is there and back again at most so much later."""
LOOKED_UP_SECONDS: Final = 4.0
"""What is stale has been looked up anew by then, if the budget had anything left for it."""
ROUNDING: Final = 0.002
ZONE: Final = ZoneInfo("America/New_York")
Shows = Callable[[Held], bool]


class Opened(msgspec.Struct, frozen=True):
    """One read: what was asked of whom, from when to when, and what was answered."""

    what: What
    who: int
    began: float
    ended: float
    status: int
    body: bytes


class Part(msgspec.Struct, frozen=True):
    """One part of an answer: when it is said to be true (seconds), and what it shows."""

    name: str
    as_of: float
    latest: float
    stale: bool
    shows: Shows
    fresh: float = FRESH_SECONDS


class Judge:
    """Looks at every answer; `found` are sentences about what was wrong.

    Where Rivo's reads lag by up to `lag` seconds, what they show is that much older than they say:
    nobody can know.
    """

    def __init__(self, history: History, *, lag: float = 0.0) -> None:
        self.found: list[str] = []
        self.counts: Counter[str] = Counter()
        self.slowest = 0.0
        self.oldest = 0.0
        self._history = history
        self._lag = lag
        self._written: dict[int, float] = {}
        self._told: dict[int, float] = {}
        self._stale: dict[tuple[int, str], tuple[float, float]] = {}

    def wrote(self, who: int, *, at: float) -> None:
        """Remember that a write of ours, applied at this time, was answered just now."""
        self._written[who] = max(at, self._written.get(who, 0.0))

    def told(self, who: int, *, at: float) -> None:
        """Remember that a webhook about what happened at this time was taken just now."""
        self._told[who] = max(at, self._told.get(who, 0.0))

    def known(self, who: int) -> tuple[float, float]:
        """Say up to when writes of ours, and what was announced, have to be shown from now on."""
        return self._written.get(who, 0.0), self._told.get(who, 0.0)

    def look(self, opened: Opened, known: tuple[float, float]) -> None:
        """Look at one answer; `known` is what was known when it was asked for."""
        took = opened.ended - opened.began
        self.slowest = max(self.slowest, took)
        if took > DEADLINE_SECONDS:
            self._wrong(opened, f"took {took:.2f} s")
        if opened.status not in ({200} if opened.what.startswith("gorgias") else {200, 503}):
            self._wrong(opened, f"status {opened.status}: {opened.body[:200]!r}")
            return
        told = msgspec.json.decode(opened.body)
        if opened.status == 503 or told.get("status") == "Not available right now":
            self.counts["not available"] += 1
            return
        parts = _parts(opened, told)
        self.counts["stale" if any(part.stale for part in parts) else "fresh"] += 1
        for part in parts:
            self._judge(opened, part, *known)

    def _judge(self, opened: Opened, part: Part, written: float, announced: float) -> None:
        self.counts["parts"] += 1
        self.oldest = max(self.oldest, opened.ended - part.as_of)
        customer_id = id_of(opened.who)
        last = min(opened.ended, part.latest)
        first = part.as_of - ROUNDING - self._lag
        held = list(self._history.during(customer_id, first, last))
        right = [each for each in held if part.shows(each)]
        if not right:
            self._wrong(opened, f"{part.name} was never so from {part.as_of:.3f} to {last:.3f}")
            return
        age = opened.began - part.as_of
        if not part.stale and age > part.fresh + THERE_AND_BACK + ROUNDING:
            self._wrong(opened, f"{part.name} is {age:.1f} s old, and not stale")
        # Where reads lag, what is stale may lack it, and a list may not tell that it does.
        if not self._lag or (not part.stale and part.name in ("customer", "points")):
            self._shows(opened, part, written, "our own write")
        if not self._lag and not part.stale:
            self._shows(opened, part, announced, "what was announced")
        if part.stale and opened.what.startswith("actions"):  # else as old as its oldest part
            self._again(opened, part)

    def _again(self, opened: Opened, part: Part) -> None:
        """Count what is shown as stale again, long after it was shown as stale before."""
        self.counts["stale parts"] += 1
        shown_at, as_of = self._stale.get((opened.who, part.name), (opened.began, 0.0))
        if as_of == part.as_of and opened.began - shown_at > LOOKED_UP_SECONDS:
            self.counts["stale again"] += 1
        self._stale[opened.who, part.name] = opened.ended, part.as_of

    def _shows(self, opened: Opened, part: Part, since: float, what: str) -> None:
        """What is shown has to be something that was held at this time, or later."""
        after = self._history.during(id_of(opened.who), since, opened.ended)
        if since and not any(part.shows(each) for each in after):
            self._wrong(opened, f"{part.name} does not show {what} of {since:.2f}")

    def _wrong(self, opened: Opened, what: str) -> None:
        self.found.append(
            f"{opened.began:.2f} to {opened.ended:.2f}, {opened.what} of {opened.who}: {what}"
        )


def _parts(opened: Opened, told: dict[str, Any]) -> list[Part]:
    match opened.what:
        case "actions get_sidebar":
            return _sidebar(told)
        case "actions get_customer":
            customer = told["customer"]
            shows = _balance(customer["points_tally"], customer["credits_tally"])
            return [_part("customer", told, shows)]
        case "actions list_customer_points_events":
            ids = [row["id"] for row in told["points_events"]]
            return [_part("events", told, lambda held: [*held.events] == ids[: len(held.events)])]
        case "gorgias get_customer":
            local, points, fresh = told["as_of"], told["points_tally"], FRESH_SECONDS
        case _:  # a card is as old as its oldest part, which may be the catalogue
            local, points, fresh = told["updated"], told["points"], CATALOGUE_SECONDS
    as_of = datetime.strptime(local, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
    return [
        Part(
            name="points",
            as_of=(as_of.astimezone(UTC) - NOW).total_seconds(),
            latest=float("inf"),
            stale=told["stale"] == "Yes",
            shows=lambda held: held.points == points,
            fresh=fresh + WHOLE_SECONDS,
        )
    ]


def _sidebar(told: dict[str, Any]) -> list[Part]:
    balance, tier = told["balance"], told["tier"]
    events = [row["id"] for row in told["activity"]]
    codes = [row["id"] for row in told["codes"]]
    shows: dict[str, Shows] = {
        "customer": lambda held: (
            (held.points, held.credits) == (balance["points"], balance["credits"])
            and (tier is None or held.tier == tier["id"])  # it has no name without the catalogue
        ),
        "activity": lambda held: [*held.events] == events,
        "codes": lambda held: [*held.codes] == codes,
    }
    return [
        _part(name, told["parts"][name], show)
        for name, show in shows.items()
        if told["parts"][name]["error"] is None
    ]


def _balance(points: int, credit: str) -> Shows:
    return lambda held: (held.points, held.credits) == (points, credit)


def _part(name: str, told: dict[str, Any], shows: Shows) -> Part:
    as_of = (datetime.fromisoformat(told["as_of"]) - NOW).total_seconds()
    return Part(name, as_of, as_of + THERE + ROUNDING, told["stale"], shows)
