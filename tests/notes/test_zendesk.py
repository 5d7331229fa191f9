"""Private comments at Zendesk: whatever became of what a macro asked for, told on its ticket."""

from __future__ import annotations

import asyncio
import base64
import hmac
from typing import Any

import httpx
import msgspec
import pytest

from integrations.rivo_sandbox import Fault
from tests.app.serving import LEAD_KEY, NOW, SARAH, Service
from tests.notes.helpdesk import USER, WITH_ZENDESK, ZENDESK_TOKEN, Answer, Helpdesk, basic, without
from tests.notes.test_gorgias import look, states

pytestmark = pytest.mark.anyio

GIVE: dict[str, Any] = {
    "customer_email": SARAH,
    "points_amount": 100,
    "ticket_id": "35436",
    "agent_email": "bo@shop.example.com",
    "reason": "late <parcel>",
}


async def macro(service: Service, invocation: str = "01HF-1", **inputs: Any) -> httpx.Response:
    """Send what the trigger of a macro sends."""
    body = msgspec.json.encode(GIVE | inputs)
    timestamp = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    secret = WITH_ZENDESK["ZENDESK_WEBHOOK_SECRET"].encode()
    signature = base64.b64encode(hmac.digest(secret, timestamp.encode() + body, "sha256")).decode()
    answer = await service.ask(
        "POST",
        "/zendesk/webhook",
        key=None,
        content=body,
        headers={
            "content-type": "application/json",
            "x-zendesk-webhook-invocation-id": invocation,
            "x-zendesk-webhook-signature": signature,
            "x-zendesk-webhook-signature-timestamp": timestamp,
        },
    )
    assert 200 == answer.status_code, answer.text
    return answer


def shown(helpdesk: Helpdesk) -> list[list[str]]:
    """Read the comments that came, line by line."""
    found = []
    for note in helpdesk.notes:
        comment = note["ticket"]["comment"]
        assert (["html_body", "public"], False) == (list(comment), comment["public"])
        text = comment["html_body"].removeprefix("<p>").removesuffix("</p>")
        found.append(text.split("<br>"))
    return found


async def test_a_macro_is_told_on_its_ticket_by_a_private_comment() -> None:
    helpdesk = Helpdesk(httpx.Response(200, json={"ticket": {}}))
    service = Service(WITH_ZENDESK, helpdesk=helpdesk)

    answer = await macro(service)
    await look(service)

    (request,) = helpdesk.requests
    assert ("PUT", "https://acme.zendesk.com/api/v2/tickets/35436.json") == (
        request.method,
        str(request.url),
    )
    assert basic(f"{USER}/token", ZENDESK_TOKEN) == request.headers["authorization"]
    assert "application/json" == request.headers["content-type"]
    assert [
        [
            "Loyalty: gave 100 points.",
            "By: bo@shop.example.com",
            "Reason: late &lt;parcel&gt;",
            "New balance: 250 points, 25.0 USD in store credit",
            f"Operation: {answer.json()['operation_id']}",
        ]
    ] == shown(helpdesk)


async def test_an_invocation_that_comes_twice_is_told_once() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_ZENDESK, helpdesk=helpdesk)

    await macro(service)
    await macro(service)
    await look(service, rounds=5)

    assert 1 == len(helpdesk.requests)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (
            {"customer_email": "nobody@example.com"},
            "Could not find a customer with that identifier.",
        ),
        ({"points_amount": 501}, "This write may give 500 points at once."),
    ],
)
async def test_what_was_refused_is_told_with_the_reason(inputs: dict[str, Any], said: str) -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_ZENDESK, helpdesk=helpdesk)

    await macro(service, **inputs)
    await look(service)

    ((first, second, *_),) = shown(helpdesk)
    assert first.startswith("Loyalty: not done: give ")
    assert said == second


