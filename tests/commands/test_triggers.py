"""The triggers of the command line: looked up, sent again, tried, received, erased."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from app import cli
from app.announcing import TRIGGERS
from app.commands.listening import receiver
from app.commands.triggers import WORDS
from app.delivery import outbox
from app.delivery.examples import SOURCE, example
from app.delivery.outbox import message_id
from app.delivery.standard_webhooks import headers
from app.delivery.triggers import triggered
from tests.commands.stage import Desk
from tests.delivery.stage import AT, BODY, EARNED, SECRET, URL, shop_of

MESA = {"MESA_WEBHOOK_URL": URL, "MESA_WEBHOOK_SECRET": SECRET}
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
SHOP = shop_of((EARNED, URL), name="shop")
EVENTS = ("event-1", "event-2", "event-3")
DEAD, DELIVERED, WAITING = (message_id("shop", event, EARNED, URL) for event in EVENTS)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A database in which one trigger is dead, one delivered, and one waits."""
    desk = Desk(tmp_path)
    desk.environ |= MESA
    desk.make()
    with desk.open() as tx:
        for number, event in enumerate(EVENTS):
            outbox.put(
                tx,
                event=event,
                shop=SHOP,
                trigger=EARNED,
                body=BODY,
                customer="7",
                email="ana@example.com",
                at=AT + number,
            )
        dead, delivered = outbox.claim(
            tx, shop="shop", url=URL, at=AT + 9, owner="one", alone=True, lease=30, most=2
        )
        outbox.end(tx, dead, "dead", at=AT + 9, status=503, why="answered")
        outbox.end(tx, delivered, "delivered", at=AT + 9, status=200)
    return desk


def states(desk: Desk) -> dict[str, str]:
    return {each["id"]: each["state"] for each in desk.json("triggers", "list")}


def test_triggers_are_listed_with_what_became_of_them(desk: Desk) -> None:
    found = desk.json("triggers", "list")

    assert [WAITING, DELIVERED, DEAD] == [each["id"] for each in found]
    assert {
        "id": DEAD,
        "shop": "shop",
        "trigger": EARNED,
        "host": "hooks.example.com",
        "state": "dead",
        "tries": 1,
        "created_at": "2026-11-03T12:00:00.000Z",
        "at": "2026-11-03T12:00:09.000Z",
        "due_at": None,
        "status": 503,
        "why": "answered",
        "emptied": False,
    } == found[-1]


def test_a_list_may_be_of_one_state_and_of_few(desk: Desk) -> None:
    assert [DEAD] == [each["id"] for each in desk.json("triggers", "list", "--state", "dead")]
    assert [WAITING] == [each["id"] for each in desk.json("triggers", "list", "--most", "1")]
    assert 3 == len(desk.json("triggers", "list", "--shop", "shop"))
    assert "There is no shop of that name: there is shop." == desk.refused(
        "triggers", "list", "--shop", "other"
    )


def test_the_table_tells_people_the_same_and_no_secret(desk: Desk) -> None:
    done = desk.run("triggers", "list")

    assert 0 == done.exit_code, done.output
    assert DEAD in done.stdout
    assert "it did not say yes (503)" in done.stdout
    assert "hooks.example.com" in done.stdout
    assert "capability-0001" not in done.stdout
    assert "ana@example.com" not in done.stdout


def test_a_dead_letter_is_sent_again(desk: Desk) -> None:
    done = desk.run("triggers", "replay", DEAD)

    assert "To be sent again: 1. The running service does it within seconds.\n" == done.stdout
    assert {DEAD: "waiting", DELIVERED: "delivered", WAITING: "waiting"} == states(desk)


def test_all_dead_letters_are_sent_again(desk: Desk) -> None:
    assert "again: 1." in desk.run("triggers", "replay", "--dead").stdout
    assert "again: 0." in desk.run("triggers", "replay", "--dead").stdout
    assert "waiting" == states(desk)[DEAD]


def test_what_was_delivered_may_be_sent_again_by_name(desk: Desk) -> None:
    assert 0 == desk.run("triggers", "replay", DELIVERED, DEAD).exit_code
    assert {"waiting"} == set(states(desk).values())


