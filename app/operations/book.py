"""The audit book as the engine writes it: a row for every step, within the step's transaction."""

from __future__ import annotations

from collections.abc import Callable

from app.operations import audit
from app.operations.operation import Operation
from app.operations.records import Transaction

SALT_BYTES = 16


class Book:
    """Writes the audit of all shops; `secret_key` is the deployment's, `random` gives bytes."""

    def __init__(self, secret_key: bytes, random: Callable[[int], bytes]) -> None:
        self._secret_key = secret_key
        self._random = random
        self._keys: dict[str, bytes] = {}

    def note(
        self,
        tx: Transaction,
        operation: Operation,
        event: str,
        *,
        at: float,
        by: str | None = None,
        evidence: str | None = None,
    ) -> None:
        """Write down what became of an operation; who and about whom only as a commitment."""
        facts = {
            "by": by or operation.caller,
            "action": operation.action,
            "state": operation.state,
            "applied": operation.applied,
            "attempt": operation.attempt,
            "effect": operation.effect,
            "points": operation.points,
            "credits_milli": operation.credits_milli,
            "rivo_id": operation.rivo_id,
        }
        personal: dict[str, object] | None = None
        if evidence is not None:
            personal = {"evidence": evidence}
        elif event == "accepted":
            personal = {
                "customer": operation.customer,
                "agent": operation.agent,
                "agent_name": operation.agent_name,
                "ticket_id": operation.ticket_id,
                "reason": operation.reason,
                "inputs": dict(operation.inputs),
            }
        shop = operation.shop
        if shop not in self._keys:
            self._keys[shop] = audit.key_of(self._secret_key, shop)
        audit.append(
            tx,
            self._keys[shop],
            shop=shop,
            at=at,
            event=event,
            operation_id=operation.id,
            facts=facts,
            personal=personal,
            salt=self._random(SALT_BYTES),
        )
