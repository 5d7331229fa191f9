"""Mistakes that replay and outages have to catch: patches of the service, tried in short runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal
from unittest import mock

import msgspec

from app.gorgias import GorgiasManner
from app.manners import Manner
from integrations import budget
from integrations.breaker import Breaker
from integrations.budget import NO_LIMIT, Budget
from integrations.memory import Memory
from integrations.news import News
from integrations.rivo import client, reading
from integrations.rivo.client import Rivo
from integrations.rivo.forms import when
from integrations.rivo.found import Found
from integrations.rivo.reading import Reader
from tests.replay.crowd import crowd
from tests.replay.outages import Way, outage
from tests.replay.plan import WRITES, draw
from tests.replay.world import replay

Patch = contextlib.AbstractContextManager[Any]
Patches = tuple[Patch, ...]
OPENS: Final = 400
CUSTOMERS: Final = 150
ASKS: Final = 60


class Bug(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake: how it gets into the service, and in which outage or replay it shows soon."""

    patches: Callable[[], Patches]
    way: Way | Literal["crowd"] | None = None
    a_second: float = 8.0
    writes: float = WRITES


def on(target: object, name: str, instead: object) -> Patch:
    """Put something in the place of something of the service's."""
    return mock.patch.object(target, name, instead)


def _found(change: Callable[[Reader, Found], Mapping[str, object]]) -> Callable[[], Patches]:
    """Change what is said of each read."""
    true = Reader.read

    async def read(self: Reader, *given: Any, **named: Any) -> Found:
        found = await true(self, *given, **named)
        return msgspec.structs.replace(found, **change(self, found))

    return lambda: (on(Reader, "read", read),)


def _alone() -> Patches:
    true = Memory.read

    async def read(self: Any, *given: Any, **named: Any) -> Any:
        self._flights.clear()
        return await true(self, *given, **named)

    return (on(Memory, "read", read),)


def _keeps_all() -> Patches:
    def keep(self: Any, entry: Any) -> None:
        entry.checked = self._news.number
        self._entries[entry.asked.key] = entry

    return (on(Memory, "_keep", keep), on(News, "unsettled", lambda *_, **__: []))


def _never_again() -> Patches:
    true: Callable[..., Any] = Memory._take_off

    def take_off(self: Any, *given: Any, background: bool = False, **named: Any) -> Any:
        return None if background else true(self, *given, **named)

    return (on(Memory, "_take_off", take_off),)


def _patient() -> Patches:
    return (
        on(Rivo, "seconds_left", property(lambda _: 60.0)),
        *(on(module, "READ_SECONDS", 10.0) for module in (client, reading)),
        on(client, "WRITE_SECONDS", 10.0),
    )


def _nothing(*_: Any, **__: Any) -> None:
    """Do nothing."""


async def _not_at_all(*_: Any, **__: Any) -> None:
    """Do nothing, and take no time for it."""


BUGS: Final[dict[str, Bug]] = {
    "there is no budget": Bug(patches=lambda: (on(Budget, "_limit", lambda *_: NO_LIMIT),)),
    "the budget's window is a second": Bug(patches=lambda: (on(budget, "WINDOW_SECONDS", 1.0),)),
    "what we change is not forgotten": Bug(patches=lambda: (on(Memory, "drop", _nothing),)),
    "what Rivo announces is not looked at": Bug(
        patches=lambda: (on(Rivo, "look_again", _nothing),)
    ),
    "everybody asks for themselves": Bug(patches=_alone, way="crowd"),
    "nothing is remembered": Bug(patches=lambda: (on(Memory, "_keep", _nothing),)),
    "as_of is when it is shown": Bug(
        patches=_found(lambda reader, _: {"as_of": when(reader._now())})
    ),
    "stale is never said": Bug(patches=_found(lambda *_: {"stale": False})),
    "a read from before a write is kept": Bug(patches=_keeps_all, writes=0.4),
    "what is stale is not looked up": Bug(patches=_never_again, a_second=2.0),
    "Rivo is asked however it fails": Bug(
        patches=lambda: (on(Breaker, "count", _nothing),), way="500"
    ),
    "what was known is not shown": Bug(
        patches=lambda: (on(Memory, "last_known", _nothing),), way="dead"
    ),
    "helpdesks are told Rivo's trouble": Bug(
        patches=lambda: (on(GorgiasManner, "refuse", Manner.refuse),), way="dead"
    ),
    "nobody looks whether Rivo is back": Bug(
        patches=lambda: (on(Breaker, "_recover", _not_at_all),), way="hung"
    ),
    "answers wait for Rivo": Bug(patches=_patient, way="hung"),
}


def caught(name: str, *, most: int, first: int = 1) -> tuple[int, list[str]] | None:
    """Look for a mistake in run after run: the seed that shows it, and how."""
    bug = BUGS[name]
    with contextlib.ExitStack() as stack:
        for patch in bug.patches():
            stack.enter_context(patch)
        for seed in range(first, first + most):
            if found := _found_in(bug, seed):
                return seed, found
    return None


def _found_in(bug: Bug, seed: int) -> list[str]:
    if bug.way == "crowd":
        asked = crowd("actions").asked
        return [f"asked {number} times" for number in asked.values() if number > 1]
    if bug.way is not None:
        return outage(seed, asks=ASKS, way=bug.way).found
    steps = draw(seed, opens=OPENS, customers=CUSTOMERS, a_second=bug.a_second, writes=bug.writes)
    return replay(steps, seed=seed, customers=CUSTOMERS).found
