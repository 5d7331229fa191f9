"""An operation as it is shown: every key always there, and in words what its state means."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.operations.operation import Stored
from app.operations.showing import Happened, message, shown, shown_whole
from tests.operations.made import AT, PERSON, made

KEYS = [
    "id",
    "state",
    "applied",
    "safe_to_retry",
    "message",
    "action",
    "customer_email",
    "customer_id",
    "agent_email",
    "agent_name",
    "assurance",
    "caller",
    "ticket_id",
    "reason",
    "inputs",
    "points",
    "credits",
    "created_at",
    "sent_at",
    "settle_after",
    "ended_at",
    "rivo_id",
    "evidence",
    "approved_by",
    "settled_by",
    "reverses",
    "reversed_by",
    "late_at",
]
OTHER = f"op_{2:032x}"


def told(**changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = msgspec.to_builtins(shown(made(**changes), reversed_by=None))
    return answer


def test_every_key_is_there_of_an_operation_of_which_nothing_is_known() -> None:
    assert {
        **dict.fromkeys(KEYS),
        "id": f"op_{1:032x}",
        "state": "accepted",
        "applied": False,
        "safe_to_retry": True,
        "message": "It was not sent; the same request may be sent again.",
        "action": "create_points_event",
        "customer_email": PERSON,
        "caller": "reader",
        "inputs": {"customer_email": PERSON, "points_amount": 100},
        "created_at": "2026-11-03T12:00:01.250Z",
        "evidence": [],
    } == told()
    assert KEYS == list(told())


def test_everything_that_is_known_is_there() -> None:
    operation = made(
        state="succeeded",
        applied=True,
        customer_id="7294851236742",
        agent="jo@support.example.com",
        agent_name="Jo",
        ticket_id="4711",
        reason="late delivery",
        points_diff=-100,
        credits_diff="5.5",
        sent_at=AT + 2,
        due_at=AT + 92,
        ended_at=AT + 3,
        rivo_id=79096412,
        evidence=("one", "two"),
        approved_by="lead",
        settled_by="lead_key",
        reverses=OTHER,
        late_at=AT + 900,
        reply=Stored(201, "application/json", b"secret"),
    )
    history = [Happened(at="2026-11-03T12:00:00.000Z", event="accepted", by="reader")]
    answer = msgspec.to_builtins(shown_whole(operation, reversed_by=OTHER, history=history))

    assert [*KEYS, "history"] == list(answer)
    assert {
        "id": f"op_{1:032x}",
        "state": "succeeded",
        "applied": True,
        "safe_to_retry": False,
        "message": f"It was applied, once. It is taken back by {OTHER}.",
        "action": "create_points_event",
        "customer_email": PERSON,
        "customer_id": 7294851236742,
        "agent_email": "jo@support.example.com",
        "agent_name": "Jo",
        "assurance": "asserted",
        "caller": "reader",
        "ticket_id": "4711",
        "reason": "late delivery",
        "inputs": {"customer_email": PERSON, "points_amount": 100},
        "points": -100,
        "credits": "5.5",
        "created_at": "2026-11-03T12:00:01.250Z",
        "sent_at": "2026-11-03T12:00:02.250Z",
        "settle_after": None,
        "ended_at": "2026-11-03T12:00:03.250Z",
        "rivo_id": 79096412,
        "evidence": ["one", "two"],
        "approved_by": "lead",
        "settled_by": "lead_key",
        "reverses": OTHER,
        "reversed_by": OTHER,
        "late_at": "2026-11-03T12:15:00.250Z",
        "history": [{"at": "2026-11-03T12:00:00.000Z", "event": "accepted", "by": "reader"}],
    } == answer


@pytest.mark.parametrize(
    ("customer", "customer_id", "address", "number"),
    [
        (PERSON, None, PERSON, None),
        (PERSON, "12", PERSON, 12),
        ("7294851236742", None, None, 7294851236742),
        ("7294851236742", "7294851236742", None, 7294851236742),
        (None, None, None, None),
        (PERSON, PERSON, PERSON, None),
    ],
)
def test_a_customer_is_an_address_or_a_number(
    customer: str | None, customer_id: str | None, address: str | None, number: int | None
) -> None:
    answer = told(customer=customer, customer_id=customer_id)

    assert (address, number) == (answer["customer_email"], answer["customer_id"])


@pytest.mark.parametrize(
    ("agent", "name", "address", "assurance"),
    [
        ("unknown", None, None, None),
        ("unknown", "Jo", None, "asserted"),
        ("jo@support.example.com", None, "jo@support.example.com", "asserted"),
    ],
)
def test_an_agent_is_what_the_helpdesk_asserts(
    agent: str, name: str | None, address: str | None, assurance: str | None
) -> None:
    answer = told(agent=agent, agent_name=name)

    assert (address, name) == (answer["agent_email"], answer["agent_name"])
    assert assurance == answer["assurance"]


@pytest.mark.parametrize(
    ("state", "applied", "changes", "words"),
    [
        ("accepted", False, {}, "It was not sent; the same request may be sent again."),
        (
            "accepted",
            False,
            {"approved_by": "lead"},
            "It was approved and is sent within seconds.",
        ),
        (
            "awaiting_approval",
            False,
            {},
            "Nothing is sent before somebody else has approved it.",
        ),
        ("sending", None, {}, "It is being sent right now."),
        ("succeeded", True, {}, "It was applied, once."),
        ("succeeded", False, {}, "It already was so; nothing was sent."),
        ("rejected", False, {}, "It was not applied."),
        ("unknown", None, {}, "Rivo has not confirmed it yet; do not repeat it."),
        (
            "needs_review",
            None,
            {},
            "Rivo does not say whether it was applied; a person has to settle it.",
        ),
        ("expired", False, {}, "It was never sent, and it is too late for it now."),
        (
            "rejected",
            False,
            {"late_at": AT},
            "It showed up in Rivo after it had been told not to be applied. "
            "reverse_points_event takes it back.",
        ),
        (
            "rejected",
            False,
            {"late_at": AT, "action": "create_referral"},
            "It showed up in Rivo after it had been told not to be applied.",
        ),
    ],
)
def test_a_message_says_what_the_state_means(
    state: Any, applied: bool | None, changes: dict[str, Any], words: str
) -> None:
    assert words == message(made(state=state, applied=applied, **changes))


def test_what_showed_up_late_and_was_taken_back_needs_nothing_more() -> None:
    late = made(state="rejected", applied=False, late_at=AT)

    assert (
        "It showed up in Rivo after it had been told not to be applied. "
        f"It is taken back by {OTHER}."
    ) == message(late, reversed_by=OTHER)


@pytest.mark.parametrize(
    ("state", "awaited"),
    [("unknown", True), ("sending", True), ("accepted", False), ("rejected", False)],
)
def test_when_it_is_looked_at_next_is_told_while_its_outcome_is_awaited(
    state: Any, awaited: bool
) -> None:
    answer = told(state=state, applied=None, due_at=AT + 90)

    assert ("2026-11-03T12:01:30.250Z" if awaited else None) == answer["settle_after"]
