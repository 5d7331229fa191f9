"""The door for the Zendesk app: who comes in by a token, what they may do, and as whom."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.environment import load
from app.helpdesks import ZENDESK_READS, ZENDESK_WRITES
from integrations.rivo import ACTIONS
from tests.app.serving import (
    API_KEY,
    ENVIRON,
    GORGIAS_SECRET,
    MAYA,
    RIVO_KEY,
    SARAH,
    Service,
    operation,
    problem,
)
from tests.openapi.conformance import Document, departures
from tests.zendesk.asking import AGENT, HOOKED, SHARED, ZENDESK, Zendesk

pytestmark = pytest.mark.anyio

KNOWN = Document()
WRITES: dict[str, dict[str, Any]] = {
    "create_points_event": {"customer_email": SARAH, "points_amount": 5},
    "create_points_redemption": {"customer_email": MAYA, "reward_id": 709485},
    "redeem_customer_points": {"customer_email": MAYA, "reward_id": 709485},
    "refund_points_redemption": {"redemption_id": 24101330},
    "update_customer_dob": {"customer_email": SARAH, "dob": "07-13"},
    "cancel_membership": {"customer_email": MAYA},
}


@pytest.fixture
async def service() -> Zendesk:
    return Zendesk()


async def test_the_app_reads_and_writes_with_a_token(service: Zendesk) -> None:
    view = await service.call("get_sidebar", customer_email=SARAH)
    given = await service.call("create_points_event", customer_email=SARAH, points_amount=5)

    assert (200, 201) == (view.status_code, given.status_code)
    assert view.json()["balance"]["points"] + 5 == given.json()["customer"]["points_tally"]
    assert "succeeded" == operation(given)["state"]


@pytest.mark.parametrize("name", ACTIONS)
async def test_answers_are_canonical_and_as_documented(service: Zendesk, name: str) -> None:
    """Whatever the action: what is not for the app is a 403."""
    inputs = {i.name: i.examples[0] for i in ACTIONS[name].inputs if i.required}
    answer = await service.call(name, **{**inputs, **WRITES.get(name, {})})
    asked = ("POST", f"/zendesk/{name}")

    assert [] == departures(KNOWN, asked, answer.status_code, answer.headers, answer.content)
    assert (name in ZENDESK_READS | ZENDESK_WRITES) == (answer.status_code != 403)


def test_the_app_may_do_what_a_sidebar_shows_and_its_forms_do() -> None:
    assert {
        "get_sidebar",
        "get_customer",
        "get_membership",
        "list_customer_points_events",
        "list_customer_points_redemptions",
        "list_customer_referrals",
        "list_rewards",
        "list_vip_tiers",
    } == ZENDESK_READS
    assert set(WRITES) == ZENDESK_WRITES
    assert {name for name, action in ACTIONS.items() if action.writes} >= ZENDESK_WRITES


@pytest.mark.parametrize("path", ["/zendesk", "/zendesk/", "/zendesk/shop", "/zendesk/shop/"])
async def test_the_app_sees_what_it_may_do(service: Zendesk, path: str) -> None:
    told = (await service.ask("GET", path, key=service.token())).json()

    assert ZENDESK_READS | ZENDESK_WRITES == {each["name"] for each in told["actions"]}
    assert [] == told["reasons"]
    assert "USD" == told["currency"]
    assert {
        "points_per_write": 500,
        "credits_per_write": "25",
        "writes_per_agent_day": 20,
    } == told["limits"]


@pytest.mark.parametrize(
    "claimed",
    [
        {"aud": "other.zendesk.com"},
        {"aud": None},
        {"exp": None},
        {"exp": 0},
        {"exp": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"secret": "another-secret-0001"},
        {"secret": HOOKED},
        {"secret": API_KEY},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["", "/get_customer", "/no_such_action", "/shop/get_customer"])
async def test_what_is_no_valid_token_opens_nothing(
    service: Zendesk, claimed: dict[str, Any], path: str
) -> None:
    answer = await service.ask("GET", f"/zendesk{path}", key=service.token(**claimed))

    problem(answer, 401, "unauthorized")
    assert 'Bearer realm="rivo-helpdesk"' == answer.headers["www-authenticate"]
    assert [] == list(service.sandbox.requests)


@pytest.mark.parametrize("key", [None, "", SHARED, HOOKED, API_KEY, GORGIAS_SECRET, RIVO_KEY])
async def test_a_key_is_no_token(service: Zendesk, key: str | None) -> None:
    problem(await service.ask("GET", "/zendesk/get_customer", key=key), 401, "unauthorized")
    for name in ("x-api-key", "x-zendesk-token"):
        headers = {name: key or service.token()}
        answer = await service.ask("GET", "/zendesk/get_customer", key=None, headers=headers)

        problem(answer, 401, "unauthorized")


@pytest.mark.parametrize("path", ["/actions", "/gorgias", "/operations"])
async def test_a_token_opens_no_other_door(service: Zendesk, path: str) -> None:
    problem(await service.ask("GET", path, key=service.token()), 401, "unauthorized")


async def test_a_secret_opens_no_other_door(service: Zendesk) -> None:
    for path in ("/actions", "/gorgias", "/operations"):
        for key in (SHARED, HOOKED):
            problem(await service.ask("GET", path, key=key), 401, "unauthorized")


async def test_a_token_comes_once(service: Zendesk) -> None:
    token = service.token(jti="the-one")
    first = await service.call("get_customer", token=token, customer_email=SARAH)
    again = await service.call("get_customer", token=token, customer_email=SARAH)
    other = await service.call("list_rewards", token=service.token(jti="the-one"))

    assert 200 == first.status_code
    problem(again, 401, "unauthorized")
    problem(other, 401, "unauthorized")
    assert 200 == (await service.call("list_rewards")).status_code


async def test_a_token_that_proved_nothing_uses_no_name_up(service: Zendesk) -> None:
    wrong = service.token(secret="another-secret-0001", jti="the-one")
    problem(await service.call("list_rewards", token=wrong), 401, "unauthorized")

    right = await service.call("list_rewards", token=service.token(jti="the-one"))

    assert 200 == right.status_code


async def test_a_token_without_a_name_is_good_until_it_expires(service: Zendesk) -> None:
    token = service.token(jti=None)
    for seconds, status in ((0, 200), (60, 200), (89, 200), (2, 401)):
        await asyncio.sleep(seconds)
        answer = await service.call("list_rewards", token=token)

        assert status == answer.status_code, seconds


async def test_two_secrets_are_valid_while_one_is_changed() -> None:
    service = Zendesk({**ZENDESK, "ZENDESK_SHARED_SECRET": "old-secret-0001 new-secret-0002"})
    statuses = [
        (await service.call("list_rewards", token=service.token(secret=secret))).status_code
        for secret in ("old-secret-0001", "new-secret-0002", "old-secret-0001 new-secret-0002")
    ]

    assert [200, 200, 401] == statuses


async def test_without_a_secret_the_door_is_closed() -> None:
    """Also where the webhook has one."""
    environ = {name: value for name, value in ZENDESK.items() if name != "ZENDESK_SHARED_SECRET"}
    for given in (environ, ENVIRON):
        service = Zendesk(given)
        for path in ("/zendesk", "/zendesk/get_customer", "/zendesk/shop/get_customer"):
            answer = await service.ask("GET", path, key=service.token())
            told = problem(answer, 404, "closed")

            assert "The door /zendesk is closed: it has no secret." == told["error"]


async def agent(service: Zendesk, answer: Any) -> Any:
    """Look up who an operation's agent is."""
    path = f"/operations/{answer.json()['operation']['id']}"
    told = (await service.ask("GET", path)).json()
    return told["agent_email"], told["agent_name"]


