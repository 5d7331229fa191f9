"""A button pressed again, held back, refused, or settled by somebody: its words at the door."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from app.environment import load
from app.limits import Limits
from app.settings import Settings
from integrations.rivo_sandbox import Fault, Received, in_turn
from tests.app.flat import WRITE, read, write
from tests.app.serving import BUTTON_SECRET, ENVIRON, LEAD_KEY, SARAH, Service

pytestmark = pytest.mark.anyio

GIVE = {"customer_email": SARAH, "points_amount": "100"}


def posts(service: Service) -> list[Received]:
    return [got for got in service.sandbox.requests if got.method == "POST"]


def changed(limits: Limits | None = None, **shop: Any) -> Settings:
    """Change the shop, and the limits of its callers."""
    settings = load(ENVIRON)
    (before,) = settings.shops
    callers = [
        msgspec.structs.replace(each, limits=limits or each.limits) for each in before.callers
    ]
    after = msgspec.structs.replace(before, callers=tuple(callers), **shop)
    return msgspec.structs.replace(settings, shops=(after,))


async def test_a_click_again_says_that_it_was_done_before() -> None:
    service = Service()
    await write(service, "create_points_event", **GIVE)
    answer = await service.gorgias("create_points_event", key=BUTTON_SECRET, **GIVE)
    told = answer.json()

    assert (201, "true") == (answer.status_code, answer.headers["idempotent-replayed"])
    assert (
        "This was already done at 2026-11-03 07:00:00; nothing was done twice. "
        "Gave 100 points. New balance: 250 points."
    ) == told["message"]
    assert (WRITE, "Yes", "succeeded", "Yes") == (
        list(told),
        told["ok"],
        told["state"],
        told["applied"],
    )
    assert 1 == len(posts(service))


async def test_a_double_click_is_one_write_with_one_answer() -> None:
    service = Service()
    first, second = await asyncio.gather(
        *(service.gorgias("create_points_event", key=BUTTON_SECRET, **GIVE) for _ in range(2))
    )

    assert first.content == second.content
    assert "Gave 100 points. New balance: 250 points." == first.json()["message"]
    assert 1 == len(posts(service))


async def test_a_click_again_joins_what_rivo_has_not_confirmed() -> None:
    service = Service(faults=in_turn(Fault(kind="lost"), method="POST"))
    first = await service.gorgias("create_points_event", key=BUTTON_SECRET, **GIVE)
    second = await service.gorgias("create_points_event", key=BUTTON_SECRET, **GIVE)

    for answer in (first, second):
        told = answer.json()
        assert 202 == answer.status_code
        assert f"/operations/{told['operation_id']}" == answer.headers["location"]
        assert told["message"].startswith("Rivo has not confirmed this yet; do not repeat it.")
        assert ("No", "unknown", "Not known", "No") == (
            told["ok"],
            told["state"],
            told["applied"],
            told["safe_to_retry"],
        )
    assert "idempotent-replayed" not in first.headers
    assert "true" == second.headers["idempotent-replayed"]
    assert 1 == len(posts(service))


async def test_what_a_lead_settled_is_told_to_whoever_clicks_again() -> None:
    service = Service(faults=in_turn(Fault(kind="lost"), method="POST"))
    _, told = await write(service, "create_points_event", **GIVE)
    path = f"/operations/{told['operation_id']}/settle"
    found = {"outcome": "applied", "evidence": "Seen in Rivo."}
    assert 200 == (await service.ask("POST", path, key=LEAD_KEY, json=found)).status_code
    status, again = await write(service, "create_points_event", **GIVE)

    assert (201, "succeeded", "Yes") == (status, again["state"], again["applied"])
    assert again["message"].endswith(
        "nothing was done twice. Somebody looked it up in Rivo: it was applied; do not repeat it."
    )
    assert 1 == len(posts(service))


async def test_what_already_was_so_is_not_sent() -> None:
    """Once whatever was sent before cannot show up late any more."""
    service = Service()
    birthday = {"customer_email": SARAH, "dob": "07-13"}
    await write(service, "update_customer_dob", **birthday)
    await asyncio.sleep(200)
    status, told = await write(service, "update_customer_dob", **birthday)

    assert (200, "Yes", "succeeded", "No") == (
        status,
        told["ok"],
        told["state"],
        told["applied"],
    )
    assert "It already was so; nothing was changed. New balance: 150 points." == told["message"]
    assert 1 == len(service.sandbox.applied)


async def test_what_needs_approval_says_so_and_is_not_sent() -> None:
    service = Service(settings=changed(Limits(approval_above_points=50)))
    answer = await service.gorgias("create_points_event", key=BUTTON_SECRET, **GIVE)
    told = answer.json()

    assert (202, f"/operations/{told['operation_id']}") == (
        answer.status_code,
        answer.headers["location"],
    )
    assert ("No", "awaiting_approval", "No", "No") == (
        told["ok"],
        told["state"],
        told["applied"],
        told["safe_to_retry"],
    )
    assert (
        "Nothing is sent before somebody else has approved it; do not repeat it." == told["message"]
    )
    assert [] == posts(service)


async def test_what_a_lead_approved_is_sent_and_told() -> None:
    service = Service(settings=changed(Limits(approval_above_points=50)))
    _, waiting = await write(service, "create_points_event", **GIVE)
    path = f"/operations/{waiting['operation_id']}/approve"
    approved = await service.ask("POST", path, key=LEAD_KEY)
    status, told = await write(service, "create_points_event", **GIVE)

    assert (200, "succeeded", "lead_key") == (
        approved.status_code,
        approved.json()["state"],
        approved.json()["approved_by"],
    )
    assert (201, "succeeded") == (status, told["state"])
    assert "nothing was done twice. Gave 100 points." in told["message"]
    assert 1 == len(posts(service))


async def test_what_goes_beyond_a_limit_says_so() -> None:
    service = Service()
    status, told = await write(
        service, "create_points_event", customer_email=SARAH, points_amount="501"
    )

    assert (403, "No", "rejected", "No") == (
        status,
        told["ok"],
        told["state"],
        told["applied"],
    )
    assert "500" in told["message"]
    assert told["message"].endswith(("Nothing was changed.", "nothing was sent."))
    assert [] == posts(service)


async def test_what_is_switched_off_says_so() -> None:
    service = Service(settings=changed(kill=frozenset({"create_points_event", "get_sidebar"})))
    status, told = await write(service, "create_points_event", **GIVE)
    sidebar = await read(service, "get_sidebar", customer_email=SARAH)

    assert (403, None, None, "No", "No") == (
        status,
        told["operation_id"],
        told["state"],
        told["applied"],
        told["safe_to_retry"],
    )
    assert (
        "create_points_event is switched off in this shop at the moment. Nothing was changed."
        == told["message"]
    )
    assert "Not available right now" == sidebar["status"]
    assert "switched off" in sidebar["message"]
    assert [] == list(service.sandbox.requests)


async def test_a_read_that_is_switched_off_has_all_its_keys() -> None:
    service = Service(settings=changed(kill=frozenset({"get_customer"})))
    told = await read(service, "get_customer", customer_email=SARAH)

    assert ("Not available right now", None) == (told["status"], told["points_tally"])
