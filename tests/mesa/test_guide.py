"""MESA's guide: each request in it is answered as shown, and each trigger looks as shown."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest

from app.announcing import TRIGGERS
from app.cli import main
from app.delivery.standard_webhooks import headers
from app.delivery.triggers import triggered
from app.environment import load
from integrations.rivo_sandbox import Announcement, Announcer, Sandbox, demo_shop
from tests.test_readme import URL, demo

pytestmark = pytest.mark.anyio

GUIDE = Path(__file__).parents[2] / "integrations/mesa/README.md"
TEXT = GUIDE.read_text(encoding="utf-8")
ACTIONS = frozenset(
    {
        "get_customer",
        "list_customers",
        "create_points_event",
        "list_points_events",
        "create_points_redemption",
        "list_points_redemptions",
        "list_rewards",
        "list_earning_rules",
        "list_vip_tiers",
        "get_vip_tier",
        "update_customer_vip_tier",
        "update_customer",
        "list_referrals",
        "create_referral",
    }
)
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
TOM, MAYA = 7310275561948, 7301448820193
STANDARD = {  # https://github.com/standard-webhooks/standard-webhooks, the specification's example
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def blocks(language: str) -> list[str]:
    """Find what the guide shows in this language; also what stands in a list."""
    found = re.findall(rf"^( *)```{language}\n(.+?)^ *```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    return [re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


HTTP = blocks("http")
EXCHANGES = list(zip(HTTP[::2], HTTP[1::2], strict=True))
SHOWN: dict[str, dict[str, Any]] = {
    each["trigger"]: each for each in map(json.loads, blocks("json"))
}


def is_shown_in(shown: Any, answer: Any) -> bool:
    """Say whether what is shown is in an answer; "…" stands for any text, or for further rows."""
    if isinstance(shown, dict):
        return isinstance(answer, dict) and all(
            name in answer and is_shown_in(value, answer[name]) for name, value in shown.items()
        )
    if isinstance(shown, list):
        rows = [row for row in shown if row != "…"]
        enough = len(rows) < len(answer) if "…" in shown else len(rows) == len(answer)
        return enough and all(map(is_shown_in, rows, answer))
    return isinstance(answer, str) and bool(answer) if shown == "…" else bool(shown == answer)


async def test_each_request_is_answered_as_shown() -> None:
    """From top to bottom against one shop, as somebody would who tries them."""
    async with demo() as (_, client):
        for request, shown in EXCHANGES:
            (head, _, body), (status, _, answer) = (
                each.partition("\n\n") for each in (request, shown)
            )
            first, *lines = head.splitlines()
            method, path = first.split()
            named = dict(line.replace("<key>", "demo").split(": ", 1) for line in lines)
            real = await client.request(method, f"{URL}{path}", headers=named, content=body)

            code, *others = status.splitlines()
            assert int(code) == real.status_code, (path, real.text)
            assert is_shown_in(json.loads(answer), real.json()), (path, real.text)
            replayed = "Idempotent-Replayed: true" in others
            assert replayed == ("idempotent-replayed" in real.headers), path


def test_each_of_the_fourteen_actions_is_shown() -> None:
    shown = [request.split()[1].removeprefix("/actions/") for request, _ in EXCHANGES]
    assert 14 == len(ACTIONS)
    assert sorted(ACTIONS) == sorted(set(shown))


def test_each_write_is_shown_with_a_key_of_its_own() -> None:
    """But for the one that is shown to be repeated."""
    keys = [
        re.search("^Idempotency-Key: (.+)$", request, re.MULTILINE)
        for request, answer in EXCHANGES
        if '"operation"' in answer or "Idempotent-Replayed" in answer
    ]
    assert all(keys)
    assert len(keys) - 1 == len({key[1] for key in keys if key})


def test_the_tables_in_the_guide_can_be_configured(tmp_path: Path) -> None:
    for name in ("rivo", "mesa"):
        (tmp_path / name).write_text(f"a-secret-of-{name}-0001")
    config = tmp_path / "config.toml"
    shop = f'[shops.acme]\nrivo_api_key_file = "{tmp_path}/rivo"\n'
    tables = "\n".join(blocks("toml")).replace('"…"', f'"{"0" * 64}"')
    config.write_text(shop + tables.replace("/run/secrets/mesa", f"{tmp_path}/mesa"))

    (made,) = load({"CONFIG": str(config), "SECRET_KEY": "key-of-the-hashes"}).shops

    (caller,) = made.callers
    assert ("mesa", "actions", ACTIONS) == (caller.name, caller.door, caller.actions)
    assert (500, 1000, 20000) == (
        caller.limits.points_per_write,
        caller.limits.points_per_customer_month,
        caller.limits.points_per_caller_day,
    )
    assert set(SHOWN) == {each.trigger for each in made.triggers}


def announced() -> list[Announcement]:
    """Let a customer earn, another redeem, and the first be moved: what Rivo announces of it."""
    told: list[Announcement] = []
    announcer = Announcer(told.append, secret="a-secret-of-rivo-0001")
    sandbox = Sandbox(demo_shop(NOW), clock=lambda: NOW, announcer=announcer)
    assert sandbox.give(TOM, points=100)
    assert sandbox.redeem(MAYA, 709485)
    assert sandbox.move(TOM, 552289)
    return told


def test_each_command_in_the_guide_is_one_of_ours() -> None:
    lines = re.findall(r"`rivo-helpdesk ([^`]+)`", TEXT)
    assert {"webhooks register", "triggers list --state dead"} < set(lines)
    for line in lines:
        named = [word for word in line.split() if not word.startswith("-")]
        command: click.Command = main
        while isinstance(command, click.Group):
            command = command.commands[named.pop(0)]
        known = {option for each in command.params for option in each.opts}
        assert {word for word in line.split() if word.startswith("--")} <= known, line


def test_each_trigger_is_what_the_service_makes_of_what_rivo_announces() -> None:
    """Nobody orders in the sandbox: the points are made to come from an order."""
    order = {"source": "order_placed", "title": "Place an order", "external_note": None}
    made: dict[str, dict[str, Any]] = {}
    for each in announced():
        body = json.loads(each.deliveries[0].body)
        earned = order if each.topic == "points_event/created" else {}
        for one in triggered(each.topic, body | earned, shop="acme", at=NOW.timestamp()):
            made[one.trigger] = one.flat

    assert set(TRIGGERS) == set(made) == set(SHOWN)
    for name, shown in SHOWN.items():
        assert list(made[name].items()) == list(shown.items())


def checker() -> Callable[..., bool]:
    """Make a function of what the guide shows."""
    names: dict[str, Any] = {"base64": base64, "hmac": hmac}
    (code,) = blocks("python")
    exec(code, names)  # noqa: S102 - our own document
    return names["is_ours"]  # type: ignore[no-any-return]


def test_the_check_in_the_guide_knows_what_the_service_signs() -> None:
    """With a secret in either form, and while two of them are valid."""
    body = json.dumps(SHOWN["loyalty_points_earned"]).encode()
    secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "any-other-text-0001"]
    signed = headers(secrets, message_id="msg_1", timestamp=1_700_000_000, body=body)

    for secret in secrets:
        assert checker()(signed, body, secret, 1_700_000_001)
    assert not checker()(signed, body, "another-secret-0001", 1_700_000_001)


@pytest.mark.parametrize(
    ("changed", "is_ours"),
    [
        ({}, True),
        ({"body": b'{"test":2432232314}'}, False),
        ({"now": 1614265330 + 301}, False),
        ({"now": 1614265330 - 301}, False),
        ({"secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, False),
        ({"headers": {**STANDARD, "webhook-id": "msg_other"}}, False),
        ({"headers": {**STANDARD, "webhook-signature": "v1,AAAA"}}, False),
        (
            {
                "headers": {
                    **STANDARD,
                    "webhook-signature": f"v1,AAAA {STANDARD['webhook-signature']}",
                }
            },
            True,
        ),
    ],
    ids=["right", "body", "old", "early", "secret", "id", "signature", "one of two"],
)
def test_the_check_in_the_guide_is_that_of_standard_webhooks(
    changed: dict[str, Any], *, is_ours: bool
) -> None:
    given = {
        "headers": STANDARD,
        "body": b'{"test": 2432232314}',
        "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "now": 1614265330,
        **changed,
    }
    assert is_ours == checker()(**given)