async def test_the_token_says_who_the_agent_is(service: Zendesk) -> None:
    given = WRITES["create_points_event"]
    answers = [
        await service.call("create_points_event", **given, idempotency_key="1"),
        await service.call(
            "create_points_event",
            **given,
            idempotency_key="2",
            agent_email=AGENT.upper(),
            agent_name="jo ann",
        ),
        await service.call(
            "create_points_event", **given, idempotency_key="3", agent_email="", agent_name="None"
        ),
    ]

    assert [201, 201, 201] == [answer.status_code for answer in answers]
    assert (AGENT, "Jo Ann") == await agent(service, answers[0])
    assert (AGENT, "jo ann") == await agent(service, answers[1])
    assert (AGENT, "Jo Ann") == await agent(service, answers[2])


async def test_without_claims_the_inputs_say_it(service: Zendesk) -> None:
    token = service.token(email=None, name="")
    given: dict[str, Any] = dict(WRITES["create_points_event"])
    given["agent_email"] = "al@support.example.com"
    answer = await service.call("create_points_event", token=token, **given)

    assert ("al@support.example.com", None) == await agent(service, answer)


@pytest.mark.parametrize(
    ("field", "value"),
    [("agent_email", "al@support.example.com"), ("agent_name", "Al Doe"), ("agent_email", "al")],
)
async def test_nobody_gives_in_the_name_of_another(
    service: Zendesk, field: str, value: str
) -> None:
    given: dict[str, Any] = {**WRITES["create_points_event"], field: value}
    told = problem(await service.call("create_points_event", **given), 422, "invalid_input")

    assert field == told["field"]
    assert [] == list(service.sandbox.requests)


