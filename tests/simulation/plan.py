"""What a seed means: one schedule of clicks, troubles and deaths, drawn before anything runs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from tests.simulation.intents import Click, Intent, draw_intents

TroubleKind = Literal[
    "none",
    "slow",
    "refuse",
    "reset",
    "too_many",
    "error",
    "drop",
    "broken_json",
    "wrong_type",
    "trickle",
    "redirect",
    "error_200",
]
HEALTHY_AT = 160.0
"""From this second on nothing goes wrong any more."""


class Trouble(msgspec.Struct, frozen=True):
    """What happens to one request on its way; `after` is when it is applied, None: never.

    `takes` is the time until its answer, or what stands for it, comes. All in seconds.
    """

    kind: TroubleKind = "none"
    after: float | None = 0.05
    takes: float = 0.1

    def __str__(self) -> str:
        applied = "never applied" if self.after is None else f"applied +{self.after:g}"
        return f"{self.kind} ({applied}, answer +{self.takes:g})"


class Kill(msgspec.Struct, frozen=True):
    """An instance dies when it reaches its `point`-th input or output, and is back later."""

    slot: int
    point: int
    back: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule; `late` is D, `lag` L, `settle` Q, in seconds.

    `alone`: there is one instance, and whoever was before it is dead. `proven`: lists have shown
    rows of ours before; `blind`: they never show any, `page_rows`: nor more than so many at once.
    `note_length` is where Rivo cuts notes off, `cap` what the caller `api` may give a day.
    """

    seed: int
    settle: float = 90.0
    late: float = 60.0
    lag: float = 0.0
    alone: bool = False
    proven: bool = True
    blind: bool = False
    page_rows: int | None = None
    note_length: int | None = None
    cap: int | None = None
    switches: Mapping[str, str] = {}
    intents: tuple[Intent, ...]
    storefront: tuple[tuple[float, int], ...] = ()
    """When which intent's redemption is done by the customer as well."""
    writes: tuple[Trouble, ...] = ()
    reads: tuple[Trouble, ...] = ()
    kills: tuple[Kill, ...] = ()

    def lines(self) -> Iterator[str]:
        """Say what it is, a line a thing."""
        yield f"seed {self.seed}: Q {self.settle:g}, D {self.late:g}, L {self.lag:g}"
        yield f"  alone {self.alone}, proven {self.proven}, blind {self.blind}, cap {self.cap}"
        yield f"  pages of {self.page_rows}, notes cut at {self.note_length}, {self.switches}"
        for intent in self.intents:
            yield f"  {intent}"
        for at, number in self.storefront:
            yield f"  storefront at {at:g} as intent {number}"
        for name, troubles in (("write", self.writes), ("read", self.reads)):
            for number, trouble in enumerate(troubles):
                if trouble.kind != "none":
                    yield f"  {name} {number}: {trouble}"
        for kill in self.kills:
            yield f"  kill {kill.slot} at its point {kill.point}, back after {kill.back:g}"


class Mix(msgspec.Struct, frozen=True, kw_only=True):
    """From which schedules to draw; a share is a probability."""

    settle: float = 90.0
    late: float = 60.0
    lag: float = 25.0
    lagging: float = 0.5
    bad_writes: float = 0.6
    bad_reads: float = 0.15
    killed: float = 0.45
    proven: float = 0.85
    cut: float = 0.06
    alone: float = 0.25
    capped: float = 0.35
    intents: tuple[int, int] = (1, 4)
    twins: float = 0.18
    only: tuple[str, ...] = ()
    late_only: bool = False


USUAL = Mix()
LATE = Mix(late=400.0, lag=10.0, bad_writes=0.9, killed=0.1, proven=1.0, cut=0.0, late_only=True)
"""D > Q on purpose: what is applied is applied after Q."""

