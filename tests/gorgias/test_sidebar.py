"""The flat sidebar, whatever the canonical one holds: small, whole, ready to show."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integrations.gorgias import failed_sidebar, flat_sidebar
from tests.app.flat import SIDEBAR

AS_OF = "2026-11-03T12:00:00.000Z"
PART = {"as_of": AS_OF, "stale": False, "error": None}
CUSTOMER = {
    "customer_id": 1,
    "email": "maya@example.com",
    "first_name": "Maya",
    "last_name": "Chen",
    "loyalty_status": "member",
    "referral_code": None,
    "points_expire_at": None,
    "vip_tier": None,
    "orders_count": 0,
    "total_spent": None,
    "points_tally": 0,
    "dob": None,
    "credits_tally": None,
}
MEMBERSHIP = {
    "source": "paid",
    "started_at": None,
    "ended_at": None,
    "queued_for_cancellation_at": None,
}

short = st.text(max_size=80)
text = st.one_of(
    st.none(),
    short,
    st.builds(
        lambda piece, times: piece * times,
        st.one_of(st.text(min_size=1, max_size=8), st.sampled_from(['"', "\\", "\x00", "😀", "é"])),
        st.integers(100, 3_000),
    ),
    st.just(AS_OF),
)
link = st.one_of(text, st.builds(lambda n: "https://example.com/" + "x" * n, st.integers(0, 400)))
whole = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
number = st.one_of(whole, st.floats(-(2.0**63), 2.0**63))
money = st.one_of(st.none(), st.decimals(allow_nan=False, allow_infinity=False).map(str))


def of(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(fields)


PERSON = of(
    email=text,
    first_name=text,
    last_name=text,
    loyalty_status=st.one_of(text, st.sampled_from(["member", "guest", "excluded"])),
    referral_code=text,
    points_expire_at=text,
    vip_tier=text,
    orders_count=whole,
    total_spent=number,
    points_tally=whole,
    dob=text,
    credits_tally=money,
)
TIER = of(
    next_name=text,
    missing=number,
    basis=st.sampled_from(["unknown", "points", "spend", "orders"]),
)
ENROLMENT = of(source=text, started_at=text, ended_at=text, queued_for_cancellation_at=text)
ROW = of(title=text, applied_at=text, points_diff=whole, credits_diff=money)
CODE = of(id=whole, code=text, name=text, expires_at=text)
REWARD = of(reward_id=whole, name=text, affordable=st.sampled_from([True, False, None]))
ANSWER = of(
    found=st.sampled_from([True, False, None]),
    message=st.one_of(short, text.map(lambda said: said or "")),
    customer=st.one_of(st.none(), PERSON, PERSON, PERSON),
    tier=st.one_of(st.none(), TIER),
    membership=st.one_of(st.none(), ENROLMENT),
    subscription=st.one_of(st.none(), of(next_billing_date_at=text)),
    activity=st.lists(ROW, max_size=2),
    codes=st.lists(CODE, max_size=10),
    rewards=st.lists(REWARD, max_size=10),
    parts=of(membership=of(error=text)),
    as_of=st.just(AS_OF),
    stale=st.booleans(),
)


def answer(**others: Any) -> dict[str, Any]:
    """Make a canonical sidebar with little in it."""
    return {
        "found": True,
        "message": "",
        "customer": CUSTOMER,
        "tier": None,
        "membership": None,
        "subscription": None,
        "activity": [],
        "codes": [],
        "rewards": [],
        "parts": {"membership": PART},
        "as_of": AS_OF,
        "stale": False,
        **others,
    }


def flat(canonical: dict[str, Any], referral_link: object = None) -> dict[str, Any]:
    return flat_sidebar(
        canonical,
        {"referral_url": referral_link},
        currency="USD",
        zone="America/New_York",
        profile_url="https://loyalty.example.com",
    )


@given(ANSWER, link, link, st.sampled_from(["EUR", None]))
@example(
    answer(codes=[{"id": 7, "code": "\x00" * 60, "name": "n", "expires_at": "\x00" * 99}] * 10),
    "",
    "",
    None,
)
def test_a_sidebar_is_always_small_and_has_every_key(
    canonical: dict[str, Any], profile_url: str | None, referral_link: object, currency: str | None
) -> None:
    told = flat_sidebar(
        canonical,
        {"referral_url": referral_link},
        currency=currency,
        zone="America/New_York",
        profile_url=profile_url,
    )

    assert len(msgspec.json.encode(told)) < 4096
    assert SIDEBAR == list(told)
    assert told["status"]
    assert "2026-11-03 07:00:00" == told["updated"]
    assert told["profile_url"] in (None, profile_url)
    assert told["referral_link"] in (None, referral_link)
    assert [] == [name for name, value in told.items() if isinstance(value, bool | dict)]
    codes = told["unused_codes"]
    assert len(codes) <= 5
    assert {code["code"] for code in codes} <= {code["code"] for code in canonical["codes"]}
    assert {("code", "reward", "expires")} >= {tuple(code) for code in codes}


@given(text, text.map(lambda said: said or ""), link)
def test_a_sidebar_with_nothing_to_show_is_small_as_well(
    status: str | None, message: str, profile_url: str | None
) -> None:
    told = failed_sidebar(status=status or "", message=message, profile_url=profile_url)

    assert len(msgspec.json.encode(told)) < 4096
    assert SIDEBAR == list(told)


@pytest.mark.parametrize(
    ("others", "shown"),
    [
        ({}, "Paid"),
        ({"source": None}, "Active"),
        ({"started_at": AS_OF}, "Paid, since 2026-11-03"),
        ({"ended_at": "2026-12-01T12:00:00Z"}, "Paid, ends 2026-12-01"),
        (
            {"source": "manual", "started_at": AS_OF, "queued_for_cancellation_at": AS_OF},
            "Manual, since 2026-11-03, cancellation queued 2026-11-03",
        ),
    ],
    ids=["hardly anything", "no source", "since", "ends", "queued"],
)
def test_a_membership_is_one_line_of_what_is_known(others: dict[str, Any], shown: str) -> None:
    assert shown == flat(answer(membership=MEMBERSHIP | others))["membership"]


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({}, None),
        ({"message": "Some of it is missing."}, "Some of it is missing."),
        ({"stale": True}, "Out of date: this was known at 2026-11-03 07:00:00."),
        (
            {"stale": True, "message": "Some of it is missing."},
            "Out of date: this was known at 2026-11-03 07:00:00. Some of it is missing.",
        ),
    ],
    ids=["all is well", "partial", "old", "old and partial"],
)
def test_what_is_old_or_missing_is_said(others: dict[str, Any], message: str | None) -> None:
    told = flat(answer(**others))

    assert message == told["message"]
    assert ("Yes" if "stale" in others else "No") == told["stale"]


def test_without_the_customer_the_age_of_the_rest_is_told() -> None:
    told = flat(answer(customer=None, found=None, message="Some of it is missing.", stale=True))

    assert ("Not available right now", "Some of it is missing.", "2026-11-03 07:00:00", "Yes") == (
        told["status"],
        told["message"],
        told["updated"],
        told["stale"],
    )


def test_what_is_wrong_comes_before_what_a_status_means() -> None:
    guest = CUSTOMER | {"loyalty_status": "guest"}
    fine, old = flat(answer(customer=guest)), flat(answer(customer=guest, stale=True))

    assert "Has not joined the programme yet." == fine["message"]
    assert ("Guest", True) == (old["status"], old["message"].startswith("Out of date"))