def test_another_shop_s_is_not_sent_again(desk: Desk, tmp_path: Path) -> None:
    """`--shop` says: only this shop's."""
    config = tmp_path / "config.toml"
    for name in ("shop", "other"):
        (tmp_path / name).write_text(f"rivo-key-of-{name}")
    config.write_text(
        "".join(
            f'[shops.{name}]\nrivo_api_key_file = "{tmp_path / name}"\n'
            for name in ("shop", "other")
        )
    )
    for name in MESA:
        del desk.environ[name]
    del desk.environ["RIVO_API_KEY"]
    del desk.environ["API_KEY"]
    desk.environ["CONFIG"] = str(config)

    said = desk.refused("triggers", "replay", DEAD, "--shop", "other")
    assert f"{DEAD}: there is none with this id." == said
    assert "dead" == states(desk)[DEAD]
    assert "again: 1." in desk.run("triggers", "replay", DEAD, "--shop", "shop").stdout


def test_of_several_all_are_sent_again_or_none(desk: Desk) -> None:
    said = desk.refused("triggers", "replay", DEAD, WAITING)

    assert f"{WAITING}: it is on its way already." == said
    assert "dead" == states(desk)[DEAD]


@pytest.mark.parametrize("words", [[], ["--dead", DEAD]], ids=str)
def test_it_has_to_be_said_which(desk: Desk, words: list[str]) -> None:
    done = desk.run("triggers", "replay", *words)

    assert 2 == done.exit_code
    assert "or give --dead" in done.stderr


def test_a_customer_is_erased_from_the_outbox(desk: Desk) -> None:
    assert "Erased: 0.\n" == desk.run("triggers", "erase", "--customer", "8").stdout
    done = desk.run("triggers", "erase", "--customer", "ANA@example.com", "--customer", "7")

    assert ("Erased: 3.\n", 0) == (done.stdout, done.exit_code)
    assert {} == states(desk)
    said = desk.refused("triggers", "erase", "--customer", "nobody")
    assert "'nobody' is no e-mail address and no Shopify customer id." == said


def test_every_reason_has_words() -> None:
    assert all(WORDS.values())
    assert {"answered", "gone", "not_named", "too_late"} <= set(WORDS)


# The receiver.


class Heard:
    """A receiver, and what it printed."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.app = receiver([SECRET], say=self.lines.append, now=lambda: NOW)

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here.test") as client:
            yield client


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return headers([secret], message_id="msg_1", timestamp=int(NOW.timestamp()), body=body)


@pytest.mark.anyio
async def test_what_arrives_signed_is_printed() -> None:
    heard = Heard()
    async with heard.client() as client:
        first = await client.post("/in", content=b'{"a":1}', headers=signed(b'{"a":1}'))
        again = await client.post("/in", content=b'{"a":1}', headers=signed(b'{"a":1}'))
        odd = await client.post("/in", content=b"\xff\x1b[2J", headers=signed(b"\xff\x1b[2J"))

    assert [204, 204, 204] == [first.status_code, again.status_code, odd.status_code]
    assert [
        '12:00:00 msg_1 arrived, rightly signed:\n{\n  "a": 1\n}',
        '12:00:00 msg_1 arrived again, rightly signed:\n{\n  "a": 1\n}',
        "12:00:00 msg_1 arrived again, rightly signed:\nb'\\xff\\x1b[2J'",
    ] == heard.lines


@pytest.mark.anyio
async def test_nothing_that_arrives_steers_the_terminal() -> None:
    """Not even what is rightly signed: a customer's name may be anything."""
    heard = Heard()
    body = '{"name":"\x9b2J\u202eecila\x7f"}'.encode()
    deep = b"[" * 3_000 + b"]" * 3_000
    async with heard.client() as client:
        answer = await client.post("/in", content=body, headers=signed(body))
        deeper = await client.post("/in", content=deep, headers=signed(deep))

    assert [204, 204] == [answer.status_code, deeper.status_code]
    assert '  "name": "\\x9b2J\\u202eecila\\x7f"' == heard.lines[0].splitlines()[2]
    assert heard.lines[1].endswith("]" * 3_000 + "'")


