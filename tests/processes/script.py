"""What a seed means: who asks for what in which life, and how each life but the last one ends."""

from __future__ import annotations

import random
from typing import Final

import msgspec

from tests.processes.killing import POINTS, Kill
from tests.simulation import plan
from tests.simulation.intents import ANA, Intent

LIVES: Final = 3
SECONDS: Final = 0.6
"""Within so long the requests of a life come in."""
MIX: Final = plan.Mix(intents=(3, 6))


class End(msgspec.Struct, frozen=True, kw_only=True):
    """How a life ends: by itself at a point, or killed after so many seconds, whatever it does."""

    kill: Kill | None = None
    after: float | None = None

    @property
    def name(self) -> str:
        """The point, or "random"."""
        return self.kill.point if self.kill else "random"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request: in which life, how many seconds after it began, and what for.

    `what` is "click", "approve", or "buy": then the customer takes the same reward themselves.
    """

    life: int
    at: float
    intent: int
    what: str = "click"


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """One round; `calm` says that nothing goes wrong on the side of Rivo."""

    seed: int
    calm: bool = False
    intents: tuple[Intent, ...]
    calls: tuple[Call, ...]
    ends: tuple[End, ...]


def draw(seed: int) -> Script:
    """Draw the round of a seed; any nine seeds in a row have every point twice."""
    chance = random.Random(seed)
    intents = plan.draw(seed, MIX).intents
    calls = [call for intent in intents for call in _calls(chance, intent)]
    ends = [_at_point(chance, seed % len(POINTS)), _at_point(chance, (seed + 4) % len(POINTS))]
    for number in range(len(ends)):
        if chance.random() < 0.2:
            ends[number] = End(after=round(chance.uniform(0.02, 1.5), 3))
    return Script(seed=seed, intents=intents, calls=tuple(calls), ends=tuple(ends))


def at_points(first: str | None, second: str | None) -> Script:
    """Make a round in which two lives end for sure where they have to (None: at no point)."""
    intents = tuple(
        Intent(
            number=number,
            caller="api",
            action="create_points_event",
            inputs={"customer_email": ANA, "points_amount": 10 + number},
            key=None if number % 2 else f"key-{number}",
            ticket=str(100 + number),
            clicks=(),
        )
        for number in range(LIVES)
    )
    clicks = [
        Call(life=life, at=at, intent=number)
        for number in range(LIVES)
        for life in range(number, LIVES)
        for at in (0.0, 0.01)
    ]
    ends = tuple(End(kill=Kill(p)) if p else End(after=0.05) for p in (first, second))
    return Script(seed=0, calm=True, intents=intents, calls=tuple(clicks), ends=ends)


def _at_point(chance: random.Random, number: int) -> End:
    return End(kill=Kill(POINTS[number], chance.choice((1, 1, 2, 3))))


def _calls(chance: random.Random, intent: Intent) -> list[Call]:
    number = intent.number
    life = chance.choices(range(LIVES), (6, 4, 1))[0]
    if intent.reverses is not None:
        life = LIVES - 1
    at = round(chance.uniform(0, SECONDS), 3)
    made = [Call(life=life, at=at, intent=number)]
    for _ in range(chance.choice((0, 1, 1, 2))):
        again = chance.randint(life, LIVES - 1)
        shift = chance.choice((0, 0.01, 0.1, 0.3)) if again == life else chance.uniform(0, SECONDS)
        begin = at if again == life else 0.0
        made.append(Call(life=again, at=round(begin + shift, 3), intent=number))
    if intent.approvals:
        later = round(at + chance.uniform(0, SECONDS), 3)
        made.append(Call(life=life, at=later, intent=number, what="approve"))
    if intent.is_redemption and chance.random() < 0.2:
        made.append(Call(life=life, at=at, intent=number, what="buy"))
    return made
