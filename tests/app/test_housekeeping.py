"""What is done now and then: audit heads logged, open operations counted, old ones forgotten."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.operations.housekeeping import Housekeeper
from app.store.sqlite import StoreError
from integrations.rivo_sandbox import Fault, in_turn
from tests.app.serving import SARAH, Service

pytestmark = pytest.mark.anyio

GIVE: dict[str, Any] = {"customer_email": SARAH, "points_amount": 5}


def keeper(service: Service) -> Housekeeper:
    found: Housekeeper = service.app.state.keeper
    return found


async def test_the_head_of_the_audit_is_logged_once_an_hour() -> None:
    service = Service()
    await service.act("create_points_event", **GIVE)

    for _ in range(3):
        await keeper(service).once()
        await asyncio.sleep(1_300)
    await keeper(service).once()

    heads = [line for line in service.lines() if line["event"] == "audit.head"]
    assert [3, 3] == [head["number"] for head in heads]
    assert ["shop", "shop"] == [head["shop"] for head in heads]
    assert 64 == len(heads[0]["mac"])


async def test_open_operations_are_counted_for_the_metrics() -> None:
    service = Service(faults=in_turn(Fault(kind="lost"), method="POST"))
    await service.act("create_points_event", **GIVE)

    await keeper(service).once()

    shown = (await service.ask("GET", "/metrics", key=None)).text
    assert 'rivo_helpdesk_open_operations{shop="shop",state="unknown"} 1.0' in shown
    steps = 'rivo_helpdesk_operations_total{action="create_points_event",shop="shop",state='
    assert f'{steps}"unknown"}} 1.0' in shown


async def test_what_ended_thirteen_months_ago_is_forgotten_and_the_audit_holds() -> None:
    service = Service()
    told = await service.act("create_points_event", **GIVE, agent_email="agent@example.com")
    await asyncio.sleep(397 * 86_400)
    recent = await service.act("create_points_event", **GIVE)

    await keeper(service).once()

    old = f"/operations/{told.json()['operation']['id']}"
    new = f"/operations/{recent.json()['operation']['id']}"
    assert 404 == (await service.ask("GET", old)).status_code
    assert 200 == (await service.ask("GET", new)).status_code
    rows = await service.app.state.store.read(
        lambda tx: tx.execute("SELECT personal FROM audit WHERE event = 'accepted'").fetchall()
    )
    assert [True, False] == [row["personal"] is None for row in rows]
    assert {"event": "operations.forgotten", "number": 1}.items() <= next(
        line for line in service.lines() if line["event"] == "operations.forgotten"
    ).items()


async def test_a_store_that_is_away_is_said_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Service()
    await service.open()
    store = service.app.state.store
    read, left = store.read, [StoreError("away")]

    async def sometimes(job: Any, **how: Any) -> Any:
        if left:
            raise left.pop()
        return await read(job)

    monkeypatch.setattr(store, "read", sometimes)
    going = [asyncio.create_task(keeper(service).run())]
    await asyncio.sleep(31)
    left.append(StoreError("away"))
    going.append(asyncio.create_task(service.app.state.settler.run()))
    await asyncio.sleep(3)
    for each in going:
        each.cancel()

    assert ["store.failed", "audit.head", "store.failed"] == [
        line["event"] for line in service.lines() if line["event"] != "action.done"
    ]


async def test_a_store_that_can_be_written_again_is_told_without_traffic() -> None:
    """Reads go on where a lock stays, or a disk is full; they do not decide."""
    service = Service()
    await service.open()
    store = service.app.state.store
    await store.read(lambda tx: tx.execute("PRAGMA query_only = ON"))
    refused = await service.act("create_points_event", **GIVE)
    with pytest.raises(StoreError):
        await keeper(service).once()
    lost = store.usable
    await store.read(lambda tx: tx.execute("PRAGMA query_only = OFF"))
    await keeper(service).once()

    assert (503, False, True) == (refused.status_code, lost, store.usable)
