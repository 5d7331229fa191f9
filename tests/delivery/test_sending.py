"""The deliverer: each trigger is told at least once, under one id, or kept as a dead letter."""

from __future__ import annotations

import asyncio
import email.utils
from collections import Counter
from datetime import timedelta
from itertools import accumulate
from pathlib import Path

import httpx
import pytest

from app.delivery import outbox
from app.delivery.outbox import message_id
from app.delivery.sending import JITTER, LEASE_SECONDS, WAITS
from app.delivery.standard_webhooks import verify
from app.store.sqlite import StoreError
from tests.app.loop import seconds
from tests.app.serving import ENVIRON, Service
from tests.delivery.stage import (
    BODY,
    EARNED,
    NOW,
    OTHER_URL,
    SECRET,
    URL,
    Answer,
    Receiver,
    Stage,
    Told,
    answering,
    shop_of,
)

pytestmark = pytest.mark.anyio

ACME = shop_of((EARNED, URL))
SCHEDULE = list(accumulate(WAITS, initial=0.0))


async def opened(receiver: Receiver, *events: str, shop: object = ACME, **options: object) -> Stage:
    stage = Stage(shop, receiver=receiver, **options)  # type: ignore[arg-type]
    await stage.store.open()
    await stage.put(*(events or ("event-1",)))
    return stage


async def test_a_trigger_is_sent_once_signed_as_standard_webhooks_say() -> None:
    receiver = Receiver()
    stage = await opened(receiver)

    await stage.for_seconds(60)

    (told,) = receiver.told
    sent = told.request
    assert ("POST", URL, BODY) == (sent.method, str(sent.url), sent.content)
    assert {
        "host": "hooks.example.com",
        "content-type": "application/json",
        "content-length": str(len(BODY)),
        "user-agent": "rivo-helpdesk",
        "accept": "*/*",
        "webhook-id": message_id("acme", "event-1", EARNED, URL),
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": sent.headers["webhook-signature"],
    } == dict(sent.headers)
    assert ["delivered"] == await stage.states()


async def test_what_fails_is_tried_for_a_day_and_then_kept_as_a_dead_letter() -> None:
    receiver = Receiver(answering(500))
    stage = await opened(receiver)

    await stage.until_ended()

    assert [5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0] == list(WAITS)
    assert SCHEDULE == pytest.approx(receiver.times(), abs=0.1)
    (line,) = await stage.lines()
    assert ("dead", 8, 500, "answered", None) == (
        line.state,
        line.tries,
        line.status,
        line.why,
        line.due_at,
    )


async def test_waits_differ_lest_all_come_back_together() -> None:
    receiver = Receiver(answering(500))
    stage = await opened(receiver, chance=lambda: 1.0)

    await stage.until_ended()

    later = [1.2 * each for each in SCHEDULE]
    assert later == pytest.approx(receiver.times(), abs=0.1)


async def test_each_try_has_the_same_id_and_a_signature_of_its_own_time() -> None:
    receiver = Receiver(answering(500))
    stage = await opened(receiver)

    await stage.until_ended()

    assert 1 == len({told.id for told in receiver.told})
    times = [int(told.request.headers["webhook-timestamp"]) for told in receiver.told]
    assert [round(at - receiver.told[0].at) for at in (told.at for told in receiver.told)] == [
        at - times[0] for at in times
    ]
    assert 8 == len({told.request.headers["webhook-signature"] for told in receiver.told})


@pytest.mark.parametrize(
    ("answer", "why", "status"),
    [
        (httpx.Response(400), "answered", 400),
        (httpx.Response(404), "answered", 404),
        (httpx.Response(302, headers={"location": OTHER_URL}), "answered", 302),
        (httpx.Response(308, headers={"location": OTHER_URL}), "answered", 308),
        (httpx.ConnectError("no"), "no_connection", None),
        (httpx.ReadError("gone"), "broken_off", None),
        (httpx.ReadTimeout("late"), "too_late", None),
        (httpx.RemoteProtocolError("what"), "broken_off", None),
        (RuntimeError("odd"), "failed", None),
        (None, "too_late", None),
    ],
    ids=str,
)
async def test_whatever_is_no_yes_is_tried_again(
    answer: Answer, why: str, status: int | None
) -> None:
    receiver = Receiver(lambda told: answer if len(receiver.told) == 1 else httpx.Response(200))
    stage = await opened(receiver)

    await stage.for_seconds(3)
    if answer is not None:
        (line,) = await stage.lines()
        assert ("waiting", status, why) == (line.state, line.status, line.why)
    await stage.for_seconds(60)

    assert 2 == len(receiver.told)
    assert {URL} == {str(told.request.url) for told in receiver.told}
    (put_off,) = stage.logged("trigger.put_off")
    assert (status, why) == (put_off["status"], put_off["why"])
    assert ["delivered"] == await stage.states()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_success_is_a_yes(status: int) -> None:
    receiver = Receiver(answering(status))
    stage = await opened(receiver)

    await stage.for_seconds(60)

    assert ["delivered"] == await stage.states()


