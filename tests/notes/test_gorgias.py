"""Notes at Gorgias: after a click, once, whatever happens to the note itself."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.notes.table import Note
from app.notes.text import lines_of
from app.notes.writing import TRY_SECONDS, NoteWriter
from app.settings import CallerSettings, GorgiasSettings, Settings, ShopSettings, digest
from integrations.rivo_sandbox import Fault
from tests.app.flat import write
from tests.app.loop import seconds
from tests.app.serving import LEAD_KEY, MAYA, SARAH, Service
from tests.notes.helpdesk import (
    GORGIAS_KEY,
    USER,
    WITH_GORGIAS,
    Answer,
    Helpdesk,
    basic,
    without,
)

pytestmark = pytest.mark.anyio

GIVE: dict[str, Any] = {
    "customer_email": SARAH,
    "points_amount": 100,
    "ticket_id": "4711",
    "agent_email": "bo@shop.example.com",
    "agent_name": "Bo",
    "reason": "late parcel <b>& more",
}


async def give(service: Service, **inputs: Any) -> str:
    """Click the button, and return the operation's id."""
    _, answer = await write(service, "create_points_event", **(GIVE | inputs))
    return str(answer["operation_id"])


def states(service: Service, *columns: str) -> list[tuple[Any, ...]]:
    names = ", ".join(columns or ("state", "tries"))
    store = service.app.state.store
    rows = store._connection.execute(
        f"SELECT {names} FROM notes ORDER BY first_at"  # noqa: S608 - names of our own
    )
    return [tuple(row) for row in rows]


async def look(service: Service, after: float = 1.0, rounds: int = 1) -> None:
    """Let time go by, and the writer look."""
    for _ in range(rounds):
        await asyncio.sleep(after)
        await service.app.state.notes.once()


async def test_a_click_is_told_on_its_ticket_as_the_contract_wants_it() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)

    operation_id = await give(service)
    await look(service)

    (request,) = helpdesk.requests
    assert ("POST", "https://acme.gorgias.com/api/tickets/4711/messages") == (
        request.method,
        str(request.url),
    )
    assert basic(USER, GORGIAS_KEY) == request.headers["authorization"]
    assert "application/json" == request.headers["content-type"]
    said = [
        "Loyalty: gave 100 points.",
        "By: Bo (bo@shop.example.com)",
        "Reason: late parcel <b>& more",
        "New balance: 250 points, 25.0 USD in store credit",
        f"Operation: {operation_id}",
    ]
    shown = "<br>".join(said).replace("late parcel <b>&", "late parcel &lt;b&gt;&amp;")
    assert [
        {
            "channel": "internal-note",
            "via": "api",
            "from_agent": True,
            "public": False,
            "sender": {"email": USER},
            "body_text": "\n".join(said),
            "body_html": f"<div>{shown}</div>",
        }
    ] == helpdesk.notes
    assert [("posted", 1)] == states(service)


async def test_it_is_told_once_however_often_is_looked() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)

    await give(service)
    await asyncio.gather(*(service.app.state.notes.once() for _ in range(5)))
    await look(service, rounds=70)

    assert 1 == len(helpdesk.requests)


async def test_two_writers_over_one_store_tell_it_once() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)
    one = service.app.state.notes
    other = NoteWriter(one._means, transport=one._transport)

    for number in range(10):
        await give(service, points_amount=number + 1)
        await asyncio.gather(one.once(), other.once())

    assert 10 == len(helpdesk.requests)
    assert [("posted", 1)] * 10 == states(service)


async def test_a_mistake_of_ours_in_one_note_keeps_the_others_going(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)

    def broken(note: Note, **options: Any) -> list[str]:
        if note.operation.points_diff == 1:
            raise ZeroDivisionError
        return lines_of(note, **options)

    monkeypatch.setattr("app.notes.writing.lines_of", broken)
    for points in (1, 2, 3):
        await give(service, points_amount=points)
    await look(service, rounds=2)

    assert [("sending", 1), ("posted", 1), ("posted", 1)] == states(service)
    assert ["ZeroDivisionError"] == [
        line["error"] for line in service.lines() if line["event"] == "notes.failed"
    ]


async def test_a_repeated_click_is_one_operation_and_one_note() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)

    first, second = await give(service), await give(service)
    await look(service)

    assert first == second
    assert 1 == len(helpdesk.requests)