async def test_an_agent_who_is_no_address_is_told_so(service: Zendesk) -> None:
    token = service.token(email="not an address")
    answer = await service.call("create_points_event", token=token, **WRITES["create_points_event"])

    assert "agent_email" == problem(answer, 422, "invalid_input")["field"]


async def test_whoever_the_agent_is_a_view_is_shown(service: Zendesk) -> None:
    token = service.token(email="not an address", name="\0")
    answer = await service.call("get_sidebar", token=token, customer_email=SARAH, agent_name="Al")

    assert 200 == answer.status_code


async def test_an_agent_gives_nothing_to_their_own_address(service: Zendesk) -> None:
    token = service.token(email=SARAH)
    answer = await service.call("create_points_event", token=token, **WRITES["create_points_event"])

    problem(answer, 403, "own_address")


async def test_a_write_is_made_once_by_the_key_of_its_form(service: Zendesk) -> None:
    given = WRITES["create_points_event"]
    headers = {"Idempotency-Key": "form-0001"}
    first, again = [
        await service.call("create_points_event", **given, headers=headers) for _ in range(2)
    ]

    assert first.content == again.content
    assert "true" == again.headers["idempotent-replayed"]
    assert 1 == len([r for r in service.sandbox.requests if r.method == "POST"])


async def test_the_built_in_limits_hold(service: Zendesk) -> None:
    answer = await service.call("create_points_event", customer_email=SARAH, points_amount=501)

    problem(answer, 403, "limit_exceeded")


async def test_a_view_that_is_the_same_is_not_sent_again(service: Zendesk) -> None:
    first = await service.call("get_sidebar", customer_email=SARAH)
    headers = {"if-none-match": first.headers["etag"]}
    asked = len(service.sandbox.requests)
    again = await service.call("get_sidebar", customer_email=SARAH, headers=headers)

    assert (304, b"") == (again.status_code, again.content)
    assert asked == len(service.sandbox.requests)


async def test_no_token_and_no_secret_is_seen_in_the_log(service: Zendesk) -> None:
    token = service.token()
    await service.call("create_points_event", token=token, **WRITES["create_points_event"])
    await service.call("get_customer", token=service.token(), customer_email=token)
    log = service.out.getvalue().decode()

    assert token not in log
    assert SHARED not in log
    assert AGENT not in log
    assert {"zendesk"} == {line["door"] for line in service.lines() if "door" in line}
    assert {"zendesk_shared_secret"} == {
        line["caller"] for line in service.lines() if "caller" in line
    }


# Several shops.

TWO = """
[shops.acme]
rivo_api_key = "rivo-key-of-acme"
reasons = ["goodwill"]
[shops.acme.zendesk]
subdomain = "acme"
shared_secret_file = "{0}/acme"
[shops.acme.zendesk.sidebar]
actions = ["get_sidebar", "create_points_event"]
limits = {{ points_per_write = 50 }}

[shops.bolt]
rivo_api_key = "rivo-key-of-bolt"
[shops.bolt.zendesk]
subdomain = "bolt"
shared_secret_file = "{0}/bolt"

[shops.core]
rivo_api_key = "rivo-key-of-core"
"""


@pytest.fixture
async def town(tmp_path: Path) -> Zendesk:
    config = tmp_path / "config.toml"
    config.write_text(TWO.format(tmp_path))
    for name in ("acme", "bolt"):
        (tmp_path / name).write_text(f"secret-of-{name}-0001\n")
    return Zendesk(
        {"CONFIG": str(config), "SECRET_KEY": "key-of-the-hashes", "DATABASE_URL": "sqlite://"}
    )


def token_of(town: Zendesk, name: str, **claimed: Any) -> str:
    given = {"secret": f"secret-of-{name}-0001", "aud": f"{name}.zendesk.com", **claimed}
    return town.token(**given)