async def test_who_wants_no_more_is_not_asked_again() -> None:
    receiver = Receiver(answering(410))
    stage = await opened(receiver)

    await stage.until_ended()

    (line,) = await stage.lines()
    assert (1, "dead", 410, "gone") == (len(receiver.told), line.state, line.status, line.why)
    (logged,) = stage.logged("trigger.dead")
    assert ("gone", "warning") == (logged["why"], logged["level"])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("120", 120.0),
        ("2", 5.0),
        (email.utils.format_datetime(NOW + timedelta(minutes=10), usegmt=True), 600.0),
        (email.utils.format_datetime(NOW - timedelta(minutes=10), usegmt=True), 5.0),
        ("999999999", 36_000.0),
        ("soon", 5.0),
        ("", 5.0),
    ],
)
async def test_a_receiver_may_ask_for_more_time(said: str, expected: float) -> None:
    receiver = Receiver(answering(503, {"retry-after": said}))
    stage = await opened(receiver)

    await stage.deliverer.once()

    (line,) = await stage.lines()
    assert expected == pytest.approx((line.due_at or 0.0) - stage.now().timestamp(), abs=0.1)


async def test_a_receiver_that_hangs_is_left_after_ten_seconds() -> None:
    receiver = Receiver(lambda _: None)
    stage = await opened(receiver)
    began = seconds()

    await stage.deliverer.once()

    assert 10.0 == pytest.approx(seconds() - began, abs=0.1)
    assert ["waiting"] == await stage.states()


async def test_a_slow_receiver_holds_no_other_up() -> None:
    def answer(told: Told) -> Answer:
        return None if str(told.request.url) == OTHER_URL else httpx.Response(204)

    receiver = Receiver(answer)
    shop = shop_of((EARNED, OTHER_URL), (EARNED, URL))
    stage = await opened(receiver, *(f"event-{n}" for n in range(100)), shop=shop)

    await stage.for_seconds(2)

    assert 100 == len(receiver.times(URL))
    assert max(receiver.times(URL)) < 1.0
    assert 8 == len(receiver.times(OTHER_URL))


async def test_one_receiver_is_told_eight_things_at_once_at_most() -> None:
    at_once: list[int] = [0]

    async def slowly(_: httpx.Request) -> httpx.Response:
        at_once.append(at_once[-1] + 1)
        await asyncio.sleep(0.5)
        at_once.append(at_once[-1] - 1)
        return httpx.Response(204)

    stage = Stage(ACME, receiver=httpx.MockTransport(slowly))
    await stage.store.open()
    await stage.put(*(f"event-{n}" for n in range(40)))
    began = seconds()

    await stage.deliverer.once()

    assert (8, ["delivered"] * 40) == (max(at_once), await stage.states())
    assert 2.5 == pytest.approx(seconds() - began, abs=0.1)


async def test_while_a_secret_is_changed_each_message_is_signed_with_both() -> None:
    receiver = Receiver()
    shop = shop_of((EARNED, URL), secrets=("new-secret-0001", SECRET))
    stage = await opened(receiver, shop=shop)

    await stage.for_seconds(3)

    (told,) = receiver.told
    assert 2 == len(told.request.headers["webhook-signature"].split(" "))
    at = float(told.request.headers["webhook-timestamp"])
    for secret in shop.triggers[0].secrets:
        assert told.id == verify(dict(told.request.headers), BODY, secrets=[secret], now=at)


async def test_an_url_that_is_not_named_any_more_is_told_nothing() -> None:
    receiver = Receiver()
    stage = await opened(receiver)
    stage.use(shop_of((EARNED, OTHER_URL), ("points_redemption_created", URL)))

    await stage.for_seconds(3)

    (line,) = await stage.lines()
    assert (0, "dead", "not_named") == (len(receiver.told), line.state, line.why)


async def test_a_shop_that_is_not_served_any_more_tells_nothing() -> None:
    receiver = Receiver()
    stage = await opened(receiver)
    stage.use(shop_of((EARNED, URL), name="other"))

    await stage.for_seconds(3)

    assert 0 == len(receiver.told)
    (logged,) = stage.logged("trigger.dead")
    assert ("acme", "not_named") == (logged["shop"], logged["why"])


