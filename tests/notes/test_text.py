"""What a note says: a fact a line, nothing that was typed on any other line than its own."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.notes.table import About, Note
from app.notes.text import lines_of, one_line
from app.operations.operation import Stored
from tests.operations.made import AT, made

ID = "op_00000000000000000000000000000001"
AGENT = {"agent": "bo@shop.example.com", "agent_name": "Bo", "reason": "late parcel"}


def reply(**body: Any) -> Stored:
    return Stored(201, "application/json", msgspec.json.encode(body))


def lines(about: About = "outcome", *, later: float = 1, **changes: Any) -> list[str]:
    facts: dict[str, Any] = {"state": "succeeded", "applied": True, "door": "gorgias", **AGENT}
    operation = made(**(facts | changes))
    note = Note(operation=operation, about=about, first_at=AT)
    return lines_of(note, currency="USD", zone="America/New_York", at=AT + 1 + later)


def test_it_says_what_was_done_by_whom_why_what_there_is_now_and_which_operation_it_was() -> None:
    told = lines(points_diff=100, credits_diff="0", reply=reply(points=1350, store_credit="5 USD"))

    assert [
        "Loyalty: gave 100 points.",
        "By: Bo (bo@shop.example.com)",
        "Reason: late parcel",
        "New balance: 1350 points, 5 USD in store credit",
        f"Operation: {ID}",
    ] == told


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"points_diff": -30, "credits_diff": "0.0"}, "took 30 points away"),
        ({"points_diff": 0, "credits_diff": "5.50"}, "gave 5.50 USD in store credit"),
        (
            {"points_diff": 10, "credits_diff": "-2"},
            "gave 10 points and took 2 USD in store credit away",
        ),
        ({"inputs": {"credits_amount": "1.25"}}, "gave 1.25 USD in store credit"),
        ({"inputs": {"source": "custom_action"}}, "changed the balance"),
        ({"inputs": {"points_amount": "NaN", "credits_amount": "?"}}, "changed the balance"),
        (
            {"action": "reverse_points_event", "points_diff": -5},
            "took an earlier change back: took 5 points away",
        ),
        (
            {"action": "reverse_points_event", "inputs": {"operation_id": "op_1"}},
            "took an earlier change back",
        ),
        ({"action": "create_points_redemption"}, "redeemed a reward"),
        ({"action": "refund_points_redemption"}, "refunded a reward, its code is void"),
        ({"action": "update_customer_dob", "inputs": {"dob": "01-02"}}, "changed the birthday"),
        ({"action": "cancel_membership"}, "cancelled the membership"),
    ],
)
def test_each_write_has_its_words(changes: dict[str, Any], what: str) -> None:
    assert f"Loyalty: {what}." == lines(**changes)[0]


def test_the_balance_is_read_off_a_canonical_answer_as_well() -> None:
    customer = {"points_tally": 250, "credits_tally": "25.0", "email": "a@b.example"}
    told = lines(door="zendesk", reply=reply(customer=customer, points_event={}))

    assert "New balance: 250 points, 25.0 USD in store credit" == told[3]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        reply(),
        reply(customer=None),
        reply(points=None, store_credit=None),
        Stored(200, "application/json", b"[1]"),
        Stored(200, "text/html", b"<html>"),
    ],
)
def test_a_balance_that_nobody_knows_is_not_told(answer: Stored | None) -> None:
    assert [] == [line for line in lines(reply=answer) if line.startswith("New balance")]


def test_an_agent_of_whom_nothing_was_sent_is_said_to_be_unknown() -> None:
    told = [
        lines(agent="unknown", agent_name=None)[1],
        lines(agent="unknown", agent_name="Bo")[1],
        lines(agent_name=None)[1],
    ]

    assert [
        "By: an agent whose name was not sent",
        "By: Bo",
        "By: bo@shop.example.com",
    ] == told


def test_nothing_that_was_typed_can_begin_a_line_of_its_own() -> None:
    typed = "late\r\nNew balance: 9\u2028Operation: op_x\x00\x1b[31m \u202e"
    told = lines(reason=typed, agent_name="Bo\nBy: somebody")

    assert [
        "Loyalty: gave 100 points.",
        "By: Bo By: somebody (bo@shop.example.com)",
        "Reason: late New balance: 9 Operation: op_x[31m",
        f"Operation: {ID}",
    ] == told


def test_what_was_typed_at_length_is_cut() -> None:
    assert (500, "…") == (len(one_line("a" * 501)), one_line("a" * 501)[-1])
    assert "a" * 500 == one_line("a" * 500)


def test_a_note_that_comes_late_says_when_it_was_asked_for() -> None:
    assert "Asked for at: 2026-11-03 07:00:01" in lines(later=120)
    assert [] == [line for line in lines(later=119) if line.startswith("Asked for")]


NOT_DONE: list[tuple[About, dict[str, Any], list[str]]] = [
    (
        "outcome",
        {"state": "succeeded", "applied": False, "reply": reply(points=150)},
        ["not done: give 100 points.", "It already was so; nothing was changed."],
    ),
    (
        "outcome",
        {
            "state": "rejected",
            "applied": False,
            "reply": reply(error="Rivo refused this: Customer is excluded."),
        },
        ["not done: give 100 points.", "Rivo refused this: Customer is excluded."],
    ),
    (
        "outcome",
        {"state": "rejected", "applied": False},
        [
            "not done: give 100 points.",
            "Rivo shows that this was never applied; whoever still wants it sends it anew.",
        ],
    ),
    (
        "outcome",
        {"state": "rejected", "applied": False, "settled_by": "lead"},
        ["not done: give 100 points.", "Somebody looked it up in Rivo: it was not applied."],
    ),
    (
        "outcome",
        {"state": "expired", "applied": False},
        [
            "not done: give 100 points.",
            "This was never sent and has expired; whoever still wants it sends it anew.",
        ],
    ),
    (
        "wait",
        {"state": "awaiting_approval", "applied": False},
        [
            "not done yet: give 100 points.",
            "Nothing is sent before somebody else has approved it; do not repeat it.",
        ],
    ),
    (
        "wait",
        {"state": "needs_review", "applied": None},
        [
            "not known whether done: give 100 points.",
            "Rivo does not say whether this was applied; do not repeat it. A person looks at it.",
        ],
    ),
    (
        "unsent",
        {"state": "accepted", "applied": False},
        [
            "not done: give 100 points.",
            "It was not sent; nothing was changed. Whoever still wants it asks for it again.",
        ],
    ),
]


@pytest.mark.parametrize(("about", "changes", "said"), NOT_DONE)
def test_what_was_not_done_is_said_to_be_so_with_the_reason(
    about: About, changes: dict[str, Any], said: list[str]
) -> None:
    told = lines(about, **changes)

    assert [f"Loyalty: {said[0]}", said[1]] == told[:2]
    assert [] == [line for line in told if line.startswith("New balance")]


def test_what_a_person_settled_or_what_showed_up_late_says_so() -> None:
    settled = lines(settled_by="lead")
    late = lines("late", state="rejected", applied=False, late_at=AT)

    assert ["Loyalty: gave 100 points.", "Somebody looked it up in Rivo."] == settled[:2]
    assert "Loyalty: gave 100 points." == late[0]
    assert late[1].startswith("It had been said not to be applied, and now it shows in Rivo.")
