"""No input climbs: whatever is sent, Rivo is asked under the action's own paths and names."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import pytest
from msgspec.structs import replace

from app.environment import GORGIAS_BUTTONS, GORGIAS_READS, load
from integrations.actions import CONTEXT
from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, Received, demo_shop
from tests.app.needs import made_ready, without_limits
from tests.app.serving import (
    API_KEY,
    BUTTON_SECRET,
    ENVIRON,
    GORGIAS_SECRET,
    MEMBER,
    NOW,
    RIVO_KEY,
    UNKNOWN,
    Service,
    operation,
)
from tests.app.test_shops import needed
from tests.often import often

pytestmark = pytest.mark.anyio

ROOT: Final = "/merchant_api/v1/"
CUSTOMER: Final = "GET customers/*"
MEMBERSHIP: Final = {
    "GET memberships/customers/*",
    "GET memberships/tier_enrollments",
    "GET memberships/subscription_contracts",
    CUSTOMER,
}
PATHS: Final[dict[str, set[str]]] = {
    "get_customer": {CUSTOMER},
    "get_sidebar": {
        *MEMBERSHIP,
        "GET points_events",
        "GET points_redemptions",
        "GET rewards",
        "GET vip_tiers",
    },
    "get_membership": MEMBERSHIP,
    "list_customers": {"GET customers"},
    "list_customer_points_events": {"GET points_events"},
    "list_customer_points_redemptions": {"GET points_redemptions"},
    "list_customer_referrals": {CUSTOMER, "GET referrals"},
    "list_points_events": {"GET points_events"},
    "list_points_redemptions": {"GET points_redemptions"},
    "list_rewards": {"GET rewards"},
    "list_rewards_by_purchase_type": {"GET rewards"},
    "list_earning_rules": {"GET earning_rules"},
    "list_vip_tiers": {"GET vip_tiers"},
    "get_vip_tier": {"GET vip_tiers/*"},
    "list_referrals": {"GET referrals"},
    "list_memberships": {"GET memberships/customers"},
    "create_points_event": {"POST points_events", CUSTOMER},
    "reverse_points_event": {"POST points_events", CUSTOMER},
    "create_points_redemption": {"POST points_redemptions", "GET points_redemptions", CUSTOMER},
    "redeem_customer_points": {
        "POST points_redemptions",
        "GET points_redemptions",
        "GET rewards",
        CUSTOMER,
    },
    "refund_points_redemption": {
        "GET points_redemptions/*",
        "POST points_redemptions/*/refund",
        "PUT points_redemptions/*/refund",
        CUSTOMER,
    },
    "update_customer": {"PUT customers/*", CUSTOMER},
    "update_customer_dob": {"PUT customers/*", CUSTOMER},
    "update_customer_vip_tier": {"POST customers/*/vip_tier", CUSTOMER},
    "cancel_membership": {"DELETE memberships/*/cancel", *MEMBERSHIP},
    "create_referral": {"POST referrals", "GET referrals"},
}
# Where is looked what became of a write, besides the paths above.
FINDS: Final[dict[str, set[str]]] = {
    "create_points_event": {"GET points_events"},
    "reverse_points_event": {"GET points_events"},
    "refund_points_redemption": {"GET points_redemptions"},
}
WORDS: Final = {
    word
    for paths in (*PATHS.values(), *FINDS.values())
    for path in paths
    for word in re.split("[ /]", path)
}
NAME: Final = re.compile(
    r"(filters|pagination|sort)\[[a-z_]+\]|cancellation_policy|customer_identifier|source|"
    r"points_amount|credits_amount|custom_action_name|external_note|internal_note|skip_email|"
    r"applied_at|reward_id|dob|vip_tier_id|email|referral_code|remote_ip"
)
CLIMBING: Final = (
    "../rewards?x=1",
    "a/b@c",
    "%2e%2e",
    "%2e%2e%2frewards",
    "..",
    ".",
    "../..",
    "..@..",
    "../rewards@x",
    "x@../rewards",
    "a@b/../../rewards",
    "a@b/rewards",
    "a@b/",
    "a@b?x=1",
    "a@b&pagination[limit]=250",
    "a@b=c",
    "a@b#fragment",
    "a@b%2f..%2frewards",
    "a@b%00",
    "a@b;x=1",
    "a@b\nHost: evil.example",
    "a@b\r\n\r\nGET /rewards HTTP/1.1",
    "a@b\0",
    "a@b\t",
    "a@b\\..\\rewards",
    "a@b\u2215..\u2215rewards",
    "a@b\uff0f..\uff0frewards",
    "\uff0e\uff0e\uff0frewards@x",
    "a@b\u202erewards",
    "zo\u00eb@example.com",
    "\u0660@example.com",
    "@evil.example",
    "a@evil.example:443",
    "//evil.example/@x",
    "https://evil.example/@x",
    "7294851236742/../../rewards",
    "7294851236742?x=1",
    "7294851236742%2f",
    "7294851236742.json",
    "+7294851236742",
    "\uff17\uff12\uff19\uff14",
    "1/refund",
    "1/../2",
    "0x10",
    "1e3",
    "..;/rewards",
    "{customer_identifier}",
    "*@*",
)


def shape(received: Received) -> str:
    """Name what was asked, with `*` for each segment that carries an input."""
    assert received.path.startswith(ROOT)
    segments = received.path.removeprefix(ROOT).split("/")
    return f"{received.method} {'/'.join(s if s in WORDS else '*' for s in segments)}"


def check(received: Received, action: str, sent: str, fit: Mapping[str, Any]) -> None:
    """Check that one request to Rivo is one that the action makes, with the input in its place."""
    assert shape(received) in PATHS[action] | FINDS.get(action, set())
    for segment in received.path.removeprefix(ROOT).split("/"):
        assert re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+", segment)
        told = unquote(segment)
        assert told not in ("", ".", "..")
        if "%" in segment:
            assert told == sent.strip().replace(" ", "+") or told in fit.values()
    names = [name for name, _ in parse_qsl(received.query, keep_blank_values=True)]
    names += [name for name, _ in received.form]
    assert [] == [name for name in names if not NAME.fullmatch(name)]
    assert "developer-api.rivo.io" == received.header("host")
    assert RIVO_KEY == received.header("authorization")
    assert {"host", "accept", "accept-encoding", "connection", "user-agent", "authorization"} >= {
        name for name, _ in received.headers
    } - {"content-type", "content-length"}


@pytest.mark.parametrize("action", ACTIONS)
async def test_no_input_reaches_another_path(action: str) -> None:
    """Each text in turn as each input, each write one of its own.

    For a commit every text as every input, through both doors.
    """
    service = Service(settings=without_limits(load(ENVIRON)))
    doors = {"actions": API_KEY}
    if action in GORGIAS_READS | GORGIAS_BUTTONS:
        doors["gorgias"] = BUTTON_SECRET if action in GORGIAS_BUTTONS else GORGIAS_SECRET
    at_once = often(suite=1, commit=len(doors))
    turns = itertools.cycle(doors.items())
    fit = await made_ready(service, action)
    statuses, times = Counter[int](), itertools.count()
    every = often(suite=3, commit=1)
    names = [each.name for each in (*ACTIONS[action].inputs, *CONTEXT)]
    for first, name in enumerate(names):
        for text in CLIMBING[first % every :: every]:
            body = {"idempotency_key": f"time {next(times)}", **fit, name: text}
            for door, key in itertools.islice(turns, at_once):
                service.sandbox.requests.clear()
                status, _ = await service.raw(
                    method="POST",
                    path=f"/{door}/{action}",
                    headers=[(b"x-api-key", key.encode())],
                    body=json.dumps(body).encode(),
                )
                statuses[status] += 1
                for received in service.sandbox.requests:
                    check(received, action, text, fit)

    assert 48 // every * len(names) * at_once == statuses.total()
    assert {200, 201, 404, 422, 503} >= set(statuses)


@pytest.mark.parametrize("action", ACTIONS)
async def test_the_table_of_paths_is_what_each_action_asks(action: str) -> None:
    service = Service()
    fit = await made_ready(service, action)
    service.sandbox.requests.clear()
    await service.act(action, **fit)
    asked = {shape(received) for received in service.sandbox.requests}

    assert asked
    assert asked <= PATHS[action]
    assert list(ACTIONS) == list(PATHS)


@pytest.mark.parametrize("text", ["a@b?x=1", "a@b%2f..%2frewards", "{x}@..;", "zo\u00eb@\u2215x"])
@pytest.mark.parametrize("action", [name for name, each in ACTIONS.items() if each.writes])
async def test_what_became_of_a_write_is_looked_for_where_it_belongs(
    action: str, text: str
) -> None:
    """There is a customer whose address would climb; writes about them are lost."""
    who = needed(action).get("customer_email", MEMBER)
    shop = demo_shop(NOW)
    customers = tuple(
        replace(each, email=text) if who in (each.email, each.id) else each
        for each in shop.customers
    )
    faults: list[Fault] = []
    service = Service(
        shop=replace(shop, customers=customers),
        faults=lambda got: faults[0] if faults and got.method != "GET" else None,
        settings=without_limits(load(ENVIRON)),
    )
    fit = await made_ready(service, action, customer_email=text)
    faults.append(Fault(kind="lost"))
    answer = await service.act(action, **fit)
    service.sandbox.requests.clear()
    await asyncio.sleep(100)
    await service.app.state.settler.once()

    assert (202, UNKNOWN) == (answer.status_code, operation(answer))
    assert list(service.sandbox.requests)
    for received in service.sandbox.requests:
        assert "GET" == received.method
        check(received, action, text, fit)


@pytest.mark.parametrize(
    ("sent", "segment"),
    [
        ("zo\u00eb@example.com", "zo%C3%AB%40example.com"),
        ("lena shop@example.com", "lena%2Bshop%40example.com"),
        ("a@b?x=1", "a%40b%3Fx%3D1"),
        ("a@b%2f..%2frewards", "a%40b%252f..%252frewards"),
        ("a@b#x", "a%40b%23x"),
        ("a@b;x=1", "a%40b%3Bx%3D1"),
        ("%2e%2e@x", "%252e%252e%40x"),
        ("7294851236742", "7294851236742"),
    ],
)
async def test_what_is_an_address_is_one_segment(sent: str, segment: str) -> None:
    service = Service()
    await service.act("get_customer", customer_email=sent)

    assert [f"{ROOT}customers/{segment}"] == [got.path for got in service.sandbox.requests]


@pytest.mark.parametrize(
    "path",
    [
        "/actions/../healthz",
        "/actions/..%2f..%2fetc%2fpasswd",
        "/actions/%2e%2e/healthz",
        "/actions//get_customer/../x",
        "/actions/get_customer%00",
        "/actions/get_customer%2f..%2flist_customers",
        "/static/../main.py",
        "/static/%2e%2e%2fmain.py",
        "/static/..%2froutes.py",
        "/static/%2Fetc%2Fpasswd",
    ],
)
async def test_our_own_paths_are_not_climbed_either(path: str) -> None:
    service = Service()
    status, _ = await service.raw(
        method="GET",
        path=unquote(path),
        raw_path=path.encode(),
        headers=[(b"x-api-key", API_KEY.encode())],
    )

    assert 404 == status
    assert [] == list(service.sandbox.requests)
