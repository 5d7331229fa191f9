"""The doors: who may come in, what a request may look like, and how it is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, in_turn
from tests.app.loop import seconds
from tests.app.serving import (
    API_KEY,
    BUTTON_SECRET,
    ENVIRON,
    GORGIAS_SECRET,
    LEAD_KEY,
    MAYA,
    MEMBER,
    RIVO_KEY,
    SARAH,
    Service,
    ordered,
)

pytestmark = pytest.mark.anyio

PROBLEM = ["type", "title", "status", "detail", "error", "code", "request_id"]
KB = 1024


@pytest.fixture
async def service() -> Service:
    return Service()


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Look at a problem from all sides, and return it."""
    told: dict[str, Any] = answer.json()
    assert (status, code) == (answer.status_code, told["code"]), answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    assert PROBLEM == list(told)[: len(PROBLEM)]
    assert ("about:blank", status) == (told["type"], told["status"])
    assert told["detail"] == told["error"]
    assert answer.headers["x-request-id"] == told["request_id"]
    return told


# Who comes.


@pytest.mark.parametrize("path", ["", "/", "/get_customer", "/no_such_action"])
@pytest.mark.parametrize("door", ["actions", "gorgias"])
async def test_a_door_without_a_secret_is_closed(door: str, path: str) -> None:
    secrets = ("API_KEY", "LEAD_KEY") if door == "actions" else ("GORGIAS_SECRET",)
    more = () if door == "actions" else ("GORGIAS_BUTTON_SECRET",)
    environ = {name: v for name, v in ENVIRON.items() if name not in (*secrets, *more)}
    service = Service(environ)
    for key in (None, API_KEY, GORGIAS_SECRET):
        told = problem(await service.ask("GET", f"/{door}{path}", key=key), 404, "closed")

        assert f"The door /{door} is closed: it has no secret." == told["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {API_KEY}x"},
        {"authorization": f"Bearer {API_KEY[:-1]}"},
        {"authorization": f"Bearer {API_KEY.upper()}"},
        {"authorization": API_KEY},
        {"authorization": f"Basic {API_KEY}"},
        {"authorization": f"Bearer {GORGIAS_SECRET}"},
        {"authorization": f"Bearer {RIVO_KEY}"},
        {"x-api-key": ""},
        {"x-api-key": f"Bearer {API_KEY}"},
        {"authorization": "Bearer wrong", "x-api-key": API_KEY},
        {"cookie": f"key={API_KEY}"},
    ],
)
async def test_who_proves_nothing_is_told_how(service: Service, headers: dict[str, str]) -> None:
    path = f"/actions/get_customer?customer_email={SARAH}&api_key={API_KEY}"
    answer = await service.ask("GET", path, key=None, headers=headers)

    problem(answer, 401, "unauthorized")
    assert 'Bearer realm="rivo-helpdesk"' == answer.headers["www-authenticate"]
    assert [] == list(service.sandbox.requests)
    assert "key-of" not in answer.text


async def test_two_credentials_of_one_kind_prove_nothing(service: Service) -> None:
    twice = [("authorization", f"Bearer {API_KEY}"), ("authorization", f"Bearer {LEAD_KEY}")]

    problem(await service.http.get("/actions", headers=twice), 401, "unauthorized")


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {API_KEY}"},
        {"authorization": f"bearer  {API_KEY} "},
        {"x-api-key": API_KEY},
        {"authorization": "Basic dXNlcjpwYXNz", "x-api-key": API_KEY},
    ],
)
async def test_a_key_comes_in_either_header(service: Service, headers: dict[str, str]) -> None:
    answer = await service.ask("GET", "/actions/list_vip_tiers", key=None, headers=headers)

    assert 200 == answer.status_code


async def test_a_key_may_have_letters_of_any_alphabet() -> None:
    service = Service({**ENVIRON, "API_KEY": "clé-très-secrète"})
    for headers in (
        {"authorization": "Bearer clé-très-secrète"},
        {"x-api-key": "clé-très-secrète"},
    ):
        spelt = [(name.encode(), value.encode()) for name, value in headers.items()]

        assert 200 == (await service.http.get("/actions", headers=spelt)).status_code


