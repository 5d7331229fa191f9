"""What a webhook says of a write of ours: look now; by itself it proves nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from integrations.rivo_sandbox import Fault
from tests.app.loop import seconds
from tests.app.serving import MAYA, SARAH, problem
from tests.delivery.asking import HOOKED, Hooked, sample

pytestmark = pytest.mark.anyio

GIVE: dict[str, Any] = {"customer_email": SARAH, "points_amount": 5}
REDEEM: dict[str, Any] = {"customer_email": MAYA, "reward_id": 709485}
Q = 90.0


def lost(*, applied: bool, **more: Any) -> Any:
    """Lose the reply to the first request that may change something."""
    left = [Fault(kind="lost", applied=applied, **more)]
    return lambda received: left.pop() if received.method != "GET" and left else None


def carrying(reference: str) -> dict[str, Any]:
    """Make the webhook of a points event of ours."""
    return {**sample("points_event_created.doc"), "internal_note": reference}


def reference_of(answer: httpx.Response) -> str:
    return str(answer.json()["operation"]["id"])


async def state(service: Hooked, answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = (await service.ask("GET", f"/operations/{reference_of(answer)}")).json()
    return found


async def proven(service: Hooked) -> None:
    """Let the shop's lists show rows of ours, so that not being there means something."""
    await service.act("create_points_event", **GIVE, idempotency_key="proof")
    await asyncio.sleep(Q)
    await service.app.state.settler.once()


def looks(service: Hooked) -> int:
    """Count the walks through the list of points events."""
    return sum(
        received.method == "GET" and received.path.endswith("/points_events")
        for received in service.sandbox.requests
    )


async def test_a_lost_write_that_rivo_announces_is_settled_at_once() -> None:
    service = Hooked(faults=lost(applied=True))
    answer = await service.act("create_points_event", **GIVE)
    began = seconds()
    await service.announce(carrying(reference_of(answer)))
    await asyncio.sleep(0.01)
    found = await state(service, answer)

    problem(answer, 202, "outcome_unknown")
    assert ("succeeded", True) == (found["state"], found["applied"])
    assert seconds() - began < 1


async def test_not_being_there_proves_nothing_before_its_time() -> None:
    """Rivo may announce and not show it yet; or the note was copied by a person."""
    service = Hooked()
    await proven(service)
    service.sandbox.faults = lost(applied=False)
    answer = await service.act("create_points_event", **GIVE, ticket_id="7")
    for after in (0, 30, 30):
        await asyncio.sleep(after)
        await service.announce(carrying(reference_of(answer)))
        await asyncio.sleep(0.01)
        assert "unknown" == (await state(service, answer))["state"]
    await asyncio.sleep(Q)
    await service.app.state.settler.once()

    assert "rejected" == (await state(service, answer))["state"]


async def test_what_is_applied_late_is_found_although_it_was_looked_for_early() -> None:
    service = Hooked()
    await proven(service)
    service.sandbox.faults = lost(applied=False, after=timedelta(seconds=40))
    answer = await service.act("create_points_event", **GIVE, ticket_id="7")
    await service.announce(carrying(reference_of(answer)))
    await asyncio.sleep(0.01)
    assert "unknown" == (await state(service, answer))["state"]
    await asyncio.sleep(Q + 5)
    await service.app.state.settler.once()

    assert "succeeded" == (await state(service, answer))["state"]


async def test_what_shows_up_after_we_said_never_is_noticed_at_once() -> None:
    """Rivo took longer than Q; without the webhook it would be looked for later."""
    service = Hooked()
    await proven(service)
    service.sandbox.faults = lost(applied=False, after=timedelta(seconds=150))
    answer = await service.act("create_points_event", **GIVE, ticket_id="7")
    await asyncio.sleep(Q)
    await service.app.state.settler.once()
    assert "rejected" == (await state(service, answer))["state"]
    await asyncio.sleep(60)
    await service.announce(carrying(reference_of(answer)))
    await asyncio.sleep(0.01)

    assert "operation.late" in {line["event"] for line in service.lines()}


