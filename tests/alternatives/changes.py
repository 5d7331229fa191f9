"""How an outcome is expected to be otherwise than by default: small changes, put together."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tests.alternatives.service import Outcome

Outcomes = list[Outcome]
Expect = Callable[[Mapping[str, Outcomes], str], Outcomes]
"""Makes what is expected of a mode, from what each mode of the action ends with by default."""

GONE = object()
"""What `with_` takes away."""
TOLD_BY_EVENTS = {"points_events", "activity", "rows"}


def refused(reason: str) -> Expect:
    """End with Rivo's no."""
    return ends("refused_by_rivo", f"Rivo refused this: {reason}")


def ends(error: str, message: str, *, sends_as: str | None = None) -> Expect:
    """End with an error and change nothing; what is asked later is held against the shop only.

    What is sent is what is sent by default, in this mode or in another (`sends_as`).
    """

    def expect(defaults: Mapping[str, Outcomes], mode: str) -> Outcomes:
        sent = defaults[sends_as or mode][0]["sent"]
        return [{"error": error, "message": message, "sent": sent, "changed": {}}]

    return expect


def with_(changes: Mapping[str, object]) -> Expect:
    """Put values in their places, as `0.answer.customer`; GONE takes one away."""

    def expect(defaults: Mapping[str, Outcomes], mode: str) -> Outcomes:
        outcomes = copy.deepcopy(defaults[mode])
        for place, value in changes.items():
            *way, last = (int(step) if step.isdigit() else step for step in place.split("."))
            inside: Any = outcomes
            for step in way:
                inside = inside[step]
            if value is GONE:
                del inside[last]
            else:
                inside[last] = value
        return outcomes

    return expect


def first_only(defaults: Mapping[str, Outcomes], mode: str) -> Outcomes:
    """End as by default; what is asked later is held against the shop only."""
    return defaults[mode][:1]


def as_in(other: str) -> Expect:
    """End as another mode does by default."""
    return lambda defaults, _: defaults[other][:1]


def with_rows(count: int, *, following: Mapping[str, int]) -> Expect:
    """List the first rows only."""

    def expect(defaults: Mapping[str, Outcomes], mode: str) -> Outcomes:
        plural, rows = next(iter(defaults[mode][0]["answer"].items()))
        listed = {"count": count, "next": following, plural: rows[:count]}
        return with_({f"0.answer.{k}": v for k, v in listed.items()})(defaults, mode)

    return expect


def sent_as(*verbs: str) -> Expect:
    """Send the same once by each verb."""

    def expect(defaults: Mapping[str, Outcomes], mode: str) -> Outcomes:
        (sent,) = defaults[mode][0]["sent"]
        _, _, rest = sent.partition(" ")
        return with_({"0.sent": [f"{verb} {rest}" for verb in verbs]})(defaults, mode)

    return expect


def without_customer(defaults: Mapping[str, Outcomes], mode: str) -> Outcomes:
    """Leave out whose redemption it is; where nothing was sent, it is known from what was read."""
    if not defaults[mode][0]["sent"]:
        return defaults[mode]
    outcomes = copy.deepcopy(defaults[mode])
    redemption = outcomes[0].get("answer", {}).get("points_redemption")
    if redemption is not None:
        redemption |= {"customer_id": None, "customer_email": None}
    if "full" in outcomes[0]:
        outcomes[0]["full"]["attributes"]["customer"] = None
    return outcomes


def without_event(defaults: Mapping[str, Outcomes], mode: str) -> Outcomes:
    """Leave out the event of a refund; what is asked later is held against the shop only."""
    outcomes = copy.deepcopy(defaults[mode][:1])
    outcomes[0]["changed"].pop("points_events", None)
    return outcomes


def as_words(defaults: Mapping[str, Outcomes], mode: str) -> Outcomes:
    """Show the sources of events and the purchase types of rewards as words."""
    return [_worded(outcome) for outcome in defaults[mode]]


def _worded(value: Any, *, told_by_event: bool = False) -> Any:
    if isinstance(value, list):
        return [_worded(each, told_by_event=told_by_event) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _spoken(inside)
        if name == "purchase_type" or (name == "source" and told_by_event)
        else _worded(inside, told_by_event=told_by_event or name in TOLD_BY_EVENTS)
        for name, inside in value.items()
    }


def _spoken(token: str | None) -> str | None:
    return token and token.replace("_", " ").capitalize()