async def test_what_changed_nothing_or_is_on_no_ticket_is_not_told() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)

    await give(service, ticket_id="")
    await give(service, ticket_id="../users")
    await write(service, "redeem_customer_points", customer_email=MAYA, ticket_id="4711")
    await service.act("create_points_event", **GIVE)
    await service.gorgias("get_sidebar", customer_email=SARAH, ticket_id="4711")
    service.sandbox.faults = lambda _: Fault(
        kind="status", status=422, body=b'{"error":"Customer is excluded"}'
    )
    await give(service, points_amount=7)
    await look(service, rounds=3)

    assert [] == helpdesk.requests


async def test_without_an_account_nothing_is_looked_for() -> None:
    helpdesk = Helpdesk()
    names = ("GORGIAS_DOMAIN", "GORGIAS_USER", "GORGIAS_API_KEY")
    service = Service(without(WITH_GORGIAS, *names), helpdesk=helpdesk)

    await give(service)
    await look(service)

    assert ([], []) == (helpdesk.requests, states(service))


SURELY_NOT: list[tuple[Answer, float]] = [
    (httpx.ConnectError("refused"), 5.0),
    (httpx.Response(429, headers={"retry-after": "17"}), 17.0),
    (httpx.Response(429), 5.0),
    (httpx.Response(401, json={"error": {"msg": "who?"}}), 5.0),
]


@pytest.mark.parametrize(("trouble", "wait"), SURELY_NOT)
async def test_what_surely_was_not_posted_is_posted_later(trouble: Answer, wait: float) -> None:
    helpdesk = Helpdesk(trouble)
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)

    await give(service)
    await look(service)
    began = seconds()
    waiting = states(service)
    while len(helpdesk.requests) < 2:
        await look(service)

    assert [("waiting", 1)] == waiting
    assert wait <= seconds() - began <= wait + 1.5
    assert helpdesk.notes[0] == helpdesk.notes[1]
    assert [("posted", 2)] == states(service)


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (None, "unknown"),
        (httpx.ReadError("lost"), "unknown"),
        (httpx.Response(500), "unknown"),
        (httpx.Response(503), "unknown"),
        (httpx.Response(404), "refused"),
        (httpx.Response(400, json={"error": "sender"}), "refused"),
        (httpx.Response(302, headers={"location": "https://else.example"}), "refused"),
    ],
)
async def test_what_may_have_been_posted_or_was_refused_is_never_posted_again(
    trouble: Answer, state: str
) -> None:
    helpdesk = Helpdesk(trouble)
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)

    await give(service)
    await look(service)
    await look(service, after=61, rounds=70)

    assert 1 == len(helpdesk.requests)
    assert [(state, 1)] == states(service)


async def test_after_an_hour_it_is_given_up() -> None:
    helpdesk = Helpdesk(always=lambda: httpx.ConnectError("refused"))
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)

    await give(service)
    began = seconds()
    await look(service, after=5, rounds=800)

    tries = len(helpdesk.requests)
    ((state, counted, first, last),) = states(service, "state", "tries", "first_at", "at")
    assert ("given_up", tries) == (state, counted)
    assert 10 <= tries <= 14
    assert TRY_SECONDS / 2 < last - first <= TRY_SECONDS
    assert seconds() - began > TRY_SECONDS


async def test_a_note_never_delays_nor_changes_a_write() -> None:
    hung = Helpdesk(always=lambda: None)
    service, calm = Service(WITH_GORGIAS, helpdesk=hung), Service()
    running = asyncio.create_task(service.app.state.notes.run())

    began = seconds()
    clicks = [
        await write(service, "create_points_event", **GIVE, idempotency_key=str(n))
        for n in range(3)
    ]
    took = seconds() - began
    expected = [
        await write(calm, "create_points_event", **GIVE, idempotency_key=str(n)) for n in range(3)
    ]
    await asyncio.sleep(3)
    running.cancel()

    assert [(each[0], each[1]["message"]) for each in expected] == [
        (each[0], each[1]["message"]) for each in clicks
    ]
    assert took < 0.1
    assert 3 == len(hung.requests)


def gorgias_of(name: str, api_key: str = GORGIAS_KEY) -> GorgiasSettings:
    url = f"https://{name}.gorgias.com/api"
    return GorgiasSettings(domain=f"{name}.gorgias.com", user=USER, api_key=api_key, api_url=url)


