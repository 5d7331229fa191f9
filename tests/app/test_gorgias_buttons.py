"""The buttons in Gorgias: what a click says, and whether to click again."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from integrations.rivo_sandbox import Fault, Received, in_turn
from tests.app.flat import (
    SAMPLES,
    SPELLINGS,
    write,
)
from tests.app.loop import seconds
from tests.app.serving import (
    BUTTON_SECRET,
    MAYA,
    MEMBER,
    SARAH,
    Service,
)

pytestmark = pytest.mark.anyio

BUTTONS = json.loads((SAMPLES / "gorgias/samples/button_requests.received.json").read_bytes())


def posts(service: Service) -> list[Received]:
    return [got for got in service.sandbox.requests if got.method == "POST"]


@pytest.fixture
async def service() -> Service:
    return Service()


async def test_points_given_are_said_with_the_new_balance(service: Service) -> None:
    given = await write(service, "create_points_event", customer_email=SARAH, points_amount="100")
    taken = await write(service, "create_points_event", customer_email=SARAH, points_amount=-30)
    credit = await write(
        service, "create_points_event", customer_email=SARAH, credits_amount="5.50"
    )

    assert (
        201,
        {
            "ok": "Yes",
            "message": "Gave 100 points. New balance: 250 points.",
            "error": None,
            "operation_id": given[1]["operation_id"],
            "state": "succeeded",
            "applied": "Yes",
            "safe_to_retry": "No",
            "points": 250,
            "store_credit": "25.0 USD",
            "code": None,
        },
    ) == given
    assert re.fullmatch("op_[0-9a-f]{32}", given[1]["operation_id"])
    assert "Took 30 points away. New balance: 220 points." == taken[1]["message"]
    assert credit[1]["message"].startswith("Gave 5.5")
    assert "USD of store credit. New balance: 220 points." in credit[1]["message"]


async def test_every_button_says_what_it_did(service: Service) -> None:
    redeemed = await write(
        service, "create_points_redemption", customer_email=MAYA, reward_id=709485
    )
    offer = await write(service, "redeem_customer_points", customer_email=MAYA)
    newest = await service.act("list_customer_points_redemptions", customer_email=MAYA)
    listing = newest.json()["points_redemptions"][0]["id"]
    refunded = await write(service, "refund_points_redemption", redemption_id=listing)
    birthday = await write(service, "update_customer_dob", customer_email=SARAH, dob="1990-07-13")
    cancelled = await write(service, "cancel_membership", customer_email=MEMBER)

    assert 201 == redeemed[0]
    assert "Redeemed the reward. New balance: 1740 points." == redeemed[1]["message"]
    assert redeemed[1]["code"]
    assert (200, "Yes", "No", None) == (
        offer[0],
        offer[1]["ok"],
        offer[1]["applied"],
        offer[1]["state"],
    )
    assert offer[1]["message"].startswith("Can be redeemed: ")
    assert (201, "Refunded the reward; its code is void. New balance: 1840 points.") == (
        refunded[0],
        refunded[1]["message"],
    )
    assert (200, "Changed the birthday. New balance: 150 points.") == (
        birthday[0],
        birthday[1]["message"],
    )
    assert (200, "Yes") == (cancelled[0], cancelled[1]["ok"])
    assert cancelled[1]["message"].startswith(
        "Cancelled the membership. It goes on to the end of the period that is paid."
    )


@pytest.mark.parametrize(
    ("fault", "status", "applied", "again", "message"),
    [
        (
            Fault(kind="lost", applied=True),
            202,
            "Not known",
            "No",
            "Rivo has not confirmed this yet; do not repeat it. "
            "What became of it is being looked up.",
        ),
        (
            Fault(kind="hang"),
            202,
            "Not known",
            "No",
            "Rivo has not confirmed this yet; do not repeat it. "
            "What became of it is being looked up.",
        ),
        (
            Fault(kind="status", status=422, body=b'{"error":"Customer is excluded"}'),
            422,
            "No",
            "No",
            "Rivo refused this: Customer is excluded. Nothing was changed.",
        ),
        (
            Fault(kind="status", status=404, body=b"<html>"),
            422,
            "No",
            "No",
            "Rivo does not offer this on this store; nothing was changed.",
        ),
        (
            Fault(kind="lost", error=lambda: httpx.ConnectError("refused")),
            503,
            "No",
            "Yes",
            "Rivo could not be reached; nothing was changed. You can try again.",
        ),
    ],
)
async def test_a_button_that_failed_says_whether_to_press_it_again(
    fault: Fault, status: int, applied: str, again: str, message: str
) -> None:
    service = Service(faults=in_turn(fault, method="POST"))
    began = seconds()
    answered, told = await write(
        service, "create_points_event", customer_email=SARAH, points_amount=5
    )

    assert (status, "No", applied, again) == (
        answered,
        told["ok"],
        told["applied"],
        told["safe_to_retry"],
    )
    assert message == told["message"]
    assert told["error"]
    assert re.fullmatch("op_[0-9a-f]{32}", told["operation_id"])
    assert {202: "unknown", 422: "rejected", 503: "accepted"}[status] == told["state"]
    assert seconds() - began <= 4
    assert 1 == len(posts(service))


async def test_a_rivo_that_stays_busy_is_asked_twice_and_may_be_tried_again() -> None:
    busy = Fault(kind="status", status=429, body=b"Too many Merchant API requests")
    service = Service(faults=lambda got: busy if got.method == "POST" else None)
    status, told = await write(
        service, "create_points_event", customer_email=SARAH, points_amount=5
    )

    assert (503, "accepted", "No", "Yes") == (
        status,
        told["state"],
        told["applied"],
        told["safe_to_retry"],
    )
    assert "Rivo is too busy right now; nothing was changed. You can try again." == told["message"]
    assert 2 == len(posts(service))


async def test_a_key_that_rivo_refuses_cannot_be_helped_by_pressing_again() -> None:
    service = Service(faults=lambda _: Fault(kind="status", status=401))
    status, told = await write(
        service, "create_points_event", customer_email=SARAH, points_amount=5
    )

    assert (503, "No") == (status, told["applied"])
    assert "API key" in told["message"]


@pytest.mark.parametrize("request_of", BUTTONS["requests"], ids=lambda each: each["name"])
async def test_a_button_may_send_its_values_in_any_encoding(
    service: Service, request_of: dict[str, Any]
) -> None:
    """The samples name a fictional service's inputs: ours stand in for them."""

    def ours(text: str) -> str:
        for theirs, name in (("email", "customer_email"), ("points", "points_amount")):
            text = re.sub(rf"(?<![a-z_]){theirs}(?=[=\"])", name, text)
        return text.replace("ana@example.com", SARAH).replace("ana%40example.com", SARAH)

    query = ours(urlsplit(request_of["path"]).query)
    headers = {
        name: value for name, value in request_of["headers"].items() if name == "Content-Type"
    }
    answer = await service.ask(
        request_of["method"],
        f"/gorgias/create_points_event?{query}",
        key=BUTTON_SECRET,
        headers=headers,
        content=ours(request_of["body"]),
    )
    if request_of["method"] == "GET":
        assert (405, "POST") == (answer.status_code, answer.headers["allow"])
        assert [] == list(service.sandbox.requests)
    else:
        assert (201, 250) == (answer.status_code, answer.json()["points"])
        (sent,) = posts(service)
        assert {
            "customer_identifier": [SARAH],
            "source": ["manual"],
            "points_amount": ["100"],
            "internal_note": [answer.json()["operation_id"]],
        } == parse_qs(sent.body.decode())


