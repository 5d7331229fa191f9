"""What people want in a schedule: writes, and the clicks by which they ask for each."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

ANA, BEN = "ana@example.com", "ben@example.com"
EMAILS = (ANA, BEN)
REDEMPTIONS = {ANA: 7001, BEN: 7002}
CODES = {ANA: "CODE-OF-ANA", BEN: "CODE-OF-BEN"}
FIXED, BY_POINTS, BY_CREDIT = 11, 12, 13
TIERS = (22, 23)
CUSTOM_ACTION = "App review"
GRANTS = (40, 60, 90, 110, 150, 220)
APPROVAL_ABOVE = 400
CallerName = Literal["api", "desk", "button"]


class Click(msgspec.Struct, frozen=True, kw_only=True):
    """One request: when, at which instance, and whether its sender stays for the answer.

    `leaves` is the seconds after which the sender is gone, `cut` whether the server then cancels
    its work. `spelt` sends amounts as text; `other` are inputs that differ from the intent's.
    """

    at: float
    slot: int
    leaves: float | None = None
    cut: bool = False
    spelt: bool = False
    other: Mapping[str, Any] | None = None


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody wants once; `reverses` is the number of the intent to take back.

    `approvals` are the times and instances at which the lead approves it.
    """

    number: int
    caller: CallerName
    action: str
    inputs: Mapping[str, Any]
    key: str | None
    ticket: str
    clicks: tuple[Click, ...]
    reverses: int | None = None
    approvals: tuple[tuple[float, int], ...] = ()

    @property
    def is_redemption(self) -> bool:
        """Whether it takes a reward."""
        return self.action in ("create_points_redemption", "redeem_customer_points")


Wanted = tuple[str, dict[str, Any]]


def _points(chance: random.Random, who: str, _: int) -> Wanted:
    sign = chance.choice((1, 1, 1, -1))
    inputs: dict[str, Any] = {
        "customer_email": who,
        "points_amount": sign * chance.choice(GRANTS),
    }
    if chance.random() < 0.3:
        inputs["internal_note"] = "as agreed on the phone"
    if chance.random() < 0.15:
        inputs["applied_at"] = "2026-09-01T12:00:00+00:00"
    return "create_points_event", inputs


def _credits(chance: random.Random, who: str, _: int) -> Wanted:
    amount = chance.choice(("2.50", "4", "-1.25", "5.00"))
    return "create_points_event", {"customer_email": who, "credits_amount": amount}


def _custom(_: random.Random, who: str, __: int) -> Wanted:
    return "create_points_event", {
        "customer_email": who,
        "source": "custom_action",
        "custom_action_name": CUSTOM_ACTION,
    }


def _redemption(chance: random.Random, who: str, _: int) -> Wanted:
    inputs: dict[str, Any] = {"customer_email": who}
    match chance.choice((FIXED, FIXED, BY_POINTS, BY_CREDIT)):
        case 12:
            inputs |= {"reward_id": BY_POINTS, "points_amount": chance.choice((100, 200))}
        case 13:
            inputs |= {"reward_id": BY_CREDIT, "credits_amount": chance.choice(("3", "4.50"))}
        case _:
            inputs["reward_id"] = FIXED
    action = chance.choice(("create_points_redemption", "redeem_customer_points"))
    return action, inputs


def _refund(chance: random.Random, who: str, _: int) -> Wanted:
    named = {"customer_email": who} if chance.random() < 0.5 else {}
    return "refund_points_redemption", {"redemption_id": REDEMPTIONS[who], **named}


def _birthday(chance: random.Random, who: str, number: int) -> Wanted:
    action = chance.choice(("update_customer_dob", "update_customer"))
    return action, {"customer_email": who, "dob": f"{number + 1:02d}-1{chance.randrange(9)}"}


def _tier(chance: random.Random, who: str, _: int) -> Wanted:
    tier = chance.choice(TIERS)
    return "update_customer_vip_tier", {"customer_email": who, "vip_tier_id": tier}


def _cancel(_: random.Random, who: str, __: int) -> Wanted:
    return "cancel_membership", {"customer_email": who}


def _referral(_: random.Random, who: str, number: int) -> Wanted:
    return "create_referral", {
        "email": f"friend{number}@example.com",
        "referral_code": CODES[who],
        "remote_ip": "203.0.113.7",
    }


KINDS: Mapping[str, tuple[int, Callable[[random.Random, str, int], Wanted]]] = {
    "points": (30, _points),
    "credits": (12, _credits),
    "custom": (6, _custom),
    "redemption": (22, _redemption),
    "refund": (7, _refund),
    "birthday": (7, _birthday),
    "tier": (5, _tier),
    "cancel": (5, _cancel),
    "referral": (6, _referral),
}


