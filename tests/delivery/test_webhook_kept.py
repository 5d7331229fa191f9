"""A webhook counts once, however often and as what it comes, and with all that it causes."""

from __future__ import annotations

import asyncio
import functools
import io
import random
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from app.delivery import outbox, remembering
from app.delivery.forgetting import Forgetter
from app.observe import make_log
from app.store.sqlite import Transaction
from tests.app.loop import seconds
from tests.app.serving import NOW
from tests.delivery.asking import HOOKED, PATH, Hooked, Shape, sample, signed
from tests.store.stage import Inline, opened

pytestmark = pytest.mark.anyio

EVENT: dict[str, Any] = sample("points_event_created.doc")
MESA = {
    "MESA_WEBHOOK_URL": "https://mesa.example.com/hook",
    "MESA_WEBHOOK_SECRET": "secret-of-mesa-0001",
}
UPGRADED = "customer_vip_tier/upgraded"
DOWNGRADED = "customer_vip_tier/downgraded"


@pytest.fixture
async def service() -> Hooked:
    return Hooked({**HOOKED, **MESA})


async def put_down(service: Hooked) -> list[str]:
    """Name the triggers in the outbox."""
    return [row["trigger"] for row in await service.rows("outbox")]


def outcomes(service: Hooked) -> list[str]:
    return [outcome for _, outcome in service.taken()]


@pytest.mark.parametrize("again", [0, 10, 400], ids=lambda s: f"after_{s}_seconds")
@pytest.mark.parametrize("shape", ["live", "iso", "documented_base64"])
async def test_a_webhook_that_comes_again_does_nothing_twice(
    service: Hooked, shape: Shape, again: int
) -> None:
    """With the same name and a new signature, as Rivo is taken to repeat it (U25)."""
    for after in (0, again):
        await asyncio.sleep(after)
        assert 200 == (await service.announce(EVENT, name="msg_1", shape=shape)).status_code

    assert ["taken", "repeated"] == outcomes(service)
    assert ["loyalty_points_earned"] == await put_down(service)


async def test_a_repeat_whose_body_has_moved_on_is_still_the_same(service: Hooked) -> None:
    """The balance in it may be another by then; its name and the event's id are not."""
    later = {**EVENT, "customer": {**EVENT["customer"], "points_tally": 999}}
    await service.announce(EVENT, name="msg_1")
    await service.announce(later, name="msg_1", after=10)

    assert ["taken", "repeated"] == outcomes(service)
    assert ["loyalty_points_earned"] == await put_down(service)


async def test_one_name_for_two_things_is_two_webhooks(service: Hooked) -> None:
    """Whether Rivo names each webhook or each cause is not known."""
    await service.announce(EVENT, name="msg_1")
    await service.announce({**EVENT, "id": 7}, name="msg_1")

    assert ["taken", "taken"] == outcomes(service)
    assert 2 == len(await put_down(service))


async def test_what_was_signed_for_one_topic_causes_nothing_under_another(service: Hooked) -> None:
    """The topic is not signed: whoever overheard a webhook cannot make another of it."""
    body = sample("customer_vip_tier_upgraded.reconstructed")
    first = await service.announce(body, name="msg_1", topic=UPGRADED)
    headers = {**first.request.headers, "rivo-webhook-topic": DOWNGRADED}
    again = await service.ask(
        "POST", PATH, key=None, content=msgspec.json.encode(body), headers=headers
    )

    assert [200, 200] == [first.status_code, again.status_code]
    assert [(UPGRADED, "taken"), (DOWNGRADED, "repeated")] == service.taken()
    assert ["customer_vip_tier_updated"] == await put_down(service)


async def test_what_came_under_a_wrong_topic_does_not_keep_the_right_one_out(
    service: Hooked,
) -> None:
    """Only what counts is known afterwards: Rivo may use a name for several topics."""
    body = sample("customer_vip_tier_upgraded.reconstructed")
    first = await service.announce(body, name="msg_1", topic=UPGRADED)
    headers = {**first.request.headers, "rivo-webhook-topic": DOWNGRADED}
    await service.ask("POST", PATH, key=None, content=msgspec.json.encode(body), headers=headers)
    for after in (10, 10):
        await service.announce(body, name="msg_1", topic=DOWNGRADED, after=after)

    assert ["taken", "repeated", "taken", "repeated"] == outcomes(service)
    directions = [msgspec.json.decode(each["body"]) for each in await service.rows("outbox")]
    assert {"upgraded", "downgraded"} == {each["direction"] for each in directions}


