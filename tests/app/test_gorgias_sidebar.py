"""The sidebar in Gorgias: a status for everybody, small, and ready to show."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from integrations.rivo_sandbox import Fault, Received, Shop, demo_shop
from tests.app.flat import (
    AIKO,
    LENA,
    NOBODY,
    OSKAR_EXCLUDED,
    PRIYA_GUEST,
    READS,
    SPELLINGS,
    read,
)
from tests.app.serving import (
    ENVIRON,
    GORGIAS_SECRET,
    MAYA,
    MEMBER,
    NOW,
    SARAH,
    Service,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> Service:
    return Service()


async def test_a_member_is_shown_whole(service: Service) -> None:
    told = await read(service, "get_sidebar", customer_email=MAYA)

    assert {
        "status": "Member",
        "message": None,
        "name": "Maya Chen",
        "email": "maya.chen@example.com",
        "points": 1840,
        "store_credit": "12.50 USD",
        "vip_tier": "Gold",
        "next_tier": "Platinum",
        "to_next_tier": None,
        "points_expire": "2027-06-01",
        "membership": "Paid, since 2026-02-16",
        "next_billing": told["next_billing"],
        "birthday": "03-14",
        "orders": 14,
        "total_spent": "1640.0 USD",
        "referral_code": "MAYA-LOVES-IT",
        "referral_link": "https://shop.example.com?referral_code=MAYA-LOVES-IT",
        "unused_codes": told["unused_codes"],
        "last_activity": told["last_activity"],
        "rewards_available": told["rewards_available"],
        "updated": "2026-11-03 07:00:00",
        "stale": "No",
        "profile_url": "https://loyalty.example.com",
        "_version": 1,
    } == told


@pytest.mark.parametrize(
    ("who", "status", "message"),
    [
        (MEMBER, "Member", None),
        (PRIYA_GUEST, "Guest", "Has not joined the programme yet."),
        (OSKAR_EXCLUDED, "Excluded", "Excluded from the programme."),
        (NOBODY, "Not a member", "Rivo knows no customer with this e-mail address or id."),
        ("7294851236742", "Member", None),
        ("1", "Not a member", "Rivo knows no customer with this e-mail address or id."),
        ("s***@example.com", "Not a member", "A masked e-mail address never matches a customer."),
    ],
)
async def test_every_customer_has_a_status(
    service: Service, who: str, status: str, message: str | None
) -> None:
    told = await read(service, "get_sidebar", customer_email=who)

    assert (status, message) == (told["status"], told["message"])
    assert told["profile_url"] is not None


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize(
    "spelling", [None, *SPELLINGS["treat_as_absent"], "no address at all"], ids=ascii
)
async def test_a_ticket_without_an_address_is_said(
    service: Service, name: str, spelling: str | None
) -> None:
    told = await read(service, name, customer_email=spelling, ticket_id="{{ticket.id}}")

    assert "No e-mail on this ticket" == told["status"]
    assert [] == list(service.sandbox.requests)


async def test_an_address_is_asked_for_as_it_was_meant(service: Service) -> None:
    path = "/gorgias/get_sidebar?customer_email="
    for spelt in ("lena+shop@example.com", "lena%2Bshop@example.com", "lena%20shop@example.com"):
        told = (await service.ask("GET", f"{path}{spelt}", key=GORGIAS_SECRET)).json()

        assert ("Member", LENA) == (told["status"], told["email"])


async def test_what_is_missing_of_a_sidebar_is_said_and_the_rest_is_shown() -> None:
    service = Service(
        faults=lambda got: Fault(kind="server_error") if "memberships" in got.path else None
    )
    told = await read(service, "get_sidebar", customer_email=MAYA)

    assert ("Member", 1840) == (told["status"], told["points"])
    assert "Some of this could not be loaded right now." == told["message"]
    assert "Not available right now" == told["membership"]


async def test_without_the_customer_there_is_no_status_to_guess() -> None:
    service = Service(
        faults=lambda got: Fault(kind="server_error") if "/customers/maya" in got.path else None
    )
    told = await read(service, "get_sidebar", customer_email=MAYA)

    assert ("Not available right now", None) == (told["status"], told["points"])


async def test_nothing_is_shown_as_nothing_and_zero_as_zero(service: Service) -> None:
    member = await read(service, "get_sidebar", customer_email=MEMBER)
    guest = await read(service, "get_sidebar", customer_email="hello@example.com")

    assert (0, "2.4 USD") == (member["points"], member["store_credit"])
    assert (0, "0.0 USD", 0) == (guest["points"], guest["store_credit"], guest["orders"])
    assert ("None", None, None, []) == (
        guest["membership"],
        guest["name"],
        guest["total_spent"],
        guest["unused_codes"],
    )
    flat = await read(service, "get_customer", customer_email="hello@example.com")
    assert (0, "0.0", 0) == (flat["points_tally"], flat["credits_tally"], flat["orders_count"])


async def test_yes_and_no_are_words_and_times_are_the_shops(service: Service) -> None:
    told = await read(service, "list_customer_points_redemptions", customer_email=AIKO)
    events = await read(service, "list_customer_points_events", customer_email=AIKO)

    assert ("Yes", "No") == (told["complete"], told["stale"])
    assert {"Yes", "No"} >= {each["usable"] for each in told["points_redemptions"]}
    assert "2026-11-03 07:00:00" == told["as_of"]
    assert [] == [
        value
        for each in (*told["points_redemptions"], *events["points_events"])
        for value in each.values()
        if isinstance(value, bool)
        or (isinstance(value, str) and "T" in value and value[:2] == "20")
    ]
    assert "2026-11-01 07:00:00" == told["points_redemptions"][0]["applied_at"]


async def test_at_most_five_codes_are_listed_each_with_the_same_keys(service: Service) -> None:
    told = await read(service, "get_sidebar", customer_email=AIKO)

    assert 1 <= len(told["unused_codes"]) <= 5
    assert {("code", "reward", "expires")} == {tuple(code) for code in told["unused_codes"]}


async def test_codes_and_rewards_stand_there_with_the_numbers_that_buttons_ask_for(
    service: Service,
) -> None:
    told = await read(service, "get_sidebar", customer_email=AIKO)
    codes = await service.act("list_customer_points_redemptions", customer_email=AIKO)
    ids = {code["code"]: code["id"] for code in codes.json()["points_redemptions"]}
    rewards = (await service.act("list_rewards")).json()["rewards"]
    offered = re.findall(r"#([0-9]+) ", told["rewards_available"])

    for code in told["unused_codes"]:
        assert code["reward"].startswith(f"#{ids[code['code']]} ")
    assert 1 <= len(offered) <= 8
    assert set(offered) <= {str(reward["id"]) for reward in rewards}


@pytest.mark.parametrize(
    ("basis", "way"),
    [("spend", "3360 USD"), ("orders", "4986 orders"), ("points", None), ("unknown", None)],
)
async def test_the_way_to_the_next_tier_is_shown_where_the_shop_says_what_drives_it(
    service: Service, basis: Any, way: str | None
) -> None:
    shop = msgspec.structs.replace(service.settings.shops[0], tier_basis=basis)
    told = await read(
        Service(settings=msgspec.structs.replace(service.settings, shops=(shop,))),
        "get_sidebar",
        customer_email=MAYA,
    )

    assert ("Platinum", way) == (told["next_tier"], told["to_next_tier"])


@pytest.mark.parametrize("filler", ["x", "é", "😀", '"', "\\", "\u0001", "word "])
async def test_a_sidebar_is_small_however_long_the_texts_are(filler: str) -> None:
    long = filler * (3000 // len(filler))
    service = Service(
        {**ENVIRON, "PUBLIC_URL": "https://loyalty.example.com/" + "p" * 500},
        shop=stretched(demo_shop(NOW), long),
        faults=None,
    )
    for who in (MAYA, AIKO, PRIYA_GUEST):
        told = await read(service, "get_sidebar", customer_email=who)

        assert told["status"] in ("Member", "Guest")
        assert told["name"].endswith("…")
        assert told["profile_url"] is None


def stretched(shop: Shop, long: str) -> Shop:
    """Make every text of a shop long."""
    replace = msgspec.structs.replace
    return replace(
        shop,
        customers=tuple(
            replace(each, first_name=long, last_name=long, referral_code=long, dob=long)
            for each in shop.customers
        ),
        vip_tiers=tuple(replace(each, name=long) for each in shop.vip_tiers),
        rewards=tuple(replace(each, name=long) for each in shop.rewards),
        points_events=tuple(replace(each, title=long) for each in shop.points_events),
        points_redemptions=tuple(replace(each, name=long) for each in shop.points_redemptions),
    )


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a b", "", 3, ["https://a"], {}])
async def test_what_is_no_link_is_not_shown_as_one(link: object) -> None:
    body = {"data": {"id": 1, "attributes": {"email": SARAH, "referral_url": link}}}

    def fault(received: Received) -> Fault | None:
        there = received.path.startswith("/merchant_api/v1/customers/")
        return Fault(kind="status", status=200, body=msgspec.json.encode(body)) if there else None

    told = await read(Service(faults=fault), "get_sidebar", customer_email=SARAH)

    assert (SARAH, None) == (told["email"], told["referral_link"])


async def test_a_link_or_code_that_is_too_long_goes_rather_than_being_cut() -> None:
    shop = demo_shop(NOW)
    replace = msgspec.structs.replace
    service = Service(
        shop=replace(
            shop,
            customers=tuple(replace(c, referral_code="r" * 300) for c in shop.customers),
            points_redemptions=tuple(
                replace(r, code="c" * 61 if r.id % 2 else "c" * 60) for r in shop.points_redemptions
            ),
        )
    )
    told = await read(service, "get_sidebar", customer_email=AIKO)

    assert told["referral_link"] is None
    assert {"c" * 60} >= {code["code"] for code in told["unused_codes"]}
