"""Faults: what a client sees, and what has happened all the same."""

from __future__ import annotations

from typing import get_args

import anyio
import httpx
import msgspec
import pytest

from integrations.rivo_sandbox import (
    Fault,
    LostConnectionError,
    Received,
    RefusedConnectionError,
    in_turn,
)
from integrations.rivo_sandbox.faults import Kind
from tests.rivo_sandbox.scenes import GRANT
from tests.rivo_sandbox.stage import SARAH, Stage, attributes, switched

pytestmark = pytest.mark.anyio


async def grant(stage: Stage) -> httpx.Response:
    return await stage.post(
        "points_events", customer_identifier=SARAH, source="manual", points_amount=1
    )


@pytest.mark.parametrize(
    ("fault", "status", "media"),
    [
        (Fault(kind="status", status=503, body=b'{"error":"later"}'), 503, "application/json"),
        (Fault(kind="server_error"), 502, "text/html; charset=utf-8"),
        (Fault(kind="too_many"), 429, "application/json"),
        (Fault(kind="html"), 200, "text/html; charset=utf-8"),
        (Fault(kind="wrong_content_type"), 200, "text/html; charset=utf-8"),
        (Fault(kind="redirect"), 302, None),
        (Fault(kind="broken_json"), 200, "application/json"),
        (Fault(kind="trickle", pause=0), 200, "application/json"),
        (Fault(kind="answered"), 200, "application/json"),
    ],
)
@pytest.mark.parametrize("applied", [False, True])
async def test_a_fault_answers_in_place_of_the_shop(
    fault: Fault, status: int, media: str | None, applied: bool
) -> None:
    true_kinds = ("broken_json", "wrong_content_type", "trickle", "answered")
    true_answer = applied and fault.kind in true_kinds
    stage = Stage(faults=in_turn(msgspec.structs.replace(fault, applied=applied)))

    answer = await grant(stage)

    assert (201 if true_answer else status, media) == (
        answer.status_code,
        answer.headers.get("content-type"),
    )
    assert (151 if applied else 150) == stage.sandbox.balance(SARAH)[0]
    assert 201 == (await grant(stage)).status_code


async def test_a_status_comes_with_its_headers() -> None:
    fault = Fault(kind="status", status=429, headers=(("retry-after", "2"),))

    answer = await grant(Stage(faults=in_turn(fault)))

    assert "2" == answer.headers["retry-after"]


async def test_broken_json_is_broken() -> None:
    stage = Stage(faults=in_turn(Fault(kind="broken_json", applied=True)))

    answer = await grant(stage)

    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


async def test_a_redirect_leads_elsewhere() -> None:
    answer = await grant(Stage(faults=in_turn(Fault(kind="redirect"))))

    assert "https://elsewhere.example/login" == answer.headers["location"]


@pytest.mark.parametrize("applied", [False, True])
async def test_a_connection_is_lost_before_or_after(applied: bool) -> None:
    def lost() -> httpx.ReadError:
        return httpx.ReadError("gone")

    stage = Stage(faults=in_turn(Fault(kind="lost", applied=applied, error=lost)))

    with pytest.raises(httpx.ReadError):
        await grant(stage)

    assert (151 if applied else 150) == stage.sandbox.balance(SARAH)[0]


async def test_a_refused_connection_is_no_request() -> None:
    stage = Stage(faults=in_turn(Fault(kind="refuse")))

    with pytest.raises(RefusedConnectionError):
        await grant(stage)
    await grant(stage)

    assert [1] == [received.number for received in stage.sandbox.requests]
    assert 151 == stage.sandbox.balance(SARAH)[0]


async def test_an_answer_trickles_in_pieces() -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    fault = Fault(kind="trickle", applied=True, pieces=4, pause=0.7)
    stage = Stage(faults=in_turn(fault), sleep=sleep)

    answer = await grant(stage)

    assert 201 == answer.status_code
    assert 1 == attributes(answer)["points_diff"]
    assert [0.7] * 4 == pauses


@pytest.mark.parametrize(("length", "kept"), [(None, "op_1 thanks"), (4, "op_1"), (0, "")])
async def test_a_note_may_be_cut(length: int | None, kept: str) -> None:
    stage = Stage(faults=in_turn(Fault(kind="answered", applied=True, note_length=length)))

    answer = await stage.post("points_events", **GRANT, internal_note="op_1 thanks")

    assert kept == attributes(answer)["internal_note"]
    assert kept == stage.sandbox.ledger[-1].note
    assert ("internal_note", "op_1 thanks") in stage.sandbox.requests[-1].form


async def test_an_internal_failure_looks_as_switched() -> None:
    def failing(failure: str) -> Stage:
        plan = in_turn(Fault(kind="server_error"))
        return Stage(faults=plan, switches=switched(failure=failure))

    page = await grant(failing("html_502"))
    json = await grant(failing("json_error"))
    with pytest.raises(LostConnectionError):
        await grant(failing("closed_connection"))

    assert (502, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])
    assert (500, {"error": "Internal Server Error"}) == (json.status_code, json.json())


async def test_too_many_looks_as_switched() -> None:
    def refusing(too_many: str) -> Stage:
        return Stage(faults=in_turn(Fault(kind="too_many")), switches=switched(too_many=too_many))

    late = await grant(refusing("retry_after"))
    text = await grant(refusing("plain_text"))

    assert ("1", {"error": "Too many Merchant API requests"}) == (
        late.headers["retry-after"],
        late.json(),
    )
    assert (429, "Too many Merchant API requests", "text/plain; charset=utf-8") == (
        text.status_code,
        text.text,
        text.headers["content-type"],
    )


@pytest.mark.parametrize("applied", [False, True])
async def test_a_hanging_request_ends_when_the_client_gives_up(applied: bool) -> None:
    stage = Stage(faults=in_turn(Fault(kind="hang", applied=applied)))

    with anyio.move_on_after(0.01) as scope:
        await grant(stage)

    assert scope.cancelled_caught
    assert (151 if applied else 150) == stage.sandbox.balance(SARAH)[0]


async def test_a_plan_may_look_at_the_request() -> None:
    def plan(received: Received) -> Fault | None:
        return Fault(kind="html") if received.path.endswith("vip_tiers") else None

    stage = Stage(faults=plan)

    assert "text/html; charset=utf-8" == (await stage.get("vip_tiers")).headers["content-type"]
    assert 201 == (await grant(stage)).status_code


async def test_a_plan_may_be_for_one_verb() -> None:
    stage = Stage(faults=in_turn(None, Fault(kind="server_error"), method="POST"))

    statuses = [(await grant(stage)).status_code, (await stage.get("rewards")).status_code]
    statuses += [(await grant(stage)).status_code, (await grant(stage)).status_code]

    assert [201, 200, 502, 201] == statuses


async def test_requests_can_be_held() -> None:
    opened = anyio.Event()

    async def wait(_: Received) -> None:
        await opened.wait()

    stage = Stage(delay=wait)
    async with anyio.create_task_group() as group:
        group.start_soon(grant, stage)
        await anyio.wait_all_tasks_blocked()
        held = stage.sandbox.balance(SARAH)[0]
        opened.set()

    assert (150, 151) == (held, stage.sandbox.balance(SARAH)[0])
    assert 1 == len(stage.sandbox.requests)


def test_every_kind_is_tried_above() -> None:
    kinds = {"status", "server_error", "too_many", "html", "broken_json", "wrong_content_type"}
    kinds |= {"redirect", "lost", "hang", "refuse", "trickle", "answered"}

    assert kinds == set(get_args(Kind))
