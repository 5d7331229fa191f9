"""Everything that is asked under every alternative: each action in its modes, and in trouble."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, Received, Switches, in_turn
from tests.alternatives.case import Case, Inputs
from tests.alternatives.reads import READS
from tests.alternatives.service import Line, Outcome, Plan, Service, Watched, assert_honest
from tests.alternatives.writes import WRITES

MODES = READS | WRITES
"""What is asked of each action, by its mode."""


def _always(fault: Fault, *, of: Literal["everything", "reads", "writes"] = "everything") -> Plan:
    def plan(received: Received) -> Fault | None:
        reads = received.method == "GET"
        return fault if of == "everything" or reads == (of == "reads") else None

    return plan


TROUBLES: dict[str, Callable[[], Plan]] = {
    "too many": lambda: _always(Fault(kind="too_many")),
    "failing": lambda: _always(Fault(kind="server_error")),
    "failing once": lambda: in_turn(Fault(kind="server_error")),
}
"""What can go wrong on Rivo's side, whatever is asked."""
AFTER: dict[str, Callable[[], Plan]] = {
    "lost": lambda: _always(Fault(kind="lost", applied=True), of="writes"),
    "broken off": lambda: _always(Fault(kind="broken_json", applied=True), of="writes"),
    "a page": lambda: _always(Fault(kind="html", applied=True), of="writes"),
    "reads failing": lambda: _always(Fault(kind="server_error"), of="reads"),
    "reads not found": lambda: _always(Fault(kind="status", status=404), of="reads"),
}
"""What can go wrong once a write is applied: with its answer, or with what is read around it."""


def _first(name: str) -> Case:
    """Take an action's first mode by itself."""
    return msgspec.structs.replace(next(iter(MODES[name].values())), first=(), then=())


def _in_trouble(name: str) -> dict[str, Case]:
    troubles = {m: msgspec.structs.replace(_first(name), faults=f) for m, f in TROUBLES.items()}
    return {"bad key": msgspec.structs.replace(_first(name), key="another-key"), **troubles}


def _troubled_after(name: str) -> dict[str, Case]:
    if not ACTIONS[name].writes:
        return {}
    return {
        f"applied, then {mode}": msgspec.structs.replace(_first(name), faults=faults)
        for mode, faults in AFTER.items()
    }


CASES: dict[str, dict[str, Case]] = {name: MODES[name] | _in_trouble(name) for name in ACTIONS}
"""What is asked of each action, by its mode, under every alternative."""
CASES_OF_WRITES = {name: _troubled_after(name) for name in ACTIONS}
"""What is asked besides where an alternative is about writes."""


async def play(line: Line, switches: Switches | Watched, name: str, case: Case) -> list[Outcome]:
    """Ask one case from a fresh start; every step is held against the shop on the way."""
    faults = case.faults() if case.faults else None
    service = Service(line, switches, faults=faults, key=case.key)
    for earlier, inputs in case.first:
        await _once(service, earlier, inputs)
    asked = _to_the_end if case.to_the_end else _once
    outcomes = [await asked(service, name, case.inputs)]
    service.seconds += case.seconds
    return outcomes + [await _once(service, later, inputs) for later, inputs in case.then]


async def _once(service: Service, name: str, inputs: Inputs) -> Outcome:
    outcome = await service.ask(name, inputs)
    assert_honest(service, name, outcome)
    return outcome


async def _to_the_end(service: Service, name: str, inputs: Inputs) -> Outcome:
    """Follow `next` and put the pages together."""
    rows: list[object] = []
    following: Inputs | None = {}
    for _ in range(100):
        outcome = await _once(service, name, {**inputs, **(following or {})})
        if "error" in outcome:
            return outcome
        answer = outcome["answer"]
        rows += next(iter(answer.values()))
        following = answer["next"]
        if following is None:
            return {"rows": rows, "complete": answer["complete"]}
    raise AssertionError("the list does not end")