async def test_two_secrets_are_valid_at_once() -> None:
    service = Service({**ENVIRON, "API_KEY": "old-key-0001 new-key-0002"})
    statuses = [
        (await service.ask("GET", "/actions", key=key)).status_code
        for key in ("old-key-0001", "new-key-0002", "old-key-0001 new-key-0002", API_KEY)
    ]

    assert [200, 200, 401, 401] == statuses


# What there is.


async def test_a_caller_sees_what_it_may_do(service: Service) -> None:
    everything = (await service.ask("GET", "/actions")).json()
    reads = (await service.ask("GET", "/gorgias/", key=GORGIAS_SECRET)).json()

    assert list(ACTIONS) == [each["name"] for each in everything["actions"]]
    assert len(ACTIONS) == everything["count"]
    assert {
        "name": "get_customer",
        "writes": False,
        "summary": ACTIONS["get_customer"].summary,
        "inputs": ["customer_email"],
    } == everything["actions"][0]
    assert {False} == {each["writes"] for each in reads["actions"]}
    assert 6 == reads["count"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("get_costumer", " Did you mean get_customer?"),
        ("GET_CUSTOMER", ""),
        ("list_reward", " Did you mean list_rewards?"),
        ("get_customer/extra", " Did you mean get_customer?"),
        ("actions", ""),
        ("x" * 5000, ""),
        ("..%2fhealthz", ""),
    ],
)
async def test_an_unknown_action_is_answered_with_the_nearest(
    service: Service, name: str, hint: str
) -> None:
    told = problem(await service.ask("POST", f"/actions/{name}"), 404, "no_such_action")

    assert f"There is no such action.{hint}" == told["error"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/actions/create_points_event", "POST"),
        ("HEAD", "/actions/create_points_event", "POST"),
        ("OPTIONS", "/actions/create_points_event", "POST"),
        ("PUT", "/actions/create_points_event", "POST"),
        ("GET", "/actions/redeem_customer_points", "POST"),
        ("HEAD", "/actions/get_customer", "GET, POST"),
        ("OPTIONS", "/actions/get_customer", "GET, POST"),
        ("DELETE", "/actions/get_customer", "GET, POST"),
        ("POST", "/actions", "GET"),
        ("HEAD", "/actions/", "GET"),
        ("POST", "/healthz", "GET, HEAD"),
        ("DELETE", "/metrics", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_answered_with_the_right_ones(
    service: Service, method: str, path: str, allowed: str
) -> None:
    answer = await service.ask(method, path)

    assert 405 == answer.status_code
    assert allowed == answer.headers["allow"]
    if method == "HEAD":
        assert b"" == answer.content
    else:
        assert (
            f"This answers {allowed} only." == problem(answer, 405, "method_not_allowed")["error"]
        )


@pytest.mark.parametrize("path", ["/nowhere", "/healthz/", "/actionsx", "/zendesk", "/.env"])
async def test_where_nothing_is_a_problem_says_so(service: Service, path: str) -> None:
    problem(await service.ask("GET", path), 404, "not_found")


# What they ask.


async def test_inputs_come_as_json_form_and_query(service: Service) -> None:
    path = "/actions/list_customer_points_events"
    answers = [
        await service.ask("GET", f"{path}?customer_email={MAYA}&per_page=2"),
        await service.ask("POST", f"{path}?customer_email={MAYA}&per_page=2"),
        await service.ask("POST", path, json={"customer_email": MAYA, "per_page": 2}),
        await service.ask("POST", path, json={"customer_email": MAYA, "per_page": "2"}),
        await service.ask("POST", path, data={"customer_email": MAYA, "per_page": "2"}),
        await service.ask("POST", f"{path}?per_page=2", json={"customer_email": MAYA}),
        await service.ask("POST", f"{path}?per_page=2", data={"customer_email": MAYA}),
        await service.ask(
            "POST", f"{path}?per_page=2&customer_email=None", json={"customer_email": MAYA}
        ),
        await service.ask(
            "POST", f"{path}?customer_email={MAYA}", json={"customer_email": None, "per_page": 2}
        ),
        await service.ask(
            "POST", f"{path}?customer_email={MAYA}&per_page=2", data={"customer_email": MAYA}
        ),
        await service.ask(
            "POST", f"{path}?per_page=2", json={"customer_email": MAYA, "per_page": 2}
        ),
    ]
    bodies = {ordered({**a.json(), "as_of": None}) for a in answers}

    assert {200} == {answer.status_code for answer in answers}
    assert 1 == len(bodies)
    assert 2 == answers[0].json()["count"]


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("page=1&page=2", None),
        ("page=1", {"page": 2}),
        ("page=1", {"page": "2"}),
        ("page=None&page=1&page=2", None),
        ("", '{"page": 1, "page": 2}'),
        ("", '{"page": 1, "per_page": 5, "p\\u0061ge": 2}'),
    ],
)
async def test_one_name_with_two_values_is_refused(
    service: Service, query: str, body: dict[str, Any] | str | None
) -> None:
    content = body if isinstance(body, str) else None if body is None else json.dumps(body)
    answer = await service.ask("POST", f"/actions/list_customers?{query}", content=content)
    told = problem(answer, 422, "invalid_input")

    assert ("page", "given once", "two values") == (told["field"], told["expected"], told["given"])


