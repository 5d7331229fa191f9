"""The operation that a request wants, as it is put down before anything else."""

from __future__ import annotations

from app.doors import Wanted
from app.operations.attempt import LIFE_SECONDS
from app.operations.fingerprint import canonical, fingerprint
from app.operations.means import Means
from app.operations.operation import UNKNOWN_AGENT, Operation
from app.operations.sending import LEASE_SECONDS


def drafted(wanted: Wanted, means: Means) -> Operation:
    """Draft the operation for a request, with a new id, and with our lease on it."""
    context, action = wanted.context, wanted.action
    at, customer = means.at(), wanted.inputs.get("customer_email")
    return Operation(
        id=means.new_id(),
        shop=wanted.caller.shop.name,
        door=wanted.door,
        caller=wanted.caller.name,
        action=action.name,
        shape=context.shape,
        key=wanted.key,
        fingerprint=fingerprint(action.name, wanted.inputs),
        ticket_id=context.ticket_id,
        agent=context.agent_email.casefold() if context.agent_email else UNKNOWN_AGENT,
        agent_name=context.agent_name,
        reason=context.reason,
        inputs=canonical(wanted.inputs),
        customer=customer and str(customer).casefold(),
        list=action.once.listed if action.once else None,
        created_at=at,
        due_at=at + LIFE_SECONDS,
        owner=means.owner,
        lease_until=at + LEASE_SECONDS,
    )
