"""Referrals: listed, and recorded."""

from __future__ import annotations

import pytest

from integrations.errors import InputError, NotFoundError, RefusedError
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
