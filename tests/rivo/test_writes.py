"""What every write has in common: it is sent once, and nobody is told wrong what became of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from integrations.actions import Answer
from integrations.errors import (
    ActionError,
    NotAvailableError,
    NotConfiguredError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from integrations.rivo import ACTIONS, WRITES
from integrations.rivo.writing import Given
from tests.rivo.keeping import OTHER, Keeper, writes_sent
from tests.rivo.stage import SARAH, Stage, built, changed, sample

pytestmark = pytest.mark.anyio

CUSTOMER = sample("customer__sarah_martinez.reconstructed")
REDEMPTION = sample("points_redemption__store_credit.reconstructed")
OWNED = changed(REDEMPTION, customer=CUSTOMER["data"]["attributes"])
INPUTS: dict[str, dict[str, Any]] = {
    "create_points_event": {"customer_email": SARAH, "points_amount": 100},
    "reverse_points_event": {"operation_id": OTHER},
    "create_points_redemption": {"customer_email": SARAH, "reward_id": 594155},
    "redeem_customer_points": {"customer_email": SARAH, "reward_id": 594155},
    "refund_points_redemption": {"redemption_id": 24186741},
    "update_customer": {"customer_email": SARAH, "dob": "07-13"},
    "update_customer_dob": {"customer_email": SARAH, "dob": "07-13"},
    "update_customer_vip_tier": {"customer_email": SARAH, "vip_tier_id": 552288},
    "cancel_membership": {"customer_email": SARAH},
    "create_referral": {
        "email": "friend@example.com",
        "referral_code": "kL9mR4xP8vN2sQ7tY",
        "remote_ip": "203.0.113.7",
    },
}
MODES = (
    {name: given for name, given in INPUTS.items() if name != "reverse_points_event"}
    | {"refund_points_redemption of": {"redemption_id": 24186741, "customer_email": SARAH}}
    | {f"{name} kept": given for name, given in INPUTS.items()}
)
GIVEN = {OTHER: Given(customer=SARAH, points=100, credits="2.50")}
ODD: dict[str, Any] = {
    "create_points_event": changed(sample("points_event.reconstructed"), points_diff="many"),
    "reverse_points_event": changed(sample("points_event.reconstructed"), points_diff="many"),
    "create_points_redemption": changed(OWNED, points_amount="many"),
    "redeem_customer_points": changed(OWNED, points_amount="many"),
    "refund_points_redemption": changed(OWNED, credits_amount="many"),
    "update_customer": changed(CUSTOMER, dob="07-13", points_tally="many"),
    "update_customer_dob": changed(CUSTOMER, dob="07-13", orders_count=[]),
    "update_customer_vip_tier": changed(CUSTOMER, vip_tier={"id": 552288, "name": []}),
    "cancel_membership": changed({"data": {"attributes": {}}}, cancellation_request_id="soon"),
    "create_referral": changed(sample("referral.reconstructed"), status=[]),
}
EMPTY_IS_APPLIED = {
    "update_customer",
    "update_customer_dob",
    "update_customer_vip_tier",
    "cancel_membership",
}


def action_of(mode: str) -> str:
    return mode.partition(" ")[0]


async def perform(stage: Stage, mode: str, *, seconds: float = 4.0) -> Answer:
    """Run a write, also one of which account is kept."""
    rivo = stage.rivo.until(stage.clock() + seconds)
    if mode.endswith(" kept"):
        keeper = Keeper(stage, given=GIVEN)
        rivo = stage.rivo.for_write(keeper.writing(), stage.clock() + seconds)
    return await ACTIONS[action_of(mode)].run(rivo, **MODES[mode])


async def attempt(stage: Stage, mode: str, answer: Any) -> ActionError | None:
    """Run a write that is answered so, in a shop that answers reads; return its error, if any."""
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 9)
    stage.on("GET", "/points_redemptions/.*", *[OWNED] * 9)
    answers = answer if isinstance(answer, type) else (lambda _: answer)
    stage.router.route(method__in=["POST", "PUT", "DELETE"]).side_effect = answers
    try:
        await perform(stage, mode)
    except ActionError as error:
        return error
    return None


def test_every_write_is_tested() -> None:
    assert {function.__name__ for function in WRITES} == INPUTS.keys() == ODD.keys()
    assert {name for name, action in ACTIONS.items() if action.writes} == INPUTS.keys()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "lost",
    [
        httpx.ReadError,
        httpx.ReadTimeout,
        httpx.WriteError,
        httpx.WriteTimeout,
        httpx.RemoteProtocolError,
        httpx.Response(500),
        httpx.Response(502, html="<h1>502 Bad Gateway</h1>"),
        httpx.Response(503, json={"error": "down"}),
        httpx.Response(408),
        httpx.Response(409, json={"error": "conflict"}),
        httpx.Response(301, headers={"location": "https://elsewhere.example.com"}),
        httpx.Response(200),
        httpx.Response(200, html="<h1>Sign in</h1>"),
        httpx.Response(200, json={"ok": True}),
        httpx.Response(200, json={"data": []}),
        httpx.Response(201, json={"data": {}}),
        httpx.Response(201, json={"message": "Accepted"}),
    ],
    ids=lambda lost: lost.__name__ if isinstance(lost, type) else f"{lost.status_code} {lost.text}",
)
async def test_a_lost_write_is_unknown_and_not_sent_again(
    stage: Stage, mode: str, lost: Any
) -> None:
    error = await attempt(stage, mode, lost)

    assert OutcomeUnknownError is type(error)
    assert "may have been applied" in error.message
    assert error.retry_after is None
    assert 1 == len(writes_sent(stage))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("not_sent", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_a_write_that_was_not_sent_changed_nothing(
    stage: Stage, mode: str, not_sent: type[Exception]
) -> None:
    error = await attempt(stage, mode, not_sent)

    assert UnavailableError is type(error)
    assert "Rivo could not be reached; nothing was changed." == error.message
    assert 1 == error.retry_after
    assert 1 == len(writes_sent(stage))


REFUSED = {"error": "Not like this"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(400, json=REFUSED), RefusedError),
        (httpx.Response(403, json=REFUSED), RefusedError),
        (httpx.Response(422, json=REFUSED), RefusedError),
        (httpx.Response(422, json={"errors": ["Not like this"]}), RefusedError),
        (httpx.Response(400, json={"message": "Not like this"}), RefusedError),
        (httpx.Response(200, json=REFUSED), RefusedError),
        (httpx.Response(201, json=REFUSED), RefusedError),
        (httpx.Response(404, json=REFUSED), NotFoundError),
        (httpx.Response(404, html="<h1>Not Found</h1>"), NotAvailableError),
        (httpx.Response(401, json={"error": "Unauthorized"}), NotConfiguredError),
        (httpx.Response(403), NotConfiguredError),
        (httpx.Response(429, text="Too many Merchant API requests"), UnavailableError),
    ],
    ids=lambda value: (
        value.__name__ if isinstance(value, type) else f"{value.status_code} {value.text}"
    ),
)
async def test_a_refused_write_changed_nothing_and_says_why(
    stage: Stage, mode: str, answer: httpx.Response, kind: type[ActionError]
) -> None:
    error = await attempt(stage, mode, answer)

    assert kind is type(error)
    assert "Not like this" not in answer.text or "Not like this" in error.message
    tries = 2 if answer.status_code == 429 else 1
    assert tries == len(writes_sent(stage))


@pytest.mark.parametrize("mode", MODES)
async def test_a_verb_that_rivo_does_not_know_changed_nothing(stage: Stage, mode: str) -> None:
    error = await attempt(stage, mode, httpx.Response(405, json={"error": "405 Not Allowed"}))

    assert isinstance(error, NotAvailableError)
    tries = 2 if action_of(mode) == "refund_points_redemption" else 1
    assert tries == len(writes_sent(stage))


@pytest.mark.parametrize("mode", MODES)
async def test_a_write_with_an_odd_answer_is_not_called_undone(stage: Stage, mode: str) -> None:
    error = await attempt(stage, mode, httpx.Response(201, json=ODD[action_of(mode)]))

    assert OutcomeUnknownError is type(error)
    assert "was not understood" in error.message
    assert 1 == len(writes_sent(stage))


@pytest.mark.parametrize("mode", [m for m in MODES if action_of(m) not in EMPTY_IS_APPLIED])
async def test_a_204_tells_nothing_of_what_should_have_been_made(stage: Stage, mode: str) -> None:
    error = await attempt(stage, mode, httpx.Response(204))

    assert OutcomeUnknownError is type(error)
    assert 1 == len(writes_sent(stage))


@pytest.mark.parametrize("mode", MODES)
async def test_a_write_without_time_left_is_not_sent(stage: Stage, mode: str) -> None:
    with pytest.raises(UnavailableError):
        await perform(stage, mode, seconds=0)

    assert [] == stage.sent


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "answer",
    [httpx.ReadTimeout, httpx.Response(500), httpx.Response(422, json=REFUSED)],
    ids=["lost", "failed", "refused"],
)
async def test_a_write_that_may_have_been_applied_is_looked_at_afresh(
    stage: Stage, mode: str, answer: Any
) -> None:
    listing = stage.on("GET", "/customers", *[{"data": []}] * 2)
    if action_of(mode) == "create_referral":
        stage.on("GET", "/referrals", *[{"data": []}] * 2)
    else:
        stage.on("GET", f"/customers/{SARAH.replace('@', '%40')}", *[CUSTOMER] * 9)
    await stage.run("list_customers")
    if action_of(mode) != "create_referral":
        await stage.run("get_customer", customer_email=SARAH)

    await attempt(stage, mode, answer)
    before = len(stage.sent)
    await stage.run("list_customers")
    if action_of(mode) != "create_referral":
        await stage.run("get_customer", customer_email=SARAH)

    looked = 1 if action_of(mode) == "create_referral" else 2
    assert before + looked == len(stage.sent)
    assert 2 == listing.call_count


async def test_a_refund_that_names_nobody_is_not_looked_up_as_somebody(stage: Stage) -> None:
    stage.rivo.learnt["refund"] = "PUT"
    stage.on("GET", "/points_redemptions/.*", httpx.Response(404, html="no route"))
    stage.on("GET", "/customers/.*", httpx.Response(404, json={"error": "Could not find one."}))
    stage.on("PUT", "/.*", {"data": None})

    with pytest.raises(OutcomeUnknownError):
        await stage.run("refund_points_redemption", redemption_id=24186741)

    assert not any("/customers/" in line for line in stage.sent)


async def test_what_a_write_answers_is_told_also_where_no_read_works(stage: Stage) -> None:
    stage.on("GET", "/.*", *[httpx.ConnectError] * 9)
    stage.on("POST", "/points_redemptions", REDEMPTION, status=201)

    answer = await stage.run("create_points_redemption", **INPUTS["create_points_redemption"])

    assert "REDEEM-b3fb35f5407e" == built(answer)["points_redemption"]["code"]
