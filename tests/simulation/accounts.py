"""Which request in Rivo's log belongs to which operation, told from outside alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote

from tests.simulation.seen import Arrived, Booked, Record

REFERENCE: Final = re.compile(r"op_[0-9a-f]{32}")
TERMINAL: Final = ("succeeded", "rejected", "expired")
REDEEMS: Final = ("create_points_redemption", "redeem_customer_points")
EVENTS: Final = ("create_points_event", "reverse_points_event")
SURELY_NOT: Final = ("refuse", "too_many")
RULE_POINTS: Final = 50
PEOPLE: Final = {"1001": "ana@example.com", "1002": "ben@example.com"}

Shape = tuple[str, ...]
Operation = Mapping[str, Any]


class Accounts:
    """The operations that were told of, and what was sent and carried out for each.

    Points events carry a reference, so `sent[id]` is exact. Other writes are known by their shape:
    what they do, to whom and how much.
    """

    def __init__(self, record: Record) -> None:
        self.operations: dict[str, Operation] = {each["id"]: each for each in record.operations}
        self.sent: dict[str, list[Arrived]] = defaultdict(list)
        self.sent_shapes: dict[Shape, list[Arrived]] = defaultdict(list)
        self.strange: list[Arrived] = []
        for arrived in record.arrived:
            shape = shape_of_request(arrived)
            if shape is None:
                self.strange.append(arrived)
            elif shape[0] == "event":
                self.sent[shape[1]].append(arrived)
            else:
                self.sent_shapes[shape].append(arrived)
        self.shapes: dict[Shape, list[Operation]] = defaultdict(list)
        for operation in record.operations:
            if (known := shape_of(operation["action"], operation["inputs"])) is not None:
                self.shapes[known].append(operation)
        self.rows: dict[int, Booked] = {b.row: b for b in record.booked if b.row is not None}
        self.by_request: dict[int, list[Booked]] = defaultdict(list)
        for booked in record.booked:
            if booked.request is not None:
                self.by_request[booked.request].append(booked)

    def effects(self, operation_id: str) -> list[Arrived]:
        """List what was carried out for a points event."""
        return [each for each in self.sent[operation_id] if each.applied_at is not None]

    def storefront(self, shape: Shape) -> list[Booked]:
        """List the customer's own redemptions that look like this one."""
        return [
            booked
            for booked in self.rows.values()
            if booked.kind == "redemption" and booked.request is None and _like(booked, shape)
        ]


def shape_of_request(arrived: Arrived) -> Shape | None:
    """Say what a request does; None where that is nothing we know."""
    path, form = [_who(part) for part in arrived.path.split("/")], arrived.form
    match path:
        case ["points_events"]:
            found = REFERENCE.match(form.get("internal_note", ""))
            return ("event", found[0]) if found else None
        case ["points_redemptions"]:
            return redemption_shape(
                form["customer_identifier"],
                form["reward_id"],
                form.get("points_amount"),
                form.get("credits_amount"),
            )
        case ["points_redemptions", number, "refund"]:
            return ("refund", number)
        case ["customers", who]:
            return ("birthday", who, form.get("dob", ""))
        case ["customers", who, "vip_tier"]:
            return ("tier", who, form.get("vip_tier_id", ""))
        case ["memberships", who, "cancel"]:
            return ("cancel", who)
        case ["referrals"]:
            return ("referral", form["email"])
    return None


def shape_of(action: str, inputs: Mapping[str, Any]) -> Shape | None:
    """Say what an operation does; None for points events, which are known by their reference."""
    who = _who(str(inputs.get("customer_email", "")))
    match action:
        case "create_points_redemption" | "redeem_customer_points":
            return redemption_shape(
                who,
                inputs["reward_id"],
                inputs.get("points_amount"),
                inputs.get("credits_amount"),
            )
        case "refund_points_redemption":
            return ("refund", str(inputs["redemption_id"]))
        case "update_customer" | "update_customer_dob":
            return ("birthday", who, str(inputs["dob"]))
        case "update_customer_vip_tier":
            return ("tier", who, str(inputs["vip_tier_id"]))
        case "cancel_membership":
            return ("cancel", who)
        case "create_referral":
            return ("referral", str(inputs["email"]))
    return None


def redemption_shape(who: object, reward: object, points: object, credit: object) -> Shape:
    """Name a redemption by customer, reward and amount."""
    return ("redeem", _who(str(who)), str(reward), str(points or ""), plain(credit or ""))


def plain(value: object) -> str:
    """Spell an amount in one way."""
    text = str(value)
    try:
        return f"{Decimal(text).normalize():f}" if text else text
    except ArithmeticError:
        return text


def same_inputs(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether two sets of inputs mean the same, whatever their spelling."""
    left, right = ({k: plain(v) for k, v in each.items() if v is not None} for each in (one, other))
    defaults = {"source": "manual"}
    return defaults | left == defaults | right


def seconds_of(record: Record, iso: str | None) -> float | None:
    """Read a time of an operation as seconds since the schedule began."""
    return None if iso is None else datetime.fromisoformat(iso).timestamp() - record.epoch


def granted(operation: Operation, operations: Mapping[str, Operation]) -> int:
    """Say how many points an operation gives, if it does or may."""
    if operation["action"] not in EVENTS or operation["state"] in ("rejected", "expired"):
        return 0
    if operation["state"] in ("accepted", "awaiting_approval"):
        return 0
    return max(points_of(operation, operations), 0)


def points_of(operation: Operation, operations: Mapping[str, Operation]) -> int:
    """Say how many points somebody wanted to move."""
    inputs = operation["inputs"]
    if operation["action"] == "reverse_points_event":
        taken_back = operations.get(inputs["operation_id"])
        return 0 if taken_back is None else -points_of(taken_back, operations)
    if inputs.get("source", "manual") != "manual":
        return RULE_POINTS
    return int(inputs.get("points_amount") or 0)


def _who(part: str) -> str:
    name = unquote(part)
    return PEOPLE.get(name, name)


def _like(booked: Booked, shape: Shape) -> bool:
    _, who, reward, points, credit = shape
    cost = int(points) if points else (500 if reward == "11" else 0)
    same_price = (abs(booked.points), plain(Decimal(booked.credits).copy_abs())) == (
        cost,
        credit or "0",
    )
    return PEOPLE[str(booked.customer_id)] == who and same_price