async def test_the_same_body_under_another_name_is_another_webhook(service: Hooked) -> None:
    """On live calls the name is signed; equal bodies may be two events."""
    tier = sample("customer_vip_tier_upgraded.reconstructed")
    for name in ("msg_1", "msg_2"):
        await service.announce(tier, name=name, topic=UPGRADED)

    assert ["taken", "taken"] == outcomes(service)
    assert 2 == len(await put_down(service))


@pytest.mark.parametrize(
    ("name", "topic", "trigger"),
    [
        ("points_event_created.observed", "points_event/created", "loyalty_points_earned"),
        ("points_redemption_created.reconstructed", "points_redemption/created", None),
        ("customer_vip_tier_downgraded.doc", DOWNGRADED, "customer_vip_tier_updated"),
    ],
)
async def test_the_three_triggers_are_put_down_with_their_cause(
    service: Hooked, name: str, topic: str, trigger: str | None
) -> None:
    await service.announce(sample(name), topic=topic)
    (row,) = await service.rows("outbox")

    assert (trigger or "points_redemption_created", "waiting") == (row["trigger"], row["state"])
    told = msgspec.json.decode(row["body"])
    assert ("rivo webhook", "shop", row["trigger"]) == (
        told["source"],
        told["shop"],
        told["trigger"],
    )


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("loyalty_profile_updated.doc", "loyalty_profile/updated"),
        ("referral_completed.observed", "referral/completed"),
        ("membership_canceled.doc", "membership/canceled"),
        ("loyalty_points_earned__2022.doc", "loyalty_points_earned"),
        ("points_event_created.doc", "notification/points_expiry_warning"),
    ],
)
async def test_other_topics_cause_none(service: Hooked, name: str, topic: str) -> None:
    await service.announce(sample(name), topic=topic)

    assert (["taken"], []) == (outcomes(service), await put_down(service))


async def test_a_body_that_trips_us_up_is_kept_and_logged_and_need_not_come_again(
    service: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trip(*_: object, **__: object) -> None:
        raise KeyError("ana@example.com")

    monkeypatch.setattr("app.delivery.taking.triggered", trip)
    answers = [await service.announce(EVENT, name="msg_1", after=after) for after in (0, 10)]
    told = [line for line in service.lines() if line["event"] == "webhook.not_understood"]

    assert [200, 200] == [each.status_code for each in answers]
    assert ["unclear", "repeated"] == outcomes(service)
    assert [("KeyError", "shop")] * 2 == [(each["error"], each["shop"]) for each in told]
    assert "ana@example.com" not in service.out.getvalue().decode()
    assert [] == await put_down(service)


async def test_without_a_url_there_is_nothing_to_put_down() -> None:
    service = Hooked()
    await service.announce(EVENT)

    assert (["taken"], []) == (outcomes(service), await put_down(service))


async def test_webhook_and_triggers_are_kept_together_or_not_at_all(
    service: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object, **_named: object) -> int:
        raise ValueError("in the middle")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "put", fails)
        failed = await service.announce(EVENT, name="msg_1")

    assert 500 == failed.status_code
    assert ([], []) == (await service.rows("webhooks"), await service.rows("outbox"))
    await service.announce(EVENT, name="msg_1")
    assert (["taken"], 1) == (outcomes(service), len(await put_down(service)))


async def test_nothing_personal_is_kept_with_a_webhook(service: Hooked) -> None:
    for name in ("loyalty_profile_updated.doc", "points_event_created.doc"):
        await service.announce(sample(name))
    kept = repr(await service.rows("webhooks"))

    for private in ("7343536570439", "9876543210987", "customer@example.com", "John"):
        assert private not in kept


async def test_many_at_once_and_each_twice_are_each_taken_once(service: Hooked) -> None:
    bodies = [{**EVENT, "id": number} for number in range(50)]
    todo = [(f"msg_{n}", body) for n, body in enumerate(bodies)] * 2
    random.Random(0).shuffle(todo)
    answers = await asyncio.gather(*(service.announce(b, name=name) for name, b in todo))

    assert {200} == {answer.status_code for answer in answers}
    assert ["repeated"] * 50 + ["taken"] * 50 == sorted(outcomes(service))
    assert 50 == len(await put_down(service))


DAY = 86_400.0