@pytest.mark.parametrize("shop", [None, "acme"])
async def test_a_token_reaches_its_own_shop(town: Zendesk, shop: str | None) -> None:
    """The path may say which it is; it need not."""
    answer = await town.call("get_sidebar", shop=shop, token=token_of(town, "acme"))
    listed = await town.ask("GET", "/zendesk", key=token_of(town, "bolt"))

    assert "customer_email" == problem(answer, 422, "invalid_input")["field"]
    assert ["acme", "bolt"] == [line["shop"] for line in town.lines() if "shop" in line]
    assert 500 == listed.json()["limits"]["points_per_write"]


async def test_what_config_says_of_the_app_holds(town: Zendesk) -> None:
    listed = (await town.ask("GET", "/zendesk/acme", key=token_of(town, "acme"))).json()
    refused = await town.call("get_customer", token=token_of(town, "acme"), customer_email=SARAH)

    assert ["get_sidebar", "create_points_event"] == [each["name"] for each in listed["actions"]]
    assert 50 == listed["limits"]["points_per_write"]
    assert ["goodwill"] == listed["reasons"]
    problem(refused, 403, "not_allowed")


async def test_an_unknown_shop_answers_like_a_wrong_token(town: Zendesk) -> None:
    """Nobody finds out which shops there are."""
    answers = [
        await town.call("get_sidebar", shop=shop, token=token)
        for shop, token in (
            ("bolt", token_of(town, "acme")),
            ("core", token_of(town, "acme")),
            ("none", token_of(town, "acme")),
            ("acme", token_of(town, "acme", secret="another-secret")),
            (None, token_of(town, "acme", aud="bolt.zendesk.com")),
            ("acme", "no token"),
        )
    ]
    told = {(answer.status_code, str({**answer.json(), "request_id": ""})) for answer in answers}

    assert 1 == len(told)
    assert {401} == {answer.status_code for answer in answers}


async def test_a_name_that_one_shop_has_seen_is_new_to_another(town: Zendesk) -> None:
    statuses = [
        (await town.ask("GET", "/zendesk", key=token_of(town, name, jti="the-one"))).status_code
        for name in ("acme", "bolt", "acme")
    ]

    assert [200, 200, 401] == statuses


async def test_a_wrong_path_is_told_to_who_may_come_in(town: Zendesk) -> None:
    for path, hint in (
        ("get_sidebr", " Did you mean get_sidebar?"),
        ("acme/get_sidebr", " Did you mean get_sidebar?"),
        ("bolts", ""),
        ("core", ""),
    ):
        answer = await town.ask("GET", f"/zendesk/{path}", key=token_of(town, "acme"))
        told = problem(answer, 404, "no_such_action")

        assert f"There is no such action.{hint}" == told["error"], path


async def test_a_secret_is_changed_while_the_service_runs(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(TWO.format(tmp_path))
    for name in ("acme", "bolt"):
        (tmp_path / name).write_text(f"secret-of-{name}-0001\n")
    environ = {
        "CONFIG": str(config),
        "SECRET_KEY": "key-of-the-hashes",
        "DATABASE_URL": "sqlite://",
    }
    town = Zendesk(environ, reload=lambda: load(environ))
    async with town.app.router.lifespan_context(town.app):
        (tmp_path / "acme").write_text("secret-of-acme-0002 and-the-next")
        await asyncio.sleep(5)
        statuses = [
            (await town.ask("GET", "/zendesk", key=token_of(town, "acme", secret=secret)))
            for secret in ("secret-of-acme-0001", "secret-of-acme-0002", "and-the-next")
        ]

    assert [401, 200, 200] == [answer.status_code for answer in statuses]


async def test_the_sandbox_has_an_app_and_a_webhook_to_try() -> None:
    settings = load({"DATABASE_URL": "sqlite://", "SECRET_KEY": "key-of-the-hashes"}, sandbox=True)
    service = Zendesk(settings=settings)
    token = service.token(secret="demo-zendesk", aud="demo.zendesk.com")
    answer = await service.call("get_sidebar", token=token, customer_email=SARAH)
    hooked = await service.hook(
        {"customer_email": SARAH, "points_amount": 100}, secret="demo-zendesk-webhook"
    )

    assert (200, 200) == (answer.status_code, hooked.status_code)


async def test_the_plain_service_has_no_such_door() -> None:
    service = Service()

    problem(await service.ask("GET", "/zendesk"), 404, "closed")
