"""A write is made once, however often and by whatever way it is asked for."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
import pytest

from app.store.sqlite import StoreError
from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, Received, in_turn
from tests.app.serving import API_KEY, LEAD_KEY, MAYA, SARAH, Service, problem

pytestmark = pytest.mark.anyio

GIVE: dict[str, Any] = {"customer_email": SARAH, "points_amount": 5}
LOST = Fault(kind="lost", applied=True)


def sent(service: Service) -> list[str]:
    """Name what was sent to change something."""
    return [f"{r.method} {r.path}" for r in service.sandbox.requests if r.method != "GET"]


async def give(service: Service, *, key: str | None = None, **options: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await service.ask(
        "POST", "/actions/create_points_event", json=GIVE, headers=headers, **options
    )


async def test_the_same_request_gives_once_and_is_answered_with_the_same_bytes() -> None:
    service = Service()

    first, again = await give(service), await give(service)

    assert (201, 201) == (first.status_code, again.status_code)
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert "true" == again.headers["idempotent-replayed"]
    assert 1 == len(sent(service))


async def test_an_answer_says_which_operation_it_was() -> None:
    told = (await give(Service())).json()["operation"]

    assert re.fullmatch("op_[0-9a-f]{32}", told["id"])
    assert {"id": told["id"], "state": "succeeded", "applied": True, "safe_to_retry": False} == told


async def test_the_reference_stands_first_in_the_note_and_is_not_shown() -> None:
    service = Service()

    answer = await service.act("create_points_event", **GIVE, internal_note="for the delay")

    reference = answer.json()["operation"]["id"]
    assert f"{reference} for the delay" == service.sandbox.ledger[-1].note
    assert "for the delay" == answer.json()["points_event"]["internal_note"]


async def test_whoever_means_it_twice_sends_two_keys() -> None:
    service = Service()

    answers = [await give(service, key=key) for key in ("one", "two", "one")]

    assert 2 == len(sent(service))
    assert answers[0].content == answers[2].content != answers[1].content


async def test_a_key_may_come_as_an_input_and_means_the_same() -> None:
    service = Service()

    await give(service, key="one")
    again = await service.act("create_points_event", **GIVE, idempotency_key="one")

    assert "true" == again.headers["idempotent-replayed"]
    assert 1 == len(sent(service))


@pytest.mark.parametrize(
    ("headers", "given"),
    [
        ([("Idempotency-Key", "one")], {"idempotency_key": "two"}),
        ([("Idempotency-Key", "one"), ("Idempotency-Key", "one")], {}),
        ([("Idempotency-Key", "k" * 256)], {}),
        ([("Idempotency-Key", "")], {}),
        ([("Idempotency-Key", "\x80")], {}),
    ],
    ids=["two keys", "the header twice", "too long", "empty", "not printable"],
)
async def test_a_key_that_is_none_is_refused(
    headers: list[tuple[str, str]], given: dict[str, str]
) -> None:
    service = Service()
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]

    answer = await service.http.post(
        "/actions/create_points_event",
        json=GIVE | given,
        headers=[(b"Authorization", f"Bearer {API_KEY}".encode()), *raw],
    )

    problem(answer, 400, "unparsable")
    assert [] == sent(service)


async def test_a_key_that_comes_with_other_inputs_is_refused() -> None:
    service = Service()
    await give(service, key="one")

    answer = await service.act(
        "create_points_event", **GIVE | {"points_amount": 6}, idempotency_key="one"
    )

    assert "operation" not in problem(answer, 422, "key_reused")
    assert 1 == len(sent(service))


async def test_a_key_is_its_callers_own() -> None:
    service = Service()

    first = await give(service, key="one")
    other = await service.act("create_points_event", key=LEAD_KEY, **GIVE, idempotency_key="one")

    assert first.json()["operation"]["id"] != other.json()["operation"]["id"]
    assert 2 == len(sent(service))


async def test_without_a_key_the_ticket_tells_requests_apart() -> None:
    service = Service()

    for ticket in ("1", "2", "1"):
        await service.act("create_points_event", **GIVE, ticket_id=ticket)

    assert 2 == len(sent(service))


@pytest.mark.parametrize(("seconds", "times"), [(119, 1), (121, 2)])
async def test_without_a_key_an_answer_is_repeated_for_two_minutes(
    seconds: float, times: int
) -> None:
    service = Service()

    await give(service)
    await asyncio.sleep(seconds)
    await give(service)

    assert times == len(sent(service))


@pytest.mark.parametrize(("days", "times"), [(6.99, 1), (7.01, 2)])
async def test_a_key_lives_for_seven_days(days: float, times: int) -> None:
    service = Service()

    await give(service, key="one")
    await asyncio.sleep(days * 86_400)
    await give(service, key="one")

    assert times == len(sent(service))


async def test_what_is_unknown_is_joined_whatever_its_age() -> None:
    service = Service(faults=in_turn(LOST, method="POST"))

    first = await give(service)
    await asyncio.sleep(121)
    again = await give(service)

    told = problem(again, 202, "outcome_unknown")
    assert first.json()["operation"] == told["operation"]
    assert 1 == len(sent(service))


async def test_clicks_at_the_same_time_are_one_write() -> None:
    service = Service()
    await service.open()

    answers = await asyncio.gather(*(give(service) for _ in range(20)))

    assert 1 == len(sent(service))
    assert 1 == len({answer.content for answer in answers})
    assert 19 == sum("idempotent-replayed" in answer.headers for answer in answers)


async def test_a_caller_who_hangs_up_cuts_nothing() -> None:
    async def slow(_: Received) -> None:
        await asyncio.sleep(1)

    service = Service(delay=slow)
    asking = asyncio.create_task(give(service))
    await asyncio.sleep(0.5)

    asking.cancel()
    await asyncio.sleep(3)

    again = await give(service)
    assert "succeeded" == again.json()["operation"]["state"]
    assert 1 == len(sent(service))


async def test_what_was_surely_not_sent_goes_through_with_the_same_key() -> None:
    busy = [Fault(kind="too_many")] * 2
    service = Service(faults=in_turn(*busy, method="POST"))

    first = await give(service, key="one")
    again = await give(service, key="one")

    told = problem(first, 503, "unavailable")["operation"]
    assert "1" == first.headers["retry-after"]
    assert ("accepted", False, True) == (told["state"], told["applied"], told["safe_to_retry"])
    assert told["id"] == again.json()["operation"]["id"]
    assert 201 == again.status_code
    assert 3 == len(sent(service))  # a 429 is tried once more by itself


async def test_what_rivo_refuses_is_kept_and_repeated() -> None:
    service = Service()

    answers = [
        await service.act("create_points_redemption", customer_email=MAYA, reward_id=1)
        for _ in range(2)
    ]

    told = problem(answers[0], 404, "not_found")["operation"]
    assert ("rejected", False, False) == (told["state"], told["applied"], told["safe_to_retry"])
    assert answers[0].content == answers[1].content
    assert 1 == len(sent(service))


async def test_a_second_redemption_waits_for_what_is_unknown_of_the_first() -> None:
    service = Service(faults=in_turn(LOST, method="POST"))
    await service.act("create_points_redemption", customer_email=MAYA, reward_id=709485)

    other = await service.act("create_points_redemption", customer_email=MAYA, reward_id=709486)

    told = problem(other, 409, "redemption_open")["operation"]
    assert ("accepted", False, True) == (told["state"], told["applied"], told["safe_to_retry"])
    assert 1 == len(sent(service))


async def test_a_second_change_of_the_same_thing_waits_as_well() -> None:
    service = Service(faults=in_turn(LOST, method="PUT"))
    await service.act("update_customer_dob", customer_email=SARAH, dob="01-02")

    other = await service.act("update_customer", customer_email="7294851236742", dob="01-03")

    problem(other, 409, "write_open")
    assert 1 == len(sent(service))


async def test_what_is_so_already_is_not_sent() -> None:
    service = Service()
    change = {"customer_email": SARAH, "dob": "01-02"}

    await service.act("update_customer_dob", **change)
    await asyncio.sleep(600)
    again = await service.act("update_customer_dob", **change)

    told = again.json()["operation"]
    assert ("succeeded", False) == (told["state"], told["applied"])
    assert "01-02" == again.json()["customer"]["dob"]
    assert 1 == len(sent(service))


async def test_what_may_lag_behind_does_not_prove_that_nothing_is_to_do() -> None:
    service = Service()

    for dob in ("01-02", "01-03", "01-02"):
        await service.act("update_customer_dob", customer_email=SARAH, dob=dob, idempotency_key=dob)
    await service.act("update_customer_dob", customer_email=SARAH, dob="01-03", ticket_id="1")

    assert 3 == len(sent(service))  # "01-02" had a key that was used before


async def test_an_input_that_the_action_refuses_leaves_no_operation() -> None:
    service = Service()

    refused = await service.act("create_points_event", customer_email=SARAH, idempotency_key="one")
    mended = await give(service, key="one")

    assert "operation" not in problem(refused, 422, "invalid_input")
    assert 201 == mended.status_code
    listed = (await service.ask("GET", "/operations")).json()
    assert 1 == listed["count"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_mistake_of_ours_tells_what_may_have_been_sent(
    after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service()

    async def broken(rivo: Any, **_: Any) -> Any:
        if after:
            await rivo.writing.about_to_send({})
        raise ZeroDivisionError

    action = ACTIONS["create_points_event"]
    monkeypatch.setitem(ACTIONS, "create_points_event", msgspec.structs.replace(action, run=broken))
    answer = await give(service)

    if after:
        problem(answer, 202, "outcome_unknown")
    else:
        problem(answer, 503, "unavailable")
    assert "ZeroDivisionError" in [line.get("error") for line in service.lines()]


async def test_without_a_store_nothing_is_sent_and_reads_go_on() -> None:
    service = Service()
    await service.open()
    await service.app.state.store.close()

    written = await give(service)
    read = await service.act("get_customer", customer_email=SARAH)

    assert "operation" not in problem(written, 503, "unavailable")
    assert "1" == written.headers["retry-after"]
    assert [] == sent(service)
    assert 200 == read.status_code


@pytest.mark.parametrize("call", ["write", "read"])
async def test_a_store_that_hangs_keeps_nobody_waiting(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(faults=in_turn(LOST, method="POST"))
    first = await give(service)
    began = asyncio.get_running_loop().time()
    store = service.app.state.store

    async def hangs(_: Any, **__: Any) -> Any:
        await asyncio.sleep(3_600)

    monkeypatch.setattr(store, call, hangs)
    answer = await give(service)

    assert 202 == first.status_code
    assert 4 >= asyncio.get_running_loop().time() - began
    if call == "write":
        assert "operation" not in problem(answer, 503, "unavailable")
    else:
        problem(answer, 202, "outcome_unknown")
    assert 1 == len(sent(service))


async def test_a_store_that_is_lost_after_sending_makes_it_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Service()
    await service.open()
    store = service.app.state.store
    write, writes = store.write, 0

    async def second_and_later_fail(job: Any, **how: Any) -> Any:
        nonlocal writes
        writes += 1
        if 2 <= writes < 9:
            raise StoreError("away")
        return await write(job, **how)

    monkeypatch.setattr(store, "write", second_and_later_fail)
    answer = await give(service)
    await asyncio.sleep(10)
    again = await give(service)

    told = problem(answer, 409, "still_running")["operation"]
    assert ("sending", None, False) == (told["state"], told["applied"], told["safe_to_retry"])
    assert "succeeded" == again.json()["operation"]["state"]
    assert 1 == len(sent(service))


async def steps(service: Service, operation_id: str) -> list[str]:
    """Name the steps of an operation as the audit has them."""

    def job(tx: Any) -> list[str]:
        rows = tx.execute(
            "SELECT event FROM audit WHERE operation_id = ? ORDER BY number", (operation_id,)
        )
        return [row[0] for row in rows]

    told: list[str] = await service.app.state.store.read(job)
    return told


async def test_a_plain_gift_waits_for_the_disk_twice_and_takes_every_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Service()
    await service.open()
    store = service.app.state.store
    write, waits = store.write, list[bool]()

    async def counted(job: Any, *, durable: bool = True) -> Any:
        waits.append(durable)
        return await write(job, durable=durable)

    monkeypatch.setattr(store, "write", counted)
    given = await give(service)
    birthday = await service.act("update_customer_dob", customer_email=SARAH, dob="04-02")

    assert [True, True, *(False, True, True)] == waits
    for answer in (given, birthday):
        told = await steps(service, answer.json()["operation"]["id"])
        assert ["accepted", "sending", "succeeded"] == told


async def test_a_gift_that_is_switched_off_on_its_way_is_refused_and_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Service()
    monkeypatch.setattr("app.operations.attempt.is_switched_off", lambda *_: True)

    told = problem(await give(service), 403, "switched_off")["operation"]

    assert ("rejected", False) == (told["state"], told["applied"])
    assert [] == sent(service)
    assert ["accepted", "sending", "rejected"] == await steps(service, told["id"])
