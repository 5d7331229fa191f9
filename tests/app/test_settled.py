"""What Rivo did not confirm is found out, or put before a person; the dead are taken over."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.operations import records
from integrations.rivo_sandbox import Fault, in_turn
from tests.app.serving import ENVIRON, LEAD_KEY, MAYA, SARAH, Service, problem

pytestmark = pytest.mark.anyio

GIVE: dict[str, Any] = {"customer_email": SARAH, "points_amount": 5}
MEMBER = "sarah.johnson@example.com"
WRITES: dict[str, dict[str, Any]] = {
    "create_points_event": GIVE,
    "create_points_redemption": {"customer_email": MAYA, "reward_id": 709485},
    "redeem_customer_points": {"customer_email": MAYA, "reward_id": 709485},
    "refund_points_redemption": {"redemption_id": 24101330},
    "update_customer": {"customer_email": SARAH, "dob": "01-02"},
    "update_customer_dob": {"customer_email": SARAH, "dob": "01-02"},
    "update_customer_vip_tier": {"customer_email": MAYA, "vip_tier_id": 552287},
    "cancel_membership": {"customer_email": MEMBER},
    "create_referral": {
        "email": "friend@example.com",
        "referral_code": "kL9mR4xP8vN2sQ7tY",
        "remote_ip": "203.0.113.7",
    },
}
Q = 90.0


def lost(*, applied: bool, **more: Any) -> Any:
    """Lose the reply to the first request that may change something."""
    fault = Fault(kind="lost", applied=applied, **more)
    left = [fault]
    return lambda received: left.pop() if received.method != "GET" and left else None


async def settle(service: Service, seconds: float = Q) -> None:
    """Let time go by, and the settler look."""
    await asyncio.sleep(seconds)
    await service.app.state.settler.once()


async def state(service: Service, answer: httpx.Response) -> dict[str, Any]:
    """Look an operation up."""
    operation_id = answer.json()["operation"]["id"]
    found: dict[str, Any] = (await service.ask("GET", f"/operations/{operation_id}")).json()
    return found


def sent(service: Service) -> int:
    return sum(received.method != "GET" for received in service.sandbox.requests)


async def proven(service: Service) -> None:
    """Let the shop's lists show rows of ours, so that not being there means something."""
    await service.act("create_points_event", **GIVE, idempotency_key="proof")
    await service.act(
        "create_points_redemption", customer_email=MAYA, reward_id=709485, idempotency_key="proof2"
    )
    await settle(service)


@pytest.mark.parametrize("action", WRITES)
async def test_what_was_applied_is_found_and_answered_as_if_rivo_had_confirmed_it(
    action: str,
) -> None:
    service, undisturbed = Service(faults=lost(applied=True)), Service()

    told = await service.act(action, **WRITES[action])
    await settle(service)
    again = await service.act(action, **WRITES[action])
    confirmed = await undisturbed.act(action, **WRITES[action])

    problem(told, 202, "outcome_unknown")
    assert f"/operations/{told.json()['operation']['id']}" == told.headers["location"]
    assert confirmed.status_code == again.status_code
    assert list(confirmed.json()) == list(again.json())
    assert True is again.json()["operation"]["applied"]
    assert 1 == sent(service)


@pytest.mark.parametrize("action", ["create_points_event", "create_points_redemption"])
async def test_what_is_surely_not_there_was_never_applied(action: str) -> None:
    service = Service()
    await proven(service)
    service.sandbox.faults = lost(applied=False)

    told = await service.act(action, **WRITES[action], ticket_id="7")
    await settle(service)
    again = await service.act(action, **WRITES[action], ticket_id="7")

    problem(told, 202, "outcome_unknown")
    operation = problem(again, 422, "not_applied")["operation"]
    assert ("rejected", False, False) == (
        operation["state"],
        operation["applied"],
        operation["safe_to_retry"],
    )


async def test_a_list_that_never_showed_a_row_of_ours_proves_nothing() -> None:
    service = Service(faults=lost(applied=False))

    told = await service.act("create_points_event", **GIVE)
    await settle(service)

    found = await state(service, told)
    assert ("needs_review", None) == (found["state"], found["applied"])
    assert "This shop's list has not shown a row of ours before." in found["evidence"]


async def test_a_reference_that_is_found_settles_it_within_seconds() -> None:
    service = Service(faults=lost(applied=True))

    told = await service.act("create_points_event", **GIVE)
    await settle(service, 5)

    assert "succeeded" == (await state(service, told))["state"]


async def test_what_is_not_there_yet_waits_for_its_time() -> None:
    service = Service()
    await proven(service)
    service.sandbox.faults = lost(applied=False, after=timedelta(seconds=60))

    told = await service.act("create_points_event", **GIVE, ticket_id="7")
    await settle(service, 5)
    early = await state(service, told)
    await settle(service, Q)

    assert "unknown" == early["state"]
    assert ("succeeded", True) == ((await state(service, told))["state"], True)


