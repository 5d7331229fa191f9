"""Late writes: done some time after the client was told whatever it was told."""

from __future__ import annotations

from datetime import timedelta

import anyio
import httpx
import pytest

from integrations.rivo_sandbox import Announcement, Announcer, Fault, Received, in_turn
from tests.rivo_sandbox.stage import SARAH, Stage, attributes, rows

pytestmark = pytest.mark.anyio

LATE = timedelta(seconds=20)


async def grant(stage: Stage, points: int = 1) -> httpx.Response:
    note = f"op_{points}"
    return await stage.post(
        "points_events",
        customer_identifier=SARAH,
        source="manual",
        points_amount=points,
        internal_note=note,
    )


def late(seconds: float = 20, **more: int) -> Fault:
    after = timedelta(seconds=seconds)
    return Fault(kind="server_error", after=after, note_length=more.get("note_length"))


async def test_a_late_write_is_done_when_its_time_has_come() -> None:
    stage = Stage(faults=in_turn(late()))
    began = stage.clock.now

    told = await grant(stage)
    stage.clock.forward(19.999)
    stage.sandbox.settle()
    before = stage.sandbox.balance(SARAH)[0]
    stage.clock.forward(0.001)
    stage.sandbox.settle()

    assert (502, 150, 151) == (told.status_code, before, stage.sandbox.balance(SARAH)[0])
    assert began + LATE == stage.sandbox.ledger[-1].at
    assert None is stage.sandbox.due


async def test_it_is_done_before_any_later_request_is_answered() -> None:
    stage = Stage(faults=in_turn(late()))
    began = stage.clock.now

    await grant(stage)
    waiting = stage.sandbox.due
    stage.clock.forward(60)
    seen = await stage.get(f"customers/{SARAH}")

    assert began + LATE == waiting
    assert 151 == attributes(seen)["points_tally"]
    assert began + LATE == stage.sandbox.ledger[-1].at


async def test_late_writes_are_done_in_the_order_of_their_times() -> None:
    stage = Stage(faults=in_turn(late(30), late(10), late(10)))

    for points in (1, 2, 3):
        await grant(stage, points)
    stage.clock.forward(60)
    await grant(stage, 4)

    entries = stage.sandbox.ledger[-4:]
    assert ["op_2", "op_3", "op_1", "op_4"] == [entry.note for entry in entries]
    assert [2, 3, 1, 4] == [entry.request for entry in entries]
    assert sorted(entry.number for entry in entries) == [entry.number for entry in entries]
    listed = rows(await stage.query("points_events", {"pagination[since_id]": "900000000"}))
    assert ["op_2", "op_3", "op_1", "op_4"] == [row["internal_note"] for row in listed]


@pytest.mark.parametrize("kind", ["lost", "hang"])
async def test_a_late_write_may_have_no_answer_at_all(kind: str) -> None:
    fault = {
        "lost": Fault(kind="lost", after=LATE, error=lambda: httpx.ReadError("gone")),
        "hang": Fault(kind="hang", after=LATE),
    }[kind]
    stage = Stage(faults=in_turn(fault))

    with anyio.move_on_after(0.01):
        with pytest.raises((httpx.ReadError, anyio.get_cancelled_exc_class())):
            await grant(stage)
    stage.clock.forward(20)
    stage.sandbox.settle()

    assert 151 == stage.sandbox.balance(SARAH)[0]


async def test_a_late_write_may_lose_the_end_of_its_note() -> None:
    stage = Stage(faults=in_turn(late(note_length=3)))

    await grant(stage)
    stage.clock.forward(20)
    stage.sandbox.settle()

    assert "op_" == stage.sandbox.ledger[-1].note


async def test_a_late_write_that_is_refused_changes_nothing() -> None:
    stage = Stage(faults=in_turn(late()))
    form = {"customer_identifier": SARAH, "reward_id": 709489}

    await stage.post("points_redemptions", **form)
    stage.clock.forward(20)
    stage.sandbox.settle()

    assert 150 == stage.sandbox.balance(SARAH)[0]
    assert [] == list(stage.sandbox.applied)


async def test_a_late_write_is_announced_when_it_is_done() -> None:
    heard: list[Announcement] = []
    announcer = Announcer(heard.append, secret="secret")
    stage = Stage(faults=in_turn(late()), announcer=announcer)

    await grant(stage)
    before = len(heard)
    stage.clock.forward(25)
    due = stage.clock.now - timedelta(seconds=5)
    stage.sandbox.settle()

    assert 0 == before
    assert {due} == {announcement.deliveries[0].at for announcement in heard}


async def test_it_is_done_before_a_customer_does_anything() -> None:
    stage = Stage(faults=in_turn(late()))

    await grant(stage)
    stage.clock.forward(20)
    stage.sandbox.change_birthday(SARAH, "01-02")

    assert [1, None] == [done.request for done in stage.sandbox.applied]


async def test_every_write_that_was_done_is_noted_once() -> None:
    def plan(received: Received) -> Fault | None:
        return {2: Fault(kind="server_error", applied=True), 3: Fault(kind="lost", after=LATE)}.get(
            received.number
        )

    stage = Stage(faults=plan)
    await grant(stage)
    await grant(stage, 2)
    with pytest.raises(ConnectionError):
        await grant(stage, 3)
    await stage.get(f"customers/{SARAH}")
    await stage.put(f"customers/{SARAH}", dob="never")
    await stage.put(f"customers/{SARAH}", dob="01-02")
    stage.clock.forward(20)
    stage.sandbox.settle()

    done = [(row.request, row.method, row.status) for row in stage.sandbox.applied]
    assert [(1, "POST", 201), (2, "POST", 201), (6, "PUT", 200), (3, "POST", 201)] == done
    assert f"/merchant_api/v1/customers/{SARAH}" == stage.sandbox.applied[2].path
