"""Shops and callers: who may do what where, and that shops share nothing."""

from __future__ import annotations

from hashlib import sha256
from itertools import product
from typing import Any

import pytest

from app.environment import load
from app.settings import CallerSettings, Settings, ShopSettings
from integrations.rivo import ACTIONS
from tests.app.serving import (
    API_KEY,
    BUTTON_SECRET,
    ENVIRON,
    GORGIAS_SECRET,
    LEAD_KEY,
    MAYA,
    SARAH,
    Service,
)

pytestmark = pytest.mark.anyio

READS = {name for name, action in ACTIONS.items() if not action.writes}
WRITES = set(ACTIONS) - READS
OF_A_CUSTOMER = {
    "get_sidebar",
    "get_customer",
    "get_membership",
    "list_customer_points_events",
    "list_customer_points_redemptions",
    "list_customer_referrals",
}
BUTTONS = {
    "create_points_event",
    "create_points_redemption",
    "redeem_customer_points",
    "refund_points_redemption",
    "update_customer_dob",
    "cancel_membership",
}
EVERYTHING = READS | WRITES
CALLERS: dict[str, tuple[str, str, set[str]]] = {
    "API_KEY": (API_KEY, "actions", EVERYTHING),
    "LEAD_KEY": (LEAD_KEY, "actions", EVERYTHING),
    "GORGIAS_SECRET": (GORGIAS_SECRET, "gorgias", OF_A_CUSTOMER),
    "GORGIAS_BUTTON_SECRET": (BUTTON_SECRET, "gorgias", BUTTONS),
    "a caller of CONFIG": ("secret-of-mesa-0001", "actions", {"list_rewards", "cancel_membership"}),
    "one without rights": ("secret-of-nobody-0001", "actions", set()),
    "nobody": ("a-wrong-secret", "", set()),
}


def caller(name: str, door: Any, secret: str, actions: set[str]) -> CallerSettings:
    return CallerSettings(
        name=name,
        door=door,
        digests=(sha256(secret.encode()).digest(),),
        actions=frozenset(actions),
    )


def shop(name: str, *callers: CallerSettings) -> ShopSettings:
    return ShopSettings(name=name, rivo_api_key=f"rivo-key-of-{name}", callers=callers)


def everybody() -> Settings:
    """Make the settings of the one shop, with two more callers as CONFIG makes them."""
    return Settings(
        shops=(
            shop(
                "acme",
                *(
                    caller(name.replace(" ", "-"), door, secret, actions)
                    for name, (secret, door, actions) in CALLERS.items()
                    if door
                ),
            ),
        )
    )


def needed(action: str) -> dict[str, Any]:
    """Give an action what it needs, so that only the right can be missing."""
    given = {i.name: i.examples[0] for i in ACTIONS[action].inputs if i.required}
    more: dict[str, dict[str, Any]] = {
        "create_points_event": {"points_amount": 1},
        "redeem_customer_points": {"customer_email": MAYA, "reward_id": 709485},
        "update_customer": {"dob": "07-13"},
    }
    return given | more.get(action, {})


@pytest.fixture(scope="module")
async def house() -> Service:
    return Service(settings=everybody())


@pytest.mark.parametrize(
    ("who", "door", "action"), list(product(CALLERS, ("actions", "gorgias"), ACTIONS))
)
async def test_who_may_do_what_is_a_table(house: Service, who: str, door: str, action: str) -> None:
    secret, own_door, actions = CALLERS[who]
    house.sandbox.requests.clear()
    answer = await house.ask("POST", f"/{door}/{action}", key=secret, json=needed(action))

    if door != own_door:
        assert 401 == answer.status_code
    elif action not in actions:
        assert 403 == answer.status_code
        assert f"This key may not use {action}." == answer.json()["error"]
    else:
        assert answer.status_code in (200, 201, 404, 422), answer.text
    if answer.status_code in (401, 403):
        assert [] == list(house.sandbox.requests)


def test_the_table_is_whole() -> None:
    assert 25 == len(ACTIONS) == len(EVERYTHING)
    assert (16, 9) == (len(READS), len(WRITES))
    built_in = {caller.name: caller.actions for caller in load(ENVIRON).shops[0].callers}
    assert built_in == {name.lower(): CALLERS[name][2] for name in CALLERS if name.isupper()}


TWO = Settings(
    shops=(
        shop("acme", caller("one", "actions", "key-of-acme", EVERYTHING)),
        shop("other", caller("one", "actions", "key-of-other", EVERYTHING)),
    )
)


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_key_of_one_shop_never_reaches_the_others_rivo(action: str) -> None:
    service = Service(settings=TWO)
    acme, other = service.sandboxes["acme"], service.sandboxes["other"]
    answer = await service.ask(
        "POST", f"/actions/{action}?shop=other", key="key-of-acme", json=needed(action)
    )
    assert 422 == answer.status_code

    path = f"/actions/{action}"
    headers = {"x-shop": "other", "host": "other.example.com"}
    await service.ask("POST", path, key="key-of-acme", json=needed(action), headers=headers)

    assert [] == list(other.requests)
    assert {"rivo-key-of-acme"} == {received.header("authorization") for received in acme.requests}


async def test_shops_remember_apart_and_change_apart() -> None:
    service = Service(settings=TWO)
    acme, other = service.sandboxes["acme"], service.sandboxes["other"]

    async def points(key: str) -> int:
        answer = await service.act("get_customer", key=key, customer_email=SARAH)
        tally: int = answer.json()["customer"]["points_tally"]
        return tally

    before = [await points("key-of-acme"), await points("key-of-other")]
    given = {"customer_email": SARAH, "points_amount": 7}
    await service.act("create_points_event", key="key-of-acme", **given)
    after = [await points("key-of-acme"), await points("key-of-other")]

    assert [150, 150] == before
    assert [157, 150] == after
    assert ["GET", "POST", "GET"] == [received.method for received in acme.requests]
    assert ["GET"] == [received.method for received in other.requests]


async def test_the_log_says_which_shop_and_caller() -> None:
    service = Service(settings=TWO)
    await service.act("list_rewards", key="key-of-other")
    (line,) = service.lines()

    assert ("actions", "other", "one") == (line["door"], line["shop"], line["caller"])
