"""Of every write account is kept before it leaves, each time that it may change something."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from integrations.errors import (
    LimitError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from integrations.rivo import WRITES
from tests.rivo.keeping import REFERENCE, Keeper, writes_sent
from tests.rivo.stage import SARAH, Stage, built, changed, listed, sample
from tests.rivo.test_writes import CUSTOMER, GIVEN, INPUTS, OWNED

pytestmark = pytest.mark.anyio

EVENT = sample("points_event.reconstructed")
FORM = "customer_identifier=sarah.martinez%40example.com&source=manual&points_amount=5"
SENT = f"POST /points_events {FORM}&internal_note={REFERENCE}"
TOO_MANY = httpx.Response(429, text="Too many Merchant API requests")
GIVE = {"customer_email": SARAH, "points_amount": 5}


def reads(stage: Stage) -> None:
    """Let Rivo answer whatever is read before a write."""
    stage.on("GET", "/points_redemptions", *[listed()] * 9)
    stage.on("GET", "/referrals", *[listed()] * 9)
    stage.on("GET", "/points_redemptions/.*", *[OWNED] * 9)
    stage.on("GET", "/memberships/customers/.*", *[httpx.Response(503)] * 9)
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 9)


@pytest.mark.parametrize("name", [function.__name__ for function in WRITES])
async def test_nothing_leaves_before_the_keeper_agrees(stage: Stage, name: str) -> None:
    reads(stage)
    stage.router.route(method__in=["POST", "PUT", "DELETE"]).side_effect = httpx.ReadTimeout
    keeper = Keeper(stage, given=GIVEN)

    with pytest.raises(OutcomeUnknownError):
        await stage.keep(keeper.writing(), name, **INPUTS[name])

    assert [[]] == keeper.sent_before
    assert 1 == len(writes_sent(stage))


@pytest.mark.parametrize("name", [function.__name__ for function in WRITES])
async def test_nothing_leaves_at_all_if_the_keeper_refuses(stage: Stage, name: str) -> None:
    reads(stage)
    refusal = LimitError("It would go beyond a limit; nothing was sent.")
    keeper = Keeper(stage, fails=refusal, given=GIVEN)

    with pytest.raises(LimitError) as caught:
        await stage.keep(keeper.writing(), name, **INPUTS[name])

    assert refusal is caught.value
    assert [] == writes_sent(stage)


async def test_a_write_nobody_keeps_account_of_leaves_as_it_always_did(stage: Stage) -> None:
    stage.on("POST", "/points_events", EVENT, status=201)

    await stage.run("create_points_event", **GIVE)

    assert [f"POST /points_events {FORM}"] == stage.sent


async def test_the_keeper_is_asked_again_before_a_refund_by_another_verb(stage: Stage) -> None:
    reads(stage)
    stage.on("POST", "/points_redemptions/.*", httpx.Response(405))
    stage.on("PUT", "/points_redemptions/.*", httpx.ReadTimeout)
    keeper = Keeper(stage)

    with pytest.raises(OutcomeUnknownError):
        await stage.keep(keeper.writing(), "refund_points_redemption", redemption_id=24186741)

    first = "POST /points_redemptions/24186741/refund"
    assert [[], [first]] == keeper.sent_before
    assert [{"before": {"refunded_at": None}}] * 2 == keeper.snapshots
    assert [first, "PUT /points_redemptions/24186741/refund"] == writes_sent(stage)


async def test_the_other_verb_is_not_tried_against_the_keepers_will(stage: Stage) -> None:
    reads(stage)
    stage.on("POST", "/points_redemptions/.*", httpx.Response(405))
    keeper = Keeper(stage, fails=UnavailableError("Somebody else has it."), from_send=2)

    with pytest.raises(UnavailableError, match="Somebody else has it"):
        await stage.keep(keeper.writing(), "refund_points_redemption", redemption_id=24186741)

    assert ["POST /points_redemptions/24186741/refund"] == writes_sent(stage)


# The time that is left.


async def test_the_time_to_send_is_what_keeping_leaves(stage: Stage) -> None:
    seconds: list[float] = []

    def sent(request: httpx.Request) -> httpx.Response:
        left: Any = request.extensions["timeout"]
        seconds.append(left.get("read"))
        return httpx.Response(201, json=EVENT)

    stage.on("POST", "/points_events").side_effect = sent
    await stage.keep(Keeper(stage, seconds=3.0).writing(), "create_points_event", **GIVE)
    await stage.keep(Keeper(stage, seconds=0.5).writing(), "create_points_event", **GIVE)

    assert [1.0, 2.5] == seconds


async def test_a_write_whose_time_went_while_account_was_kept_is_not_sent(stage: Stage) -> None:
    keeper = Keeper(stage, seconds=4.0)

    with pytest.raises(UnavailableError, match="nothing was changed"):
        await stage.keep(keeper.writing(), "create_points_event", **GIVE)

    assert [{}] == keeper.snapshots
    assert [] == stage.sent


# Too many requests.


@pytest.mark.parametrize(
    ("headers", "pause"), [({}, 1.0), ({"Retry-After": "2"}, 2.0), ({"Retry-After": "3"}, 3.0)]
)
async def test_a_write_that_came_too_soon_is_sent_once_more(
    stage: Stage, headers: dict[str, str], pause: float
) -> None:
    stage.on("POST", "/points_events", httpx.Response(429, headers=headers), EVENT, status=201)
    keeper = Keeper(stage)

    answer = await stage.keep(keeper.writing(), "create_points_event", **GIVE)

    assert built(answer)["points_event"]["id"]
    assert [SENT, SENT] == stage.sent
    assert [[], [SENT]] == keeper.sent_before
    assert 1_000.0 + pause == stage.clock()


async def test_a_write_is_not_sent_a_third_time(stage: Stage) -> None:
    stage.on("POST", "/points_events", TOO_MANY, TOO_MANY)

    with pytest.raises(UnavailableError, match="too busy") as caught:
        await stage.keep(Keeper(stage).writing(), "create_points_event", **GIVE)

    assert 1 == caught.value.retry_after
    assert [SENT, SENT] == stage.sent


async def test_a_second_try_without_a_second_to_send_it_is_not_made(stage: Stage) -> None:
    late = httpx.Response(429, headers={"Retry-After": "3.1"})
    stage.on("POST", "/points_events", late)

    with pytest.raises(UnavailableError) as caught:
        await stage.keep(Keeper(stage).writing(), "create_points_event", **GIVE)

    assert 3.1 == caught.value.retry_after
    assert [SENT] == stage.sent
    assert 1_000.0 == stage.clock()


async def test_the_second_try_is_not_made_against_the_keepers_will(stage: Stage) -> None:
    stage.on("POST", "/points_events", TOO_MANY)
    keeper = Keeper(stage, fails=LimitError("Switched off meanwhile."), from_send=2)

    with pytest.raises(LimitError):
        await stage.keep(keeper.writing(), "create_points_event", **GIVE)

    assert [SENT] == stage.sent


async def test_a_second_try_that_is_lost_is_unknown_and_the_last(stage: Stage) -> None:
    stage.on("POST", "/points_events", TOO_MANY, httpx.ReadTimeout)

    with pytest.raises(OutcomeUnknownError):
        await stage.keep(Keeper(stage).writing(), "create_points_event", **GIVE)

    assert [SENT, SENT] == stage.sent


# What a no is worth.


@pytest.mark.parametrize(
    ("status", "doubtful"), [(200, True), (201, True), (400, False), (422, False)]
)
async def test_a_no_with_a_status_of_success_is_doubtful(
    stage: Stage, status: int, doubtful: bool
) -> None:
    stage.on("POST", "/points_events", {"error": "Not enough"}, status=status)

    with pytest.raises(RefusedError, match="Not enough") as caught:
        await stage.run("create_points_event", **GIVE)

    assert doubtful is caught.value.doubtful
    assert not RefusedError("").doubtful


async def test_a_change_that_rivo_did_not_make_is_doubtful(stage: Stage) -> None:
    stage.on("PUT", "/customers/.*", changed(CUSTOMER, dob="01-01"))

    with pytest.raises(RefusedError, match="did not change dob") as caught:
        await stage.run("update_customer_dob", customer_email=SARAH, dob="07-13")

    assert caught.value.doubtful


# Reading past the memory.


async def test_a_fresh_read_is_neither_remembered_nor_shared(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 4)
    await stage.run("get_customer", customer_email=SARAH)
    await stage.rivo.get("customers", SARAH, who=SARAH, single=True, fresh=True)
    await stage.rivo.afresh().get("customers", SARAH, who=SARAH, single=True)
    await stage.run("get_customer", customer_email=SARAH)

    assert 3 == len(stage.sent)


async def test_a_fresh_read_without_time_left_is_not_made(stage: Stage) -> None:
    with pytest.raises(UnavailableError):
        await stage.rivo.afresh().until(stage.clock()).get("customers", SARAH, single=True)

    assert [] == stage.sent


async def test_a_fresh_read_that_is_lost_is_unavailable(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", httpx.ReadTimeout)

    with pytest.raises(UnavailableError):
        await stage.rivo.get("customers", SARAH, single=True, fresh=True)
