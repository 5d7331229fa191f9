"""What a button says after a click, for everything that may have become of it."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.gorgias import done, not_done, repeated, settled
from tests.app.flat import WRITE

ID = "op_8c9f2f1e6b3d4a5f9e0d7c6b5a493827"
GAVE = {"points_event": {"points_diff": 100, "credits_diff": "0.0"}}
BALANCE = {"customer": {"points_tally": 250, "credits_tally": "25.0"}}
AT = "2026-11-03 07:00:00"


def of(state: str, *, applied: bool | None, safe: bool = False) -> dict[str, Any]:
    return {"id": ID, "state": state, "applied": applied, "safe_to_retry": safe}


def said(flat: dict[str, Any]) -> tuple[Any, ...]:
    assert WRITE == list(flat)
    return tuple(flat[name] for name in ("ok", "state", "applied", "safe_to_retry"))


def test_what_moved_both_ways_is_one_sentence() -> None:
    moved = {"points_event": {"points_diff": -30, "credits_diff": "5.0"}, "customer": None}
    flat = done("create_points_event", moved, wrote=True, currency="USD")

    assert "Took 30 points away and gave 5.0 USD of store credit." == flat["message"]


def test_what_was_done_is_said_with_its_operation() -> None:
    operation = of("succeeded", applied=True)
    flat = done(
        "create_points_event",
        {**GAVE, **BALANCE, "operation": operation},
        wrote=True,
        currency="USD",
    )

    assert ("Yes", "succeeded", "Yes", "No") == said(flat)
    assert (ID, None) == (flat["operation_id"], flat["error"])
    assert "Gave 100 points. New balance: 250 points." == flat["message"]
    assert (250, "25.0 USD") == (flat["points"], flat["store_credit"])


def test_what_already_was_so_is_said() -> None:
    operation = of("succeeded", applied=False)
    flat = done(
        "update_customer_dob", {**BALANCE, "operation": operation}, wrote=True, currency=None
    )

    assert ("Yes", "succeeded", "No", "No") == said(flat)
    assert "It already was so; nothing was changed. New balance: 250 points." == flat["message"]


def test_who_only_looked_made_no_operation() -> None:
    offer: dict[str, Any] = {"redeemable": [], "operation": None}
    flat = done("redeem_customer_points", offer, wrote=False, currency=None)

    assert ("Yes", None, "No", "Yes") == said(flat)
    assert None is flat["operation_id"]


@pytest.mark.parametrize(
    ("error", "operation", "message", "expected"),
    [
        (
            "Rivo has not confirmed this yet; do not repeat it.",
            of("unknown", applied=None),
            "Rivo has not confirmed this yet; do not repeat it.",
            ("No", "unknown", "Not known", "No"),
        ),
        (
            "This is being sent right now.",
            of("sending", applied=None),
            "This is being sent right now. Do not repeat it; look again in a moment.",
            ("No", "sending", "Not known", "No"),
        ),
        (
            "Nothing is sent before somebody else has approved it; do not repeat it.",
            of("awaiting_approval", applied=False),
            "Nothing is sent before somebody else has approved it; do not repeat it.",
            ("No", "awaiting_approval", "No", "No"),
        ),
        (
            "Rivo does not say whether this was applied; do not repeat it.",
            of("needs_review", applied=None),
            "Rivo does not say whether this was applied; do not repeat it.",
            ("No", "needs_review", "Not known", "No"),
        ),
        (
            "This would go beyond 500 points a write",
            of("rejected", applied=False),
            "This would go beyond 500 points a write. Nothing was changed.",
            ("No", "rejected", "No", "No"),
        ),
        (
            "Rivo could not be reached; nothing was changed.",
            of("accepted", applied=False, safe=True),
            "Rivo could not be reached; nothing was changed. You can try again.",
            ("No", "accepted", "No", "Yes"),
        ),
        (
            "This was never sent and has expired.",
            of("expired", applied=False),
            "This was never sent and has expired.",
            ("No", "expired", "No", "No"),
        ),
        (
            "Rivo refused this: Insufficient points",
            of("rejected", applied=False),
            "Rivo refused this: Insufficient points. Nothing was changed.",
            ("No", "rejected", "No", "No"),
        ),
        (
            "Rivo refused this: Customer was never active!",
            of("rejected", applied=False),
            "Rivo refused this: Customer was never active! Nothing was changed.",
            ("No", "rejected", "No", "No"),
        ),
        (
            "create_points_event is switched off in this shop at the moment.",
            None,
            "create_points_event is switched off in this shop at the moment. Nothing was changed.",
            ("No", None, "No", "No"),
        ),
    ],
)
def test_what_was_not_done_is_said_with_whether_to_repeat_it(
    error: str, operation: dict[str, Any] | None, message: str, expected: tuple[Any, ...]
) -> None:
    flat = not_done(error, operation)

    assert message == flat["message"]
    assert error == flat["error"]
    assert expected == said(flat)
    assert (operation and ID) == flat["operation_id"]


def test_without_an_operation_it_is_told_whether_to_try_again() -> None:
    flat = not_done("The service is busy.", safe_to_retry=True)

    assert ("No", None, "No", "Yes") == said(flat)
    assert "The service is busy. You can try again." == flat["message"]


def test_a_click_that_was_answered_before_is_told_so() -> None:
    first = done(
        "create_points_event",
        {**GAVE, **BALANCE, "operation": of("succeeded", applied=True)},
        wrote=True,
        currency="USD",
    )
    again = repeated(first, at=AT)

    assert (
        f"This was already done at {AT}; nothing was done twice. "
        "Gave 100 points. New balance: 250 points."
    ) == again["message"]
    assert {**first, "message": None} == {**again, "message": None}


def test_a_click_that_was_refused_before_is_told_so() -> None:
    first = not_done("Rivo refused this: Excluded", of("rejected", applied=False))

    assert (
        f"This was asked for before, at {AT}; nothing was sent again. "
        "Rivo refused this: Excluded. Nothing was changed."
    ) == repeated(first, at=AT)["message"]


def test_what_a_person_found_to_be_applied_is_done() -> None:
    flat = settled(of("succeeded", applied=True))

    assert ("Yes", "succeeded", "Yes", "No") == said(flat)
    assert "Somebody looked it up in Rivo: it was applied; do not repeat it." == flat["message"]
    assert ID == flat["operation_id"]
