"""The doors: who may come in, and what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from integrations.rivo import ACTIONS
from tests.app.serving import (
    API_KEY,
    ENVIRON,
    GORGIAS_SECRET,
    LEAD_KEY,
    RIVO_KEY,
    SARAH,
    Service,
    problem,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> Service:
    return Service()


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


async def test_a_caller_sees_what_a_form_has_to_know(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        """
        [shops.acme]
        rivo_api_key = "rivo-key-of-acme"
        currency = "EUR"
        reasons = ["late delivery", "goodwill"]
        kill = ["create_referral"]
        limits = { points_per_write = 400, credits_per_write = "12.50" }

        [shops.acme.callers.agents]
        door = "actions"
        actions = ["create_points_event", "create_referral"]
        secret_file = "%s"
        limits = { points_per_write = 300, reason_required = true }
        """
        % (tmp_path / "secret")
    )
    (tmp_path / "secret").write_text(API_KEY)
    environ = {
        "CONFIG": str(config),
        "SECRET_KEY": "key-of-the-hashes",
        "DATABASE_URL": "sqlite://",
    }
    told = (await Service(environ).ask("GET", "/actions")).json()

    assert ["create_points_event"] == [each["name"] for each in told["actions"]]
    assert ["actions", "count", "reasons", "limits", "currency"] == list(told)
    assert ["late delivery", "goodwill"] == told["reasons"]
    assert "EUR" == told["currency"]
    assert {
        "points_per_write": 300,
        "credits_per_write": "12.50",
        "writes_per_agent_day": 20,
        "reason_required": True,
    } == told["limits"]


async def test_who_has_no_limits_is_told_so(service: Service) -> None:
    told = (await service.ask("GET", "/actions")).json()

    assert ([], {}, "USD") == (told["reasons"], told["limits"], told["currency"])


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_view_that_is_the_same_is_not_sent_again(service: Service, method: str) -> None:
    """By POST, too: then no address stands in a URL."""
    given = {"customer_email": SARAH}
    options: dict[str, Any] = {"params" if method == "GET" else "json": given}
    path = "/actions/get_sidebar"
    first = await service.ask(method, path, **options)
    tag = first.headers["etag"]

    assert re.fullmatch('"[0-9a-f]{32}"', tag)
    for known in (tag, f"W/{tag}", f'"another", {tag}'):
        again = await service.ask(method, path, headers={"if-none-match": known}, **options)

        assert (304, b"", tag) == (again.status_code, again.content, again.headers["etag"])
        assert "content-type" not in again.headers
        assert "content-length" not in again.headers
    for known in ("", '"another"', tag.strip('"'), tag[:-1]):
        again = await service.ask(method, path, headers={"if-none-match": known}, **options)

        assert (200, first.content) == (again.status_code, again.content)


async def test_a_view_that_changed_is_sent(service: Service) -> None:
    given = {"customer_email": SARAH}
    first = await service.act("get_sidebar", **given)
    await service.act("create_points_event", **given, points_amount=10)
    headers = {"if-none-match": first.headers["etag"]}
    again = await service.ask("POST", "/actions/get_sidebar", json=given, headers=headers)

    assert 200 == again.status_code
    assert first.headers["etag"] != again.headers["etag"]
    assert first.json()["balance"]["points"] + 10 == again.json()["balance"]["points"]


async def test_only_views_have_a_tag(service: Service) -> None:
    """A write has none, nor what is flat: nobody polls it."""
    answers = [
        await service.act("get_customer", customer_email=SARAH),
        await service.act("create_points_event", customer_email=SARAH, points_amount=10),
        await service.act("get_sidebar"),
        await service.gorgias("get_sidebar", customer_email=SARAH),
    ]

    assert [200, 201, 422, 200] == [answer.status_code for answer in answers]
    assert [] == [answer for answer in answers if "etag" in answer.headers]


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


@pytest.mark.parametrize("path", ["/nowhere", "/healthz/", "/actionsx", "/freshdesk", "/.env"])
async def test_where_nothing_is_a_problem_says_so(service: Service, path: str) -> None:
    problem(await service.ask("GET", path), 404, "not_found")