def draw_intents(
    chance: random.Random, least: int, most: int, *, only: tuple[str, ...], twins: float
) -> tuple[Intent, ...]:
    """Draw what is wanted, sometimes the same twice, sometimes to be taken back.

    `only` are the kinds to draw from (none: all), `twins` is how often the same is wanted again.
    """
    made: list[Intent] = []
    weights = {k: w for k, (w, _) in KINDS.items() if not only or k in only}
    for number in range(chance.randint(least, most)):
        if made and chance.random() < twins:
            made.append(_twin(chance, made[-1], number, used={(i.caller, i.key) for i in made}))
            continue
        if made and made[-1].action == "create_points_event" and chance.random() < 0.25:
            made.append(_reversal(chance, made[-1], number))
            continue
        kind = chance.choices([*weights], [*weights.values()])[0]
        action, inputs = KINDS[kind][1](chance, chance.choice(EMAILS), number)
        caller: CallerName = chance.choice(("api", "api", "desk", "button"))
        approvals: tuple[tuple[float, int], ...] = ()
        clicks = _clicks(chance, round(chance.uniform(0, 60), 2), inputs)
        if caller == "desk" and kind == "points" and chance.random() < 0.5:
            inputs["points_amount"] = APPROVAL_ABOVE + 50
            approvals = _approvals(chance, clicks[-1].at)
        made.append(
            Intent(
                number=number,
                caller=caller,
                action=action,
                inputs=inputs,
                key=f"key-{number}" if chance.random() < 0.6 else None,
                ticket=str(100 + number),
                clicks=clicks,
                approvals=approvals,
            )
        )
    return tuple(made)


def _approvals(chance: random.Random, last: float) -> tuple[tuple[float, int], ...]:
    at = round(last + chance.uniform(0.5, 20), 2)
    later = round(at + chance.choice((0, 0.02, 6)), 2)
    return ((at, 0), (later, 1))[: chance.randrange(3)]


def _twin(
    chance: random.Random, first: Intent, number: int, *, used: set[tuple[str, str | None]]
) -> Intent:
    """The same for another ticket, or by another caller under the same key: wanted twice."""
    shift = round(chance.uniform(0, 20), 2)
    clicks = tuple(
        msgspec.structs.replace(click, at=round(click.at + shift, 2), other=None)
        for click in first.clicks
    )
    other: CallerName = "desk" if first.caller == "api" else "api"
    is_free = first.key is not None and (other, first.key) not in used
    if is_free and not first.approvals and chance.random() < 0.5:
        return msgspec.structs.replace(
            first, number=number, caller=other, ticket=str(100 + number), clicks=clicks
        )
    return msgspec.structs.replace(
        first,
        number=number,
        key=None if first.key is None else f"key-{number}",
        ticket=str(100 + number),
        clicks=clicks,
        approvals=(),
    )


def _reversal(chance: random.Random, first: Intent, number: int) -> Intent:
    at = round(first.clicks[-1].at + chance.uniform(3, 60), 2)
    return Intent(
        number=number,
        caller=chance.choice(("api", "desk")),
        action="reverse_points_event",
        inputs={},
        key=f"key-{number}" if chance.random() < 0.6 else None,
        ticket=str(100 + number),
        clicks=_clicks(chance, at, {}),
        reverses=first.number,
    )


def _clicks(chance: random.Random, at: float, inputs: Mapping[str, Any]) -> tuple[Click, ...]:
    slot = chance.randrange(2)
    pattern = chance.choices(
        ("once", "double", "both", "again", "later", "many"), (30, 12, 14, 18, 18, 8)
    )[0]
    match pattern:
        case "once":
            times = [(at, slot)]
        case "double":
            times = [(at, slot), (round(at + chance.choice((0, 0.03, 0.3)), 2), slot)]
        case "both":
            times = [(at, slot), (round(at + chance.choice((0, 0.02, 0.2)), 2), 1 - slot)]
        case "again":
            later = round(at + chance.uniform(1, 40), 2)
            times = [(at, slot), (later, chance.randrange(2))]
        case "later":
            later = round(at + chance.uniform(121, 140), 2)
            times = [(at, slot), (later, chance.randrange(2))]
        case _:
            times = [(at, n % 2) for n in range(4)]
    made = [_click(chance, *time) for time in times]
    if "points_amount" in inputs and chance.random() < 0.1:
        other = {**inputs, "points_amount": inputs["points_amount"] + 7}
        made.append(Click(at=round(at + chance.uniform(6, 30), 2), slot=slot, other=other))
    return tuple(made)


def _click(chance: random.Random, at: float, slot: int) -> Click:
    leaves = round(chance.uniform(0.01, 3), 2) if chance.random() < 0.2 else None
    return Click(
        at=at,
        slot=slot,
        leaves=leaves,
        cut=leaves is not None and chance.random() < 0.6,
        spelt=chance.random() < 0.2,
    )
