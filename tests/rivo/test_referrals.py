"""Referrals: listed, recorded, and found again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from integrations.errors import (
    InputError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from integrations.rivo.referrals import ReferralAnswer, find_referral
from integrations.rivo.writing import ReadBack, Sent
from tests.rivo.keeping import REFERENCE, Keeper
from tests.rivo.stage import AS_OF, SARAH, SARAH_ID, Stage, built, listed, row, sample

pytestmark = pytest.mark.anyio

REFERRAL = sample("referral.reconstructed")
MARTINEZ = sample("customer__sarah_martinez.reconstructed")
PAGED = "pagination[page]=1&pagination[per_page]=25"
FLAT = {
    "id": 800,
    "status": "completed",
    "referrer_customer_id": 1000,
    "referred_customer_id": 1001,
    "referred_email": "friend@example.com",
    "referrer_discount_code": "BAL-0123456789ab",
    "referred_discount_code": "BAL-ba9876543210",
    "created_at": "2026-03-14T00:00:00.000Z",
}
FRIEND = {
    "email": "friend@example.com",
    "referral_code": "kL9mR4xP8vN2sQ7tY",
    "remote_ip": "203.0.113.7",
}


async def test_list_referrals_asks_for_a_page(stage: Stage) -> None:
    stage.on("GET", "/referrals", listed(REFERRAL["data"]))

    answer = await stage.run("list_referrals")

    assert [f"GET /referrals {PAGED}"] == stage.sent
    assert {
        "referrals": [FLAT],
        "count": 1,
        "next": None,
        "complete": True,
        "as_of": AS_OF,
        "stale": False,
    } == built(answer)
    assert [REFERRAL["data"]] == answer.resource


async def test_list_customer_referrals_keeps_both_sides_of_the_customer(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", MARTINEZ)
    stage.on(
        "GET",
        "/referrals",
        listed(
            row(1, referrer_customer_id=SARAH_ID, referred_email="a@b"),
            row(2, referrer_customer_id=5, referred_customer_id=SARAH_ID),
            row(3, referrer_customer_id=5, referred_email="Sarah.Martinez@Example.com"),
            row(4, referrer_customer_id=5, referred_email="a@b"),
            row(5, referrer_customer_id=5),
            row(6, status="unclaimed"),
        ),
    )

    answer = built(await stage.run("list_customer_referrals", customer_email=SARAH))

    assert [
        "GET /customers/sarah.martinez%40example.com",
        f"GET /referrals filters[customer_identifier]={SARAH}&{PAGED}",
    ] == stage.sent
    assert [1, 2, 3, 6] == [referral["id"] for referral in answer["referrals"]]


async def test_the_referrals_of_an_unknown_customer_are_not_found(stage: Stage) -> None:
    stage.on("GET", "/customers/.*", {"error": "Could not find a customer."}, status=404)

    with pytest.raises(NotFoundError):
        await stage.run("list_customer_referrals", customer_email=SARAH)


async def test_mixed_paging_is_refused_before_anything_is_asked(stage: Stage) -> None:
    with pytest.raises(InputError):
        await stage.run("list_customer_referrals", customer_email=SARAH, page=1, since_id=0)

    assert [] == stage.sent


async def test_create_referral_sends_a_form_and_answers_the_referral(stage: Stage) -> None:
    stage.on("POST", "/referrals", REFERRAL, status=201)

    answer = await stage.run("create_referral", **FRIEND)

    assert [
        "POST /referrals email=friend%40example.com&referral_code=kL9mR4xP8vN2sQ7tY"
        "&remote_ip=203.0.113.7"
    ] == stage.sent
    assert {"referral": FLAT, "operation": None} == built(answer)
    assert REFERRAL["data"] == answer.resource


async def test_create_referral_passes_on_why_rivo_refuses(stage: Stage) -> None:
    stage.on("POST", "/referrals", {"errors": ["Code is unknown", "IP is known"]}, status=422)

    with pytest.raises(RefusedError, match="Rivo refused this: Code is unknown, IP is known"):
        await stage.run("create_referral", **FRIEND)


async def test_a_new_referral_shows_in_the_referrers_list_at_once(stage: Stage) -> None:
    mine = row(1, referrer_customer_id=SARAH_ID)
    stage.on("GET", "/customers/.*", *[MARTINEZ] * 2)
    stage.on("GET", "/referrals", listed(), listed(mine))
    stage.on("POST", "/referrals", REFERRAL, status=201)

    before = built(await stage.run("list_customer_referrals", customer_email=SARAH))
    await stage.run("create_referral", **FRIEND)
    after = built(await stage.run("list_customer_referrals", customer_email=SARAH))

    assert (0, 1) == (before["count"], after["count"])


# Found again.

END = {"since_id": 0, "limit": 250, "next_since_id": None}
WALK = "GET /referrals pagination[since_id]=%d&pagination[limit]=250"


def referral(number: int, email: str | None = "Friend@example.com") -> dict[str, object]:
    return row(number, referred_email=email, status="unclaimed")


async def find(stage: Stage, *rows: Any, **more: Any) -> ReadBack:
    stage.on("GET", "/referrals", listed(*rows, **END))
    known: dict[str, Any] = {"snapshot": {"newest_id": 800, "since_id": 3}, "proven": True}
    return await find_referral(stage.rivo, Sent(reference=REFERENCE, inputs=FRIEND, **known | more))


@pytest.mark.parametrize(
    ("before", "snapshot"),
    [
        (listed(**END), {"newest_id": 0}),
        (listed(referral(3), referral(800), **END), {"newest_id": 800}),
        (httpx.ReadTimeout, {}),
    ],
    ids=["none", "some", "down"],
)
async def test_the_newest_referral_is_looked_at_before_another(
    stage: Stage, before: Any, snapshot: dict[str, int]
) -> None:
    stage.on("GET", "/referrals", before)
    stage.on("POST", "/referrals", httpx.ReadTimeout)
    keeper = Keeper(stage)

    with pytest.raises(OutcomeUnknownError):
        await stage.keep(keeper.writing(), "create_referral", **FRIEND)

    assert [snapshot] == keeper.snapshots
    assert WALK % 0 == stage.sent[0]
    assert 2 == len(stage.sent)


@pytest.mark.parametrize("proven", [True, False])
async def test_the_only_new_referral_of_the_friend_is_it(stage: Stage, proven: bool) -> None:
    back = await find(stage, referral(801), referral(802, "other@example.com"), proven=proven)

    assert ("found", 801, (), True) == (back.verdict, back.rivo_id, back.evidence, back.shown)
    assert isinstance(back.answer, ReferralAnswer)
    assert ["referral", "operation"] == list(built(back.answer))
    assert [WALK % 800] == stage.sent


async def test_a_referral_of_another_operation_is_not_taken_for_ours(stage: Stage) -> None:
    back = await find(stage, referral(801), claimed=frozenset({801}), proven=False)

    assert ("absent", True) == (back.verdict, back.shown)


async def test_without_a_new_one_of_the_friend_it_is_surely_not_there(stage: Stage) -> None:
    back = await find(stage, referral(801, "other@example.com"))

    words = "1 rows with an id above 800 were looked at; none may be it."
    assert ("absent", (words,)) == (back.verdict, back.evidence)


@pytest.mark.parametrize(
    ("rows", "ids"),
    [
        ([referral(801), referral(802)], "801, 802"),
        ([referral(801, None)], "801"),
        ([referral(802), referral(801, "other@example.com")], "802"),
    ],
    ids=["two", "of nobody known", "in no order"],
)
async def test_where_nobody_can_tell_which_it_is_a_person_has_to(
    stage: Stage, rows: list[Any], ids: str
) -> None:
    back = await find(stage, *rows)

    assert ("unclear", (f"Any of these rows, or none, may be it: {ids}.",)) == (
        back.verdict,
        back.evidence,
    )


async def test_a_referral_that_may_be_older_is_not_taken_for_ours(stage: Stage) -> None:
    back = await find(stage, referral(7), snapshot={"since_id": 3})

    assert "unclear" == back.verdict
    assert ("What there was before it was sent is not known.", "Alike is: 7.") == back.evidence
    assert [WALK % 3] == stage.sent


async def test_without_any_of_the_friend_it_need_not_be_known_what_there_was(
    stage: Stage,
) -> None:
    assert "absent" == (await find(stage, snapshot={"since_id": 3})).verdict
    assert "unclear" == (await find(stage, snapshot={}, proven=False)).verdict


async def test_a_rivo_that_is_down_is_asked_again_later(stage: Stage) -> None:
    stage.on("GET", "/referrals", httpx.ReadTimeout)

    with pytest.raises(UnavailableError):
        await find_referral(stage.rivo, Sent(reference=REFERENCE, inputs=FRIEND))