def two_shops(**changes: Any) -> Settings:
    """Make two shops with a button and a Gorgias each, the second one's may be changed."""
    facts: dict[str, dict[str, Any]] = {
        "slow": {"gorgias": gorgias_of("slow")},
        "quick": {"gorgias": gorgias_of("quick")} | changes,
    }
    return Settings(
        shops=tuple(
            ShopSettings(
                name=name,
                rivo_api_key=f"rivo-key-of-{name}",
                callers=(
                    CallerSettings(
                        name="buttons",
                        door="gorgias",
                        digests=(digest(f"secret-of-{name}"),),
                        actions=frozenset({"create_points_event"}),
                    ),
                ),
                **facts[name],
            )
            for name in ("slow", "quick")
        )
    )


async def test_a_helpdesk_that_hangs_keeps_no_other_shops_notes_waiting() -> None:
    helpdesk = Helpdesk(None)
    service = Service(settings=two_shops(), helpdesk=helpdesk)
    running = asyncio.create_task(service.app.state.notes.run())

    await service.gorgias("create_points_event", **GIVE, key="secret-of-slow")
    await asyncio.sleep(3)
    await service.gorgias("create_points_event", **GIVE, key="secret-of-quick")
    await asyncio.sleep(3)
    running.cancel()

    assert ["slow.gorgias.com", "quick.gorgias.com"] == [
        request.url.host for request in helpdesk.requests
    ]
    assert [("sending", 1), ("posted", 1)] == states(service)


async def test_a_key_that_was_changed_is_used_from_then_on() -> None:
    helpdesk = Helpdesk(httpx.Response(401))
    service = Service(settings=two_shops(), helpdesk=helpdesk)
    await service.gorgias("create_points_event", **GIVE, key="secret-of-quick")
    await look(service)

    changed = two_shops(gorgias=gorgias_of("quick", "another-key"))
    service.app.state.notes._means.shops.use(changed)
    await look(service, after=6)

    assert [basic(USER, GORGIAS_KEY), basic(USER, "another-key")] == [
        request.headers["authorization"] for request in helpdesk.requests
    ]
    assert (1, [("posted", 2)]) == (helpdesk.closed, states(service))


async def test_what_was_unknown_is_told_when_it_is_known() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)
    lost = [Fault(kind="lost", applied=True)]
    service.sandbox.faults = lambda got: lost.pop() if got.method != "GET" and lost else None

    operation_id = await give(service)
    await look(service)
    before = list(helpdesk.requests)
    await asyncio.sleep(6)
    await service.app.state.settler.once()
    await look(service)

    assert [] == before
    ((first, *rest),) = helpdesk.lines
    assert ("Loyalty: gave 100 points.", f"Operation: {operation_id}") == (first, rest[-1])


async def test_what_a_person_has_to_look_at_is_told_and_so_is_what_they_found() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)
    lost = [Fault(kind="lost", applied=False)]
    service.sandbox.faults = lambda got: lost.pop() if got.method != "GET" and lost else None

    operation_id = await give(service)
    await asyncio.sleep(90)
    await service.app.state.settler.once()
    await look(service)
    found = {"outcome": "applied", "evidence": "Seen in the admin.", "rivo_id": 1}
    settled = await service.ask(
        "POST", f"/operations/{operation_id}/settle", key=LEAD_KEY, json=found
    )
    await look(service)

    assert 200 == settled.status_code
    waited, ended = helpdesk.lines
    assert [
        "Loyalty: not known whether done: give 100 points.",
        "Rivo does not say whether this was applied; do not repeat it. A person looks at it.",
    ] == waited[:2]
    assert ["Loyalty: gave 100 points.", "Somebody looked it up in Rivo."] == ended[:2]
    assert [("wait", "posted"), ("outcome", "posted")] == states(service, "about", "state")


async def test_a_wait_that_is_over_before_it_could_be_told_is_not_told() -> None:
    helpdesk = Helpdesk(httpx.ConnectError("refused"))
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)
    lost = [Fault(kind="lost", applied=False)]
    service.sandbox.faults = lambda got: lost.pop() if got.method != "GET" and lost else None

    operation_id = await give(service)
    await asyncio.sleep(90)
    await service.app.state.settler.once()
    await look(service)
    found = {"outcome": "not_applied", "evidence": "Not there."}
    await service.ask("POST", f"/operations/{operation_id}/settle", key=LEAD_KEY, json=found)
    await look(service, after=6)

    assert [("wait", "needless"), ("outcome", "posted")] == states(service, "about", "state")
    assert "Somebody looked it up in Rivo: it was not applied." == helpdesk.lines[1][1]


