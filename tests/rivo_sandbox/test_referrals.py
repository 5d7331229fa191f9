"""Referrals: listed and begun."""

from __future__ import annotations

import pytest

from tests.rivo_sandbox.stage import AIKO, Stage, attributes, rows

pytestmark = pytest.mark.anyio


async def test_referrals_are_listed_by_who_refers(stage: Stage) -> None:
    everybody = rows(await stage.get("referrals"))
    aiko = await stage.query(
        "referrals", {"filters[customer_identifier]": "aiko.tanaka@example.com"}
    )
    nobody = await stage.query("referrals", {"filters[customer_identifier]": "nobody@example.com"})

    assert ["completed", "unclaimed", "claimed", "blocked"] == [row["status"] for row in everybody]
    assert [4101, 4102] == [row["id"] for row in rows(aiko)]
    assert [] == rows(nobody)


async def test_a_friend_gets_a_code(stage: Stage) -> None:
    answer = await stage.post(
        "referrals", email="friend@example.com", referral_code="AIKO", remote_ip="203.0.113.9"
    )

    made = attributes(answer)
    assert 201 == answer.status_code
    assert ("unclaimed", "friend@example.com", AIKO, "203.0.113.9") == (
        made["status"],
        made["referred_email"],
        made["referrer_customer_id"],
        made["signup_ip"],
    )
    assert made["referred_discount_code"].startswith("BAL-")
    assert made == rows(await stage.get("referrals"))[-1]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "email is missing, referral_code is missing, remote_ip is missing"),
        (
            {"email": "friend", "referral_code": "AIKO", "remote_ip": "::1"},
            400,
            "email is invalid",
        ),
        (
            {"email": "f@example.com", "referral_code": "nobody", "remote_ip": "::1"},
            404,
            "Could not find a customer with that referral code.",
        ),
        (
            {"email": "maya.chen@example.com", "referral_code": "AIKO", "remote_ip": "::1"},
            422,
            "customer_already_exists",
        ),
    ],
)
async def test_a_referral_is_refused_with_a_reason(
    stage: Stage, form: dict[str, str | int], status: int, error: str
) -> None:
    answer = await stage.post("referrals", **form)

    assert (status, {"error": error}) == (answer.status_code, answer.json())
    assert 4 == len(rows(await stage.get("referrals")))