async def test_what_could_not_be_sent_is_told_once_and_nothing_more_a_day_later() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_ZENDESK, helpdesk=helpdesk)
    service.sandbox.faults = lambda _: Fault(
        kind="lost", error=lambda: httpx.ConnectError("refused")
    )

    await macro(service)
    await look(service, after=10)
    early = list(helpdesk.requests)
    await look(service, after=15)
    await asyncio.sleep(86_400)
    await service.app.state.settler.once()
    await look(service, rounds=3)

    assert [] == early
    assert [
        [
            "Loyalty: not done: give 100 points.",
            "It was not sent; nothing was changed. Whoever still wants it asks for it again.",
        ]
    ] == [each[:2] for each in shown(helpdesk)]


async def test_what_rivo_does_not_confirm_is_told_when_a_person_has_to_look_and_when_one_did() -> (
    None
):
    helpdesk = Helpdesk()
    service = Service(WITH_ZENDESK, helpdesk=helpdesk)
    lost = [Fault(kind="lost", applied=False)]
    service.sandbox.faults = lambda got: lost.pop() if got.method != "GET" and lost else None

    answer = await macro(service)
    await look(service, after=30)
    early = list(helpdesk.requests)
    await asyncio.sleep(90)
    await service.app.state.settler.once()
    await look(service)
    await service.ask(
        "POST",
        f"/operations/{answer.json()['operation_id']}/settle",
        key=LEAD_KEY,
        json={"outcome": "not_applied", "evidence": "Not there."},
    )
    await look(service)

    assert [] == early
    assert [
        "Loyalty: not known whether done: give 100 points.",
        "Loyalty: not done: give 100 points.",
    ] == [each[0] for each in shown(helpdesk)]


async def test_what_the_sidebar_did_is_shown_there_and_not_told() -> None:
    """Forms say what came of them; only what came by webhook has told nobody."""
    helpdesk = Helpdesk()
    service = Service(WITH_ZENDESK, helpdesk=helpdesk)

    await macro(service)
    store = service.app.state.store
    store._connection.execute("UPDATE operations SET caller = 'zendesk_shared_secret'")
    await look(service, rounds=3)

    assert [] == helpdesk.requests


async def test_without_a_token_nothing_is_told() -> None:
    helpdesk = Helpdesk()
    environ = without(WITH_ZENDESK, "ZENDESK_USER", "ZENDESK_API_TOKEN")
    service = Service(environ, helpdesk=helpdesk)

    await macro(service)
    await look(service)

    assert ([], []) == (helpdesk.requests, states(service))


@pytest.mark.parametrize(
    ("trouble", "state", "requests"),
    [
        (httpx.ConnectError("refused"), "posted", 2),
        (httpx.Response(429, headers={"retry-after": "93"}), "posted", 2),
        (httpx.Response(401), "posted", 2),
        (httpx.Response(403), "posted", 2),
        (None, "unknown", 1),
        (httpx.ReadTimeout("slow"), "unknown", 1),
        (httpx.Response(408), "unknown", 1),
        (httpx.Response(503, headers={"retry-after": "1"}), "unknown", 1),
        (httpx.Response(404), "refused", 1),
        (httpx.Response(422, json={"error": "RecordInvalid"}), "refused", 1),
        (httpx.Response(301, headers={"location": "https://else.example"}), "refused", 1),
    ],
)
async def test_only_what_surely_was_not_posted_is_posted_again(
    trouble: Answer, state: str, requests: int
) -> None:
    helpdesk = Helpdesk(trouble)
    service = Service(WITH_ZENDESK, helpdesk=helpdesk)

    await macro(service)
    await look(service, after=10, rounds=12)

    assert (requests, [(state, requests)]) == (len(helpdesk.requests), states(service))


async def test_a_wait_that_the_helpdesk_asks_for_is_kept() -> None:
    helpdesk = Helpdesk(httpx.Response(429, headers={"retry-after": "93"}))
    service = Service(WITH_ZENDESK, helpdesk=helpdesk)

    await macro(service)
    await look(service, rounds=100)

    first, second = helpdesk.times
    assert 93 <= second - first <= 95


async def test_closing_closes_the_connections() -> None:
    helpdesk = Helpdesk()
    service = Service(WITH_ZENDESK, helpdesk=helpdesk)
    await look(service)

    await service.app.state.notes.close()

    assert 1 == helpdesk.closed