async def test_a_note_that_was_begun_when_the_service_died_is_not_sent_again(
    tmp_path: Path,
) -> None:
    environ = {**WITH_GORGIAS, "DATABASE_URL": f"sqlite:///{tmp_path}/rivo.db"}
    hung = Helpdesk(None)
    first = Service(environ, helpdesk=hung)
    running = asyncio.create_task(first.app.state.notes.run())
    operation_id = await give(first)
    await asyncio.sleep(2)
    running.cancel()
    await first.app.state.notes.close()
    await first.app.state.store.close()

    helpdesk = Helpdesk()
    second = Service(environ, helpdesk=helpdesk)
    await second.open()
    await look(second)
    told_again = list(helpdesk.requests)

    assert 1 == len(hung.requests)
    assert ([], [("sending", 1)]) == (told_again, states(second))
    assert operation_id in hung.lines[0][-1]


async def test_what_ended_just_before_the_service_died_is_told_by_the_next(tmp_path: Path) -> None:
    environ = {**WITH_GORGIAS, "DATABASE_URL": f"sqlite:///{tmp_path}/rivo.db"}
    first = Service(environ)
    await give(first)
    await first.app.state.store.close()

    helpdesk = Helpdesk()
    second = Service(environ, helpdesk=helpdesk)
    await second.open()
    await look(second, after=1800)

    assert "Asked for at: 2026-11-03 07:00:00" in helpdesk.lines[0]


async def test_what_was_put_down_long_after_it_ended_is_told_within_a_minute() -> None:
    """While the store is away the engine keeps what it knows, and puts it down later."""
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)
    await service.open()
    await look(service)

    await give(service)
    service.app.state.store._connection.execute("UPDATE operations SET ended_at = ended_at - 300")
    await look(service, rounds=58)
    before = list(helpdesk.requests)
    await look(service, rounds=3)

    assert ([], 1) == (before, len(helpdesk.requests))


async def test_many_at_once_are_all_told_once_and_no_faster_than_gorgias_allows() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)
    keys = [f"key-{number}" for number in range(60)]
    for number, key in enumerate(keys):
        await service.ask(
            "POST",
            "/gorgias/create_points_event",
            key="secret-of-a-button-0001",
            json=GIVE
            | {"idempotency_key": key, "points_amount": 1, "agent_email": f"a{number}@s.example"},
        )
    await look(service, rounds=60)

    assert 60 == len({each[-1] for each in helpdesk.lines}) == len(helpdesk.requests)
    times = helpdesk.times
    assert max(sum(t <= each < t + 20 for each in times) for t in times) <= 40


async def test_the_log_says_what_became_of_a_note_and_nothing_of_what_it_says() -> None:
    helpdesk = Helpdesk(httpx.Response(401, json={"error": GORGIAS_KEY}))
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)

    operation_id = await give(service)
    await look(service)
    await look(service, after=6)

    lines = [line for line in service.lines() if line["event"].startswith("note")]
    assert [
        ("note.waiting", "warning", "key_refused", 1),
        ("note.posted", "info", "ok", 2),
    ] == [(line["event"], line["level"], line["why"], line["tries"]) for line in lines]
    assert {operation_id} == {line["operation"] for line in lines}
    log = json.dumps(service.lines())
    assert [] == [
        word
        for word in ("parcel", "bo@", "Bo", SARAH, GORGIAS_KEY, "4711")
        if word in json.dumps(lines)
    ]
    assert GORGIAS_KEY not in log


async def test_a_store_that_fails_costs_a_look_and_nothing_more() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)
    await give(service)
    store = service.app.state.store
    connection, store._connection = store._connection, None

    await look(service)
    store._connection = connection
    await look(service)

    assert 1 == len(helpdesk.requests)
    assert ["store.failed"] == [
        line["event"] for line in service.lines() if line["level"] == "error"
    ]


async def test_closing_lets_what_is_under_way_end_and_closes_the_connections() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_GORGIAS, helpdesk=helpdesk)
    await give(service)
    await look(service)
    began = seconds()

    await service.app.state.notes.close()

    assert (1, 0.0) == (helpdesk.closed, seconds() - began)
