"""What can be seen from outside: log lines, metrics, health; and what never is."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.observe import customer_hash, make_log
from integrations.rivo_sandbox import Fault, in_turn
from tests.app.serving import (
    API_KEY,
    BUTTON_SECRET,
    ENVIRON,
    GORGIAS_SECRET,
    MAYA,
    SARAH,
    Service,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> Service:
    return Service()


# The log.


async def test_a_request_is_one_line(service: Service) -> None:
    await service.ask(
        "GET",
        f"/actions/get_customer?customer_email={SARAH}&ticket_id=4711",
        headers={"x-request-id": "abc-1"},
    )
    (line,) = service.out.getvalue().splitlines()
    told = json.loads(line)

    assert {
        "event": "action.done",
        "level": "info",
        "method": "GET",
        "status": 200,
        "outcome": "ok",
        "ms": 0.0,
        "request_id": "abc-1",
        "door": "actions",
        "shop": "shop",
        "caller": "api_key",
        "action": "get_customer",
        "customer": customer_hash(b"key-of-the-hashes-0001", SARAH),
        "ticket": "4711",
    } == {name: value for name, value in told.items() if name != "timestamp"}
    assert told["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("method", "path", "key", "event", "status", "outcome"),
    [
        ("GET", "/healthz", None, "request.done", 200, "ok"),
        ("GET", "/nowhere", None, "request.done", 404, "refused"),
        ("POST", "/healthz", None, "request.done", 405, "refused"),
        ("GET", "/readyz", None, "request.done", 503, "not_ready"),
        ("GET", "/actions", API_KEY, "request.done", 200, "ok"),
        ("GET", "/actions/list_rewards", None, "request.done", 401, "unauthorized"),
        ("GET", "/actions/get_costumer", API_KEY, "request.done", 404, "no_such_action"),
        ("GET", "/actions/get_customer", API_KEY, "action.done", 422, "invalid_input"),
        (
            "GET",
            "/actions/get_customer?customer_email=x@y",
            API_KEY,
            "action.done",
            404,
            "not_found",
        ),
        ("POST", "/gorgias/get_sidebar", GORGIAS_SECRET, "action.done", 200, "invalid_input"),
        ("POST", "/gorgias/create_referral", BUTTON_SECRET, "action.done", 422, "invalid_input"),
    ],
)
async def test_every_request_has_its_line_and_outcome(  # noqa: PLR0917 -- a row of the table
    service: Service,
    method: str,
    path: str,
    key: str | None,
    event: str,
    status: int,
    outcome: str,
) -> None:
    await service.ask(method, path, key=key)
    (line,) = service.lines()

    assert (event, status, outcome) == (line["event"], line["status"], line["outcome"])


async def test_a_customer_is_a_keyed_hash(service: Service) -> None:
    for inputs in (
        {"customer_email": SARAH},
        {"customer_email": SARAH.upper()},
        {"customer_email": MAYA},
    ):
        await service.act("get_customer", **inputs)
    other = Service({**ENVIRON, "SECRET_KEY": "another-key-of-the-hashes"})
    await other.act("get_customer", customer_email=SARAH)
    sarah, again, maya = (line["customer"] for line in service.lines())

    assert sarah == again != maya
    assert sarah != other.lines()[0]["customer"]
    assert 16 == len(sarah)


@pytest.mark.parametrize("ticket", ["T-1", SARAH, "4711; drop", "١٢٣", "-1", ""])
async def test_a_ticket_that_is_no_number_is_not_logged(service: Service, ticket: str) -> None:
    await service.act("get_customer", customer_email=SARAH, ticket_id=ticket)
    told = service.lines()[0].get("ticket")

    assert told is None or told.isdecimal()


async def test_a_level_and_a_form_may_be_chosen() -> None:
    quiet = Service(level="error")
    await quiet.act("list_rewards")
    out = io.BytesIO()
    log = make_log(out, level="info", form="console")
    log.info("action.done", action="list_rewards")
    log.debug("action.doing")

    assert [] == quiet.lines()
    assert "action.done" in out.getvalue().decode()
    assert b"action.doing" not in out.getvalue()


async def test_what_only_an_operator_can_mend_is_an_error() -> None:
    service = Service(faults=lambda _: Fault(kind="status", status=401))
    await service.act("list_rewards")
    (line,) = service.lines()

    assert ("error", "rivo_key_refused", 503) == (line["level"], line["outcome"], line["status"])


async def test_a_mistake_of_ours_is_logged_by_its_class_and_place_alone(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise LookupError("a secret", SARAH)

    monkeypatch.setattr("app.doors.Manner.answer", fails)
    answer = await service.act("get_customer", customer_email=SARAH)
    failed, done = service.lines()

    assert 500 == answer.status_code
    assert {"request_id": "request-1", "error": "LookupError", "level": "error"}.items() <= (
        failed.items()
    )
    assert "request.failed" == failed["event"]
    assert failed["where"].startswith("tests.app.test_observe:")
    assert {"event", "level", "timestamp", "request_id", "error", "where"} == set(failed)
    assert ("failed", 500, "error") == (done["outcome"], done["status"], done["level"])
    assert b"secret" not in service.out.getvalue()
    assert SARAH.encode() not in service.out.getvalue()


class Begins:
    """Begins an answer, then fails."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise LookupError


