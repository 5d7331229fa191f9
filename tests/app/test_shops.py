"""Shops and callers: each has its own rights, and shops share nothing."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from app.limits import BUILT_IN, RIGHTS, Right
from app.settings import CallerSettings, Settings, ShopSettings
from app.shops import Caller
from integrations.rivo import ACTIONS
from tests.app.serving import MAYA, SARAH, Service

pytestmark = pytest.mark.anyio

EVERYTHING = set(ACTIONS)


def caller(name: str, door: Any, secret: str, actions: set[str]) -> CallerSettings:
    return CallerSettings(
        name=name,
        door=door,
        digests=(sha256(secret.encode()).digest(),),
        actions=frozenset(actions),
    )


def shop(name: str, *callers: CallerSettings) -> ShopSettings:
    return ShopSettings(name=name, rivo_api_key=f"rivo-key-of-{name}", callers=callers)


def needed(action: str) -> dict[str, Any]:
    """Give an action what it needs, so that only the right can be missing."""
    given = {i.name: i.examples[0] for i in ACTIONS[action].inputs if i.required}
    more: dict[str, dict[str, Any]] = {
        "create_points_event": {"points_amount": 1},
        "redeem_customer_points": {"customer_email": MAYA, "reward_id": 709485},
        "update_customer": {"dob": "07-13"},
    }
    return given | more.get(action, {})


@pytest.mark.parametrize("rights", [(), ("settle",), ("read_operations", "approve")])
def test_a_caller_has_the_rights_that_are_given_and_no_other(rights: tuple[Right, ...]) -> None:
    settings = CallerSettings(
        name="one", door="actions", digests=(), actions=frozenset(), rights=frozenset(rights)
    )
    who = Caller(shop=None, settings=settings)  # type: ignore[arg-type]  # not asked for

    assert set(rights) == {right for right in RIGHTS if who.can(right)}


def test_a_caller_of_whom_nothing_is_said_has_limits_and_no_rights() -> None:
    settings = caller("one", "actions", "key", EVERYTHING)

    assert (BUILT_IN, frozenset()) == (settings.limits, settings.rights)


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
    keys = {received.header("authorization") for received in acme.requests}
    # Nothing is looked at for an operation that the shop does not have.
    assert keys == (set() if action == "reverse_points_event" else {"rivo-key-of-acme"})


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
