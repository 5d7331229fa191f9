"""Somebody who keeps account of a write: what was about to be sent is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.errors import NotFoundError
from integrations.rivo.writing import Given, Writing
from tests.rivo.stage import Stage

REFERENCE = "op_0123456789abcdef0123456789abcdef"
OTHER = "op_ffffffffffffffffffffffffffffffff"


class Keeper:
    """Keeps what a write is about to send, and how much had been sent by then.

    `fails` is raised instead, from the `from_send`th time on.
    """

    def __init__(
        self,
        stage: Stage,
        *,
        fails: Exception | None = None,
        from_send: int = 1,
        seconds: float = 0.0,
        given: Mapping[str, Given] | None = None,
    ) -> None:
        self.stage = stage
        self.fails = fails
        self.from_send = from_send
        self.seconds = seconds
        self.given = given or {}
        self.snapshots: list[Mapping[str, Any]] = []
        self.sent_before: list[list[str]] = []

    async def about_to_send(self, snapshot: Mapping[str, Any]) -> None:
        self.snapshots.append(snapshot)
        self.sent_before.append(writes_sent(self.stage))
        self.stage.clock.seconds += self.seconds
        if self.fails is not None and len(self.snapshots) >= self.from_send:
            raise self.fails

    async def recall(self, operation_id: str) -> Given:
        if operation_id not in self.given:
            raise NotFoundError("There is no such operation.")
        return self.given[operation_id]

    def writing(self, *, trusts_state: bool = True) -> Writing:
        """Make what the action is handed."""
        return Writing(
            reference=REFERENCE,
            about_to_send=self.about_to_send,
            recall=self.recall,
            trusts_state=trusts_state,
        )


def writes_sent(stage: Stage) -> list[str]:
    """Return what left that may have changed something."""
    return [line for line in stage.sent if not line.startswith("GET")]
