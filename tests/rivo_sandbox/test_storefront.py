"""What customers do themselves: the same effects as by the API, without a request."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.rivo_sandbox.stage import AIKO, MAYA, SARAH, Stage, attributes, redeem, switched

pytestmark = pytest.mark.anyio


async def test_a_customer_takes_a_reward() -> None:
    stage = Stage()

    taken = stage.sandbox.redeem(AIKO, 709485)
    by_api = await redeem(stage, AIKO, 709485)

    assert 60_000_001 == taken
    assert [None, 1] == [entry.request for entry in stage.sandbox.ledger[-2:]]
    assert [None, 1] == [done.request for done in stage.sandbox.applied]
    shown = attributes(await stage.get(f"points_redemptions/{taken}"))
    assert by_api["name"] == shown["name"]
    assert 2 == len(stage.sandbox.requests)


@pytest.mark.parametrize(
    ("reward", "amounts", "points", "credit"),
    [
        (594155, {"credits_amount": Decimal(2)}, 0, Decimal(-2)),
        (709490, {"points_amount": 200}, -200, Decimal(0)),
    ],
)
async def test_a_reward_with_an_amount_is_taken_with_it(
    reward: int, amounts: dict[str, object], points: int, credit: Decimal
) -> None:
    stage = Stage()

    assert stage.sandbox.redeem(MAYA, reward, **amounts) is not None  # type: ignore[arg-type]

    entry = stage.sandbox.ledger[-1]
    assert (points, credit) == (entry.points, entry.credits)


async def test_what_the_shop_refuses_does_not_happen() -> None:
    stage = Stage()
    before = stage.sandbox.ledger

    assert None is stage.sandbox.redeem(SARAH, 709489)
    assert not stage.sandbox.refund(1)
    assert not stage.sandbox.change_birthday(SARAH, "32-13")
    assert not stage.sandbox.cancel(SARAH)

    assert before == stage.sandbox.ledger
    assert [] == list(stage.sandbox.applied)


@pytest.mark.parametrize("route", ["post", "put"])
async def test_a_redemption_is_given_back(route: str) -> None:
    stage = Stage(switches=switched(refund_route=route))
    taken = stage.sandbox.redeem(AIKO, 709485)
    assert taken is not None

    assert stage.sandbox.refund(taken)

    entries = stage.sandbox.ledger[-2:]
    assert ["redemption", "refund"] == [entry.kind for entry in entries]
    assert 0 == sum(entry.points for entry in entries)


async def test_a_customer_changes_their_birthday() -> None:
    stage = Stage()

    assert stage.sandbox.change_birthday(SARAH, "01-02")

    assert "01-02" == attributes(await stage.get(f"customers/{SARAH}"))["dob"]
    assert "01-02" == stage.sandbox.state.customers[SARAH].dob


async def test_a_customer_cancels_their_membership() -> None:
    stage = Stage()

    assert stage.sandbox.cancel(MAYA)

    member = attributes(await stage.get(f"memberships/customers/{MAYA}"))
    assert member["membership"]["queued_for_cancellation_at"] is not None


async def test_what_a_customer_does_shows_late_where_reads_lag() -> None:
    second = timedelta(seconds=1)
    stage = Stage(lag=second, lag_of=lambda _: second)

    stage.sandbox.change_birthday(SARAH, "01-02")
    early = attributes(await stage.get(f"customers/{SARAH}"))["dob"]
    stage.clock.forward(1)

    assert "01-02" != early
    assert "01-02" == attributes(await stage.get(f"customers/{SARAH}"))["dob"]


async def test_customers_do_not_count_against_the_limit() -> None:
    stage = Stage(requests_per_second=1)

    for _ in range(3):
        assert stage.sandbox.change_birthday(SARAH, "01-02")

    assert 200 == (await stage.get("rewards")).status_code
