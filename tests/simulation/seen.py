"""What is seen of a schedule from outside: the checker's only food, all of it plain values."""

from __future__ import annotations

from typing import Any

import msgspec

WORDS = {"Yes": True, "No": False, "Not known": None}


class Said(msgspec.Struct, kw_only=True):
    """One request of a client's and what came back; `status` None: nothing did.

    Times are seconds since the beginning. `phase` is "during" or, once all is quiet, "after".
    `left` says that the client did not wait for an answer.
    """

    intent: int
    caller: str
    action: str
    inputs: dict[str, Any]
    key: str | None
    ticket: str
    slot: int
    asked_at: float
    phase: str = "during"
    reached: bool = True
    left: bool = False
    answered_at: float | None = None
    status: int | None = None
    headers: dict[str, str] = {}
    raw: bytes = b""
    body: Any = None

    @property
    def operation(self) -> dict[str, Any] | None:
        """What it says of its operation, in whatever manner."""
        if not isinstance(self.body, dict):
            return None
        if self.body.get("operation_id") is not None:  # the flat answer of a button
            words = {name: WORDS[self.body[name]] for name in ("applied", "safe_to_retry")}
            return {**self.body, **words, "id": self.body["operation_id"]}
        found = self.body.get("operation")
        return found if isinstance(found, dict) else None


class Arrived(msgspec.Struct, kw_only=True):
    """One write as it left the service; `number` counts requests of all kinds.

    `trouble` is what happened to it on the way, `answered` the status that Rivo gave it (None: it
    never came there), `applied_at` when Rivo carried it out (None: never).
    """

    number: int
    at: float
    instance: str
    method: str
    path: str
    form: dict[str, str]
    trouble: str
    applied_at: float | None = None
    answered: int | None = None


class Booked(msgspec.Struct, kw_only=True):
    """One entry of the ledger; `request` is the number of what caused it, None: the customer."""

    kind: str
    customer_id: int
    points: int
    credits: str
    at: float
    row: int | None
    request: int | None


class Record(msgspec.Struct, kw_only=True):
    """Everything that was seen of one schedule; `stuck` says that it never became quiet.

    `errors` are the lines that the service logged as such, `points` the inputs and outputs that the
    first instance reached.
    """

    seed: int
    settle: float
    late: float
    lag: float
    cap: int | None
    proven: bool
    cut_notes: bool
    said: list[Said]
    arrived: list[Arrived]
    booked: list[Booked]
    operations: list[dict[str, Any]]
    approvals: list[Said]
    epoch: float
    stuck: bool
    points: tuple[str, ...]
    errors: list[str]
    trace: list[str]