@pytest.mark.anyio
async def test_what_is_not_signed_is_refused_and_not_printed() -> None:
    heard = Heard()
    async with heard.client() as client:
        wrong = await client.post("/", content=BODY, headers=signed(BODY, "another-secret"))
        bare = await client.post("/", content=BODY)
        long = await client.post("/", content=b" " * 300_000, headers=signed(b" " * 300_000))
        looked = await client.get("/")

    assert [401, 401, 401, 405] == [
        wrong.status_code,
        bare.status_code,
        long.status_code,
        looked.status_code,
    ]
    assert 3 == len(heard.lines)
    assert all(line.startswith("12:00:00 refused: ") for line in heard.lines)
    assert not any("ana@" in line for line in heard.lines)


@contextlib.contextmanager
def listening() -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Run `triggers listen` as a process of its own."""
    command = [sys.executable, "-m", "app.cli", "triggers", "listen", "--port", "0"]
    with subprocess.Popen(
        [*command, "--secret", SECRET], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2].partition("/")[0])
        try:
            yield port, process
        finally:
            process.terminate()


def test_an_example_of_each_trigger_arrives_at_the_printed_receiver(desk: Desk) -> None:
    with listening() as (port, process):
        url = f"http://127.0.0.1:{port}/in?token=1"
        done = desk.run("triggers", "test", MESA_WEBHOOK_URL=url)
        one = desk.run("triggers", "test", "--trigger", EARNED, MESA_WEBHOOK_URL=url)
        wrong = desk.run(
            "triggers", "test", MESA_WEBHOOK_URL=url, MESA_WEBHOOK_SECRET="another-secret-0001"
        )
        process.terminate()
        assert process.stdout is not None
        printed = process.stdout.read()

    assert [f"{name} to 127.0.0.1:{port}: said yes with 204" for name in TRIGGERS] == (
        done.stdout.splitlines()
    )
    assert (0, 0, 1) == (done.exit_code, one.exit_code, wrong.exit_code)
    assert 1 == len(one.stdout.splitlines())
    assert 3 == wrong.stdout.count("it did not say yes (401)")
    assert (4, 3) == (printed.count("arrived, rightly signed"), printed.count("refused"))
    for name in TRIGGERS:
        assert f'"trigger": "{name}"' in printed
    assert 4 == printed.count(f'"source": "{SOURCE}"')


def test_a_receiver_that_is_not_there_is_told_about(desk: Desk) -> None:
    with listening() as (port, _):
        pass

    done = desk.run("triggers", "test", MESA_WEBHOOK_URL=f"http://127.0.0.1:{port}/")

    assert 1 == done.exit_code
    assert 3 == done.stdout.count("nobody could be connected to")


def test_without_a_url_there_is_nothing_to_try(desk: Desk) -> None:
    for name in MESA:
        del desk.environ[name]

    said = desk.refused("triggers", "test")

    assert "The settings name no URL for this: MESA_WEBHOOK_URL, or CONFIG's triggers." == said


def test_who_listens_needs_a_secret_and_a_free_port() -> None:
    without = CliRunner().invoke(cli.main, ["triggers", "listen"], env={"MESA_WEBHOOK_SECRET": ""})
    with listening() as (port, _):
        taken = CliRunner().invoke(
            cli.main, ["triggers", "listen", "--secret", "x", "--port", str(port)]
        )

    assert (2, 1) == (without.exit_code, taken.exit_code)
    assert "Give the --secret" in without.stderr
    assert "Nobody can listen at 127.0.0.1" in taken.stderr


def test_an_example_has_the_keys_of_the_real_one() -> None:
    webhooks = {
        "loyalty_points_earned": ("points_event/created", {"points_diff": 1}),
        "customer_vip_tier_updated": ("customer_vip_tier/upgraded", {}),
        "points_redemption_created": ("points_redemption/created", {}),
    }
    for name in TRIGGERS:
        topic, body = webhooks[name]
        (real,) = triggered(topic, body, shop="shop", at=AT)

        made = msgspec.json.decode(example(name, shop="shop", at=AT))

        assert list(real.flat) == list(made)
        assert (name, "shop", SOURCE) == (made["trigger"], made["shop"], made["source"])
        assert "test@example.com" == made["customer_email"]
