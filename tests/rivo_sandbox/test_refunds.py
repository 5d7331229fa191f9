"""Refunds of redemptions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integrations.rivo_sandbox import Switches
from tests.rivo_sandbox.stage import AIKO, MAYA, SARAH, Stage, attributes, redeem, rows, switched

pytestmark = pytest.mark.anyio

STORE_CREDIT, POINTS_TO_CREDIT = 594155, 709495
USED, EXPIRED, UNUSED, REVOKED = 24100811, 24100415, 24101277, 24101067
OLD_GIFT_CARD = 24100733


async def test_a_refund_gives_everything_back_once(stage: Stage) -> None:
    made = await redeem(stage, SARAH, STORE_CREDIT, credits_amount="5.50")
    stage.clock.forward(60)

    first = await stage.post(f"points_redemptions/{made['id']}/refund")
    stage.clock.forward(60)
    again = await stage.post(f"points_redemptions/{made['id']}/refund")

    assert (201, 201) == (first.status_code, again.status_code)
    assert "2026-11-03T12:01:00.000Z" == attributes(first)["refunded_at"]
    assert "25.00" == attributes(first)["customer"]["credits_tally"]
    assert first.json() == again.json()
    assert (150, Decimal("25.00")) == stage.sandbox.balance(SARAH)
    kinds = [entry.kind for entry in stage.sandbox.ledger[-2:]]
    assert ["redemption", "refund"] == kinds


async def test_a_refund_leaves_one_positive_event(stage: Stage) -> None:
    await stage.post(f"points_redemptions/{UNUSED}/refund")

    found = await stage.query("points_events", {"filters[customer_identifier]": str(AIKO)})
    assert ("Reward refunded", 200) == (
        rows(found)[-1]["title"],
        rows(found)[-1]["points_diff"],
    )


async def test_a_refund_may_leave_no_event() -> None:
    stage = Stage(switches=Switches(refund_event="none"))
    before = rows(await stage.query("points_events", {"pagination[per_page]": "250"}))

    await stage.post(f"points_redemptions/{UNUSED}/refund")

    after = rows(await stage.query("points_events", {"pagination[per_page]": "250"}))
    assert len(before) == len(after)
    assert 5520 == stage.sandbox.balance(AIKO)[0]


@pytest.mark.parametrize("redemption", [USED, EXPIRED, REVOKED, OLD_GIFT_CARD])
async def test_what_is_spent_is_not_refunded(redemption: int) -> None:
    for answer, status in [("422", 422), ("404", 404), ("201", 201)]:
        stage = Stage(switches=switched(spent_refund=answer))
        entries = len(stage.sandbox.ledger)

        refused = await stage.post(f"points_redemptions/{redemption}/refund")

        assert status == refused.status_code
        assert (entries + 1 if status == 201 else entries) == len(stage.sandbox.ledger)


async def test_store_credit_made_of_points_is_final(stage: Stage) -> None:
    made = await redeem(stage, MAYA, POINTS_TO_CREDIT)

    answer = await stage.post(f"points_redemptions/{made['id']}/refund")

    assert 422 == answer.status_code
    assert "This redemption cannot be refunded." == answer.json()["error"]


async def test_the_verb_of_a_refund_is_a_switch() -> None:
    for route, by_post, by_put in [("post", 201, 405), ("put", 405, 201), ("absent", 404, 404)]:
        stage = Stage(switches=switched(refund_route=route))
        answers = [
            (await stage.request(verb, f"points_redemptions/{UNUSED}/refund")).status_code
            for verb in ("POST", "PUT")
        ]
        assert [by_post, by_put] == answers
