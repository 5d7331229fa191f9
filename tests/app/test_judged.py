"""Writes looked up, approved and settled over the whole service, by those who may."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from app.environment import load
from app.limits import Limits
from app.settings import Settings
from integrations.rivo_sandbox import Fault, in_turn
from tests.app.serving import API_KEY, ENVIRON, LEAD_KEY, SARAH, Service, problem

pytestmark = pytest.mark.anyio

GIVE = {"customer_email": SARAH, "points_amount": 100}


def approving() -> Settings:
    """Let everything above 50 points wait for approval, whoever asks."""
    settings = load(ENVIRON)
    (shop,) = settings.shops
    limited = msgspec.structs.replace(shop, limits=Limits(approval_above_points=50))
    return msgspec.structs.replace(settings, shops=(limited,))


def lost() -> Service:
    return Service(faults=in_turn(Fault(kind="lost", applied=True), method="POST"))


async def given(service: Service, key: str = API_KEY, **more: Any) -> str:
    answer = await service.act("create_points_event", key=key, **GIVE, **more)
    operation_id: str = answer.json()["operation"]["id"]
    return operation_id


async def judged(service: Service, operation_id: str, what: str, **found: Any) -> Any:
    return await service.ask("POST", f"/operations/{operation_id}/{what}", key=LEAD_KEY, json=found)


async def test_nobody_approves_what_they_asked_for() -> None:
    service = Service(settings=approving())
    own = await given(service, key=LEAD_KEY)
    others = await given(service, ticket_id="7")

    told = problem(await judged(service, own, "approve"), 403, "not_allowed")
    assert "Whoever asks for a write cannot approve it; somebody else has to." == told["error"]
    assert "succeeded" == (await judged(service, others, "approve")).json()["state"]
    problem(await judged(service, others, "approve"), 409, "conflict")
    assert 1 == len([got for got in service.sandbox.requests if got.method == "POST"])


async def test_who_may_only_look_judges_nothing() -> None:
    service = Service(settings=approving())
    waiting = await given(service)
    for what in ("approve", "settle"):
        answer = await service.ask("POST", f"/operations/{waiting}/{what}", key=API_KEY)
        problem(answer, 403, "not_allowed")
    told = (await service.ask("GET", f"/operations/{waiting}")).json()

    assert ("awaiting_approval", None) == (told["state"], told["approved_by"])


async def test_what_is_not_known_may_be_settled_once() -> None:
    service = lost()
    unknown = await given(service, agent_email="Jo@support.example.com", agent_name="Jo")
    settled = await judged(service, unknown, "settle", outcome="applied", evidence="Seen.")
    again = await judged(service, unknown, "settle", outcome="not_applied", evidence="No.")
    told = settled.json()

    assert ("succeeded", True, "lead_key") == (told["state"], told["applied"], told["settled_by"])
    assert ("jo@support.example.com", "asserted") == (told["agent_email"], told["assurance"])
    assert ["accepted", "sending", "unknown", "settled"] == [
        each["event"] for each in told["history"]
    ]
    assert (
        "This operation cannot be settled: its state is succeeded."
        == (problem(again, 409, "conflict")["error"])
    )


async def test_what_was_found_in_rivo_is_told_to_who_looks_it_up() -> None:
    service = lost()
    unknown = await given(service)
    before = (await service.ask("GET", f"/operations/{unknown}")).json()
    await asyncio.sleep(10)
    await service.app.state.settler.once()
    after = (await service.ask("GET", f"/operations/{unknown}")).json()
    listed = (await service.ask("GET", "/operations", params={"state": "succeeded"})).json()

    assert ("unknown", None, None) == (before["state"], before["applied"], before["points"])
    assert before["settle_after"] > before["sent_at"]
    assert ("succeeded", True, 100) == (after["state"], after["applied"], after["points"])
    assert ("settler", None) == (after["history"][-1]["by"], after["settle_after"])
    assert [unknown] == [each["id"] for each in listed["operations"]]


async def test_what_was_taken_back_and_what_took_it_back_name_each_other() -> None:
    service = Service()
    one = await given(service)
    answer = await service.act("reverse_points_event", operation_id=one)
    back = answer.json()["operation"]["id"]
    told = {each: (await service.ask("GET", f"/operations/{each}")).json() for each in (one, back)}

    assert (back, None) == (told[one]["reversed_by"], told[one]["reverses"])
    assert (None, one) == (told[back]["reversed_by"], told[back]["reverses"])
    assert (100, -100) == (told[one]["points"], told[back]["points"])
    assert told[one]["message"].endswith(f"It is taken back by {back}.")