async def test_a_dead_letter_is_told_when_it_is_sent_again() -> None:
    receiver = Receiver(answering(410))
    stage = await opened(receiver)
    await stage.for_seconds(3)
    (line,) = await stage.lines()
    receiver._answer = answering(204)

    await stage.store.write(
        lambda tx: outbox.replay(tx, line.id, shops=[line.shop], at=stage.now().timestamp()),
    )
    await stage.for_seconds(3)

    assert ["delivered"] == await stage.states()
    assert {line.id} == {told.id for told in receiver.told}


async def test_what_a_dead_process_had_begun_is_sent_again_under_its_id(tmp_path: Path) -> None:
    receiver = Receiver(lambda _: None)
    stage = await opened(receiver, path=tmp_path / "outbox.db")
    dying = asyncio.create_task(stage.deliverer.once())
    await asyncio.sleep(1)
    (line,) = await stage.lines()
    assert "sending" == line.state
    receiver._answer = answering(204)

    await stage.deliver().once()

    dying.cancel()
    assert ["delivered"] == await stage.states()
    assert [line.id, line.id] == [told.id for told in receiver.told]


async def test_where_others_may_live_their_lease_is_waited_for() -> None:
    receiver = Receiver(lambda _: None)
    stage = await opened(receiver, alone=False)
    dying = asyncio.create_task(stage.deliverer.once())
    await asyncio.sleep(1)
    dying.cancel()
    await stage.deliverer.close()
    receiver._answer = answering(204)
    stage.deliverer = stage.deliver()

    await stage.for_seconds(20)
    assert 1 == len(receiver.told)
    await stage.for_seconds(15)

    assert [0.0, 30.0] == pytest.approx(receiver.times(), abs=1.5)
    assert ["delivered"] == await stage.states()


