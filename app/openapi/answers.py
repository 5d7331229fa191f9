"""The canonical answers as JSON Schema: the flat ones read off their types, and `shape=full`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from app.manners import ENDING
from app.openapi.inputs import SCHEMAS, Schema
from app.problems import Problem
from integrations.actions import Action
from integrations.rivo.memberships import MembershipCancellation

REDEMPTION: Final = {"$ref": f"{SCHEMAS}FullRedemption"}
RESOURCE: Final = {"$ref": f"{SCHEMAS}Resource"}
RESOURCES: Final = {"type": "array", "items": RESOURCE}
MAYBE_RESOURCE: Final = {"anyOf": [RESOURCE, {"type": "null"}]}
SIDEBAR: Final = {
    "type": ["object", "null"],
    "properties": {
        "customer": MAYBE_RESOURCE,
        "points_events": RESOURCES,
        "points_redemptions": RESOURCES,
        "membership": MAYBE_RESOURCE,
        "rewards": RESOURCES,
        "vip_tiers": RESOURCES,
    },
}
FULL: Final[dict[str, Schema]] = {
    "get_sidebar": SIDEBAR,
    "create_points_redemption": REDEMPTION,
    "refund_points_redemption": REDEMPTION,
    "redeem_customer_points": {"anyOf": [REDEMPTION, RESOURCES]},
    "cancel_membership": {"$ref": f"{SCHEMAS}FullCancellation"},
}
"""What `data` holds under `shape=full` where it is not Rivo's own resource, or a list of them."""


class Resource(msgspec.Struct):
    """Rivo's own resource, without what an agent's screen must not show."""

    id: int | None
    type: str | None
    attributes: dict[str, Any]


class FullReward(msgspec.Struct):
    """The reward that was redeemed."""

    id: int | None
    name: str | None
    source: str | None
    enabled: bool | None
    reward_type: str | None
    reward_value: int | float | None
    points_amount: int | None


class FullCustomer(msgspec.Struct):
    """The customer, as Rivo says it within a redemption."""

    id: int | None
    email: str | None
    first_name: str | None
    last_name: str | None
    total_spent: int | float | None
    orders_count: int | None
    points_tally: int | None
    credits_tally: str | None
    loyalty_status: str | None


class FullRedemptionAttributes(msgspec.Struct):
    """What is documented of a redemption."""

    id: int | None
    code: str | None
    name: str | None
    reward: FullReward | None
    customer: FullCustomer | None
    applied_at: str | None
    expires_at: str | None
    points_amount: int | None
    credits_amount: str | None


class FullRedemption(msgspec.Struct):
    """A redemption as it is documented."""

    id: int | None
    type: str
    attributes: FullRedemptionAttributes


class FullCancellation(msgspec.Struct):
    """A cancellation as it is documented."""

    type: str
    attributes: MembershipCancellation


class Listed(msgspec.Struct):
    """One action in the list of what a caller may do."""

    name: str
    writes: bool
    summary: str
    inputs: list[str]


class ActionsAnswer(msgspec.Struct):
    """What the caller may do.

    `reasons` are those that may be given (none: any), `limits` those that hold, by name; `currency`
    is the shop's.
    """

    actions: list[Listed]
    count: int
    reasons: list[str]
    limits: dict[str, bool | int | str]
    currency: str | None


class RivoHealth(msgspec.Struct):
    """Of how many shops Rivo fails so that it is left alone, or is asked more than it allows."""

    shops: int
    left_alone: int
    used_up: int


class Health(msgspec.Struct):
    """Whether the service is alive, or ready; `sandbox` says that its Rivo is a demo shop.

    It is ready whatever becomes of its `store` (ok or lost) and of Rivo: reads go on.
    """

    status: str
    sandbox: bool | msgspec.UnsetType = msgspec.UNSET
    store: str | msgspec.UnsetType = msgspec.UNSET
    rivo: RivoHealth | msgspec.UnsetType = msgspec.UNSET


def answer_schemas(actions: Mapping[str, Action], *more: type[msgspec.Struct]) -> dict[str, Schema]:
    """Describe every answer, by component; `more` are those of no action."""
    kinds: list[type[msgspec.Struct]] = [action.answer for action in actions.values()] + [*more]
    kinds += [Problem, Resource, FullRedemption, FullCancellation, ActionsAnswer, Health]
    _, described = msgspec.json.schema_components(kinds, ref_template=f"{SCHEMAS}{{name}}")
    full = {full_name(action): _full(action, described) for action in actions.values()}
    return {name: schema for name, schema in (described | full).items() if schema is not None}


def full_name(action: Action) -> str:
    """Name the component that describes an action's answer under `shape=full`."""
    return f"{action.name}.full"


def _full(action: Action, described: Mapping[str, Schema]) -> Schema:
    flat: Schema = described[action.answer.__name__]["properties"]
    listed: Schema = {name: flat[name] for name in ENDING if name in flat}
    resource = RESOURCES if "count" in listed else RESOURCE
    properties: Schema = {"data": FULL.get(action.name, resource), **listed}
    return {"type": "object", "properties": properties, "required": list(properties)}