async def test_colons_and_nesting_are_no_second_value(service: Service) -> None:
    inputs = {"applied_after": "2026-01-01T10:00:00Z", "reason": 'late: "page": "x"', "page": 1}

    assert 200 == (await service.act("list_points_events", **inputs)).status_code


@pytest.mark.parametrize(
    ("name", "inputs", "field", "expected", "given"),
    [
        ("get_customer", {}, "customer_email", "an e-mail address or a Shopify customer id", None),
        (
            "get_customer",
            {"customer_email": "None"},
            "customer_email",
            "an e-mail address or a Shopify customer id",
            None,
        ),
        (
            "get_customer",
            {"customer_email": "nobody"},
            "customer_email",
            "an e-mail address or a Shopify customer id",
            "'nobody'",
        ),
        ("list_customers", {"page": "x"}, "page", "a whole number from 1 to 500", "'x'"),
        ("list_customers", {"page": [1, {}]}, "page", "a whole number from 1 to 500", "'[1, {}]'"),
        (
            "list_customers",
            {"pages": 1},
            "pages",
            "a known input (did you mean page?)",
            "an unknown name",
        ),
        (
            "create_points_event",
            {"customer_email": SARAH},
            "points_amount",
            "other than 0, or credits_amount be given, for manual",
            None,
        ),
        (
            "redeem_customer_points",
            {"reward_id": 1},
            "customer_email",
            "given together with reward_id",
            None,
        ),
    ],
)
async def test_a_wrong_input_is_named_with_what_was_expected(  # noqa: PLR0917 -- a row of the table
    service: Service,
    name: str,
    inputs: dict[str, Any],
    field: str,
    expected: str,
    given: str | None,
) -> None:
    told = problem(await service.act(name, **inputs), 422, "invalid_input")
    came = "it is missing" if given is None else f"got {given}"

    assert [*PROBLEM, "field", "expected", "given"] == list(told)
    assert (field, expected, given) == (told["field"], told["expected"], told["given"])
    assert f"{field} must be {expected}; {came}." == told["error"]
    assert [] == list(service.sandbox.requests)


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        ("{", "application/json", 400, "unparsable"),
        ("{]", "", 400, "unparsable"),
        (b"\xff", "application/json", 400, "unparsable"),
        ('{"page": NaN}', "application/json", 400, "unparsable"),
        ('{"page": 1e}', "application/problem+json", 400, "unparsable"),
        ("[" * 60_000, "application/json", 400, "unparsable"),
        ('{"page": ' + "9" * 5000 + "}", "application/json", 400, "unparsable"),
        ('{"reason": "\\ud800"}', "application/json", 400, "unparsable"),
        ("[1]", "application/json", 422, "invalid_input"),
        ('"page"', "application/json", 422, "invalid_input"),
        (json.dumps({f"x{n}": 1 for n in range(101)}), "application/json", 400, "unparsable"),
        (
            "&".join(f"x{n}=1" for n in range(101)),
            "application/x-www-form-urlencoded",
            400,
            "unparsable",
        ),
        (b"page=%ff", "application/x-www-form-urlencoded", 400, "unparsable"),
        (b"page=\xff", "application/x-www-form-urlencoded", 400, "unparsable"),
        ("page=1", "text/plain", 415, "unsupported_media_type"),
        ("page=1", "multipart/form-data; boundary=x", 415, "unsupported_media_type"),
        ("<page/>", "application/xml", 415, "unsupported_media_type"),
    ],
)
async def test_what_cannot_be_read_is_said(
    service: Service, content: str | bytes, media_type: str, status: int, code: str
) -> None:
    for path, key in (
        ("/actions/list_customers", API_KEY),
        ("/gorgias/get_customer", GORGIAS_SECRET),
    ):
        headers = {"content-type": media_type}
        answer = await service.ask("POST", path, key=key, headers=headers, content=content)
        if status == 422 and key == GORGIAS_SECRET:
            assert 200 == answer.status_code
        else:
            problem(answer, status, code)


