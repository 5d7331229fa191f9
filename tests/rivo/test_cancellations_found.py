"""A cancellation is a state: nothing is sent where the membership ends, and it is read back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from integrations.errors import NotFoundError, UnavailableError
from integrations.rivo import ACTIONS
from integrations.rivo.cancelling import MembershipCancellationAnswer
from integrations.rivo.writing import ReadBack, Sent
from tests.rivo.keeping import REFERENCE, Keeper, writes_sent
from tests.rivo.stage import Stage, built, listed, sample
from tests.rivo.test_cancelling import CANCELLED, DELETE
from tests.rivo.test_memberships import (
    JOHNSON,
    JOHNSON_ID,
    MEMBER,
    READ,
    READ_CUSTOMER,
    enrolment,
    member,
)

pytestmark = pytest.mark.anyio

ENROLLED = MEMBER["data"]["attributes"]["membership"]
EARLIER, LATER = "2026-11-01T00:00:00.000Z", "2026-12-24T00:00:00.000Z"
CUSTOMER = sample("customer__sarah_martinez.reconstructed")
NO_MEMBER = httpx.Response(404, json={"error": "This customer has no membership."})


def enrolled(**attributes: object) -> Any:
    """Make a member whose enrolment has these attributes."""
    return member(membership=ENROLLED | {"queued_for_cancellation_at": None} | attributes)


ACTIVE = enrolled(ended_at=None)
LAPSING = enrolled(ended_at=LATER)
QUEUED = enrolled(ended_at=None, queued_for_cancellation_at=EARLIER)
ENDED = enrolled(ended_at=EARLIER)
NONE = member(membership=None, subscription=None)


async def cancel(stage: Stage, keeper: Keeper, policy: str | None = None, **how: bool) -> Any:
    inputs = {"customer_email": JOHNSON, "cancellation_policy": policy}
    return await stage.keep(keeper.writing(**how), "cancel_membership", **inputs)


@pytest.mark.parametrize(
    ("there", "policy", "status"),
    [
        (QUEUED, None, "queued"),
        (QUEUED, "end_of_period", "queued"),
        (ENDED, None, "ended"),
        (ENDED, "end_of_period", "ended"),
        (ENDED, "immediate", "ended"),
    ],
    ids=["queued", "queued by policy", "ended", "ended by policy", "ended at once"],
)
async def test_what_ends_already_is_not_cancelled(
    stage: Stage, there: Any, policy: str | None, status: str
) -> None:
    stage.on("GET", "/memberships/customers/.*", there)
    keeper = Keeper(stage)

    answer = await cancel(stage, keeper, policy)

    assert ([], [READ]) == (keeper.snapshots, stage.sent)
    said = built(answer)
    assert (status, JOHNSON_ID, None) == (
        said["membership_cancellation"]["status"],
        said["membership_cancellation"]["customer_id"],
        said["operation"],
    )
    assert "membership_cancellation" == answer.resource["type"]


@pytest.mark.parametrize(
    ("there", "policy", "snapshot"),
    [
        (ACTIVE, None, {"before": {"membership": "active"}}),
        (LAPSING, None, {"before": {"membership": "active"}}),
        (QUEUED, "immediate", {"before": {"membership": "queued"}}),
        (NONE, None, {"before": {"membership": "none"}}),
        (httpx.ReadTimeout, None, {}),
        (httpx.Response(404, html="no route"), None, {}),
    ],
    ids=["active", "lapsing", "queued, at once", "none shown", "down", "no such read"],
)
async def test_what_does_not_end_is_cancelled(
    stage: Stage, there: Any, policy: str | None, snapshot: dict[str, object]
) -> None:
    stage.on("GET", "/memberships/customers/.*", there)
    stage.on("DELETE", "/memberships/.*", CANCELLED)
    keeper = Keeper(stage)

    await cancel(stage, keeper, policy)

    assert [snapshot] == keeper.snapshots
    query = f" cancellation_policy={policy}" if policy else ""
    assert [f"{DELETE}{query}"] == writes_sent(stage)


async def test_a_state_that_is_not_trusted_is_not_even_read(stage: Stage) -> None:
    stage.on("DELETE", "/memberships/.*", CANCELLED)
    keeper = Keeper(stage)

    await cancel(stage, keeper, trusts_state=False)

    assert ([{}], [DELETE]) == (keeper.snapshots, stage.sent)


async def test_a_customer_without_a_membership_is_not_found(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", NO_MEMBER)

    with pytest.raises(NotFoundError, match="no membership"):
        await cancel(stage, Keeper(stage))

    assert [READ] == stage.sent


async def test_an_ended_enrolment_in_the_list_is_one_that_ended(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", member(membership=...))
    past = [enrolment(1, ended_at=EARLIER), enrolment(2, ended_at=EARLIER)]
    stage.on("GET", "/memberships/tier_enrollments", listed(*past))
    keeper = Keeper(stage)

    answer = await cancel(stage, keeper, "immediate")

    assert "ended" == built(answer)["membership_cancellation"]["status"]
    assert [] == keeper.snapshots


# Found again.


async def find(stage: Stage, before: str | None, policy: str | None = None) -> ReadBack:
    once = ACTIONS["cancel_membership"].once
    assert once is not None
    sent = Sent(
        reference=REFERENCE,
        inputs={"customer_email": JOHNSON} | ({"cancellation_policy": policy} if policy else {}),
        snapshot={"before": {"membership": before}} if before else {},
    )
    back = await once.find(stage.rivo, sent)
    assert isinstance(back, ReadBack)
    return back


@pytest.mark.parametrize(
    ("now", "before", "status"),
    [
        (QUEUED, "active", "queued"),
        (QUEUED, None, "queued"),
        (ENDED, "active", "ended"),
        (ENDED, "queued", "ended"),
        (ENDED, "ended", "ended"),
        (ENDED, None, "ended"),
        (NONE, "active", "ended"),
        (NONE, "queued", "ended"),
        (NO_MEMBER, "active", "ended"),
    ],
)
async def test_what_ends_was_cancelled(
    stage: Stage, now: Any, before: str | None, status: str
) -> None:
    stage.on("GET", "/memberships/customers/.*", now)
    stage.on("GET", "/customers/.*", CUSTOMER)

    back = await find(stage, before)

    assert ("found", None) == (back.verdict, back.rivo_id)
    assert isinstance(back.answer, MembershipCancellationAnswer)
    assert status == back.answer.membership_cancellation.status


@pytest.mark.parametrize(
    ("now", "before", "policy", "verdict"),
    [
        (ACTIVE, "active", None, "absent"),
        (LAPSING, "active", None, "absent"),
        (QUEUED, "queued", "immediate", "absent"),
        (NONE, "none", None, "unclear"),
        (ACTIVE, None, None, "unclear"),
        (ACTIVE, "queued", "immediate", "unclear"),
        (NONE, None, None, "unclear"),
    ],
)
async def test_what_still_stands_was_not_if_it_is_known_how_it_stood(
    stage: Stage, now: Any, before: str | None, policy: str | None, verdict: str
) -> None:
    stage.on("GET", "/memberships/customers/.*", now)

    back = await find(stage, before, policy)

    assert (verdict, None, 1) == (back.verdict, back.answer, len(back.evidence))


async def test_nobody_is_unclear(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", NO_MEMBER)
    stage.on("GET", "/customers/.*", httpx.Response(404, json={"error": "Could not find one."}))

    assert "unclear" == (await find(stage, "active")).verdict
    assert [READ, READ_CUSTOMER] == stage.sent


async def test_a_rivo_that_is_down_is_asked_again_later(stage: Stage) -> None:
    stage.on("GET", "/memberships/customers/.*", httpx.ReadTimeout)

    with pytest.raises(UnavailableError):
        await find(stage, "active")