async def test_what_signs_its_time_is_known_for_a_month_and_what_does_not_for_a_year() -> None:
    """A live webhook cannot be sent again after five minutes; a documented one always can."""
    async with opened() as store:

        async def note(topic: str, at: float) -> bool:
            return await store.write(
                lambda tx: remembering.note(
                    tx, shop="acme", topic=topic, name="a", entity="", at=at
                )
            )

        for topic in (remembering.SIGNED, remembering.UNDATED, "points_event/created"):
            assert await note(topic, 0.0)
            assert not await note(topic, 1.0)
        forgotten = [
            await store.write(functools.partial(remembering.forget, at=at))
            for at in (30 * DAY, 30 * DAY + 1, 396 * DAY, 396 * DAY + 1)
        ]

        assert [0, 2, 0, 1] == forgotten


async def test_what_is_forgotten_at_once_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "MOST_AT_ONCE", 2)
    async with opened() as store:
        for name in "abc":
            await store.write(
                functools.partial(
                    remembering.note, shop="acme", topic="t", name=name, entity="", at=0.0
                )
            )
        forgotten = [
            await store.write(lambda tx: remembering.forget(tx, at=60 * DAY)) for _ in range(3)
        ]

        assert [2, 1, 0] == forgotten


def test_what_is_signed_has_one_digest_and_its_parts_do_not_run_together() -> None:
    assert remembering.digest(b"ab", b"c") == remembering.digest(b"ab", b"c")
    digests = {
        remembering.digest(*parts)
        for parts in ((b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""), (b"", b"abc"))
    }
    assert 5 == len(digests)


async def test_a_live_retry_that_signs_its_first_time_is_lost_after_five_minutes() -> None:
    """U25 as it may be: nothing tells such a retry from what somebody overheard."""
    service = Hooked()
    raw = msgspec.json.encode(EVENT)
    headers = signed(raw, at=NOW + timedelta(seconds=0))
    await service.open()
    await asyncio.sleep(301)
    answer = await service.ask("POST", PATH, key=None, content=raw, headers=headers)

    assert 401 == answer.status_code


async def test_old_webhooks_are_forgotten_piece_by_piece_every_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remembering, "MOST_AT_ONCE", 2)
    out = io.BytesIO()
    began = seconds()
    async with opened(executor=Inline()) as store:
        forgetter = Forgetter(
            store,
            now=lambda: NOW + timedelta(seconds=seconds() - began),
            sleep=asyncio.sleep,
            log=make_log(out, level="info", form="json"),
        )
        for name in "abcde":
            await store.write(
                functools.partial(
                    remembering.note,
                    shop="acme",
                    topic="points_event/created",
                    name=name,
                    entity="",
                    at=NOW.timestamp(),
                )
            )
        running = asyncio.ensure_future(forgetter.run())
        await asyncio.sleep(30 * DAY - 60)
        before = out.getvalue()
        await asyncio.sleep(7_300)
        running.cancel()

    assert b"" == before
    (line,) = [msgspec.json.decode(each) for each in out.getvalue().splitlines()]
    assert ("webhooks.forgotten", 5) == (line["event"], line["number"])


async def test_a_store_that_is_away_is_no_reason_to_stop_forgetting() -> None:
    out = io.BytesIO()
    async with opened(executor=Inline()) as store:
        pass
    forgetter = Forgetter(
        store,
        now=lambda: NOW,
        sleep=asyncio.sleep,
        log=make_log(out, level="info", form="json"),
    )
    running = asyncio.ensure_future(forgetter.run())
    await asyncio.sleep(7_300)
    running.cancel()

    assert ["store.failed"] * 3 == [
        msgspec.json.decode(each)["event"] for each in out.getvalue().splitlines()
    ]


async def test_forgetting_goes_through_nothing_that_is_kept() -> None:
    """All writes wait behind it."""
    async with opened(executor=Inline()) as store:
        steps: list[str] = []

        def watched(tx: Transaction) -> None:
            said: list[str] = []
            tx.set_trace_callback(said.append)
            remembering.forget(tx, at=0.0)
            tx.set_trace_callback(None)
            for statement in said:
                steps.extend(row["detail"] for row in tx.execute(f"EXPLAIN QUERY PLAN {statement}"))

        await store.write(watched)

    assert [] == [step for step in steps if step.startswith("SCAN")]
    assert {"webhooks_dated", "webhooks_undated"} == {
        name for step in steps for name in step.split() if name.startswith("webhooks_")
    }
