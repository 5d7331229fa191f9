"""Cancelling a membership: what is sent, and what its answer says."""

from __future__ import annotations

import httpx
import pytest

from integrations.errors import (
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
)
from tests.rivo.stage import Stage, built, sample, text_of
from tests.rivo.test_memberships import JOHNSON, JOHNSON_ID, MEMBER

pytestmark = pytest.mark.anyio

CANCELLED = sample("seed_cancel_membership.doc")
DELETE = "DELETE /memberships/sarah.johnson%40example.com/cancel"


@pytest.mark.parametrize("status", [200, 202])
async def test_cancel_membership_sends_no_query_and_answers_the_documented_sample(
    stage: Stage, status: int
) -> None:
    stage.on("DELETE", "/memberships/.*/cancel", CANCELLED, status=status)

    answer = await stage.run("cancel_membership", customer_email=JOHNSON)

    assert [DELETE] == stage.sent
    expected = CANCELLED["data"]["attributes"]
    flat = {"membership_cancellation": expected, "operation": None}
    assert text_of(flat) == text_of(built(answer))
    assert text_of(CANCELLED) == text_of({"data": answer.resource})


async def test_cancel_membership_sends_the_policy_that_was_asked_for(stage: Stage) -> None:
    stage.on("DELETE", "/memberships/.*/cancel", CANCELLED["data"]["attributes"])

    answer = built(
        await stage.run(
            "cancel_membership", customer_email=JOHNSON, cancellation_policy="immediate"
        )
    )

    assert [f"{DELETE} cancellation_policy=immediate"] == stage.sent
    assert "end_of_period" == answer["membership_cancellation"]["cancellation_policy"]


@pytest.mark.parametrize(
    ("identifier", "customer_id"), [(JOHNSON, None), (str(JOHNSON_ID), JOHNSON_ID)]
)
async def test_a_cancellation_that_rivo_only_confirms_says_no_more_than_that(
    stage: Stage, identifier: str, customer_id: int | None
) -> None:
    stage.on("DELETE", "/memberships/.*/cancel", httpx.Response(204))

    answer = await stage.run(
        "cancel_membership", customer_email=identifier, cancellation_policy="immediate"
    )

    said = {
        "status": "confirmed",
        "message": "Rivo confirmed the cancellation without details.",
        "customer_id": customer_id,
        "cancellation_policy": None,
        "cancellation_request_id": None,
    }
    assert {"membership_cancellation": said, "operation": None} == built(answer)
    assert {"type": "membership_cancellation", "attributes": said} == answer.resource


async def test_an_answer_that_is_no_cancellation_confirms_none(stage: Stage) -> None:
    stage.on("DELETE", "/memberships/.*/cancel", MEMBER)

    with pytest.raises(OutcomeUnknownError, match="may have been applied"):
        await stage.run("cancel_membership", customer_email=JOHNSON)


async def test_cancel_membership_passes_on_why_rivo_refuses(stage: Stage) -> None:
    refusal = {"message": "Membership is already cancelled"}
    stage.on("DELETE", "/memberships/.*/cancel", refusal, status=422)

    with pytest.raises(RefusedError, match="Rivo refused this: Membership is already cancelled"):
        await stage.run("cancel_membership", customer_email=JOHNSON)


async def test_no_membership_to_cancel_is_not_found(stage: Stage) -> None:
    stage.on("DELETE", "/memberships/.*/cancel", {"error": "Could not find one."}, status=404)

    with pytest.raises(NotFoundError, match="Could not find one"):
        await stage.run("cancel_membership", customer_email=JOHNSON)
