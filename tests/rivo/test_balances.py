"""The balance after a write: what surely tells it, and what does not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integrations.rivo.balances import (
    Move,
    balance_after,
    balance_told,
    before_sending,
    look_at_balance,
)
from integrations.rivo.customers import Balance
from integrations.rivo.resource import Resource
from tests.rivo.stage import SARAH, SARAH_ID, Stage, changed, sample

pytestmark = pytest.mark.anyio

MARTINEZ = sample("customer__sarah_martinez.reconstructed")
SPENT = Move(-100)


def has(points: int | None, credit: str | None = "25.0") -> dict[str, object]:
    return {"id": SARAH_ID, "email": SARAH, "points_tally": points, "credits_tally": credit}


def told(points: int | None, credit: str | None = "25.0") -> Balance:
    return Balance.from_rivo(Resource(has(points, credit)))


async def after(
    stage: Stage, *reads: int, said: int | None, move: Move = SPENT
) -> tuple[int | None, int]:
    """The points after a write between the first read and the others; how often was asked."""
    stage.on("GET", "/customers/.*", *[changed(MARTINEZ, points_tally=points) for points in reads])
    before = await look_at_balance(stage.rivo, SARAH)
    stage.memory.drop({f"id:{SARAH_ID}"})
    balance = None if said is None else told(said)
    found = await balance_after(stage.rivo, SARAH, before, balance, move)
    return found.points_tally if found else None, len(stage.sent)


async def test_the_balance_told_is_the_one_after_where_it_has_moved(stage: Stage) -> None:
    assert (50, 1) == await after(stage, 150, said=50)


@pytest.mark.parametrize("said", [150, None], ids=["before", "absent"])
async def test_otherwise_the_balance_is_read_again(stage: Stage, said: int | None) -> None:
    assert (50, 2) == await after(stage, 150, 50, said=said)


@pytest.mark.parametrize("said", [150, None], ids=["before", "absent"])
async def test_a_read_that_lags_behind_is_not_believed(stage: Stage, said: int | None) -> None:
    assert (None, 2) == await after(stage, 150, 150, said=said)


async def test_soon_after_another_write_only_what_is_read_counts(stage: Stage) -> None:
    stage.memory.drop({f"email:{SARAH}"})

    # What was read before may lag behind: 50 may be the balance before this write.
    assert (None, 2) == await after(stage, 150, 150, said=50)


async def test_once_settled_what_is_told_counts_again(stage: Stage) -> None:
    stage.memory.drop({f"email:{SARAH}"})
    stage.clock.seconds += 5

    assert (50, 1) == await after(stage, 150, said=50)


async def test_nothing_is_told_without_the_balance_before(stage: Stage) -> None:
    assert await balance_after(stage.rivo, SARAH, None, told(50), SPENT) is None
    assert [] == stage.sent


@pytest.mark.parametrize("status", [404, 503])
async def test_a_balance_that_cannot_be_read_is_no_reason_to_fail(
    stage: Stage, status: int
) -> None:
    stage.on("GET", "/customers/.*", {"error": "no"}, status=status)

    assert await look_at_balance(stage.rivo, SARAH) is None


@pytest.mark.parametrize(
    ("move", "before", "then", "leads"),
    [
        (Move(-100), (150, "1.0"), (50, "1.0"), True),
        (Move(-100), (150, "1.0"), (50, "6.0"), True),
        (Move(-100), (150, "1.0"), (150, "1.0"), False),
        (Move(100), (None, "1.0"), (100, "1.0"), False),
        (Move(100), (100, "1.0"), (None, "1.0"), False),
        (Move(0, Decimal("-2.50")), (5, "2.5"), (5, "0.0"), True),
        (Move(0, Decimal("-2.50")), (5, "2.5"), (5, "2.50"), False),
        (Move(0, Decimal("2.50")), (5, None), (5, "2.5"), True),
        (Move(), (5, "2.5"), (5, "2.50"), True),
        (Move(), (5, "2.5"), (5, "0"), False),
    ],
    ids=str,
)
def test_a_move_leads_from_one_balance_to_another(
    move: Move,
    before: tuple[int | None, str | None],
    then: tuple[int | None, str | None],
    leads: bool,
) -> None:
    assert leads == move.leads(told(*before), told(*then))


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_move_has_the_sign_that_amounts_lack(sign: int) -> None:
    points = Resource({"points_amount": 100, "credits_amount": "0.0"})
    credit = Resource({"points_amount": None, "credits_amount": "2.5"})

    assert Move(sign * 100) == Move.of(points, sign=sign)
    assert Move(0, sign * Decimal("2.5")) == Move.of(credit, sign=sign)


@pytest.mark.parametrize(
    "customer",
    [None, {"id": 1}, {"points_tally": "many"}, "Sarah"],
    ids=["absent", "without a balance", "odd", "no object"],
)
def test_what_is_odd_about_a_balance_does_not_undo_a_write(customer: object) -> None:
    assert balance_told(Resource({"id": 7, "customer": customer})) is None


async def test_what_is_read_before_leaves_time_to_send(stage: Stage) -> None:
    now = stage.clock()

    assert now + 1.2 == before_sending(stage.rivo.until(now + 4)).deadline
    assert now + 1 == before_sending(stage.rivo.until(now + 1)).deadline
