"""What is decided before an operation exists: what no limit has to be counted for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from app.limits import Limits, tightest
from app.settings import ShopSettings
from app.shops import Caller
from integrations.actions import Action, Context
from integrations.errors import ForbiddenError, InputError, OwnAddressError, SwitchedOffError
from integrations.inputs import shortened

REDEMPTION: Final = "create_points_redemption"
GIVE_ALWAYS: Final = frozenset(
    {REDEMPTION, "redeem_customer_points", "refund_points_redemption", "reverse_points_event"}
)


def admit(caller: Caller, action: Action, inputs: Mapping[str, Any], context: Context) -> Context:
    """Let a request go on to become an answer, or an operation.

    Returns the context with the shop's own spelling of the reason. Raises SwitchedOffError (reads
    too), and for what writes ForbiddenError for a source, OwnAddressError, and InputError for a
    reason. Whether the caller may use the action at all has been decided at the door.
    """
    if is_switched_off(caller.shop.settings, action, inputs):
        raise SwitchedOffError(f"{action.name} is switched off in this shop at the moment.")
    if _looks(action, inputs):
        return context
    _check_source(caller, action, inputs)
    if _gives(action, inputs):
        check_own_address(context.agent_email, inputs.get("customer_email"))
    return _with_reason(caller, context)


def limits_of(caller: Caller) -> Limits:
    """Say what a caller may do at most: the caller's own limits and the shop's, both."""
    return tightest(caller.settings.limits, caller.shop.settings.limits)


def check_own_address(agent: str | None, customer: str | None) -> None:
    """Refuse to let an agent give to their own address, in any case and with any plus part.

    A deterrent, not a proof: who the agent is, is only what the helpdesk says, and a customer named
    by a number is nobody's address. OwnAddressError.
    """
    if agent is not None and customer is not None and _mailbox(agent) == _mailbox(customer):
        raise OwnAddressError("An agent may not give anything to their own address.")


def is_switched_off(shop: ShopSettings, action: Action, inputs: Mapping[str, Any]) -> bool:
    """Say whether nobody may do this in a shop at the moment.

    Whoever switches redemptions off means those of `redeem_customer_points` as well.
    """
    redeems = action.name == "redeem_customer_points" and not _looks(action, inputs)
    return action.name in shop.kill or (redeems and REDEMPTION in shop.kill)


def _looks(action: Action, inputs: Mapping[str, Any]) -> bool:
    return not action.writes or (action.only_looks is not None and action.only_looks(inputs))


def _check_source(caller: Caller, action: Action, inputs: Mapping[str, Any]) -> None:
    allowed = caller.settings.sources
    if action.name != "create_points_event" or allowed is None:
        return
    source = inputs.get("source", "manual")
    if source not in allowed:
        which = ", ".join(sorted(allowed)) or "none"
        raise ForbiddenError(f"This key may not use the source {source}; allowed: {which}.")


def _gives(action: Action, inputs: Mapping[str, Any]) -> bool:
    """Say whether somebody gains by it; a source without an amount has the rule's, which gives."""
    if action.name != "create_points_event":
        return action.name in GIVE_ALWAYS
    amounts = [a for a in (inputs.get("points_amount"), inputs.get("credits_amount")) if a]
    return any(a > 0 for a in amounts) if amounts else inputs.get("source", "manual") != "manual"


def _mailbox(address: str) -> tuple[str, str]:
    """Reduce an address to the mailbox that it reaches: jo+shop@example.com is jo@example.com."""
    local, _, domain = address.casefold().rpartition("@")
    return local.partition("+")[0] or local, domain


def _with_reason(caller: Caller, context: Context) -> Context:
    listed = {_plain(each): each for each in caller.shop.settings.reasons}
    expected = f"one of {', '.join(listed.values())}" if listed else "given"
    if context.reason is None:
        if limits_of(caller).reason_required:
            raise InputError("reason", expected=expected)
        return context
    if not listed:
        return context
    reason = listed.get(_plain(context.reason))
    if reason is None:
        raise InputError("reason", expected=expected, given=shortened(context.reason))
    return msgspec.structs.replace(context, reason=reason)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
