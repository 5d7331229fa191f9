"""Requests: every encoding is understood, and what is not is said."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from integrations.rivo_sandbox import Fault
from tests.app.serving import (
    API_KEY,
    BUTTON_SECRET,
    GORGIAS_SECRET,
    MAYA,
    PROBLEM,
    RIVO_KEY,
    SARAH,
    Service,
    ordered,
    problem,
)

pytestmark = pytest.mark.anyio

KB = 1024


@pytest.fixture
async def service() -> Service:
    return Service()


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


def objects(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def lists(levels: int) -> str:
    return '{"a":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


@pytest.mark.parametrize("levels", [objects, lists], ids=["objects", "lists"])
async def test_a_body_is_nested_twenty_levels_deep_at_most(
    service: Service, levels: Callable[[int], str]
) -> None:
    path = "/actions/list_customers"
    deep = await service.ask("POST", path, content=levels(20))
    deeper = await service.ask("POST", path, content=levels(21))
    shallow = await service.ask("POST", path, content='{"reason": "' + "[{" * 99 + '"}')

    assert "a" == problem(deep, 422, "invalid_input")["field"]
    told = problem(deeper, 400, "unparsable")
    assert "The body may be nested 20 levels deep at most." == told["error"]
    assert 200 == shallow.status_code


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


async def test_a_number_that_nobody_can_count_is_no_failure_of_ours(service: Service) -> None:
    body = '{"page": 1e99999999999999999999}'
    told = problem(
        await service.ask("POST", "/actions/list_customers", content=body), 400, "unparsable"
    )

    assert "The body holds a number that is too large." == told["error"]