async def test_while_rivo_cannot_be_read_it_stays_unknown() -> None:
    service = Service(faults=lost(applied=True))
    told = await service.act("create_points_event", **GIVE)

    service.sandbox.faults = lambda _: Fault(kind="server_error")
    await settle(service)
    during = await state(service, told)
    service.sandbox.faults = None
    await settle(service, 600)

    assert "unknown" == during["state"]
    assert "succeeded" == (await state(service, told))["state"]


async def test_what_cannot_be_read_back_for_a_day_is_put_before_a_person() -> None:
    service = Service(faults=lost(applied=True))
    told = await service.act("create_points_event", **GIVE)
    service.sandbox.faults = lambda _: Fault(kind="server_error")

    for _ in range(150):
        await settle(service, 600)

    found = await state(service, told)
    assert ("needs_review", None) == (found["state"], found["applied"])
    assert ["Rivo could not be read back for a whole day."] == found["evidence"]


async def test_what_shows_up_after_we_said_no_is_flagged_and_can_be_taken_back() -> None:
    service = Service()
    await proven(service)
    service.sandbox.faults = lost(applied=False, after=timedelta(seconds=300))

    told = await service.act("create_points_event", **GIVE, ticket_id="7")
    for _ in range(12):
        await settle(service, 60)

    found = await state(service, told)
    assert ("rejected", False) == (found["state"], found["applied"])
    assert found["late_at"] is not None
    assert "operation.late" in [line["event"] for line in service.lines()]
    taken_back = await service.act("reverse_points_event", operation_id=found["id"])
    assert (201, -5) == (taken_back.status_code, taken_back.json()["points_event"]["points_diff"])


async def test_a_points_event_is_taken_back_once() -> None:
    service = Service()
    given = (await service.act("create_points_event", **GIVE)).json()["operation"]["id"]

    first = await service.act("reverse_points_event", operation_id=given)
    second = await service.act("reverse_points_event", operation_id=given, idempotency_key="two")

    assert -5 == first.json()["points_event"]["points_diff"]
    problem(second, 422, "refused_by_rivo")
    found = (await service.ask("GET", f"/operations/{given}")).json()
    assert first.json()["operation"]["id"] == found["reversed_by"]


async def test_a_person_settles_what_is_in_review() -> None:
    service = Service(faults=lost(applied=False))
    told = await service.act("create_points_event", **GIVE)
    await settle(service)
    path = told.headers["location"]

    body = {"outcome": "applied", "evidence": "Seen in the admin.", "rivo_id": 7}
    settled = await service.ask("POST", f"{path}/settle", key=LEAD_KEY, json=body)
    twice = await service.ask("POST", f"{path}/settle", key=LEAD_KEY, json=body)
    again = await service.act("create_points_event", **GIVE)

    assert ("succeeded", True) == (settled.json()["state"], settled.json()["applied"])
    assert "lead_key" == settled.json()["settled_by"]
    problem(twice, 409, "conflict")
    assert (201, True) == (again.status_code, again.json()["operation"]["applied"])
    assert "true" == again.headers["idempotent-replayed"]
    assert 1 == sent(service)


async def test_what_a_dead_process_was_sending_is_taken_over(tmp_path: Path) -> None:
    environ = ENVIRON | {"DATABASE_URL": f"sqlite:///{tmp_path}/once.db"}
    service = Service(environ, faults=lambda r: Fault(kind="hang", applied=True))
    asking = asyncio.create_task(service.act("create_points_event", **GIVE))
    await asyncio.sleep(1)
    store = service.app.state.store
    (before,) = await store.read(lambda tx: records.listed(tx, None))
    asking.cancel()
    await store.close()  # and nothing of that process is heard of any more

    heir = Service(environ, transport=lambda _: httpx.ASGITransport(app=service.sandbox))
    service.sandbox.faults = None
    await heir.open()
    await heir.app.state.settler.once(alone_as="heir")
    await settle(heir)

    after = (await heir.ask("GET", f"/operations/{before.id}")).json()
    assert "sending" == before.state
    assert "succeeded" == after["state"]
    assert ["accepted", "sending", "unknown", "succeeded"] == [
        each["event"] for each in after["history"]
    ]


async def test_a_lease_that_is_held_is_not_taken_over() -> None:
    service = Service(faults=lambda r: Fault(kind="hang"))
    asking = asyncio.create_task(service.act("create_points_event", **GIVE))
    await asyncio.sleep(2)

    await service.app.state.settler.once()

    found = (await service.ask("GET", "/operations")).json()["operations"][0]
    assert "sending" == found["state"]
    await asking


async def test_what_was_not_sent_expires_after_a_day() -> None:
    service = Service()
    busy = [Fault(kind="too_many")] * 2
    service.sandbox.faults = in_turn(*busy, method="POST")
    told = await service.act("create_points_event", **GIVE, idempotency_key="one")

    await settle(service, 86_400)
    again = await service.act("create_points_event", **GIVE, idempotency_key="one")

    assert "accepted" == told.json()["operation"]["state"]
    assert "expired" == problem(again, 422, "not_applied")["operation"]["state"]
    assert 2 == sent(service)