@pytest.mark.parametrize("spelling", SPELLINGS["treat_as_absent"])
async def test_a_missing_value_is_missing_however_it_is_spelt(
    service: Service, spelling: str
) -> None:
    absent = dict.fromkeys(
        ("credits_amount", "external_note", "internal_note", "applied_at", "ticket_id", "reason"),
        spelling,
    )
    for points, encoding in enumerate(("json", "data", "params"), 1):
        inputs = {"customer_email": SARAH, "points_amount": str(points), **absent}
        answer = await service.ask(
            "POST", "/gorgias/create_points_event", key=BUTTON_SECRET, **{encoding: inputs}
        )
        assert 201 == answer.status_code, answer.text
        sent = parse_qs(posts(service)[-1].body.decode())
        assert {"customer_identifier", "source", "points_amount", "internal_note"} == set(sent)
        assert ([str(points)], [answer.json()["operation_id"]]) == (
            sent["points_amount"],
            sent["internal_note"],
        )


@pytest.mark.parametrize("told", SPELLINGS["booleans_as_text"])
async def test_yes_and_no_are_understood_as_text(service: Service, told: str) -> None:
    for points, spelling in enumerate(SPELLINGS["booleans_as_text"][told], 1):
        answer = await service.gorgias(
            "create_points_event",
            key=BUTTON_SECRET,
            customer_email=SARAH,
            points_amount=str(points),
            skip_email=spelling,
        )
        assert 201 == answer.status_code
        sent = posts(service)[-1]
        assert [told] == parse_qs(sent.body.decode())["skip_email"]


@pytest.mark.parametrize(
    ("direction", "inputs", "points", "message"),
    [
        ("take", {"points_amount": "30"}, 120, "Took 30 points away. New balance: 120 points."),
        ("take", {"points_amount": "-30"}, 120, "Took 30 points away. New balance: 120 points."),
        ("take", {"points_amount": "30.00000"}, 120, "Took 30 points away. New balance: 120 "),
        ("take", {"points_amount": "30", "credits_amount": "5"}, 120, "Took 30 points away and t"),
        ("give", {"points_amount": "30"}, 180, "Gave 30 points. New balance: 180 points."),
        ("give", {"points_amount": "-30"}, None, "points_amount must be above 0, since this gives"),
        ("give", {"credits_amount": "-5"}, None, "credits_amount must be above 0, since this giv"),
        ("Take", {"points_amount": "30"}, None, "X-Rivo-Direction must be give or take; got 'Ta"),
        ("take", {"points_amount": "many"}, None, "points_amount must be a whole number; got"),
    ],
)
async def test_a_button_that_says_its_way_moves_points_that_way_only(
    service: Service, direction: str, inputs: dict[str, str], points: int | None, message: str
) -> None:
    answer = await service.ask(
        "POST",
        "/gorgias/create_points_event",
        key=BUTTON_SECRET,
        headers={"X-Rivo-Direction": direction},
        data={"customer_email": SARAH, **inputs},
    )
    told = answer.json()

    assert (422 if points is None else 201, points) == (answer.status_code, told["points"])
    assert told["message"].startswith(message)
    assert (points is not None) == bool(posts(service))


async def test_a_direction_means_nothing_elsewhere(service: Service) -> None:
    headers = {"X-Rivo-Direction": "take"}
    asked = {"customer_email": SARAH, "points_amount": 5}
    elsewhere = await service.ask(
        "POST", "/actions/create_points_event", headers=headers, json=asked
    )
    birthday = await service.ask(
        "POST",
        "/gorgias/update_customer_dob",
        key=BUTTON_SECRET,
        headers={"X-Rivo-Direction": "sideways"},
        json={"customer_email": SARAH, "dob": "07-13"},
    )

    assert 5 == elsewhere.json()["points_event"]["points_diff"]
    assert 200 == birthday.status_code
