"""The /gorgias door: one flat object, always the same keys, and always 200 for a read."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, Received, Shop, demo_shop, in_turn
from tests.app.loop import seconds
from tests.app.serving import (
    BUTTON_SECRET,
    ENVIRON,
    GORGIAS_SECRET,
    MAYA,
    MEMBER,
    NOW,
    SARAH,
    Service,
)

pytestmark = pytest.mark.anyio

SAMPLES = Path(__file__).parents[1]
SPELLINGS = json.loads((SAMPLES / "samples/missing_value_spellings.received.json").read_bytes())
BUTTONS = json.loads((SAMPLES / "gorgias/samples/button_requests.received.json").read_bytes())

SIDEBAR = [
    "status",
    "message",
    "name",
    "email",
    "points",
    "store_credit",
    "vip_tier",
    "next_tier",
    "to_next_tier",
    "points_expire",
    "membership",
    "next_billing",
    "birthday",
    "orders",
    "total_spent",
    "referral_code",
    "referral_link",
    "unused_codes",
    "last_activity",
    "rewards_available",
    "updated",
    "stale",
    "profile_url",
    "_version",
]
WRITE = [
    "ok",
    "message",
    "error",
    "operation_id",
    "state",
    "applied",
    "safe_to_retry",
    "points",
    "store_credit",
    "code",
]
CUSTOMER = [
    "customer_id",
    "email",
    "first_name",
    "last_name",
    "loyalty_status",
    "referral_code",
    "customer_dob",
    "customer_shopify_tags",
    "points_expire_at",
    "vip_tier",
    "orders_count",
    "total_spent",
    "points_tally",
    "dob",
    "dob_last_updated_at",
    "lifetime_earnings_tally",
    "credits_tally",
]
PAGE = ["next_page", "next_per_page", "next_since_id", "next_limit"]
OTHERS: dict[str, list[str]] = {
    "get_customer": ["status", "message", *CUSTOMER, "as_of", "stale"],
    "get_membership": [
        "status",
        "message",
        "email",
        "last_name",
        "first_name",
        "customer_id",
        "points_tally",
        "credits_tally",
        "loyalty_status",
        *(
            f"membership_{key}"
            for key in (
                "source",
                "ended_at",
                "started_at",
                "customer_id",
                "membership_tier_id",
                "membership_enrollment_id",
                "queued_for_cancellation_at",
            )
        ),
        *(
            f"subscription_{key}"
            for key in (
                "status",
                "customer_id",
                "currency_code",
                "subscription_id",
                "billing_interval",
                "next_billing_date_at",
            )
        ),
        "as_of",
        "stale",
    ],
    **{
        f"list_customer_{rows}": [
            "status",
            "message",
            rows,
            "count",
            *PAGE,
            "complete",
            "as_of",
            "stale",
        ]
        for rows in ("points_events", "points_redemptions", "referrals")
    },
}
READS = ("get_sidebar", *OTHERS)

PRIYA_GUEST = "priya.nair@example.com"
OSKAR_EXCLUDED = "oskar.lund@example.com"
AIKO = "aiko.tanaka@example.com"
LENA = "lena+shop@example.com"
NOBODY = "nobody@example.com"


@pytest.fixture
async def service() -> Service:
    return Service()


def keys(name: str) -> list[str]:
    return SIDEBAR if name == "get_sidebar" else OTHERS[name]


async def read(service: Service, name: str, **inputs: Any) -> dict[str, Any]:
    """Read through the door, and look at what every answer has to be."""
    answer = await service.gorgias(name, **inputs)
    told: dict[str, Any] = answer.json()
    assert 200 == answer.status_code, service.lines()[-2]
    assert "application/json" == answer.headers["content-type"]
    assert keys(name) == list(told)
    assert name != "get_sidebar" or len(answer.content) < 4096
    return told


async def write(service: Service, name: str, **inputs: Any) -> tuple[int, dict[str, Any]]:
    answer = await service.gorgias(name, key=BUTTON_SECRET, **inputs)
    told: dict[str, Any] = answer.json()
    assert WRITE == list(told)
    assert "application/json" == answer.headers["content-type"]
    return answer.status_code, told


# What the sidebar says.


async def test_a_member_is_shown_whole(service: Service) -> None:
    told = await read(service, "get_sidebar", customer_email=MAYA)

    assert {
        "status": "Member",
        "message": None,
        "name": "Maya Chen",
        "email": "maya.chen@example.com",
        "points": 1840,
        "store_credit": "12.50 USD",
        "vip_tier": "Gold",
        "next_tier": "Platinum",
        "to_next_tier": None,
        "points_expire": "2027-06-01",
        "membership": "Paid, since 2026-02-16",
        "next_billing": told["next_billing"],
        "birthday": "03-14",
        "orders": 14,
        "total_spent": "1640.0 USD",
        "referral_code": "MAYA-LOVES-IT",
        "referral_link": "https://shop.example.com?referral_code=MAYA-LOVES-IT",
        "unused_codes": told["unused_codes"],
        "last_activity": told["last_activity"],
        "rewards_available": told["rewards_available"],
        "updated": "2026-11-03 07:00:00",
        "stale": "No",
        "profile_url": "https://loyalty.example.com",
        "_version": 1,
    } == told


@pytest.mark.parametrize(
    ("who", "status", "message"),
    [
        (MEMBER, "Member", None),
        (PRIYA_GUEST, "Guest", "Has not joined the programme yet."),
        (OSKAR_EXCLUDED, "Excluded", "Excluded from the programme."),
        (NOBODY, "Not a member", "Rivo knows no customer with this e-mail address or id."),
        ("7294851236742", "Member", None),
        ("1", "Not a member", "Rivo knows no customer with this e-mail address or id."),
        ("s***@example.com", "Not a member", "A masked e-mail address never matches a customer."),
    ],
)
async def test_every_customer_has_a_status(
    service: Service, who: str, status: str, message: str | None
) -> None:
    told = await read(service, "get_sidebar", customer_email=who)

    assert (status, message) == (told["status"], told["message"])
    assert told["profile_url"] is not None


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize(
    "spelling", [None, *SPELLINGS["treat_as_absent"], "no address at all"], ids=ascii
)
async def test_a_ticket_without_an_address_is_said(
    service: Service, name: str, spelling: str | None
) -> None:
    told = await read(service, name, customer_email=spelling, ticket_id="{{ticket.id}}")

    assert "No e-mail on this ticket" == told["status"]
    assert [] == list(service.sandbox.requests)


async def test_an_address_is_asked_for_as_it_was_meant(service: Service) -> None:
    path = "/gorgias/get_sidebar?customer_email="
    for spelt in ("lena+shop@example.com", "lena%2Bshop@example.com", "lena%20shop@example.com"):
        told = (await service.ask("GET", f"{path}{spelt}", key=GORGIAS_SECRET)).json()

        assert ("Member", LENA) == (told["status"], told["email"])


DOWN: dict[str, Callable[[], Fault]] = {
    "an error": lambda: Fault(kind="server_error"),
    "busy": lambda: Fault(kind="too_many"),
    "busy for an hour": lambda: Fault(
        kind="status", status=429, headers=(("retry-after", "3600"),)
    ),
    "gone": lambda: Fault(kind="lost"),
    "hanging": lambda: Fault(kind="hang"),
    "a page": lambda: Fault(kind="html"),
    "half an answer": lambda: Fault(kind="broken_json"),
    "elsewhere": lambda: Fault(kind="redirect"),
    "another key": lambda: Fault(kind="status", status=401),
    "nothing": lambda: Fault(kind="status", status=200, body=b""),
    "a list": lambda: Fault(kind="status", status=200, body=b"[[]]"),
    "a number": lambda: Fault(kind="status", status=200, body=b'{"data": 3}'),
    "no names": lambda: Fault(kind="status", status=200, body=b'{"data": {"id": "x"}}'),
    "a flood": lambda: Fault(kind="status", status=200, body=b'{"data": "' + b"x" * 2_000_000),
}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("how", DOWN)
async def test_whatever_rivo_does_a_read_is_200_with_the_same_keys(name: str, how: str) -> None:
    service = Service(faults=lambda _: DOWN[how]())
    began = seconds()
    told = await read(service, name, customer_email=SARAH)

    assert "Not available right now" == told["status"]
    assert told["message"]
    assert seconds() - began <= 4


async def test_what_is_missing_of_a_sidebar_is_said_and_the_rest_is_shown() -> None:
    service = Service(
        faults=lambda got: Fault(kind="server_error") if "memberships" in got.path else None
    )
    told = await read(service, "get_sidebar", customer_email=MAYA)

    assert ("Member", 1840) == (told["status"], told["points"])
    assert "Some of this could not be loaded right now." == told["message"]
    assert "Not available right now" == told["membership"]


async def test_without_the_customer_there_is_no_status_to_guess() -> None:
    service = Service(
        faults=lambda got: Fault(kind="server_error") if "/customers/maya" in got.path else None
    )
    told = await read(service, "get_sidebar", customer_email=MAYA)

    assert ("Not available right now", None) == (told["status"], told["points"])


async def test_nothing_is_shown_as_nothing_and_zero_as_zero(service: Service) -> None:
    member = await read(service, "get_sidebar", customer_email=MEMBER)
    guest = await read(service, "get_sidebar", customer_email="hello@example.com")

    assert (0, "2.4 USD") == (member["points"], member["store_credit"])
    assert (0, "0.0 USD", 0) == (guest["points"], guest["store_credit"], guest["orders"])
    assert ("None", None, None, []) == (
        guest["membership"],
        guest["name"],
        guest["total_spent"],
        guest["unused_codes"],
    )
    flat = await read(service, "get_customer", customer_email="hello@example.com")
    assert (0, "0.0", 0) == (flat["points_tally"], flat["credits_tally"], flat["orders_count"])


async def test_yes_and_no_are_words_and_times_are_the_shops(service: Service) -> None:
    told = await read(service, "list_customer_points_redemptions", customer_email=AIKO)
    events = await read(service, "list_customer_points_events", customer_email=AIKO)

    assert ("Yes", "No") == (told["complete"], told["stale"])
    assert {"Yes", "No"} >= {each["usable"] for each in told["points_redemptions"]}
    assert "2026-11-03 07:00:00" == told["as_of"]
    assert [] == [
        value
        for each in (*told["points_redemptions"], *events["points_events"])
        for value in each.values()
        if isinstance(value, bool)
        or (isinstance(value, str) and "T" in value and value[:2] == "20")
    ]
    assert "2026-11-01 07:00:00" == told["points_redemptions"][0]["applied_at"]


async def test_at_most_five_codes_are_listed_each_with_the_same_keys(service: Service) -> None:
    told = await read(service, "get_sidebar", customer_email=AIKO)

    assert 1 <= len(told["unused_codes"]) <= 5
    assert {("code", "reward", "expires")} == {tuple(code) for code in told["unused_codes"]}


@pytest.mark.parametrize(
    ("basis", "way"),
    [("spend", "3360 USD"), ("orders", "4986 orders"), ("points", None), ("unknown", None)],
)
async def test_the_way_to_the_next_tier_is_shown_where_the_shop_says_what_drives_it(
    service: Service, basis: Any, way: str | None
) -> None:
    shop = msgspec.structs.replace(service.settings.shops[0], tier_basis=basis)
    told = await read(
        Service(settings=msgspec.structs.replace(service.settings, shops=(shop,))),
        "get_sidebar",
        customer_email=MAYA,
    )

    assert ("Platinum", way) == (told["next_tier"], told["to_next_tier"])


@pytest.mark.parametrize("filler", ["x", "é", "😀", '"', "\\", "\u0001", "word "])
async def test_a_sidebar_is_small_however_long_the_texts_are(filler: str) -> None:
    long = filler * (3000 // len(filler))
    service = Service(
        {**ENVIRON, "PUBLIC_URL": "https://loyalty.example.com/" + "p" * 500},
        shop=stretched(demo_shop(NOW), long),
        faults=None,
    )
    for who in (MAYA, AIKO, PRIYA_GUEST):
        told = await read(service, "get_sidebar", customer_email=who)

        assert told["status"] in ("Member", "Guest")
        assert told["name"].endswith("…")
        assert told["profile_url"] is None


def stretched(shop: Shop, long: str) -> Shop:
    """Make every text of a shop long."""
    replace = msgspec.structs.replace
    return replace(
        shop,
        customers=tuple(
            replace(each, first_name=long, last_name=long, referral_code=long, dob=long)
            for each in shop.customers
        ),
        vip_tiers=tuple(replace(each, name=long) for each in shop.vip_tiers),
        rewards=tuple(replace(each, name=long) for each in shop.rewards),
        points_events=tuple(replace(each, title=long) for each in shop.points_events),
        points_redemptions=tuple(replace(each, name=long) for each in shop.points_redemptions),
    )


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a b", "", 3, ["https://a"], {}])
async def test_what_is_no_link_is_not_shown_as_one(link: object) -> None:
    body = {"data": {"id": 1, "attributes": {"email": SARAH, "referral_url": link}}}

    def fault(received: Received) -> Fault | None:
        there = received.path.startswith("/merchant_api/v1/customers/")
        return Fault(kind="status", status=200, body=msgspec.json.encode(body)) if there else None

    told = await read(Service(faults=fault), "get_sidebar", customer_email=SARAH)

    assert (SARAH, None) == (told["email"], told["referral_link"])


async def test_a_link_or_code_that_is_too_long_goes_rather_than_being_cut() -> None:
    shop = demo_shop(NOW)
    replace = msgspec.structs.replace
    service = Service(
        shop=replace(
            shop,
            customers=tuple(replace(c, referral_code="r" * 300) for c in shop.customers),
            points_redemptions=tuple(
                replace(r, code="c" * 61 if r.id % 2 else "c" * 60) for r in shop.points_redemptions
            ),
        )
    )
    told = await read(service, "get_sidebar", customer_email=AIKO)

    assert told["referral_link"] is None
    assert {"c" * 60} >= {code["code"] for code in told["unused_codes"]}


# What the other reads say.


@pytest.mark.parametrize("name", OTHERS)
async def test_found_unknown_and_down_have_the_same_keys(service: Service, name: str) -> None:
    down = Service(faults=lambda _: Fault(kind="server_error"))
    found = await read(service, name, customer_email=MEMBER)
    unknown = await read(service, name, customer_email=NOBODY)
    gone = await read(down, name, customer_email=MEMBER)

    assert "Found" == found["status"]
    assert unknown["status"] in ("Not a member", "Found")
    assert "Not available right now" == gone["status"]
    assert list(found) == list(unknown) == list(gone)
    assert 1 >= sum(isinstance(value, list) for value in found.values())
    assert [] == [value for value in found.values() if isinstance(value, dict)]


async def test_a_customer_is_flat(service: Service) -> None:
    told = await read(service, "get_customer", customer_email=SARAH)

    assert {
        "status": "Found",
        "message": None,
        "customer_id": 7294851236742,
        "email": "sarah.martinez@example.com",
        "first_name": "Sarah",
        "last_name": "Martinez",
        "loyalty_status": "member",
        "referral_code": "kL9mR4xP8vN2sQ7tY",
        "customer_dob": None,
        "customer_shopify_tags": "premium-customer, active-user, status-member",
        "points_expire_at": None,
        "vip_tier": None,
        "orders_count": 5,
        "total_spent": 423.78,
        "points_tally": 150,
        "dob": None,
        "dob_last_updated_at": None,
        "lifetime_earnings_tally": None,
        "credits_tally": "25.0",
        "as_of": "2026-11-03 07:00:00",
        "stale": "No",
    } == told


async def test_a_customer_without_a_membership_has_none(service: Service) -> None:
    told = await read(service, "get_membership", customer_email=SARAH)

    assert ("Not a member", None) == (told["status"], told["membership_source"])
    assert told["message"] == "This customer has no active membership."


async def test_the_next_page_is_told_by_its_parts(service: Service) -> None:
    name = "list_customer_points_events"
    first = await read(service, name, customer_email=MAYA, per_page=2)
    after = await read(service, name, customer_email=MAYA, since_id=0, limit=1)

    assert (2, 2, None, None) == tuple(first[key] for key in PAGE)
    assert (None, None, 1) == (after["next_page"], after["next_per_page"], after["next_limit"])
    assert isinstance(after["next_since_id"], int)


async def test_an_unknown_input_is_ignored_on_a_read_and_refused_on_a_write(
    service: Service,
) -> None:
    more = {"ticket_subject": "Hello", "context": {"deep": [1]}}
    told = await read(service, "get_sidebar", customer_email=SARAH, **more)
    status, refused = await write(
        service, "create_points_event", customer_email=SARAH, points_amount=1, points=1
    )

    assert "Member" == told["status"]
    assert (422, "No", "No") == (status, refused["ok"], refused["applied"])
    assert "points must be a known input (did you mean points_amount?)" in refused["error"]


async def test_an_unknown_input_is_ignored_also_where_it_comes_twice(service: Service) -> None:
    answer = await service.ask(
        "GET",
        f"/gorgias/get_sidebar?customer_email={SARAH}&widget=1&widget=2",
        key=GORGIAS_SECRET,
    )

    assert "Member" == answer.json()["status"]


async def test_other_wrong_inputs_of_a_read_are_said_in_its_usual_shape(service: Service) -> None:
    name = "list_customer_points_events"
    told = await read(service, name, customer_email=MAYA, page="x")

    assert "page must be a whole number" in told["message"]
    assert [] == told["points_events"]


# What a button says.


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
            "operation_id": None,
            "state": "succeeded",
            "applied": "Yes",
            "safe_to_retry": "No",
            "points": 250,
            "store_credit": "25.0 USD",
            "code": None,
        },
    ) == given
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
            "Rivo did not confirm the change: it may have been applied. "
            "Do not repeat it before you have looked at the customer.",
        ),
        (
            Fault(kind="hang"),
            202,
            "Not known",
            "No",
            "Rivo did not confirm the change: it may have been applied. "
            "Do not repeat it before you have looked at the customer.",
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
            Fault(kind="status", status=429, body=b"Too many Merchant API requests"),
            503,
            "No",
            "Yes",
            "Rivo is too busy right now; nothing was changed. You can try again.",
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
    assert seconds() - began <= 4
    assert 1 == len([got for got in service.sandbox.requests if got.method == "POST"])


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
        (sent,) = [got for got in service.sandbox.requests if got.method == "POST"]
        assert {"customer_identifier": [SARAH], "source": ["manual"], "points_amount": ["100"]} == (
            parse_qs(sent.body.decode())
        )


@pytest.mark.parametrize("spelling", SPELLINGS["treat_as_absent"])
async def test_a_missing_value_is_missing_however_it_is_spelt(
    service: Service, spelling: str
) -> None:
    absent = dict.fromkeys(
        ("credits_amount", "external_note", "internal_note", "applied_at", "ticket_id", "reason"),
        spelling,
    )
    for encoding in ("json", "data", "params"):
        inputs = {"customer_email": SARAH, "points_amount": "1", **absent}
        answer = await service.ask(
            "POST", "/gorgias/create_points_event", key=BUTTON_SECRET, **{encoding: inputs}
        )
        assert 201 == answer.status_code, answer.text
        sent = [got for got in service.sandbox.requests if got.method == "POST"][-1]
        assert {"customer_identifier", "source", "points_amount"} == set(
            parse_qs(sent.body.decode())
        )


@pytest.mark.parametrize("told", SPELLINGS["booleans_as_text"])
async def test_yes_and_no_are_understood_as_text(service: Service, told: str) -> None:
    for spelling in SPELLINGS["booleans_as_text"][told]:
        answer = await service.gorgias(
            "create_points_event",
            key=BUTTON_SECRET,
            customer_email=SARAH,
            points_amount="1",
            skip_email=spelling,
        )
        assert 201 == answer.status_code
        sent = [got for got in service.sandbox.requests if got.method == "POST"][-1]
        assert [told] == parse_qs(sent.body.decode())["skip_email"]


# Whatever happens.

WEIRD: list[Any] = [
    None,
    "",
    "x",
    "NaN",
    "1e999",
    "-0",
    -1,
    1.5,
    1e308,
    2**70,
    True,
    [],
    {},
    [[{}]],
    {"id": "x"},
    "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59+14:00",
    "\u0000",
    "é" * 5000,
]
WHO = (MAYA, MEMBER, SARAH, AIKO, PRIYA_GUEST, OSKAR_EXCLUDED, NOBODY, LENA, "7294851236742")


def spoiled(value: Any, dice: random.Random) -> Any:
    """Replace something in a body, somewhere, by something that has no business there."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        name = dice.choice(list(value))
        return {**value, name: spoiled(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.85:
        at = dice.randrange(len(value))
        return [*value[:at], spoiled(value[at], dice), *value[at + 1 :]]
    return dice.choice(WEIRD)


@pytest.mark.parametrize("seed", range(4))
async def test_of_2000_reads_with_faults_of_every_kind_all_are_200(seed: int) -> None:
    """4 seeds of 500; half of the upstream's answers are spoiled."""
    dice = random.Random(seed)
    kinds = Counter[str]()

    def fault(received: Received) -> Fault | None:
        kind = dice.choice(["none"] * 5 + ["spoiled"] * 3 + [*DOWN][:-1])
        kinds[kind] += 1
        if kind == "none":
            return None
        if kind != "spoiled":
            return DOWN[kind]()
        answer = tested.sandbox.answer(received)
        try:
            body = json.dumps(spoiled(json.loads(answer.body), dice)).encode()
        except ValueError:
            body = b""
        return Fault(kind="status", status=answer.status, body=body)

    tested = Service({**ENVIRON, "FRESH_SECONDS": "0"}, faults=fault)
    statuses = Counter[str]()
    slowest = 0.0
    for _ in range(500):
        name = dice.choice(READS)
        began = seconds()
        told = await read(tested, name, customer_email=dice.choice(WHO))
        slowest = max(slowest, seconds() - began)
        statuses[told["status"]] += 1
        await asyncio.sleep(dice.choice([0, 0, 0, 400]))  # the catalogue is remembered for 300

    await asyncio.sleep(10)  # what hangs still ends
    assert 500 == statuses.total()
    assert {"none", "spoiled", *DOWN} - {"a flood"} == set(kinds)
    assert statuses["Found"] > 20
    assert statuses["Not available right now"] > 100
    assert slowest <= 4.0


def test_every_read_that_gorgias_may_ask_for_is_in_these_tests() -> None:
    assert set(READS) <= set(ACTIONS)
    assert 6 == len(READS)
