"""Limits, approval and the ways around them, through the door."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.rivo_sandbox import Fault, in_turn
from tests.app.serving import MAYA, SARAH, Service, problem

pytestmark = pytest.mark.anyio

SARAH_ID = "7294851236742"
CALLER = """
[shops.acme.callers.{name}]
door = "actions"
secret_sha256 = ["{digest}"]
actions = ["*"]
rights = {rights}
limits = {{ {limits} }}
"""
MUCH = "points_per_write = 100000, writes_per_agent_day = 100000"


def service(tmp_path: Path, limits: str, *, lead: str = MUCH, **more: Any) -> Service:
    """Serve one shop with two callers: `agents` with these limits, and `lead` who may approve."""
    path = tmp_path / "config.toml"
    path.write_text(
        '[shops.acme]\nrivo_api_key = "rivo-key-1"\n'
        + CALLER.format(name="agents", digest=digest("agents"), rights="[]", limits=limits)
        + CALLER.format(
            name="lead", digest=digest("lead"), rights='["approve", "settle"]', limits=lead
        ),
        encoding="utf-8",
    )
    environ = {"CONFIG": str(path), "SECRET_KEY": "key-of-the-audit", "DATABASE_URL": "sqlite://"}
    return Service(environ, **more)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def give(
    service: Service, points: int, *, who: str = SARAH, key: str = "agents", **more: Any
) -> httpx.Response:
    """Give points, each time meant anew."""
    once = {"idempotency_key": f"key {len(service.lines())}"}
    given = {"customer_email": who, "points_amount": points}
    return await service.act("create_points_event", key=key, **(once | given | more))


def sent(service: Service) -> int:
    (sandbox,) = service.sandboxes.values()
    return sum(received.method != "GET" for received in sandbox.requests)


async def approve(service: Service, told: httpx.Response, *, key: str) -> httpx.Response:
    return await service.ask("POST", f"{told.headers['location']}/approve", key=key)


async def test_one_write_has_its_limit(tmp_path: Path) -> None:
    shop = service(tmp_path, "points_per_write = 100")

    over, at = await give(shop, 101), await give(shop, 100)

    told = problem(over, 403, "limit_exceeded")["operation"]
    assert ("rejected", False) == (told["state"], told["applied"])
    assert (201, 1) == (at.status_code, sent(shop))


async def test_the_built_in_limits_hold_where_config_sets_no_others(tmp_path: Path) -> None:
    shop = service(tmp_path, "")

    points = await give(shop, 501)
    credit = await give(shop, 1, points_amount=None, credits_amount="25.001")
    writes = [(await give(shop, 1)).status_code for _ in range(21)]

    problem(points, 403, "limit_exceeded")
    problem(credit, 403, "limit_exceeded")
    assert [201] * 20 + [403] == writes


@pytest.mark.parametrize(
    ("limit", "others"),
    [
        ("points_per_agent_day = 100", {"agent_email": "other@example.com"}),
        ("points_per_caller_day = 100", {"key": "lead"}),
        ("points_per_customer_month = 100", {"who": MAYA}),
    ],
)
async def test_a_sum_has_its_limit_for_whom_it_is_counted(
    tmp_path: Path, limit: str, others: dict[str, str]
) -> None:
    shop = service(tmp_path, limit)

    first, over, taken = await give(shop, 60), await give(shop, 41), await give(shop, -100)
    other = await give(shop, 60, **others)

    assert 201 == first.status_code
    problem(over, 403, "limit_exceeded")
    assert 201 == taken.status_code  # what is taken is summed up by itself
    assert 201 == other.status_code


async def test_a_customers_limit_holds_by_whichever_name(tmp_path: Path) -> None:
    shop = service(tmp_path, "points_per_customer_month = 100")

    await give(shop, 60)
    over = await give(shop, 60, who=SARAH_ID)

    problem(over, 403, "limit_exceeded")


async def test_the_shops_limit_holds_over_all_callers(tmp_path: Path) -> None:
    shop = service(tmp_path, "points_per_shop_day = 100")

    await give(shop, 60, key="lead")
    over = await give(shop, 60)

    problem(over, 403, "limit_exceeded")


async def test_a_day_is_the_last_24_hours(tmp_path: Path) -> None:
    shop = service(tmp_path, "points_per_caller_day = 100")

    await give(shop, 100)
    await asyncio.sleep(86_399)
    before = await give(shop, 1)
    await asyncio.sleep(2)
    after = await give(shop, 100)

    problem(before, 403, "limit_exceeded")
    assert 201 == after.status_code


async def test_what_is_unknown_counts_and_what_was_not_sent_does_not(tmp_path: Path) -> None:
    shop = service(tmp_path, "points_per_caller_day = 100")
    (sandbox,) = shop.sandboxes.values()
    faults = [Fault(kind="too_many"), Fault(kind="too_many"), Fault(kind="lost")]
    sandbox.faults = in_turn(*faults, method="POST")

    not_sent, unknown, over = [await give(shop, 100) for _ in range(3)]

    assert 503 == not_sent.status_code
    problem(unknown, 202, "outcome_unknown")
    problem(over, 403, "limit_exceeded")


async def test_a_hundred_at_once_do_not_pass_a_cap(tmp_path: Path) -> None:
    shop = service(tmp_path, "points_per_caller_day = 95, writes_per_agent_day = 1000")
    await shop.open()

    answers = await asyncio.gather(
        *(give(shop, 10, idempotency_key=f"click {n}") for n in range(100))
    )

    statuses = [answer.status_code for answer in answers]
    assert (9, 91) == (statuses.count(201), statuses.count(403))
    assert 9 == sent(shop)


async def test_redemptions_have_a_cap_of_their_own(tmp_path: Path) -> None:
    shop = service(tmp_path, "redemptions_per_customer_month = 1")
    redeem = {"customer_email": MAYA, "reward_id": 709485}

    first = await shop.act("create_points_redemption", key="agents", **redeem)
    over = await shop.act(
        "redeem_customer_points", key="agents", **redeem, idempotency_key="another"
    )

    assert 201 == first.status_code
    problem(over, 403, "limit_exceeded")


async def test_too_fast_is_for_now_and_says_for_how_long(tmp_path: Path) -> None:
    shop = service(tmp_path, "writes_per_minute = 1")

    await give(shop, 1)
    await asyncio.sleep(20)
    too_fast = await give(shop, 1, idempotency_key="soon")
    await asyncio.sleep(41)
    again = await give(shop, 1, idempotency_key="soon")

    told = problem(too_fast, 429, "too_fast")["operation"]
    assert ("accepted", True) == (told["state"], told["safe_to_retry"])
    assert "40" == too_fast.headers["retry-after"]
    assert 201 == again.status_code


async def test_a_rules_amount_counts_where_the_event_has_none(tmp_path: Path) -> None:
    shop = service(tmp_path, "points_per_write = 10")

    for source in ("instagram_follow", "referral_complete"):
        answer = await give(shop, 0, points_amount=None, source=source)
        problem(answer, 403, "limit_exceeded")
    assert 0 == sent(shop)


async def test_above_a_threshold_somebody_else_has_to_approve_once(tmp_path: Path) -> None:
    shop = service(tmp_path, "approval_above_points = 10")

    waits = await give(shop, 11, idempotency_key="one")
    again = await give(shop, 11, idempotency_key="one")
    before = sent(shop)
    own = await approve(shop, waits, key="agents")
    approved = await approve(shop, waits, key="lead")
    twice = await approve(shop, waits, key="lead")
    replay = await give(shop, 11, idempotency_key="one")

    told = problem(waits, 202, "awaiting_approval")["operation"]
    assert ("awaiting_approval", False, False) == (
        told["state"],
        told["applied"],
        told["safe_to_retry"],
    )
    assert "true" == again.headers["idempotent-replayed"]
    problem(own, 403, "not_allowed")
    assert ("succeeded", "lead") == (approved.json()["state"], approved.json()["approved_by"])
    problem(twice, 409, "conflict")
    assert (201, 0, 1) == (replay.status_code, before, sent(shop))


async def test_nobody_approves_what_they_asked_for(tmp_path: Path) -> None:
    shop = service(tmp_path, "", lead="approval_above_points = 10")
    waits = await give(shop, 11, key="lead")

    own = await approve(shop, waits, key="lead")

    problem(own, 403, "not_allowed")
    assert 0 == sent(shop)


async def test_what_is_approved_is_tried_again_until_it_can_be_sent(tmp_path: Path) -> None:
    shop = service(tmp_path, "approval_above_points = 10")
    (sandbox,) = shop.sandboxes.values()
    waits = await give(shop, 11)
    sandbox.faults = in_turn(*[Fault(kind="too_many")] * 2, method="POST")

    tried = await approve(shop, waits, key="lead")
    await asyncio.sleep(6)
    await shop.app.state.settler.once()

    path = waits.headers["location"]
    assert "accepted" == tried.json()["state"]
    found = await shop.ask("GET", path, key="lead")
    assert 403 == found.status_code  # this lead may not look
    assert [11] == [entry.points for entry in sandbox.ledger if entry.kind == "grant"]


async def test_what_nobody_approves_expires_after_a_day(tmp_path: Path) -> None:
    shop = service(tmp_path, "approval_above_points = 10")
    waits = await give(shop, 11, idempotency_key="one")

    await asyncio.sleep(86_401)
    await shop.app.state.settler.once()
    late = await approve(shop, waits, key="lead")
    again = await give(shop, 11, idempotency_key="one")

    problem(late, 409, "conflict")
    assert "expired" == problem(again, 422, "not_applied")["operation"]["state"]
    assert 0 == sent(shop)


async def test_to_take_back_counts_as_taking(tmp_path: Path) -> None:
    shop = service(tmp_path, "points_per_caller_day = 100")
    given = [(await give(shop, 50)).json()["operation"]["id"] for _ in range(2)]
    await give(shop, -60)

    first = await shop.act("reverse_points_event", key="agents", operation_id=given[0])

    problem(first, 403, "limit_exceeded")
    assert 3 == sent(shop)