@pytest.mark.parametrize("query", ["page=%ff", "&".join(f"x{n}=1" for n in range(101))])
async def test_a_query_that_cannot_be_read_is_said(service: Service, query: str) -> None:
    problem(await service.ask("GET", f"/actions/list_customers?{query}"), 400, "unparsable")


async def test_a_body_has_64_kilobytes_at_most(service: Service) -> None:
    path = "/actions/list_customers"
    fits = b'{"page": 1}'.ljust(64 * KB)

    async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    async def for_ever() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 10_000

    assert 200 == (await service.ask("POST", path, content=fits)).status_code
    assert 200 == (await service.ask("POST", path, content=in_pieces(fits))).status_code
    problem(await service.ask("POST", path, content=fits + b" "), 413, "too_large")
    problem(await service.ask("POST", path, content=in_pieces(fits + b" ")), 413, "too_large")
    problem(await service.ask("POST", path, content=for_ever()), 413, "too_large")


async def test_a_body_that_says_it_is_too_large_is_not_read(service: Service) -> None:
    read = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield b"{}"

    headers = {"content-length": str(64 * KB + 1)}
    answer = await service.ask("POST", "/actions/list_customers", headers=headers, content=body())

    problem(answer, 413, "too_large")
    assert not read


async def test_a_request_that_breaks_off_is_no_request(service: Service) -> None:
    sent: list[Any] = []
    messages = iter(
        [
            {"type": "http.request", "body": b'{"page":', "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/actions/list_customers",
        "query_string": b"",
        "headers": [(b"x-api-key", API_KEY.encode())],
    }
    await service.app(scope, receive, send)

    assert 400 == sent[0]["status"]
    assert [] == list(service.sandbox.requests)


@pytest.mark.parametrize(
    "inputs",
    [
        {"page": API_KEY},
        {"page": f"{API_KEY}, please"},
        {"page": f"x {API_KEY}"},
        {"page": API_KEY[4:16]},
        {"page": f"Bearer {API_KEY}"},
        {"page": [API_KEY]},
        {API_KEY: 1},
        {f"x{API_KEY}x": 1},
        {"agent_email": API_KEY},
        {"shape": API_KEY},
    ],
)
async def test_a_callers_secret_is_not_echoed(service: Service, inputs: dict[str, Any]) -> None:
    answer = await service.act("list_customers", **inputs)
    problem(answer, 422, "invalid_input")

    assert API_KEY[:8] not in answer.text
    assert API_KEY[4:16] not in answer.text


async def test_the_shops_own_key_is_not_echoed_even_if_rivo_does() -> None:
    said = json.dumps({"error": f"the key {RIVO_KEY} may not do this"}).encode()
    service = Service(faults=lambda _: Fault(kind="status", status=422, body=said))
    answers = [
        await service.act("create_points_event", customer_email=SARAH, points_amount=1),
        await service.act("list_customers"),
        await service.gorgias(
            "create_points_event", key=BUTTON_SECRET, customer_email=SARAH, points_amount=1
        ),
        await service.gorgias("get_sidebar", customer_email=SARAH),
    ]

    assert [] == [answer.text for answer in answers if RIVO_KEY[:8] in answer.text]
    assert "may not do this" in answers[0].text


# How they are answered.


async def test_a_write_says_by_its_status_what_it_did(service: Service) -> None:
    created = await service.act("create_points_event", customer_email=SARAH, points_amount=5)
    redeemed = await service.act("create_points_redemption", customer_email=MAYA, reward_id=709485)
    also = await service.act("redeem_customer_points", customer_email=MAYA, reward_id=709485)
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

    made = [created, redeemed, also, refunded, referred]
    assert [201] * 5 == [answer.status_code for answer in made]
    assert [200] * 3 == [answer.status_code for answer in (updated, moved, cancelled)]


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
    ("fault", "status", "code", "retry_after"),
    [
        (
            Fault(kind="status", status=404, body=b'{"error":"No such customer."}'),
            404,
            "not_found",
            None,
        ),
        (
            Fault(kind="status", status=422, body=b'{"error":"Not enough points."}'),
            422,
            "refused_by_rivo",
            None,
        ),
        (
            Fault(kind="status", status=404, body=b"<html>"),
            422,
            "not_available_on_this_store",
            None,
        ),
        (Fault(kind="status", status=401, body=b"{}"), 503, "rivo_key_refused", None),
        (
            Fault(kind="status", status=429, headers=(("retry-after", "7"),)),
            503,
            "unavailable",
            "7",
        ),
        (Fault(kind="too_many"), 503, "unavailable", "1"),
        (Fault(kind="status", status=500), 202, "outcome_unknown", None),
        (Fault(kind="server_error"), 202, "outcome_unknown", None),
        (Fault(kind="lost"), 202, "outcome_unknown", None),
        (Fault(kind="hang", applied=True), 202, "outcome_unknown", None),
        (Fault(kind="broken_json"), 202, "outcome_unknown", None),
        (Fault(kind="html"), 202, "outcome_unknown", None),
        (Fault(kind="redirect"), 202, "outcome_unknown", None),
        (Fault(kind="lost", error=lambda: httpx.ConnectError("refused")), 503, "unavailable", "1"),
    ],
)
async def test_a_write_that_failed_says_whether_it_may_have_been_applied(
    fault: Fault, status: int, code: str, retry_after: str | None
) -> None:
    service = Service(faults=in_turn(fault, method="POST"))
    answer = await service.act("create_points_event", customer_email=SARAH, points_amount=5)
    told = problem(answer, status, code)
    sent = [received.method for received in service.sandbox.requests]

    assert retry_after == answer.headers.get("retry-after")
    assert ("may have been applied" in told["error"]) is (status == 202)
    assert ["POST"] == [method for method in sent if method == "POST"]


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
    assert (202, 3.9, 1) == await took(2, "create_points_event")
    assert (503, 4.5, 0) == await took(4.5, "create_points_event")


async def test_every_answer_leaves_within_four_seconds_however_rivo_is() -> None:
    slow: dict[str, float] = {}
    for name, action in ACTIONS.items():
        hanging = Service(faults=lambda _: Fault(kind="hang"))
        given = {i.name: i.examples[0] for i in action.inputs if i.required}
        more: dict[str, Any] = {"points_amount": 1} if name == "create_points_event" else {}
        more |= {"dob": "07-13"} if name == "update_customer" else {}
        began = seconds()
        answer = await hanging.act(name, **given, **more)
        slow[name] = seconds() - began

        assert answer.status_code in (202, 503), answer.text
    assert 25 == len(slow)
    assert {} == {name: spent for name, spent in slow.items() if spent > 4}


# What stands on every answer.

ON_EVERY_ANSWER = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("GET", "/", None, 200),
        ("GET", "/docs", None, 200),
        ("GET", "/healthz", None, 200),
        ("GET", "/readyz", None, 503),
        ("GET", "/metrics", None, 200),
        ("GET", "/nowhere", None, 404),
        ("POST", "/healthz", None, 405),
        ("GET", "/actions", API_KEY, 200),
        ("GET", f"/actions/get_customer?customer_email={SARAH}", API_KEY, 200),
        ("GET", "/actions/get_customer?customer_email=nobody@example.com", API_KEY, 404),
        ("GET", "/actions/get_customer", None, 401),
        ("GET", "/actions/get_customer", API_KEY, 422),
        ("GET", "/actions/no_such_action", API_KEY, 404),
        ("GET", "/actions/create_points_event", API_KEY, 405),
        ("OPTIONS", "/actions/get_customer", API_KEY, 405),
        ("GET", "/gorgias/list_rewards", GORGIAS_SECRET, 403),
        ("GET", "/gorgias/get_sidebar", GORGIAS_SECRET, 200),
        ("POST", "/gorgias/create_points_event", BUTTON_SECRET, 422),
    ],
)
async def test_headers_that_keep_browsers_in_stand_on_every_answer(
    service: Service, method: str, path: str, key: str | None, status: int
) -> None:
    answer = await service.ask(method, path, key=key)

    assert status == answer.status_code
    for name, value in ON_EVERY_ANSWER.items():
        assert [value] == answer.headers.get_list(name)
    assert "strict-transport-security" not in answer.headers
    assert 1 == len(answer.headers.get_list("x-request-id"))