async def test_an_answer_that_broke_off_is_a_failure_and_not_begun_again(service: Service) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    middleware = service.app.user_middleware[0]
    observe: Any = middleware.cls
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await observe(Begins(), **middleware.kwargs)(scope, None, send)
    failed, done = service.lines()

    assert ["http.response.start"] == [message["type"] for message in sent]
    assert ("request.failed", "LookupError") == (failed["event"], failed["error"])
    assert ("failed", 200) == (done["outcome"], done["status"])


async def test_a_web_socket_is_closed(service: Service) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    for path in ("/actions/get_customer", "/", "/nowhere"):
        await service.app(
            {"type": "websocket", "path": path, "headers": []},
            None,  # type: ignore[arg-type]
            send,
        )

    assert [{"type": "websocket.close"}] * 3 == sent


@pytest.fixture
def heard() -> Iterator[list[logging.LogRecord]]:
    """Hear everything that is logged by the standard library, at every level."""
    records: list[logging.LogRecord] = []

    class Hears(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    handler, root = Hears(level=0), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(0)
    yield records
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    "name", ["httpx", "httpcore", "httpcore.connection", "httpcore.http11", "httpcore.proxy"]
)
def test_the_clients_own_loggers_are_silent_at_every_level(
    heard: list[logging.LogRecord], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_log(io.BytesIO(), level="debug", form="json")
    logger = logging.getLogger(name)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logger.log(level, "GET https://rivo.example.com/customers/somebody@example.com")
    logging.getLogger("something.else").debug("heard")

    assert ["heard"] == [record.getMessage() for record in heard]
    assert ("", "") == tuple(capsys.readouterr())


async def test_a_real_call_says_nothing_by_itself(heard: list[logging.LogRecord]) -> None:
    make_log(io.BytesIO(), level="debug", form="json")
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://127.0.0.1:1/customers/somebody@example.com")

    assert [] == [record.getMessage() for record in heard if "http" in record.name]


# Metrics.


async def metrics(service: Service) -> dict[str, float]:
    """Read the metrics, by name and labels."""
    answer = await service.ask("GET", "/metrics", key=None)
    assert 200 == answer.status_code
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_actions_are_counted_by_outcome(service: Service) -> None:
    await service.act("get_customer", customer_email=SARAH)
    await service.act("get_customer", customer_email=SARAH)
    await service.act("get_customer", customer_email="nobody@example.com")
    await service.gorgias("get_sidebar", customer_email=None)
    await service.ask("GET", "/actions/no_such_action")
    found = await metrics(service)

    def count(door: str, action: str, outcome: str, status: int) -> float:
        labels = f'action="{action}",door="{door}",outcome="{outcome}",status="{status}"'
        return found[f"rivo_helpdesk_requests_total{{{labels}}}"]

    assert 2 == count("actions", "get_customer", "ok", 200)
    assert 1 == count("actions", "get_customer", "not_found", 404)
    assert 1 == count("gorgias", "get_sidebar", "invalid_input", 200)
    assert 1 == count("actions", "none", "no_such_action", 404)
    labels = 'action="get_customer",door="actions"'
    assert 3 == found[f"rivo_helpdesk_request_seconds_count{{{labels}}}"]


async def test_upstream_calls_are_counted_by_outcome() -> None:
    service = Service(
        faults=in_turn(None, Fault(kind="too_many"), None, Fault(kind="lost"), Fault(kind="hang"))
    )
    await service.act("get_customer", customer_email=SARAH)
    await service.act("get_customer", customer_email=MAYA)
    await service.act("create_points_event", customer_email=SARAH, points_amount=1)
    await service.act("create_points_event", customer_email=SARAH, points_amount=2)
    await service.act("create_points_event", customer_email=SARAH, points_amount=2)  # not sent
    await asyncio.sleep(2)  # what hangs is counted when it has ended
    found = await metrics(service)
    calls = {
        name.partition("{")[2]: value
        for name, value in found.items()
        if name.startswith("rivo_helpdesk_upstream_calls_total{")
    }

    assert 1 == calls['method="GET",outcome="429",shop="shop"}']
    assert 2 == calls['method="GET",outcome="2xx",shop="shop"}']
    assert 2 == calls['method="POST",outcome="lost",shop="shop"}']
    assert len(service.sandbox.requests) == sum(calls.values())
    seconds = 'rivo_helpdesk_upstream_call_seconds_sum{method="POST",shop="shop"}'
    assert 2.5 <= found[seconds] <= 4


async def test_labels_are_a_closed_set(service: Service) -> None:
    for path in ("/actions/x1", "/actions/x2", "/x3", f"/actions/{SARAH}", "/gorgias/x4?x5=x6"):
        await service.ask("GET", path, headers={"x-request-id": "x7", "x-api-key": "x8"})
    text = (await service.ask("GET", "/metrics", key=None)).text

    assert [] == [word for n in range(1, 9) if (word := f"x{n}") in text]
    assert "@" not in text


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("127.9.9.9", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 401),
        ("testclient", {}, 401),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 401),
        ("127.0.0.1", {"X-Forwarded-Host": "x"}, 401),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}, 401),
        ("127.0.0.1", {"x-real-ip": "127.0.0.1"}, 401),
        ("127.0.0.1", {"via": "1.1 proxy"}, 401),
    ],
)
async def test_metrics_without_a_key_are_for_this_machine_alone(
    client: str, headers: dict[str, str], status: int
) -> None:
    service = Service(client=(client, 1234))
    answer = await service.ask("GET", "/metrics", key=None, headers=headers)

    assert status == answer.status_code
    if status == 401:
        assert "unauthorized" == answer.json()["code"]
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("key", "status"),
    [("one-0001", 200), ("two-0002", 200), ("three", 401), (API_KEY, 401), (None, 401)],
)
async def test_metrics_with_a_key_are_for_who_has_it(key: str | None, status: int) -> None:
    service = Service({**ENVIRON, "METRICS_KEY": "one-0001 two-0002"}, client=("10.0.0.7", 1234))
    near = Service({**ENVIRON, "METRICS_KEY": "one-0001 two-0002"})

    assert status == (await service.ask("GET", "/metrics", key=key)).status_code
    assert status == (await near.ask("GET", "/metrics", key=key)).status_code


