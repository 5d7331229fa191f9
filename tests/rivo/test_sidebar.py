"""The sidebar in every state: whole, in parts, empty-handed, for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from integrations.errors import NotConfiguredError, UnavailableError
from integrations.rivo import ShopFacts
from integrations.rivo.client import BASE_URL
from tests.rivo.stage import AS_OF, SARAH, SARAH_ID, Stage, built, changed, listed, row, sample

pytestmark = pytest.mark.anyio

MARTINEZ = sample("customer__sarah_martinez.reconstructed")
SILVER = {"id": 552288, "name": "Silver", "threshold": 500}
CUSTOMER = changed(
    MARTINEZ,
    vip_tier=SILVER,
    points_expire_at="May 02, 2027",
    credits_expire_at="December 31, 2026",
    lifetime_earnings_tally=700,
)
MEMBER = changed(
    sample("member__sarah_johnson.reconstructed"), id=SARAH_ID, email=SARAH, points_tally=150
)
EVENTS = listed(
    row(5, applied_at="2026-11-20T10:00:00Z", title="Gift", source="manual", points_diff=50),
    row(4, applied_at="2026-11-19T10:00:00Z", title="Hidden", hidden=True),
    row(3, applied_at="2026-11-18T10:00:00Z", title="Revoked", revoked_at="2026-11-19T00:00:00Z"),
    row(2, applied_at="2026-11-17T10:00:00Z", external_note="Thanks", credits_diff="5.00"),
)
REWARD = {"id": 7, "reward_type": "fixed_amount", "reward_value": 5}
CODES = listed(
    row(
        9,
        code="OPEN",
        name="$5",
        applied_at="2026-11-20T10:00:00Z",
        reward=REWARD,
        points_amount=100,
    ),
    row(8, code="USED", used_at="2026-11-20T10:00:00Z"),
    row(7, code="BACK", refunded_at="2026-11-20T10:00:00Z"),
    row(6, code="GONE", revoked_at="2026-11-20T10:00:00Z"),
    row(5, code="LATE", expires_at="2026-11-21T12:00:00Z"),
    row(4, code="SOON", expires_at="2026-11-21T12:00:01Z"),
)
REWARDS = listed(
    row(7, name="$5", enabled=True, source="points", points_amount=100),
    row(8, name="$20", enabled=False, source="points", points_amount=100),
)
TIERS = listed(
    row(552289, name="Gold", threshold=1250),
    row(552288, name="Silver", threshold=500),
    row(552287, name="Bronze", threshold=0),
)
FINE = {"as_of": AS_OF, "stale": False, "error": None}
DOWN = "Rivo is not available right now."
PATHS = {
    "customer": "/customers/.*",
    "activity": "/points_events",
    "codes": "/points_redemptions",
    "membership": "/memberships/customers/.*",
    "rewards": "/rewards",
    "tiers": "/vip_tiers",
}
BODIES = {
    "customer": CUSTOMER,
    "activity": EVENTS,
    "codes": CODES,
    "membership": MEMBER,
    "rewards": REWARDS,
    "tiers": TIERS,
}


def answer(stage: Stage, **others: object) -> None:
    """Let Rivo answer every part, some of them otherwise."""
    for part, body in (BODIES | others).items():
        stage.on("GET", PATHS[part], *[body] * 3)


async def sidebar(stage: Stage, **others: object) -> Any:
    answer(stage, **others)
    return built(await stage.run("get_sidebar", customer_email=SARAH))


def facts(basis: str) -> ShopFacts:
    return ShopFacts(currency="EUR", tier_basis=basis)


@pytest.fixture
async def by_basis(client: httpx.AsyncClient) -> AsyncIterator[Any]:
    """Make a stage whose shop says what drives its tiers."""
    with respx.mock(assert_all_called=False) as router:
        yield lambda basis: Stage(router, client, facts(basis))


async def test_the_sidebar_shows_everything(stage: Stage) -> None:
    shown = await sidebar(stage)

    paged = "pagination[page]=1&pagination[per_page]=25"
    order = "sort[order_type]=applied_at&sort[order_direction]=desc"
    theirs = f"filters[customer_identifier]={SARAH}&{order}&{paged}"
    assert {
        "GET /customers/sarah.martinez%40example.com",
        f"GET /points_events {theirs}",
        f"GET /points_redemptions {theirs}",
    } == set(stage.sent[:3])
    assert {
        "GET /memberships/customers/sarah.martinez%40example.com",
        "GET /rewards pagination[page]=1&pagination[per_page]=250",
        "GET /vip_tiers pagination[page]=1&pagination[per_page]=250",
    } == set(stage.sent[3:])
    assert {
        "found": True,
        "message": "",
        "customer": {
            "customer_id": SARAH_ID,
            "email": SARAH,
            "first_name": "Sarah",
            "last_name": "Martinez",
            "loyalty_status": "member",
            "referral_code": "kL9mR4xP8vN2sQ7tY",
            "customer_dob": None,
            "customer_shopify_tags": ["premium-customer", "active-user", "status-member"],
            "points_expire_at": "2027-05-02",
            "vip_tier": "Silver",
            "orders_count": 5,
            "total_spent": 423.78,
            "points_tally": 150,
            "dob": None,
            "dob_last_updated_at": None,
            "lifetime_earnings_tally": 700,
            "credits_tally": "25.0",
        },
        "balance": {
            "points": 150,
            "credits": "25.0",
            "currency": "USD",
            "points_expire_at": "2027-05-02",
            "credits_expire_at": "2026-12-31",
        },
        "tier": {
            "id": 552288,
            "name": "Silver",
            "threshold": 500,
            "next_name": "Gold",
            "next_threshold": 1250,
            "missing": None,
            "basis": "unknown",
        },
        "membership": sample("seed_get_membership.doc")["membership"],
        "subscription": sample("seed_get_membership.doc")["subscription"],
        "activity": [
            {
                "id": 5,
                "applied_at": "2026-11-20T10:00:00Z",
                "title": "Gift",
                "source": "manual",
                "points_diff": 50,
                "credits_diff": None,
            },
            {
                "id": 2,
                "applied_at": "2026-11-17T10:00:00Z",
                "title": "Thanks",
                "source": None,
                "points_diff": None,
                "credits_diff": "5.00",
            },
        ],
        "codes": [
            {
                "id": 9,
                "code": "OPEN",
                "name": "$5",
                "reward_type": "fixed_amount",
                "reward_value": 5,
                "points_amount": 100,
                "applied_at": "2026-11-20T10:00:00Z",
                "expires_at": None,
            },
            {
                "id": 4,
                "code": "SOON",
                "name": None,
                "reward_type": None,
                "reward_value": None,
                "points_amount": None,
                "applied_at": None,
                "expires_at": "2026-11-21T12:00:01Z",
            },
        ],
        "rewards": [
            {
                "reward_id": 7,
                "name": "$5",
                "reward_type": None,
                "reward_value": None,
                "points_amount": 100,
                "credits_amount": None,
                "affordable": True,
                "points_missing": 0,
            }
        ],
        "parts": dict.fromkeys(["customer", "activity", "codes", "membership", "catalogue"], FINE),
        "as_of": AS_OF,
        "stale": False,
    } == shown


async def test_the_full_shape_holds_what_each_part_was_made_of(stage: Stage) -> None:
    answer(stage)

    full: Any = (await stage.run("get_sidebar", customer_email=SARAH)).resource

    assert CUSTOMER["data"] == full["customer"]
    assert MEMBER["data"] == full["membership"]
    assert [5, 4, 3, 2] == [event["id"] for event in full["points_events"]]
    assert [9, 4] == [code["id"] for code in full["points_redemptions"] if code["id"] in (9, 4)]
    assert [7, 8] == [reward["id"] for reward in full["rewards"]]
    assert [552287, 552288, 552289] == [tier["id"] for tier in full["vip_tiers"]]


async def test_what_does_not_wait_for_another_is_asked_for_at_once(stage: Stage) -> None:
    gates = {"customer": 1, "activity": 1, "codes": 1, "membership": 2, "rewards": 2, "tiers": 2}
    arrived = {1: 0, 2: 0}
    opened = {1: asyncio.Event(), 2: asyncio.Event()}
    for part, gate in gates.items():

        async def wait(_: httpx.Request, part: str = part, gate: int = gate) -> httpx.Response:
            arrived[gate] += 1
            if arrived[gate] == 3:
                opened[gate].set()
            await opened[gate].wait()
            return httpx.Response(200, json=BODIES[part])

        stage.router.get(url__regex=f"^{BASE_URL}{PATHS[part]}").side_effect = wait

    shown = built(await stage.run("get_sidebar", customer_email=SARAH))

    assert "" == shown["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": "Could not find a customer."}, 404),
        ({"error": "customer is invalid"}, 422),
        ({"data": None}, 200),
    ],
    ids=["404", "422", "null"],
)
async def test_an_unknown_customer_is_an_answer_after_three_reads(
    stage: Stage, body: object, status: int
) -> None:
    unknown = httpx.Response(status, json=body)

    shown = await sidebar(stage, customer=unknown, activity=listed(), codes=listed())

    assert 3 == len(stage.sent)
    assert {
        "found": False,
        "message": "Rivo knows no customer with this e-mail address or id.",
        "customer": None,
        "balance": None,
        "tier": None,
        "membership": None,
        "subscription": None,
        "activity": [],
        "codes": [],
        "rewards": [],
        "parts": dict.fromkeys(["customer", "activity", "codes", "membership", "catalogue"], FINE),
        "as_of": AS_OF,
        "stale": False,
    } == shown


GONE = {"as_of": None, "stale": False, "error": DOWN}


@pytest.mark.parametrize(
    ("part", "named", "empty"),
    [
        ("customer", "customer", {"customer": None, "balance": None, "tier": None}),
        ("activity", "activity", {"activity": []}),
        ("codes", "codes", {"codes": []}),
        ("membership", "membership", {"membership": None, "subscription": None}),
        ("rewards", "catalogue", {"rewards": []}),
        ("tiers", "catalogue", {}),
    ],
    ids=["customer", "activity", "codes", "membership", "rewards", "tiers"],
)
async def test_a_part_that_fails_fails_alone(
    stage: Stage, part: str, named: str, empty: dict[str, object]
) -> None:
    whole = await sidebar(stage)
    stage.memory.drop({"everyone", "someone"})
    stage.memory._entries.clear()
    for name, path in PATHS.items():
        body: object = httpx.ReadTimeout if name == part else BODIES[name]
        stage.on("GET", path, *[body] * 3)

    shown = built(await stage.run("get_sidebar", customer_email=SARAH))

    assert GONE == shown["parts"].pop(named)
    assert all(FINE == other for other in shown["parts"].values())
    assert "Some of this could not be loaded right now." == shown["message"]
    assert (None if part == "customer" else True) is shown["found"]
    assert AS_OF == shown["as_of"]
    same = whole.keys() - empty.keys() - {"message", "parts", "found", "tier", "rewards"}
    assert {key: whole[key] for key in same} == {key: shown[key] for key in same}
    assert empty == {key: shown[key] for key in empty}


async def test_without_the_ladder_the_tier_is_shown_without_the_next(stage: Stage) -> None:
    shown = await sidebar(stage, tiers=httpx.Response(500))

    assert {
        "id": 552288,
        "name": "Silver",
        "threshold": 500,
        "next_name": None,
        "next_threshold": None,
        "missing": None,
        "basis": "unknown",
    } == shown["tier"]


async def test_without_the_customer_nobody_says_what_is_affordable(stage: Stage) -> None:
    shown = await sidebar(stage, customer=httpx.ConnectError)

    assert [None] == [reward["affordable"] for reward in shown["rewards"]]


@pytest.mark.parametrize(
    ("part", "odd"),
    [
        ("customer", changed(CUSTOMER, points_tally="many")),
        ("customer", changed(CUSTOMER, vip_tier=SILVER | {"threshold": "high"})),
        ("customer", changed(CUSTOMER, internal_note=[])),
        ("activity", listed(row(1, points_diff="many"))),
        ("activity", listed(row(1, internal_note={}))),
        ("codes", listed(row(1, points_amount="many"))),
        ("codes", listed(row(1, reward=[]))),
        ("membership", changed(MEMBER, membership={"customer_id": "x"})),
        ("rewards", listed(row(1, enabled=True, source="points", points_amount="many"))),
        ("tiers", listed(row(1, threshold="high"))),
        ("tiers", listed(row(1, internal_note=[]))),
    ],
    ids=[
        "balance",
        "tier of the customer",
        "note of the customer",
        "event",
        "note of an event",
        "code",
        "reward of a code",
        "membership",
        "reward",
        "tier",
        "note of a tier",
    ],
)
async def test_a_part_that_is_odd_is_odd_alone(stage: Stage, part: str, odd: object) -> None:
    shown = await sidebar(stage, **{part: odd})

    named = "catalogue" if part in ("rewards", "tiers") else part
    trouble = shown["parts"].pop(named)
    assert trouble["as_of"] is None
    assert "Rivo's answer was not understood" in trouble["error"]
    assert all(FINE == other for other in shown["parts"].values())
    assert shown["found"] is True
    assert "Some of this could not be loaded right now." == shown["message"]


async def test_no_membership_is_no_trouble(stage: Stage) -> None:
    none = changed(MEMBER, membership=None, subscription=None)
    shown = await sidebar(stage, membership=none)

    assert (None, None) == (shown["membership"], shown["subscription"])
    assert FINE == shown["parts"]["membership"]
    assert "" == shown["message"]


async def test_no_member_is_no_trouble_either(stage: Stage) -> None:
    shown = await sidebar(stage, membership=httpx.Response(404, json={"error": "none"}))

    assert FINE == shown["parts"]["membership"]
    assert "" == shown["message"]


async def test_nothing_at_all_is_unavailable(stage: Stage) -> None:
    with pytest.raises(UnavailableError, match="Rivo is not available right now") as caught:
        await sidebar(stage, **dict.fromkeys(PATHS, httpx.ConnectError))

    assert UnavailableError is type(caught.value)
    assert 3 == len(stage.sent)


async def test_a_refused_key_is_named(stage: Stage) -> None:
    with pytest.raises(NotConfiguredError, match="Rivo refuses the service's API key"):
        await sidebar(stage, **dict.fromkeys(PATHS, httpx.Response(401)))


async def test_only_odd_parts_are_unavailable(stage: Stage) -> None:
    down = dict.fromkeys(PATHS, httpx.ConnectError)

    with pytest.raises(UnavailableError):
        await sidebar(stage, **(down | {"activity": listed(row(1, points_diff="many"))}))


async def test_the_sidebar_ends_at_its_deadline(stage: Stage) -> None:
    def pass_time(_: httpx.Request) -> httpx.Response:
        stage.clock.seconds += 2
        return httpx.Response(200, json=CUSTOMER)

    answer(stage)
    stage.on("GET", PATHS["customer"]).side_effect = pass_time
    shown = built(await stage.run_until(stage.clock() + 2, "get_sidebar", customer_email=SARAH))

    assert 3 == len(stage.sent)
    assert [GONE, GONE] == [shown["parts"][part] for part in ("membership", "catalogue")]
    assert "Sarah" == shown["customer"]["first_name"]


async def test_each_part_has_its_own_age_and_the_whole_the_oldest(stage: Stage) -> None:
    answer(stage)
    await stage.run("list_vip_tiers")
    stage.clock.seconds += 60
    await stage.run("get_customer", customer_email=SARAH)
    stage.clock.seconds += 10

    shown = built(await stage.run("get_sidebar", customer_email=SARAH))

    assert {
        "customer": "2026-11-21T12:01:00.000Z",
        "activity": "2026-11-21T12:01:10.000Z",
        "codes": "2026-11-21T12:01:10.000Z",
        "membership": "2026-11-21T12:01:10.000Z",
        "catalogue": AS_OF,
    } == {name: part["as_of"] for name, part in shown["parts"].items()}
    assert AS_OF == shown["as_of"]


async def test_no_membership_is_as_old_as_the_read_that_says_so(stage: Stage) -> None:
    await sidebar(stage, membership=changed(MEMBER, membership=None))
    stage.clock.seconds += 20

    shown = built(await stage.run("get_sidebar", customer_email=SARAH))

    assert AS_OF == shown["parts"]["membership"]["as_of"]


async def test_ten_rows_are_shown_of_twenty_five(stage: Stage) -> None:
    many = listed(*[row(n, applied_at=f"2026-11-{n:02}T00:00:00Z") for n in range(25, 0, -1)])

    shown = await sidebar(stage, activity=many, codes=many)

    assert list(range(25, 15, -1)) == [event["id"] for event in shown["activity"]]
    assert list(range(25, 15, -1)) == [code["id"] for code in shown["codes"]]


@pytest.mark.parametrize(
    ("basis", "attributes", "missing"),
    [
        ("unknown", {}, None),
        ("points", {"lifetime_earnings_tally": 700}, 550),
        ("points", {"lifetime_earnings_tally": None}, None),
        ("points", {"lifetime_earnings_tally": 5000}, 0),
        ("spend", {"total_spent": 423.78}, 826.22),
        ("spend", {"total_spent": 250.0}, 1000),
        ("spend", {"total_spent": None}, None),
        ("orders", {"orders_count": 5}, 1245),
    ],
    ids=str,
)
async def test_the_way_to_the_next_tier_is_shown_where_the_shop_says_what_drives_it(
    by_basis: Any, basis: str, attributes: dict[str, object], missing: float | None
) -> None:
    shown = await sidebar(by_basis(basis), customer=changed(CUSTOMER, **attributes))

    tier = shown["tier"]
    assert (missing, basis) == (tier["missing"], tier["basis"])
    assert type(missing) is type(tier["missing"])
    assert "EUR" == shown["balance"]["currency"]


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (SILVER, ("Silver", 500, "Gold", 1250)),
        ({"id": 552289, "name": "Gold", "threshold": 1250}, ("Gold", 1250, None, None)),
        ({"id": 1, "name": "Old", "threshold": 600}, ("Old", 600, "Gold", 1250)),
        ({"id": 552288, "name": "Silver"}, ("Silver", 500, "Gold", 1250)),
        ({"id": 1, "name": "Old"}, ("Old", None, None, None)),
        ({"name": "Old"}, ("Old", None, None, None)),
        (None, (None, None, "Bronze", 0)),
    ],
    ids=["on it", "on top", "between", "without threshold", "off it", "nameless", "below"],
)
async def test_the_next_tier_is_found_on_the_ladder(
    stage: Stage, current: object, expected: tuple[object, ...]
) -> None:
    tier = (await sidebar(stage, customer=changed(CUSTOMER, vip_tier=current)))["tier"]

    assert expected == (
        tier["name"],
        tier["threshold"],
        tier["next_name"],
        tier["next_threshold"],
    )


async def test_a_shop_without_tiers_shows_none(stage: Stage) -> None:
    shown = await sidebar(stage, customer=MARTINEZ, tiers=listed())

    assert shown["tier"] is None


async def test_a_ladder_may_hold_a_tier_without_a_threshold(stage: Stage) -> None:
    ladder = listed(
        row(552288, name="Silver"), row(9, name="Base"), row(2, name="Top", threshold=9)
    )

    shown = await sidebar(
        stage, customer=changed(CUSTOMER, vip_tier={"id": 552288, "name": "Silver"}), tiers=ladder
    )

    assert (None, None) == (shown["tier"]["threshold"], shown["tier"]["next_name"])
