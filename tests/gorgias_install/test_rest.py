"""Asking Gorgias: never too fast, and what became of each request is known."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from integrations.gorgias.rest import (
    BusyError,
    GorgiasApi,
    GorgiasError,
    KeyRefusedError,
    MaybeDoneError,
    NotDoneError,
    NotThereError,
    SaidNoError,
    headers_of,
)
from integrations.upstream import Upstream, make_client
from tests.app.loop import seconds

pytestmark = pytest.mark.anyio

SECRET = "a-secret-in-an-answer-0001"
Answers = Callable[[httpx.Request], httpx.Response]


class Asked:
    """Notes when each request came, and answers it."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.times.append(seconds())
        return self.answers(request)


def api_over(asked: Asked) -> GorgiasApi:
    client = make_client(
        base_url="https://acme.gorgias.com/api",
        headers=headers_of("bo@shop.example.com", "key-0001"),
        transport=httpx.MockTransport(asked),
    )
    upstream = Upstream(client, name="gorgias", clock=seconds)
    return GorgiasApi(upstream, clock=seconds, sleep=asyncio.sleep, hidden=(SECRET,))


def bucket() -> Answers:
    """The leaky bucket of the documentation: 40, two a second leak."""
    level, at = 0.0, seconds()

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal level, at
        level, at = max(0.0, level - 2 * (seconds() - at)), seconds()
        if level + 1 > 40:
            return httpx.Response(429, headers={"Retry-after": "1"})
        level += 1
        return httpx.Response(200, json={"id": 1})

    return answer


async def test_a_request_is_sent_as_json_with_proof_of_who_asks() -> None:
    asked = Asked(lambda _: httpx.Response(201, json={"id": 7}))
    answer = await api_over(asked).request("POST", "widgets", json={"context": "ticket"})
    (request,) = asked.requests
    proof = base64.b64encode(b"bo@shop.example.com:key-0001").decode()

    assert (201, {"id": 7}) == (answer.status, answer.body)
    assert ("POST", "https://acme.gorgias.com/api/widgets") == (request.method, str(request.url))
    assert f"Basic {proof}" == request.headers["authorization"]
    assert "application/json" == request.headers["content-type"]
    assert {"context": "ticket"} == msgspec.json.decode(request.content)


async def test_no_more_is_asked_than_gorgias_allows() -> None:
    asked = Asked(bucket())
    api = api_over(asked)
    began = seconds()
    await asyncio.gather(*(api.request("POST", "macros", json={}) for _ in range(200)))
    most = max(sum(t <= other < t + 20 for other in asked.times) for t in asked.times)

    assert 200 == len(asked.requests)
    assert most <= 40
    assert seconds() - began <= 200 / 36 * 20


async def test_a_busy_gorgias_is_asked_again_after_the_time_that_it_says() -> None:
    answers = iter([(429, "7"), (429, "3.5"), (200, "")])

    def answer(_: httpx.Request) -> httpx.Response:
        status, after = next(answers)
        return httpx.Response(status, headers={"Retry-after": after}, json={})

    asked = Asked(answer)
    await api_over(asked).request("POST", "macros", json={"name": "x"})
    first, second, third = asked.times

    assert pytest.approx([7.0, 3.5]) == [second - first, third - second]
    assert 1 == len({request.content for request in asked.requests})


async def test_who_is_in_a_hurry_hears_at_once_that_it_is_busy() -> None:
    asked = Asked(lambda _: httpx.Response(429, headers={"Retry-after": "7"}))
    with pytest.raises(BusyError) as caught:
        await api_over(asked).request("POST", "macros", json={}, patience=0)

    assert (7.0, 1) == (caught.value.retry_after, len(asked.requests))


def lost(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("gone")


def refused(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


def status(code: int, **options: Any) -> Answers:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(code, **options)

    answer.__name__ = str(code)
    return answer


@pytest.mark.parametrize(
    ("method", "answers", "kind", "times"),
    [
        ("POST", lost, MaybeDoneError, 1),
        ("PUT", lost, MaybeDoneError, 3),
        ("DELETE", lost, MaybeDoneError, 3),
        ("GET", lost, MaybeDoneError, 3),
        ("POST", status(500), MaybeDoneError, 1),
        ("PUT", status(503), MaybeDoneError, 3),
        ("POST", status(408), MaybeDoneError, 1),
        ("POST", refused, NotDoneError, 3),
        ("POST", status(400), SaidNoError, 1),
        ("POST", status(401), KeyRefusedError, 1),
        ("GET", status(403), KeyRefusedError, 1),
        ("PUT", status(404), NotThereError, 1),
        ("GET", status(302, headers={"Location": "https://gorgias.com"}), SaidNoError, 1),
    ],
)
async def test_what_became_of_a_request_is_known(
    method: Any, answers: Answers, kind: type[GorgiasError], times: int
) -> None:
    asked = Asked(answers)
    with pytest.raises(GorgiasError) as caught:
        await api_over(asked).request(method, "macros", 7, json={})

    assert (kind, times) == (type(caught.value), len(asked.requests))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error":{"msg":"name is needed."}}', ": name is needed"),
        (b'{"error":"name is needed"}', ": name is needed"),
        (b'{"message":"name\\nis needed"}', ": name is needed"),
        (f'{{"error":"Bearer {SECRET} is odd"}}'.encode(), ": Bearer … is odd"),
        (b'{"error":{"data":{}}}', ""),
        (b"<html>", ""),
        (b"[1]", ""),
        (b'{"error":"' + b"x" * 500 + b'"}', f": {'x' * 200}"),
    ],
)
async def test_an_error_says_why_and_no_secret(body: bytes, said: str) -> None:
    asked = Asked(lambda _: httpx.Response(422, content=body))
    with pytest.raises(SaidNoError) as caught:
        await api_over(asked).request("POST", "macros", json={})

    assert f"Gorgias refused this (422){said}." == caught.value.message


async def test_lists_are_read_page_by_page() -> None:
    pages = {
        "": {"data": [{"id": 3}], "meta": {"next_cursor": "b=="}},
        "b==": {"data": [{"id": 2}], "meta": {"next_cursor": "c"}},
        "c": {"data": [{"id": 1}], "meta": {"next_cursor": None}},
    }
    asked = Asked(
        lambda request: httpx.Response(200, json=pages[request.url.params.get("cursor", "")])
    )

    assert [{"id": 3}, {"id": 2}, {"id": 1}] == await api_over(asked).rows("macros")
    assert {"100"} == {request.url.params["limit"] for request in asked.requests}


async def test_a_bare_list_is_a_list() -> None:
    asked = Asked(lambda _: httpx.Response(200, json=[{"id": 1}]))

    assert [{"id": 1}] == await api_over(asked).rows("widgets")


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"data":[1]}', b'{"data":{}}', b""])
async def test_what_is_no_list_is_said_to_be_none(body: bytes) -> None:
    asked = Asked(lambda _: httpx.Response(200, content=body))
    with pytest.raises(GorgiasError, match="cannot be read: is the domain right"):
        await api_over(asked).rows("widgets")


async def test_a_list_without_end_ends() -> None:
    endless = {"data": [], "meta": {"next_cursor": "again"}}
    asked = Asked(lambda _: httpx.Response(200, json=endless))
    with pytest.raises(GorgiasError, match="more macros than"):
        await api_over(asked).rows("macros")

    assert 100 == len(asked.requests)
