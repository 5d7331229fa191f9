"""Answers: their statuses and shapes, and that they leave in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, in_turn
from tests.app.loop import seconds
from tests.app.needs import made_ready
from tests.app.serving import (
    DONE,
    MAYA,
    MEMBER,
    NOT_SENT,
    REJECTED,
    SARAH,
    UNKNOWN,
    Service,
    operation,
    problem,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> Service:
    return Service()


async def test_a_write_says_by_its_status_what_it_did(service: Service) -> None:
    created = await service.act("create_points_event", customer_email=SARAH, points_amount=5)
    redeemed = await service.act("create_points_redemption", customer_email=MAYA, reward_id=709485)
    also = await service.act(
        "redeem_customer_points", customer_email=MAYA, reward_id=709485, idempotency_key="another"
    )
    refunded = await service.act(
        "refund_points_redemption",
        redemption_id=redeemed.json()["points_redemption"]["id"],
        customer_email=MAYA,
    )
    referred = await service.act(
        "create_referral",
        email="friend@example.com",
        referral_code="AIKO",
        remote_ip="203.0.113.7",
    )
    updated = await service.act("update_customer_dob", customer_email=SARAH, dob="07-13")
    moved = await service.act("update_customer_vip_tier", customer_email=SARAH, vip_tier_id=552288)
    cancelled = await service.act("cancel_membership", customer_email=MEMBER)

    reversed_ = await service.act(
        "reverse_points_event", operation_id=created.json()["operation"]["id"]
    )

    made = [created, redeemed, also, refunded, referred, reversed_]
    changed = [updated, moved, cancelled]
    assert [201] * 6 == [answer.status_code for answer in made]
    assert [200] * 3 == [answer.status_code for answer in changed]
    assert [DONE] * 9 == [operation(answer) for answer in (*made, *changed)]
    assert 9 == len({answer.json()["operation"]["id"] for answer in (*made, *changed)})


@pytest.mark.parametrize("inputs", [{}, {"customer_email": SARAH}])
async def test_looking_at_what_can_be_redeemed_spends_nothing(
    service: Service, inputs: dict[str, str]
) -> None:
    answer = await service.act("redeem_customer_points", **inputs)

    assert 200 == answer.status_code
    assert answer.json()["points_redemption"] is None
    assert {"GET"} == {received.method for received in service.sandbox.requests}


async def test_the_right_to_read_is_enough_to_look_and_no_more(service: Service) -> None:
    for inputs in ({}, {"customer_email": MAYA}):
        looked = await service.gorgias("redeem_customer_points", **inputs)
        assert (200, "Yes", "No") == (
            looked.status_code,
            looked.json()["ok"],
            looked.json()["applied"],
        )
    service.sandbox.requests.clear()
    refused = await service.gorgias("redeem_customer_points", customer_email=MAYA, reward_id=709485)

    assert 403 == refused.status_code
    assert [] == list(service.sandbox.requests)


@pytest.mark.parametrize(
    ("fault", "status", "code", "retry_after", "state"),
    [
        (
            Fault(kind="status", status=404, body=b'{"error":"No such customer."}'),
            404,
            "not_found",
            None,
            REJECTED,
        ),
        (
            Fault(kind="status", status=422, body=b'{"error":"Not enough points."}'),
            422,
            "refused_by_rivo",
            None,
            REJECTED,
        ),
        (
            Fault(kind="status", status=404, body=b"<html>"),
            422,
            "not_available_on_this_store",
            None,
            REJECTED,
        ),
        (Fault(kind="status", status=401, body=b"{}"), 503, "rivo_key_refused", None, REJECTED),
        (
            Fault(kind="status", status=429, headers=(("retry-after", "7"),)),
            503,
            "unavailable",
            "7",
            NOT_SENT,
        ),
        (Fault(kind="status", status=500), 202, "outcome_unknown", None, UNKNOWN),
        (Fault(kind="server_error"), 202, "outcome_unknown", None, UNKNOWN),
        (Fault(kind="lost"), 202, "outcome_unknown", None, UNKNOWN),
        (Fault(kind="hang", applied=True), 202, "outcome_unknown", None, UNKNOWN),
        (Fault(kind="broken_json"), 202, "outcome_unknown", None, UNKNOWN),
        (Fault(kind="html"), 202, "outcome_unknown", None, UNKNOWN),
        (Fault(kind="redirect"), 202, "outcome_unknown", None, UNKNOWN),
        (
            Fault(kind="lost", error=lambda: httpx.ConnectError("refused")),
            503,
            "unavailable",
            "1",
            NOT_SENT,
        ),
    ],
)
async def test_a_write_that_failed_says_whether_it_may_have_been_applied(
    fault: Fault, status: int, code: str, retry_after: str | None, state: dict[str, Any]
) -> None:
    """And asked for again it is sent again only if it surely was not applied."""
    service = Service(faults=in_turn(fault, method="POST"))
    answer = await service.act("create_points_event", customer_email=SARAH, points_amount=5)
    told = problem(answer, status, code)
    sent = [received.method for received in service.sandbox.requests]
    await asyncio.sleep(float(retry_after or 0))
    again = await service.act("create_points_event", customer_email=SARAH, points_amount=5)
    also = [received.method for received in service.sandbox.requests][len(sent) :]

    assert retry_after == answer.headers.get("retry-after")
    assert state == operation(answer)
    assert ("do not repeat it" in told["error"]) is (status == 202)
    location = f"/operations/{told['operation']['id']}" if status == 202 else None
    assert location == answer.headers.get("location")
    assert ["POST"] == [method for method in sent if method == "POST"]
    assert "true" == again.headers["idempotent-replayed"]
    assert told["operation"]["id"] == again.json()["operation"]["id"]
    assert (["POST"] if state == NOT_SENT else []) == also
    assert (DONE if state == NOT_SENT else state) == operation(again)


@pytest.mark.parametrize(
    ("times", "status", "state"), [(0, 201, DONE), (1, 201, DONE), (2, 503, NOT_SENT)]
)
async def test_a_write_that_rivo_is_too_busy_for_is_sent_once_more_within_its_time(
    times: int, status: int, state: dict[str, Any]
) -> None:
    service = Service(faults=in_turn(*[Fault(kind="too_many")] * times, method="POST"))
    answer = await service.act("create_points_event", customer_email=SARAH, points_amount=5)
    sent = [received.method for received in service.sandbox.requests]

    assert (status, state) == (answer.status_code, operation(answer))
    assert ("1" if status == 503 else None) == answer.headers.get("retry-after")
    assert ["POST"] * min(times + 1, 2) == sent


@pytest.mark.parametrize(
    ("fault", "status", "code", "retry_after"),
    [
        (Fault(kind="status", status=401, body=b"{}"), 503, "rivo_key_refused", None),
        (
            Fault(kind="status", status=429, headers=(("retry-after", "7"),)),
            503,
            "unavailable",
            "7",
        ),
        (Fault(kind="server_error"), 503, "unavailable", "1"),
        (Fault(kind="lost"), 503, "unavailable", "1"),
        (Fault(kind="hang"), 503, "unavailable", "1"),
        (Fault(kind="broken_json"), 503, "unavailable", None),
        (Fault(kind="html"), 503, "unavailable", None),
        (Fault(kind="redirect"), 503, "unavailable", "1"),
        (Fault(kind="status", status=200, body=b'{"data":null}'), 404, "not_found", None),
        (
            Fault(kind="status", status=200, body=b'{"data":{"id":[],"attributes":[]}}'),
            503,
            "unavailable",
            None,
        ),
        (
            Fault(
                kind="status",
                status=200,
                body=b'{"data":{"id":1,"attributes":{"points_tally":"x"}}}',
            ),
            503,
            "unavailable",
            None,
        ),
    ],
)
async def test_a_read_that_failed_says_so(
    fault: Fault, status: int, code: str, retry_after: str | None
) -> None:
    service = Service(faults=lambda _: fault)
    answer = await service.act("get_customer", customer_email=SARAH)

    problem(answer, status, code)
    assert retry_after == answer.headers.get("retry-after")


async def test_an_unknown_customer_is_not_found(service: Service) -> None:
    for identifier in ("nobody@example.com", "1", "s***@example.com"):
        problem(await service.act("get_customer", customer_email=identifier), 404, "not_found")
    problem(await service.act("get_membership", customer_email=SARAH), 404, "not_found")


@pytest.mark.parametrize("name", [name for name, action in ACTIONS.items() if not action.writes])
async def test_the_whole_resource_is_asked_for_by_shape(service: Service, name: str) -> None:
    given = {i.name: i.examples[0] for i in ACTIONS[name].inputs if i.required}
    if name in ("get_membership", "get_sidebar"):
        given["customer_email"] = MEMBER
    flat = (await service.act(name, **given)).json()
    full = (await service.act(name, **given, shape="full")).json()
    ending = [key for key in ("count", "next", "complete", "as_of", "stale") if key in flat]

    assert ["data", *ending] == list(full)
    assert {key: flat[key] for key in ending} == {key: full[key] for key in ending}
    assert full["data"] is not None
    assert flat == (await service.act(name, **given, shape="flat")).json()


async def test_what_is_left_of_four_seconds_is_handed_down(service: Service) -> None:
    """A request whose body takes its time leaves Rivo less of it, and in the end nothing."""

    async def slowly(wait: float) -> AsyncIterator[bytes]:
        yield b'{"customer_email":'
        for _ in range(int(wait * 10)):
            await asyncio.sleep(0.1)
            yield b" "
        yield f'"{SARAH}"}}'.encode()

    async def took(wait: float, action: str) -> tuple[int, float, int]:
        hanging = Service(faults=lambda _: Fault(kind="hang"))
        began = seconds()
        path = f"/actions/{action}?points_amount=1" if "create" in action else f"/actions/{action}"
        answer = await hanging.ask("POST", path, content=slowly(wait))
        return answer.status_code, round(seconds() - began, 1), len(hanging.sandbox.requests)

    assert (503, 2.0, 1) == await took(0, "get_customer")
    assert (503, 3.9, 1) == await took(3, "get_customer")
    assert (503, 4.5, 0) == await took(4.5, "get_customer")
    assert (202, 2.5, 1) == await took(0, "create_points_event")
    assert (202, 3.8, 1) == await took(2, "create_points_event")  # what is known has to be kept
    assert (503, 4.5, 0) == await took(4.5, "create_points_event")


async def test_every_answer_leaves_within_four_seconds_however_rivo_is() -> None:
    slow: dict[str, float] = {}
    for name in ACTIONS:
        faults: list[Fault] = []
        hanging = Service(faults=lambda _, faults=faults: faults[0] if faults else None)
        given = await made_ready(hanging, name)
        faults.append(Fault(kind="hang"))
        began = seconds()
        answer = await hanging.act(name, **given)
        slow[name] = seconds() - began

        assert answer.status_code in (202, 503), answer.text
    assert 26 == len(slow)
    assert {} == {name: spent for name, spent in slow.items() if spent > 4}
