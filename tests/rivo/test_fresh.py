"""Reads between fresh and forgotten: shown while they are looked up anew, and after changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from integrations.budget import Priority
from integrations.errors import HeldBackError, NotConfiguredError, NotFoundError, UnavailableError
from integrations.rivo.identities import Identity
from tests.rivo.keeping import Keeper
from tests.rivo.stage import SARAH, SARAH_ID, Stage, built, changed, listed, row, sample
from tests.rivo.test_reads import INPUTS

pytestmark = pytest.mark.anyio

MARTINEZ = sample("customer__sarah_martinez.reconstructed")
MEMBER = changed(sample("member__sarah_johnson.reconstructed"), id=SARAH_ID, email=SARAH)
EXPORTS = {
    "list_customers",
    "list_points_events",
    "list_points_redemptions",
    "list_referrals",
    "list_memberships",
}


@pytest.fixture
async def stage(client: httpx.AsyncClient) -> AsyncIterator[Stage]:
    """A Rivo to ask that is fresh for 30 s, and stale for five minutes."""
    with respx.mock(assert_all_called=False) as router:
        stage = Stage(router, client, stale=300)
        yield stage
        await stage.memory.close()


def has(points: int) -> dict[str, Any]:
    """Make the customer who has so many points."""
    customer: dict[str, Any] = changed(MARTINEZ, points_tally=points)
    return customer


def gave(points: int, *, id_: int = 1) -> dict[str, Any]:
    """Make the answer to a points event after which Sarah has so many points."""
    customer = MARTINEZ["data"]["attributes"] | {"points_tally": points}
    return {"data": row(id_, points_diff=10, customer=customer)}


async def sees(stage: Stage, identifier: str = SARAH) -> tuple[int, bool]:
    """See how many points she has, and whether that is stale; let looks in the background end."""
    answer = built(await stage.run("get_customer", customer_email=identifier))
    for _ in range(20):
        await asyncio.sleep(0)
    await asyncio.gather(*stage.memory._running, return_exceptions=True)
    return answer["customer"]["points_tally"], answer["stale"]


async def give(stage: Stage) -> None:
    await stage.run("create_points_event", customer_email=SARAH, points_amount=10)


async def test_what_is_stale_is_shown_and_looked_up_in_the_background(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", has(150), has(160))
    await sees(stage)

    stage.clock.seconds += 30
    assert [(150, True), (160, False)] == [await sees(stage) for _ in range(2)]
    assert 2 == len(stage.sent)


async def test_what_a_write_looks_at_is_never_stale(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", has(150), has(160))
    stage.on("GET", "/rewards", *[listed()] * 2)
    await sees(stage)
    stage.clock.seconds += 30

    looked = built(await stage.run("redeem_customer_points", customer_email=SARAH))

    assert 160 == looked["customer"]["points_tally"]


async def test_no_membership_is_not_claimed_of_what_is_stale(stage: Stage) -> None:
    none = changed(MEMBER, membership=None)
    stage.on("GET", "/memberships/customers/.*", none, none, MEMBER)

    for after in (0, 30):
        stage.clock.seconds += after
        with pytest.raises(NotFoundError):
            await stage.run("get_membership", customer_email=SARAH)
    stage.clock.seconds += 31
    answer = built(await stage.run("get_membership", customer_email=SARAH))

    assert (True, False) == (bool(answer["membership"]), answer["stale"])


async def test_a_key_that_is_refused_ends_what_is_stale(stage: Stage) -> None:
    refused = httpx.Response(401, json={"error": "Unauthorized"})
    stage.on("GET", "/customers/.*", has(150), refused, refused)
    await sees(stage)
    stage.clock.seconds += 30

    assert (150, True) == await sees(stage)
    with pytest.raises(NotConfiguredError):
        await sees(stage)


async def test_who_is_no_more_is_not_shown_as_stale(stage: Stage) -> None:
    gone = httpx.Response(404, json={"error": "Could not find a customer."})
    stage.on("GET", "/customers/.*", has(150), gone, gone)
    await sees(stage)
    stage.clock.seconds += 30

    assert (150, True) == await sees(stage)
    with pytest.raises(NotFoundError):
        await sees(stage)


# Our own write.


async def test_a_read_that_shows_our_write_is_remembered_at_once(stage: Stage) -> None:
    balance = {
        "points_tally": 160,
        "credits_tally": MARTINEZ["data"]["attributes"]["credits_tally"],
    }
    member = changed(MEMBER, **balance)
    stage.on("GET", "/customers/.*", has(150), has(160))
    stage.on("GET", "/points_events", listed(), listed(row(1, email=SARAH)))
    stage.on("GET", "/points_redemptions", listed(), listed())
    stage.on("GET", "/memberships/customers/.*", MEMBER, member)
    stage.on("GET", "/(rewards|vip_tiers)", listed(), listed())
    stage.on("POST", "/points_events", gave(160), status=201)
    await stage.run("get_sidebar", customer_email=SARAH)
    await give(stage)
    stage.clock.seconds += 0.2

    before = len(stage.sent)
    seen = []
    for _ in range(5):
        view = built(await stage.run("get_sidebar", customer_email=SARAH))
        seen.append((view["balance"]["points"], view["stale"]))
        stage.clock.seconds += 5

    assert [(160, False)] * 5 == seen
    assert 4 == len(stage.sent) - before


async def test_a_read_that_lacks_our_write_is_marked_and_asked_for_again(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", has(150), has(150), has(160))
    stage.on("POST", "/points_events", gave(160), status=201)
    await sees(stage)
    await give(stage)

    assert [(150, True), (160, False), (160, False)] == [await sees(stage) for _ in range(3)]
    assert 4 == len(stage.sent)


async def test_of_a_lost_write_nothing_is_remembered_for_longer_than_five_seconds(
    stage: Stage,
) -> None:
    stage.on("GET", "/customers/.*", has(150), has(150), has(160))
    stage.on("DELETE", "/memberships/.*/cancel", httpx.Response(204))
    await sees(stage)
    await stage.run("cancel_membership", customer_email=SARAH)

    assert [(150, False)] * 3 == [await sees(stage) for _ in range(3)]
    stage.clock.seconds += 5
    assert (160, False) == await sees(stage)
    assert 4 == len(stage.sent)


# Somebody says that something has changed.


@pytest.mark.parametrize(
    "identity",
    [(str(SARAH_ID), SARAH), (str(SARAH_ID), None), (None, SARAH), (None, None)],
    ids=["both", "id", "e-mail", "nobody knows"],
)
@pytest.mark.parametrize("read_by", [SARAH, str(SARAH_ID)], ids=["by e-mail", "by id"])
async def test_who_is_named_is_looked_at_again(
    stage: Stage, read_by: str, identity: Identity
) -> None:
    stage.on("GET", "/customers/.*", has(150), has(160))
    await sees(stage, read_by)

    stage.rivo.look_again(identity)

    assert (160, False) == await sees(stage, read_by)


async def test_where_rivo_cannot_say_what_is_outdated_is_shown(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", has(150), httpx.ConnectError)
    await sees(stage)

    stage.rivo.look_again((str(SARAH_ID), SARAH))

    assert (150, True) == await sees(stage)


async def test_others_are_not_looked_at_again(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", has(150))
    await sees(stage)

    stage.rivo.look_again(("8", "maya@example.com"))

    assert (150, False) == await sees(stage)


async def test_lists_over_everyone_are_looked_at_again_whoever_it_was(stage: Stage) -> None:
    stage.on("GET", "/points_events", listed(), listed())
    stage.on("GET", "/rewards", listed())
    for _ in range(2):
        for name in ("list_points_events", "list_rewards"):
            await stage.run(name)
        stage.rivo.look_again(("8", "maya@example.com"))

    assert 3 == len(stage.sent)


async def test_what_rivo_tells_of_our_own_write_costs_one_look_at_most(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", has(150), *[has(160)] * 9)
    stage.on("POST", "/points_events", gave(160), status=201)
    await sees(stage)
    await give(stage)
    await sees(stage)

    before = len(stage.sent)
    for _ in range(4):
        stage.rivo.look_again((str(SARAH_ID), SARAH))
        stage.clock.seconds += 0.5
        await sees(stage)
    stage.clock.seconds += 5
    assert [(160, False)] * 3 == [await sees(stage) for _ in range(3)]

    assert 1 == len(stage.sent) - before


# What a request is for.


class Asked:
    """Takes down what everything is asked for, and answers nothing."""

    def __init__(self, stage: Stage) -> None:
        self.priorities: list[Priority] = []
        stage.upstream.read = stage.upstream.call = self  # type: ignore[method-assign]

    async def __call__(self, *_: Any, **options: Any) -> Any:
        self.priorities.append(options["priority"])
        raise asyncio.CancelledError


@pytest.mark.parametrize("name", INPUTS)
async def test_lists_over_all_customers_wait_for_what_agents_read(stage: Stage, name: str) -> None:
    asked = Asked(stage)

    with pytest.raises(asyncio.CancelledError):
        await stage.run(name, **INPUTS[name])

    assert {Priority.EXPORT if name in EXPORTS else Priority.READ} == set(asked.priorities)


async def test_a_write_and_what_it_looks_at_before_go_first(stage: Stage) -> None:
    asked = Asked(stage)

    for name, inputs in (
        ("cancel_membership", {"customer_email": SARAH}),
        ("create_points_event", {"customer_email": SARAH, "points_amount": 1}),
    ):
        with pytest.raises(asyncio.CancelledError):
            await stage.keep(Keeper(stage).writing(), name, **inputs)

    assert [Priority.WRITE] * 2 == asked.priorities


async def test_to_find_out_and_to_look_in_the_background_wait_for_agents(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", has(150))
    await sees(stage)
    asked = Asked(stage)

    with pytest.raises(asyncio.CancelledError):
        await stage.rivo.to_settle(stage.clock() + 4).get("rewards", who=None)
    stage.clock.seconds += 30
    await sees(stage)

    assert [Priority.SETTLE, Priority.REFRESH] == asked.priorities


async def test_when_to_try_again_is_passed_on(stage: Stage) -> None:
    async def held_back(*_: Any, **__: Any) -> Any:
        raise HeldBackError("Too much was asked.", retry_after=7)

    stage.upstream.read = stage.upstream.call = held_back  # type: ignore[method-assign]

    for action in (sees(stage), give(stage)):
        with pytest.raises(UnavailableError) as raised:
            await action
        assert 7 == raised.value.retry_after