# Health.

FINE = {"shops": 1, "left_alone": 0, "used_up": 0}


async def test_it_is_alive_from_the_start_and_ready_while_it_runs(service: Service) -> None:
    async def asked() -> tuple[int, int]:
        alive, ready = await service.ask("GET", "/healthz"), await service.ask("GET", "/readyz")
        return alive.status_code, ready.status_code

    before = await asked()
    async with service.app.router.lifespan_context(service.app):
        during = await asked()

    assert [(200, 503), (200, 200), (200, 503)] == [before, during, await asked()]


async def test_a_server_starts_and_stops_it(service: Service) -> None:
    told = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(told)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await service.app({"type": "lifespan"}, receive, send)

    assert ["lifespan.startup.complete", "lifespan.shutdown.complete"] == sent
    assert [] == service.lines()


async def test_health_asks_rivo_nothing() -> None:
    service = Service(faults=lambda _: Fault(kind="lost"))
    async with service.app.router.lifespan_context(service.app):
        answers = [await service.ask("GET", path, key=None) for path in ("/healthz", "/readyz")]

    alive, ready = (answer.json() for answer in answers)
    assert {"status": "ok"} == alive
    assert {"status": "ready", "sandbox": False, "store": "ok", "rivo": FINE} == ready
    assert [] == list(service.sandbox.requests)


async def test_a_lost_store_is_told_and_counted_and_is_no_reason_to_be_unready() -> None:
    service = Service()
    async with service.app.router.lifespan_context(service.app):
        await service.open()
        store = service.app.state.store
        connection, store._connection = store._connection, None
        refused = await service.act("create_points_event", customer_email=SARAH, points_amount=5)
        lost = await service.ask("GET", "/readyz")
        counted = await service.ask("GET", "/metrics")
        store._connection = connection
        await service.act("create_points_event", customer_email=SARAH, points_amount=5)
        found = await service.ask("GET", "/readyz")

    assert 503 == refused.status_code
    assert (200, "ready", "lost") == (lost.status_code, lost.json()["status"], lost.json()["store"])
    assert "rivo_helpdesk_store_usable 0.0" in counted.text
    assert "ok" == found.json()["store"]


async def test_a_rivo_that_fails_is_told_and_is_no_reason_to_be_unready() -> None:
    service = Service(faults=lambda _: Fault(kind="server_error"))
    async with service.app.router.lifespan_context(service.app):
        for page in range(12):
            await service.act("list_customers", page=page + 1)
        answer = await service.ask("GET", "/readyz")

    assert (200, "ready") == (answer.status_code, answer.json()["status"])
    assert {**FINE, "left_alone": 1} == answer.json()["rivo"]
