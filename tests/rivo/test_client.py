"""The client: reads remembered and shared, writes sent once, deadlines kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from integrations.errors import NotFoundError, OutcomeUnknownError, UnavailableError
from integrations.rivo.forms import when
from integrations.rivo.found import Found
from integrations.upstream import Reply
from tests.rivo.stage import AS_OF, NOW, SARAH, SARAH_ID, Stage, built, listed, row, sample

pytestmark = pytest.mark.anyio

MARTINEZ = sample("customer__sarah_martinez.reconstructed")
EVENT = sample("points_event.reconstructed")
MAYA = {"id": 8, "email": "maya@example.com"}


async def points(stage: Stage, identifier: str = SARAH) -> Any:
    return built(await stage.run("get_customer", customer_email=identifier))


async def test_a_read_is_remembered_for_half_a_minute(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", *[MARTINEZ] * 2)

    first = await points(stage)
    stage.clock.seconds += 29
    second = await points(stage)
    assert (AS_OF, AS_OF, 1) == (first["as_of"], second["as_of"], len(stage.sent))

    stage.clock.seconds += 1
    third = await points(stage)
    assert ("2026-11-21T12:00:30.000Z", 2) == (third["as_of"], len(stage.sent))


async def test_the_catalogue_is_remembered_for_five_minutes_whatever_is_written(
    stage: Stage,
) -> None:
    stage.on("GET", "/rewards", *[listed()] * 2)
    stage.on("POST", "/points_events", EVENT, status=201)
    await stage.run("list_rewards")
    await stage.run("create_points_event", customer_email=SARAH, points_amount=1)

    stage.clock.seconds += 299
    await stage.run("list_rewards", enabled=True)
    assert 2 == len(stage.sent)

    stage.clock.seconds += 1
    await stage.run("list_rewards")
    assert 3 == len(stage.sent)


async def test_an_answer_is_as_old_as_its_read_not_as_its_arrival(stage: Stage) -> None:
    def slow(_: httpx.Request) -> httpx.Response:
        stage.clock.seconds += 1.5
        return httpx.Response(200, json=MARTINEZ)

    stage.on("GET", "/customers/.*").side_effect = slow

    assert AS_OF == (await points(stage))["as_of"]


async def test_an_answer_that_waited_here_is_as_old_as_its_leaving(stage: Stage) -> None:
    async def read(*_: Any, **__: Any) -> Reply:
        stage.clock.seconds += 1.5  # of which the last half was on its way
        body = msgspec.json.encode(MARTINEZ)
        return Reply(200, "application/json", body, None, left=stage.clock.seconds - 0.5)

    stage.upstream.read = read  # type: ignore[method-assign]

    assert "2026-11-21T12:00:01.000Z" == (await points(stage))["as_of"]


async def test_many_who_ask_at_once_cost_one_request(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", MARTINEZ)

    answers = await asyncio.gather(*(points(stage) for _ in range(100)))

    assert 1 == len(stage.sent)
    assert {150} == {answer["customer"]["points_tally"] for answer in answers}


async def test_who_shares_a_read_has_its_own_time(stage: Stage) -> None:
    release = asyncio.Event()

    async def slow(_: httpx.Request) -> httpx.Response:
        await release.wait()
        return httpx.Response(200, json=MARTINEZ)

    stage.on("GET", "/customers/.*").side_effect = slow
    hurried = asyncio.create_task(
        stage.run_until(stage.clock() + 0.001, "get_customer", customer_email=SARAH)
    )
    patient = asyncio.create_task(stage.run("get_customer", customer_email=SARAH))

    with pytest.raises(UnavailableError):
        await hurried
    release.set()

    assert built(await patient)["customer"]["points_tally"] == 150
    assert 1 == len(stage.sent)


@pytest.mark.parametrize("written_by", [SARAH, str(SARAH_ID)], ids=["e-mail", "id"])
@pytest.mark.parametrize("read_by", [SARAH, SARAH.upper(), str(SARAH_ID)])
async def test_a_write_is_seen_at_once_by_whichever_identifier(
    stage: Stage, written_by: str, read_by: str
) -> None:
    stage.on("GET", "/customers/.*", *[MARTINEZ] * 2)
    stage.on("DELETE", "/memberships/.*/cancel", httpx.Response(204))
    await points(stage, read_by)

    await stage.run("cancel_membership", customer_email=written_by)
    await points(stage, read_by)

    assert 3 == len(stage.sent)


async def test_a_write_leaves_other_customers_remembered(stage: Stage) -> None:
    stage.on("GET", "/customers/maya.*", {"data": row(8, **MAYA)})
    stage.on("POST", "/points_events", EVENT, status=201)
    await points(stage, "maya@example.com")

    await stage.run("create_points_event", customer_email="customer@example.com", points_amount=1)
    await points(stage, "maya@example.com")

    assert 2 == len(stage.sent)


async def test_a_store_that_ignores_the_filter_does_not_confuse_whom_a_write_changed(
    stage: Stage,
) -> None:
    others = listed(row(1, customer=MAYA))
    stage.on("GET", "/points_events", others, others)
    stage.on("PUT", "/customers/.*", {"data": row(SARAH_ID, dob="07-13", points_tally=1)})
    await stage.run("list_customer_points_events", customer_email=SARAH)

    await stage.run("update_customer_dob", customer_email=str(SARAH_ID), dob="07-13")
    await stage.run("list_customer_points_events", customer_email=SARAH)

    assert 3 == len(stage.sent)


@pytest.mark.parametrize("customer", [MARTINEZ["data"]["attributes"], None], ids=["told", "not"])
async def test_a_refund_forgets_the_balance_of_whomever_it_was(
    stage: Stage, customer: object
) -> None:
    stage.on("GET", "/customers/.*", *[MARTINEZ] * 9)
    stage.on("GET", "/points_redemptions/5", httpx.Response(404, html="no route"))
    refund = {"data": row(5, code="BAL", refunded_at="2026-11-21T12:00:00Z", customer=customer)}
    stage.on("POST", "/points_redemptions/5/refund", refund, status=201)
    await points(stage)

    await stage.run("refund_points_redemption", redemption_id=5)
    sent = len(stage.sent)
    await points(stage)

    assert sent + 1 == len(stage.sent)


async def test_a_read_under_way_during_a_write_is_not_remembered(stage: Stage) -> None:
    release = asyncio.Event()

    async def slow(_: httpx.Request) -> httpx.Response:
        await release.wait()
        return httpx.Response(200, json=MARTINEZ)

    stage.on("GET", "/customers/.*").side_effect = slow
    stage.on("DELETE", "/memberships/.*/cancel", httpx.Response(204))
    before = asyncio.create_task(points(stage))
    await asyncio.sleep(0)
    await stage.run("cancel_membership", customer_email=SARAH)
    release.set()
    await before
    stage.clock.seconds += 10

    await points(stage)

    assert 3 == len(stage.sent)


async def test_a_cancelled_write_forgets_as_well(stage: Stage) -> None:
    release, arrived = asyncio.Event(), asyncio.Event()

    async def slow(_: httpx.Request) -> httpx.Response:
        arrived.set()
        await release.wait()
        return httpx.Response(204)

    stage.on("GET", "/customers/.*", *[MARTINEZ] * 2)
    stage.on("DELETE", "/.*").side_effect = slow
    await points(stage)
    writing = asyncio.create_task(stage.run("cancel_membership", customer_email=SARAH))
    await arrived.wait()

    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await points(stage)
    release.set()
    await asyncio.wait(stage.upstream._running)

    assert writing.cancelled()
    assert ["GET", "GET", "DELETE"] == [line.partition(" ")[0] for line in stage.sent]


async def test_a_deadline_is_one_requests_own(stage: Stage) -> None:
    mine = stage.rivo.until(stage.clock() + 4)

    assert 4 == mine.seconds_left
    assert float("inf") == stage.rivo.seconds_left
    assert mine.learnt is stage.rivo.learnt
    stage.clock.seconds += 5
    assert -1 == mine.seconds_left


async def test_reads_and_writes_have_their_own_time_at_most(stage: Stage) -> None:
    seconds: list[float] = []

    async def read(*_: Any, **options: Any) -> Any:
        seconds.append(options["seconds"])
        raise asyncio.CancelledError

    stage.upstream.read = stage.upstream.call = read  # type: ignore[method-assign]
    for action, inputs in (
        ("get_customer", {"customer_email": SARAH}),
        ("cancel_membership", {"customer_email": SARAH}),
    ):
        for left in (9, 1):
            with pytest.raises(asyncio.CancelledError):
                await stage.run_until(stage.clock() + left, action, **inputs)

    assert [2.0, 2.0, 2.5, 1] == seconds


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-12.50"), "-12.50"),
        (
            datetime(2026, 11, 21, 14, tzinfo=timezone(timedelta(hours=2))),
            "2026-11-21T12:00:00.000Z",
        ),
        ("a b&c=ü", "a b&c=ü"),
    ],
    ids=repr,
)
async def test_a_form_is_spelled_as_rivo_reads_it(stage: Stage, value: object, spelt: str) -> None:
    stage.on("POST", "/rows", EVENT, status=201)

    await stage.rivo.send("POST", "rows", form={"a": value, "b": None}, who=SARAH)

    assert {"a": spelt} == stage.form


async def test_a_write_without_data_is_for_nobody_where_something_should_have_been_made(
    stage: Stage,
) -> None:
    stage.on("POST", "/points_events", {"data": None})

    with pytest.raises(NotFoundError, match="no such customer or reward; nothing was changed"):
        await stage.run("create_points_event", customer_email=SARAH, points_amount=1)

    assert 1 == len(stage.sent)


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (httpx.Response(404, json={"error": "Could not find a customer."}), NotFoundError),
        (httpx.Response(200, json=MARTINEZ), OutcomeUnknownError),
        (httpx.ReadTimeout, OutcomeUnknownError),
    ],
    ids=["nobody", "somebody", "unknown"],
)
async def test_a_change_without_data_is_unknown_unless_there_is_nobody(
    stage: Stage, read: object, error: type[Exception]
) -> None:
    stage.on("PUT", "/customers/.*", {"data": None})
    stage.on("GET", "/customers/.*", read)

    with pytest.raises(error):
        await stage.run("update_customer_dob", customer_email=SARAH, dob="07-13")

    assert 2 == len(stage.sent)


async def test_what_cannot_be_understood_is_not_remembered(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", {"data": []}, MARTINEZ)

    with pytest.raises(UnavailableError, match="one resource"):
        await points(stage)

    assert 150 == (await points(stage))["customer"]["points_tally"]


async def test_a_customer_without_an_id_is_not_understood(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", {"data": {"attributes": {"email": SARAH}}})

    with pytest.raises(UnavailableError, match="the customer's id"):
        await points(stage)


def test_what_was_found_is_one_resource_or_rows() -> None:
    one = Found(msgspec.json.encode({"data": row(1)}), AS_OF)
    many = Found(msgspec.json.encode([row(1), row(2)]), AS_OF)

    assert 1 == one.resource.id
    assert [1, 2] == [each.id for each in many.rows]
    with pytest.raises(UnavailableError, match="a list"):
        len(one.rows)
    with pytest.raises(UnavailableError, match="one resource"):
        many.resource.full()


def test_a_time_is_written_as_rivo_does() -> None:
    assert AS_OF == when(NOW)
    assert "2026-11-21T12:00:00.123Z" == when(datetime(2026, 11, 21, 12, 0, 0, 123999, tzinfo=UTC))
