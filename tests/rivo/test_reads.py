"""What every read has in common: what it raises, and that it sends nothing but GET."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from integrations.errors import (
    ActionError,
    NotConfiguredError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from integrations.rivo import ACTIONS, READS
from tests.rivo.stage import SARAH, Stage

pytestmark = pytest.mark.anyio

INPUTS: dict[str, dict[str, Any]] = {
    "get_customer": {"customer_email": SARAH},
    "get_sidebar": {"customer_email": SARAH},
    "get_membership": {"customer_email": SARAH},
    "list_customers": {},
    "list_customer_points_events": {"customer_email": SARAH},
    "list_customer_points_redemptions": {"customer_email": SARAH},
    "list_customer_referrals": {"customer_email": SARAH},
    "list_points_events": {},
    "list_points_redemptions": {},
    "list_rewards": {},
    "list_rewards_by_purchase_type": {"purchase_type": "one_time"},
    "list_earning_rules": {},
    "list_vip_tiers": {},
    "get_vip_tier": {"vip_tier_id": 552288},
    "list_referrals": {},
    "list_memberships": {},
}
HTML = httpx.Response(502, html="<h1>502 Bad Gateway</h1>")


def test_every_read_is_tested() -> None:
    assert {function.__name__ for function in READS} == INPUTS.keys()
    assert {name for name, action in ACTIONS.items() if not action.writes} == INPUTS.keys()


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.ConnectError, UnavailableError),
        (httpx.ReadTimeout, UnavailableError),
        (httpx.Response(429, text="Too many Merchant API requests"), UnavailableError),
        (httpx.Response(401, json={"error": "Unauthorized"}), NotConfiguredError),
        (HTML, UnavailableError),
        (httpx.Response(200, html="<h1>Sign in</h1>"), UnavailableError),
        (
            httpx.Response(301, headers={"location": "https://elsewhere.example.com"}),
            UnavailableError,
        ),
    ],
    ids=["not sent", "lost", "busy", "key refused", "down", "not json", "redirected"],
)
async def test_a_read_that_brings_nothing_is_unavailable(
    stage: Stage, name: str, answer: Any, error: type[ActionError]
) -> None:
    stage.on("GET", "/.*", *[answer] * 9)

    with pytest.raises(error) as caught:
        await stage.run(name, **INPUTS[name])

    assert error is type(caught.value)
    assert {"GET"} == {line.partition(" ")[0] for line in stage.sent}


@pytest.mark.parametrize("name", INPUTS)
async def test_what_failed_is_asked_again(stage: Stage, name: str) -> None:
    stage.on("GET", "/.*", *[HTML] * 18)

    for _ in range(2):
        with pytest.raises(UnavailableError):
            await stage.run(name, **INPUTS[name])

    assert len(stage.sent) == 2 * len(set(stage.sent))
    assert 0 == len(stage.memory)


@pytest.mark.parametrize("name", INPUTS)
async def test_a_read_without_time_left_is_not_sent(stage: Stage, name: str) -> None:
    with pytest.raises(UnavailableError, match="Rivo is not available right now"):
        await ACTIONS[name].run(stage.rivo.until(stage.clock()), **INPUTS[name])

    assert [] == stage.sent


@pytest.mark.parametrize("name", sorted(INPUTS.keys() - {"get_sidebar"}))
async def test_a_refusal_keeps_rivos_reason(stage: Stage, name: str) -> None:
    stage.on("GET", "/.*", *[httpx.Response(422, json={"error": "Not like this"})] * 4)

    with pytest.raises((RefusedError, NotFoundError), match="Not like this"):
        await stage.run(name, **INPUTS[name])
