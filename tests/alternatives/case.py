"""One question, as it is asked under every alternative."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from tests.alternatives.service import KEY, Plan

Inputs = Mapping[str, object]
Step = tuple[str, Inputs]


class Case(Struct, frozen=True, kw_only=True):
    """One question: what is asked, and how.

    `first` is asked before it, `then` after it, `seconds` later; `to_the_end` follows `next` until
    there is none. `faults` spoil the answers, `key` is the one that Rivo wants.
    """

    inputs: Inputs = {}
    first: tuple[Step, ...] = ()
    then: tuple[Step, ...] = ()
    seconds: float = 0.0
    to_the_end: bool = False
    faults: Callable[[], Plan] | None = None
    key: str = KEY


def looked(inputs: Inputs) -> tuple[Step, ...]:
    return (("get_customer", inputs),)


def plus(inputs: Inputs, **more: object) -> dict[str, object]:
    return {**inputs, **more}