async def test_closing_lets_what_is_under_way_end() -> None:
    async def slowly(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(2)
        return httpx.Response(204)

    stage = Stage(ACME, receiver=httpx.MockTransport(slowly))
    await stage.store.open()
    await stage.put("event-1")
    running = asyncio.create_task(stage.deliverer.run())
    await asyncio.sleep(0.5)
    running.cancel()

    await stage.deliverer.close()

    assert ["delivered"] == await stage.states()


async def test_closing_begins_nothing_more() -> None:
    async def slowly(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(2)
        return httpx.Response(204)

    stage = Stage(ACME, receiver=httpx.MockTransport(slowly))
    await stage.store.open()
    await stage.put(*(f"event-{n}" for n in range(20)))
    running = asyncio.create_task(stage.deliverer.run())
    await asyncio.sleep(0.5)
    running.cancel()

    await stage.deliverer.close()

    assert {"delivered": 8, "waiting": 12} == Counter(await stage.states())


async def test_closing_takes_three_seconds_at_most() -> None:
    stage = await opened(Receiver(lambda _: None))
    running = asyncio.create_task(stage.deliverer.run())
    await asyncio.sleep(0.5)
    running.cancel()
    began = seconds()

    await stage.deliverer.close()

    assert 3.0 == pytest.approx(seconds() - began, abs=0.1)
    assert ["sending"] == await stage.states()


async def test_a_store_that_is_away_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver()
    stage = await opened(receiver)
    write, read = stage.store.write, stage.store.read

    async def lost(*_: object, **__: object) -> object:
        raise StoreError("The database cannot be used (IOERR).")

    monkeypatch.setattr(stage.store, "read", lost)
    await stage.for_seconds(3)
    monkeypatch.setattr(stage.store, "read", read)
    monkeypatch.setattr(stage.store, "write", lost)
    await stage.for_seconds(3)
    assert [] == receiver.told
    monkeypatch.setattr(stage.store, "write", write)
    await stage.for_seconds(3)

    assert ["delivered"] == await stage.states()
    assert 4 <= len(stage.logged("store.failed"))


async def test_an_outcome_that_could_not_be_put_down_is_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver = Receiver()
    stage = await opened(receiver)
    end = outbox.end

    def lost(*_: object, **__: object) -> bool:
        raise StoreError("The database cannot be used (FULL).")

    monkeypatch.setattr(outbox, "end", lost)
    await stage.for_seconds(3)
    monkeypatch.setattr(outbox, "end", end)
    await stage.for_seconds(40)

    assert [0.0, 30.0] == pytest.approx(receiver.times(), abs=1.5)
    assert 1 == len({told.id for told in receiver.told})
    assert ["delivered"] == await stage.states()


async def test_a_mistake_of_ours_stops_no_other_trigger(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver()
    stage = await opened(receiver)

    def wrong(*_: object, **__: object) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr("app.delivery.standard_webhooks.headers", wrong)
    await stage.for_seconds(3)
    assert ["KeyError"] == [line["error"] for line in stage.logged("triggers.failed")]
    monkeypatch.undo()
    await stage.for_seconds(40)

    assert ["delivered"] == await stage.states()


async def test_a_mistake_while_looking_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver()
    stage = await opened(receiver)

    def wrong(*_: object, **__: object) -> None:
        raise KeyError("a mistake")

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "waiting", wrong)
        await stage.for_seconds(3)
    assert {"KeyError"} == {line["error"] for line in stage.logged("triggers.failed")}
    await stage.for_seconds(3)

    assert ["delivered"] == await stage.states()


async def test_no_log_line_says_what_or_where_exactly() -> None:
    receiver = Receiver(lambda _: httpx.Response(500) if len(receiver.told) < 2 else None)
    stage = await opened(receiver)

    await stage.until_ended()

    out = stage.out.getvalue().decode()
    for secret in ("ana@example.com", "capability-0001", "whsec_", '"7"'):
        assert secret not in out
    (line,) = stage.logged("trigger.dead")
    assert ("acme", EARNED, "hooks.example.com", 8) == tuple(
        line[name] for name in ("shop", "trigger", "host", "tries")
    )


async def test_attempts_and_what_is_left_are_counted() -> None:
    receiver = Receiver(lambda told: httpx.Response(204 if len(receiver.told) > 1 else 500))
    stage = await opened(receiver)

    def value(name: str, **labels: str) -> float | None:
        return stage.metrics.registry.get_sample_value(f"rivo_helpdesk_{name}", labels)

    await stage.for_seconds(1)
    named = {"shop": "acme", "trigger": EARNED}
    assert 1 == value("trigger_attempts_total", **named, state="waiting")
    await stage.for_seconds(30)

    assert 1 == value("trigger_attempts_total", **named, state="delivered")
    assert value("open_triggers", shop="acme", state="waiting") is None


async def test_what_was_told_is_forgotten_in_time() -> None:
    receiver = Receiver()
    stage = await opened(receiver)
    day = 86_400.0

    async def later(days: float) -> list[bool]:
        await asyncio.sleep(days * day)
        await stage.for_seconds(1)
        return [line.emptied for line in await stage.lines()]

    assert [False] == await later(0)
    assert [False] == await later(6.9)
    assert [True] == await later(0.2)
    assert [True] == await later(22.8)
    assert [] == await later(0.2)
    assert [1, 1] == [line["number"] for line in stage.logged("triggers.forgotten")]


async def test_the_service_delivers_what_its_outbox_holds() -> None:
    receiver = Receiver()
    environ = {**ENVIRON, "MESA_WEBHOOK_URL": URL, "MESA_WEBHOOK_SECRET": SECRET}
    service = Service(environ, triggers=receiver)
    await service.open()
    (shop,) = service.settings.shops
    await service.app.state.store.write(
        lambda tx: outbox.put(
            tx,
            event="event-1",
            shop=shop,
            trigger=EARNED,
            body=BODY,
            customer=None,
            email=None,
            at=NOW.timestamp(),
        )
    )

    await service.app.state.deliverer.once()

    assert [BODY] == [told.request.content for told in receiver.told]


async def test_a_clock_that_was_set_back_holds_up_nothing() -> None:
    """A day: what waits is due at a time that no wait could have led to."""
    receiver = Receiver(answering(500))
    stage = Stage(shop_of((EARNED, URL)), receiver=receiver)
    await stage.store.open()
    await stage.put("event-1")
    await stage.deliverer.once()

    stage.began += 86_400.0
    await stage.deliverer.once()
    for _ in range(70):
        await asyncio.sleep(5)
        await stage.deliverer.once()

    assert [0.0, 0.0, WAITS[1]] == receiver.times()


async def test_what_was_left_behind_before_the_clock_was_set_back_is_sent() -> None:
    receiver = Receiver()
    stage = Stage(shop_of((EARNED, URL)), receiver=receiver, alone=False)
    await stage.store.open()
    await stage.put("event-1")
    await stage.store.write(
        lambda tx: outbox.claim(
            tx,
            shop="acme",
            url=URL,
            at=stage.now().timestamp(),
            owner="gone",
            alone=False,
            lease=LEASE_SECONDS,
            most=1,
        )
    )

    stage.began += 86_400.0
    await stage.deliverer.once()

    assert ["delivered"] == await stage.states()


def test_no_wait_is_taken_for_a_clock_that_was_set_back() -> None:
    assert outbox.LONGEST_SECONDS >= max(WAITS) * (1 + JITTER) > LEASE_SECONDS