_BAD_WRITES: Mapping[str, int] = {
    "refuse": 8,
    "reset": 16,
    "too_many": 8,
    "error": 16,
    "drop": 24,
    "broken_json": 5,
    "wrong_type": 4,
    "trickle": 4,
    "redirect": 5,
    "error_200": 4,
    "slow": 6,
}
_BAD_READS: Mapping[str, int] = {
    "refuse": 3,
    "reset": 3,
    "too_many": 3,
    "error": 3,
    "drop": 3,
    "broken_json": 1,
    "wrong_type": 1,
    "trickle": 1,
    "redirect": 1,
    "slow": 3,
}
LOST = frozenset({"reset", "error", "drop", "redirect"})
"""What may be applied at any time, since its answer tells nothing."""


def draw(seed: int, mix: Mix = USUAL) -> Plan:
    """Draw the schedule of a seed."""
    chance = random.Random(seed)
    lag = round(chance.uniform(1, mix.lag), 1) if chance.random() < mix.lagging else 0.0
    intents = draw_intents(chance, *mix.intents, only=mix.only, twins=mix.twins)
    redeems = [i.number for i in intents if i.is_redemption]
    storefront = [
        (round(chance.uniform(0, 70), 1), number) for number in redeems if chance.random() < 0.3
    ]
    switches = {"redemption_customer": chance.choice(("after", "before", "absent"))}
    if chance.random() < 0.2:
        switches["write_answer"] = chance.choice(("bare", "put_204"))
    if chance.random() < 0.2:
        switches["refund_route"] = "put"
    kills = [
        Kill(chance.randrange(2), chance.randint(1, 45), round(chance.uniform(0.5, 70), 1))
        for _ in range(chance.choice((1, 1, 2, 3)))
        if chance.random() < mix.killed
    ]
    proven = chance.random() < mix.proven
    return Plan(
        seed=seed,
        settle=mix.settle,
        late=mix.late,
        lag=lag,
        alone=chance.random() < mix.alone,
        proven=proven,
        blind=not proven and chance.random() < 0.5,
        page_rows=2 if chance.random() < 0.2 else None,
        note_length=chance.choice((12, 20, 34, 35)) if chance.random() < mix.cut else None,
        cap=chance.choice((300, 700)) if chance.random() < mix.capped else None,
        switches=switches,
        intents=intents,
        storefront=tuple(storefront),
        writes=tuple(_write(chance, mix) for _ in range(16)),
        reads=tuple(_read(chance, mix) for _ in range(30)),
        kills=tuple(kills),
    )


def _write(chance: random.Random, mix: Mix) -> Trouble:
    after = round(chance.uniform(0.01, 0.2), 2)
    takes = round(after + chance.uniform(0.01, 0.3), 2)
    if chance.random() >= mix.bad_writes:
        return Trouble("none", after, takes)
    kind: Any = _pick(chance, _BAD_WRITES)
    if mix.late_only:
        # What is never looked at again would not be found: the settler's last look bounds D.
        return Trouble("drop", round(chance.uniform(mix.settle + 20, mix.late), 1), takes)
    if kind == "slow":
        return Trouble(kind, round(chance.uniform(0.3, 2), 1), round(chance.uniform(2, 3.5), 1))
    applied = chance.random() < 0.55
    if kind in LOST and applied and chance.random() < 0.5:
        after = round(chance.uniform(0.2, mix.late), 1)
    if kind in ("refuse", "too_many", "error_200") or (kind in LOST and not applied):
        return Trouble(kind, None, takes)
    return Trouble(kind, after, takes)


def _read(chance: random.Random, mix: Mix) -> Trouble:
    takes = round(chance.uniform(0.02, 0.2), 2)
    if chance.random() >= mix.bad_reads:
        return Trouble("none", 0.0, takes)
    kind: Any = _pick(chance, _BAD_READS)
    return Trouble(kind, 0.0, round(chance.uniform(0.5, 2.5), 1) if kind == "slow" else takes)


def _pick(chance: random.Random, weights: Mapping[str, int]) -> str:
    return chance.choices([*weights], [*weights.values()])[0]


__all__ = ["HEALTHY_AT", "LATE", "USUAL", "Click", "Intent", "Kill", "Mix", "Plan", "draw"]