async def test_behind_tls_browsers_are_told_to_stay_there(service: Service) -> None:
    for path in ("/healthz", "/nowhere", "/actions"):
        answer = await service.ask("GET", f"https://service.test{path}")

        assert "max-age=31536000" == answer.headers["strict-transport-security"]


async def test_a_mistake_of_ours_is_a_problem_with_all_headers_and_no_detail(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise AssertionError("a secret that nobody may see")

    monkeypatch.setattr("app.doors.Manner.answer", fails)
    answer = await service.ask("GET", "/actions/list_vip_tiers")

    told = problem(answer, 500, "internal")
    assert "Something went wrong here; it has been logged." == told["error"]
    assert b"secret" not in service.out.getvalue()
    for name, value in ON_EVERY_ANSWER.items():
        assert [value] == answer.headers.get_list(name)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("abc-123", "abc-123"),
        ("A.b_c-1" * 9, "A.b_c-1" * 9),
        ("", "request-1"),
        ("x" * 65, "request-1"),
        ("two words", "request-1"),
        ("inj{}ect", "request-1"),
        ("é", "request-1"),
    ],
)
async def test_a_request_id_is_kept_where_it_is_one(
    service: Service, given: str, told: str
) -> None:
    headers = [(b"x-api-key", API_KEY.encode()), (b"x-request-id", given.encode())]
    for path in ("/actions/list_vip_tiers", "/actions/get_customer"):
        answer = await service.http.get(path, headers=headers)
        expected = told if told == given else answer.headers["x-request-id"]

        assert expected == answer.headers["x-request-id"]
        assert given == told or answer.headers["x-request-id"].startswith("request-")
        assert answer.headers["x-request-id"] == service.lines()[-1]["request_id"]
        if answer.status_code != 200:
            assert answer.headers["x-request-id"] == answer.json()["request_id"]
