"""The outbox as a table: put down with the cause, once; taken by one; kept until it is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from app.delivery import erasing, outbox
from app.delivery.outbox import Line, Message, message_id
from app.settings import ShopSettings
from app.store.migrations import MIGRATIONS
from app.store.sqlite import Transaction
from tests.delivery.stage import AT, BODY, EARNED, OTHER_URL, REDEEMED, URL, shop_of
from tests.store.stage import opened

SHOP = shop_of((EARNED, URL), (EARNED, OTHER_URL), (REDEEMED, URL))
DAY = 86_400.0


@pytest.fixture
def tx() -> Iterator[Transaction]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    for script in MIGRATIONS:
        connection.executescript(script)
    yield connection
    connection.close()


def put(
    tx: Transaction,
    event: str = "event-1",
    *,
    shop: ShopSettings = SHOP,
    trigger: str = EARNED,
    at: float = AT,
    customer: str | None = "7",
    email: str | None = "ana@example.com",
    body: bytes = BODY,
) -> int:
    return outbox.put(
        tx,
        event=event,
        shop=shop,
        trigger=trigger,
        body=body,
        customer=customer,
        email=email,
        at=at,
    )


def claim(
    tx: Transaction,
    *,
    at: float = AT,
    owner: str = "one",
    alone: bool = False,
    url: str = URL,
    most: int = 10,
) -> list[Message]:
    return outbox.claim(
        tx, shop="acme", url=url, at=at, owner=owner, alone=alone, lease=30, most=most
    )


def lines(tx: Transaction) -> dict[str, Line]:
    return {line.id: line for line in outbox.page(tx, shops=["acme"], state=None, most=100)}


def test_a_trigger_is_put_down_for_each_url_that_is_named_for_it(tx: Transaction) -> None:
    assert 2 == put(tx)
    assert 1 == put(tx, trigger=REDEEMED)
    assert 0 == put(tx, trigger="customer_vip_tier_updated")

    assert [(EARNED, URL), (EARNED, OTHER_URL), (REDEEMED, URL)] == sorted(
        (line.trigger, line.url) for line in lines(tx).values()
    )
    assert {"waiting"} == {line.state for line in lines(tx).values()}


def test_what_is_put_down_again_is_there_once(tx: Transaction) -> None:
    put(tx)
    for message in claim(tx):
        outbox.end(tx, message, "delivered", at=AT)

    assert 0 == put(tx, at=AT + 1, body=b"{}")
    assert ["delivered", "waiting"] == sorted(line.state for line in lines(tx).values())


def test_an_id_belongs_to_one_event_of_one_shop_for_one_url() -> None:
    first = message_id("acme", "event-1", EARNED, URL)

    assert first == message_id("acme", "event-1", EARNED, URL)
    assert first.startswith("msg_")
    assert 36 == len(first)
    others = {
        message_id("other", "event-1", EARNED, URL),
        message_id("acme", "event-2", EARNED, URL),
        message_id("acme", "event-1", REDEEMED, URL),
        message_id("acme", "event-1", EARNED, OTHER_URL),
    }
    assert 4 == len(others - {first})


@pytest.mark.anyio
async def test_a_trigger_is_put_down_with_its_cause_or_not_at_all() -> None:
    def cause(tx: Transaction) -> None:
        tx.execute("INSERT INTO webhooks VALUES ('acme', 'a/b', 'id', '', 1)")
        put(tx)
        raise ValueError("it went wrong after that")

    async with opened() as store:
        with pytest.raises(ValueError, match="after that"):
            await store.write(cause)

        assert {} == await store.read(lines)
        assert [] == await store.read(lambda tx: tx.execute("SELECT * FROM webhooks").fetchall())


def test_what_is_due_is_found_by_shop_and_url(tx: Transaction) -> None:
    put(tx)
    put(tx, "event-2")
    put(tx, shop=shop_of((EARNED, URL), name="other"), at=AT + 60)

    def waiting(at: float, owner: str = "one", *, alone: bool = False) -> list[tuple[str, str]]:
        return sorted(outbox.waiting(tx, at=at, owner=owner, alone=alone))

    assert [] == waiting(AT - 1)
    assert [("acme", URL), ("acme", OTHER_URL)] == waiting(AT)
    assert [("acme", URL), ("acme", OTHER_URL), ("other", URL)] == waiting(AT + 60)
    claim(tx)
    assert [("acme", OTHER_URL)] == waiting(AT)
    assert [("acme", OTHER_URL)] == waiting(AT, "one", alone=True)
    assert [("acme", URL), ("acme", OTHER_URL)] == waiting(AT, "two", alone=True)
    assert [("acme", URL), ("acme", OTHER_URL)] == waiting(AT + 30)


def test_no_statement_goes_through_all_that_there_is(tx: Transaction) -> None:
    """While a receiver is away a hundred thousand wait; whoever writes waits behind each look."""
    told: list[str] = []
    put(tx)
    (message, *_) = claim(tx)
    tx.set_trace_callback(told.append)

    outbox.waiting(tx, at=AT, owner="one", alone=True)
    claim(tx, at=AT + 60)
    outbox.end(tx, message, "dead", at=AT)
    outbox.counts(tx)
    outbox.page(tx, shops=["acme"], state=None, most=9)
    outbox.page(tx, shops=["acme"], state="dead", most=9)
    outbox.dead(tx, shops=["acme"])
    outbox.replay(tx, message.id, shops=["acme"], at=AT)
    erasing.forget(tx, told=AT, ended=AT, most=9)
    erasing.erase(tx, shop="acme", customer=["7", "ana@example.com"])
    tx.set_trace_callback(None)

    plans = {each: tx.execute(f"EXPLAIN QUERY PLAN {each}").fetchall() for each in told}
    steps = {step["detail"]: each for each, plan in plans.items() for step in plan}
    assert 15 < len(plans)
    # Those that are counted are not delivered: all of them are looked at, in the index alone.
    assert [] == [
        (step, each)
        for step, each in steps.items()
        if ("SCAN" in step or "TEMP B-TREE FOR ORDER" in step)
    ]


def test_a_backlog_of_thousands_is_taken_up_in_no_time(tx: Transaction) -> None:
    tx.execute("BEGIN")
    for number in range(20_000):
        put(tx, f"event-{number}", at=AT + number % 7)
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    tx.set_progress_handler(count, 100)
    assert 2 == len(outbox.waiting(tx, at=AT + 9, owner="one", alone=True))
    assert 8 == len(claim(tx, at=AT + 9, most=8))

    assert steps < 20


def test_what_one_has_taken_nobody_else_takes(tx: Transaction) -> None:
    put(tx)

    (mine,) = claim(tx)

    assert (1, BODY, EARNED, "one", AT + 30) == (
        mine.tries,
        mine.body,
        mine.trigger,
        mine.owner,
        mine.lease_until,
    )
    assert [] == claim(tx)
    assert [] == claim(tx, owner="two")
    assert [] == claim(tx, owner="two", at=AT + 29.9)
    (theirs,) = claim(tx, owner="two", at=AT + 30)
    assert not outbox.end(tx, mine, "dead", at=AT + 31)
    assert outbox.end(tx, theirs, "delivered", at=AT + 31, status=204)
    assert ("delivered", 204) == (lines(tx)[mine.id].state, lines(tx)[mine.id].status)


def test_who_is_alone_takes_what_the_dead_have_left_behind(tx: Transaction) -> None:
    put(tx)
    (first,) = claim(tx)

    (again,) = claim(tx, owner="two", alone=True)

    assert (first.id, 1) == (again.id, again.tries)  # nobody knows of a try that has no end
    assert [] == claim(tx, owner="two", alone=True)


def test_a_try_that_has_ended_is_counted(tx: Transaction) -> None:
    put(tx)
    for tries in (1, 2, 3):
        (message,) = claim(tx, at=AT + tries)
        assert tries == message.tries
        outbox.end(tx, message, "waiting", at=AT + tries, due_at=AT + tries + 1, why="too_late")

    (line,) = (line for line in lines(tx).values() if line.url == URL)
    assert (3, "waiting", "too_late", AT + 4) == (line.tries, line.state, line.why, line.due_at)


def test_what_is_longest_due_goes_first_and_no_more_than_there_is_room_for(
    tx: Transaction,
) -> None:
    for number in (3, 1, 2):
        put(tx, f"event-{number}", at=AT + number)

    found = claim(tx, at=AT + 9, most=2)

    assert [message_id("acme", f"event-{n}", EARNED, URL) for n in (1, 2)] == [m.id for m in found]
    assert [] == claim(tx, at=AT + 9, most=0)


def test_a_message_is_sent_again_under_its_own_id(tx: Transaction) -> None:
    put(tx)
    (message,) = claim(tx)
    outbox.end(tx, message, "dead", at=AT, why="gone")
    assert [message.id] == outbox.dead(tx, shops=["acme"])

    assert outbox.replay(tx, message.id, shops=["acme"], at=AT + 5) is None

    assert [] == outbox.dead(tx, shops=["acme"])
    (again,) = claim(tx, at=AT + 5)
    assert (message.id, BODY, 1) == (again.id, again.body, again.tries)


def test_what_cannot_be_sent_again_is_said(tx: Transaction) -> None:
    put(tx)
    (message,) = claim(tx)

    assert "it is on its way already." == outbox.replay(tx, message.id, shops=["acme"], at=AT)
    outbox.end(tx, message, "delivered", at=AT)
    erasing.forget(tx, told=AT + 1, ended=AT, most=9)
    assert "what it told is not kept any more." == outbox.replay(
        tx, message.id, shops=["acme"], at=AT
    )
    assert "there is none with this id." == outbox.replay(tx, message.id, shops=["bolt"], at=AT)
    assert "there is none with this id." == outbox.replay(tx, "msg_0", shops=["acme"], at=AT)


def test_what_was_told_is_emptied_and_later_everything_is_forgotten(tx: Transaction) -> None:
    put(tx, "event-1")
    put(tx, "event-2")
    delivered, dead = claim(tx)
    outbox.end(tx, delivered, "delivered", at=AT)
    outbox.end(tx, dead, "dead", at=AT)

    def forget(*, told: float, ended: float) -> int:
        return erasing.forget(tx, told=told, ended=ended, most=9)

    assert 0 == forget(told=AT, ended=AT - 23 * DAY)
    assert 1 == forget(told=AT + 1, ended=AT - 23 * DAY)
    assert 0 == forget(told=AT + 1, ended=AT - 23 * DAY)

    assert (True, False) == (lines(tx)[delivered.id].emptied, lines(tx)[dead.id].emptied)
    rows = tx.execute("SELECT customer, email FROM outbox WHERE state = 'delivered'").fetchall()
    assert [(None, None)] == [tuple(row) for row in rows]
    assert 2 == forget(told=AT + 1, ended=AT + 1)
    assert {"waiting"} == {line.state for line in lines(tx).values()}


def test_what_is_old_is_forgotten_piece_by_piece(tx: Transaction) -> None:
    for number in range(7):
        put(tx, f"event-{number}", at=AT + number)
    for message in claim(tx, at=AT + 9):
        outbox.end(tx, message, "delivered", at=AT + 9)

    pieces = [erasing.forget(tx, told=AT + 10, ended=AT, most=3) for _ in range(4)]

    assert [3, 3, 1, 0] == pieces


def test_nothing_is_kept_about_a_customer_who_is_erased(tx: Transaction) -> None:
    put(tx, "by-id", email=None)
    put(tx, "by-email", customer=None, email="Straße.MÜLLER@Example.com")
    put(tx, "another", customer="8", email="bo@example.com")
    put(tx, shop=shop_of((EARNED, URL), name="other"))

    assert 2 == erasing.erase(tx, shop="acme", customer=["STRASSE.müller@example.com"])
    assert 2 == erasing.erase(tx, shop="acme", customer=["7", "ana@example.com"])
    assert 0 == erasing.erase(tx, shop="acme", customer=["77", "nobody@example.com"])
    assert 2 == erasing.erase(tx, shop="acme", customer=["bo@example.com"])

    assert {} == lines(tx)
    assert 1 == len(outbox.page(tx, shops=["other"], state=None, most=9))


def test_what_is_not_delivered_is_counted(tx: Transaction) -> None:
    put(tx)
    (message,) = claim(tx)
    assert [("acme", "sending", 1), ("acme", "waiting", 1)] == sorted(outbox.counts(tx))
    outbox.end(tx, message, "delivered", at=AT)
    assert [("acme", "waiting", 1)] == outbox.counts(tx)


def test_a_list_is_of_the_shops_and_the_state_that_were_asked_for(tx: Transaction) -> None:
    put(tx)
    put(tx, shop=shop_of((EARNED, URL), name="other"), at=AT + 1)
    claim(tx)

    def names(shops: list[str], state: outbox.State | None, most: int = 9) -> list[tuple[str, str]]:
        found = outbox.page(tx, shops=shops, state=state, most=most)
        return [(line.shop, line.state) for line in found]

    assert [("acme", "sending")] == names(["acme", "other"], "sending")
    assert [("other", "waiting")] == names(["other"], None)
    assert ("other", "waiting") == names(["acme", "other"], None)[0]
    assert 1 == len(names(["acme", "other"], None, 1))
    assert [] == names(["acme"], "dead")