async def test_a_redemption_is_not_looked_for_early() -> None:
    """It is found by what it is like: the customer's own of the same moment looks the same."""
    service = Hooked(faults=lost(applied=True))
    answer = await service.act("create_points_redemption", **REDEEM)
    before = len(service.sandbox.requests)
    await service.announce(
        {**sample("points_redemption_created.reconstructed"), "internal_note": reference_of(answer)}
    )
    await asyncio.sleep(0.01)

    assert before == len(service.sandbox.requests)
    assert "unknown" == (await state(service, answer))["state"]


async def test_a_reference_that_nobody_knows_is_looked_for_nowhere() -> None:
    service = Hooked()
    await service.announce(carrying(f"op_{'0' * 32}"))
    await asyncio.sleep(0.01)

    assert [] == list(service.sandbox.requests)


async def test_what_is_settled_is_not_looked_for_again() -> None:
    service = Hooked()
    answer = await service.act("create_points_event", **GIVE)
    before = looks(service)
    await service.announce(carrying(reference_of(answer)))
    await asyncio.sleep(0.01)

    assert 201 == answer.status_code
    assert before == looks(service)


async def test_a_repeat_does_not_look_once_more() -> None:
    service = Hooked()
    await proven(service)
    service.sandbox.faults = lost(applied=False)
    answer = await service.act("create_points_event", **GIVE, ticket_id="7")
    before = looks(service)
    for _ in range(5):
        await service.announce(carrying(reference_of(answer)), name="msg_1")
        await asyncio.sleep(0.01)

    assert before + 1 == looks(service)


async def test_another_shop_s_webhook_says_nothing_of_it() -> None:
    """Only who signs for a shop speaks of its operations."""
    service = Hooked(faults=lost(applied=True))
    answer = await service.act("create_points_event", **GIVE)
    hinted = await service.app.state.settler.hint("bolt", reference_of(answer))

    assert None is hinted
    assert "unknown" == (await state(service, answer))["state"]


@pytest.mark.parametrize("applied", [True, False])
async def test_a_webhook_of_our_own_write_does_no_harm_while_it_is_in_flight(
    applied: bool,
) -> None:
    """Rivo may tell everybody of a write before it answers it."""
    arrived, held = asyncio.Event(), asyncio.Event()

    async def hold(received: Any) -> None:
        if received.method == "POST":
            arrived.set()
            await held.wait()

    service = Hooked(delay=hold)
    writing = asyncio.ensure_future(service.act("create_points_event", **GIVE))
    await arrived.wait()
    (row,) = await service.rows("operations")
    told = await service.announce(carrying(row["id"]))
    await asyncio.sleep(0.1)
    (during,) = await service.rows("operations")
    if applied:
        held.set()
    answer = await writing
    held.set()

    assert 200 == told.status_code
    assert ("sending", row["due_at"], row["owner"]) == (
        during["state"],
        during["due_at"],
        during["owner"],
    )
    assert 1 == sum(received.method == "POST" for received in service.sandbox.requests)
    if applied:
        assert (201, True) == (answer.status_code, answer.json()["operation"]["applied"])
    else:
        problem(answer, 202, "outcome_unknown")
    seen = (await service.act("get_customer", customer_email=SARAH)).json()["customer"]
    assert seen["points_tally"] == service.sandbox.balance(seen["customer_id"])[0]


async def test_a_hint_that_fails_is_logged_and_harms_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Hooked(HOOKED)

    async def fails(*_given: object) -> None:
        raise ValueError(SARAH)

    monkeypatch.setattr("app.operations.settling.Settler.hint", fails)
    service = Hooked(HOOKED)
    answer = await service.announce(carrying(f"op_{'0' * 32}"))
    await asyncio.sleep(0.01)

    assert 200 == answer.status_code
    (line,) = [line for line in service.lines() if line["event"] == "webhook.hint_failed"]
    assert "ValueError" == line["error"]
    assert SARAH not in service.out.getvalue().decode()
