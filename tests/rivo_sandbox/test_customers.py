"""Customers: found, listed, changed, and moved between tiers."""

from __future__ import annotations

import pytest

from integrations.rivo_sandbox import Switches
from tests.rivo_sandbox.stage import OSKAR_EXCLUDED, SARAH, Stage, attributes, rows

pytestmark = pytest.mark.anyio

SILVER, GOLD, BRONZE = 552288, 552289, 552287


@pytest.mark.parametrize(
    "identifier", ["7294851236742", "sarah.martinez@example.com", "SARAH.Martinez%40Example.com"]
)
async def test_a_customer_is_found_by_id_and_by_email(stage: Stage, identifier: str) -> None:
    answer = await stage.get(f"customers/{identifier}")

    assert (200, SARAH) == (answer.status_code, answer.json()["data"]["id"])
    assert "customer" == answer.json()["data"]["type"]


@pytest.mark.parametrize("identifier", ["1", "nobody@example.com", "9" * 30, "%20", "²"])
async def test_a_stranger_is_not_found(stage: Stage, identifier: str) -> None:
    answer = await stage.get(f"customers/{identifier}")

    assert 404 == answer.status_code
    assert "Could not find a customer with that identifier." == answer.json()["error"]


async def test_a_new_customer_is_unknown_at_first(stage: Stage) -> None:
    # The demo shop's newcomer has signed up at the moment from which its story counts.
    stage.clock.now = stage.clock.now.replace(day=2, hour=9, minute=30, second=44)
    before = await stage.get("customers/noor.vandijk@example.com")
    listed = rows(await stage.get("customers"))
    stage.clock.forward(1)
    after = await stage.get("customers/noor.vandijk@example.com")

    assert 404 == before.status_code
    assert 14 == len(listed)
    assert 200 == after.status_code


async def test_what_is_never_filled_is_null(stage: Stage) -> None:
    gold = attributes(await stage.get("customers/maya.chen@example.com"))

    assert gold["next_vip_tier"] is None
    assert gold["lifetime_earnings_tally"] is None
    assert "Gold" == gold["vip_tier"]["name"]
    assert "May 31, 2027" == gold["points_expire_at"]
    assert "https://shop.example.com?referral_code=MAYA-LOVES-IT" == gold["referral_url"]


async def test_completed_rules_are_on_the_single_get_only(stage: Stage) -> None:
    single = attributes(await stage.get(f"customers/{SARAH}"))
    listed = rows(await stage.get("customers"))

    assert [628336, 628340] == single["completed_earning_rule_ids"]
    assert not any("completed_earning_rule_ids" in row for row in listed)


async def test_a_birthday_is_changed(stage: Stage) -> None:
    answer = await stage.put(f"customers/{SARAH}", dob="02-29")
    stage.clock.forward(60)
    await stage.put(f"customers/{SARAH}", dob="02-29")

    changed = attributes(await stage.get(f"customers/{SARAH}"))
    assert 200 == answer.status_code
    assert ("02-29", "2026-11-03T12:00:00.000Z") == (
        changed["dob"],
        changed["dob_last_updated_at"],
    )


@pytest.mark.parametrize("dob", ["2-29", "1990-02-28", "13-01", "00-10", "01-32", "01-01 "])
async def test_a_birthday_has_one_form(stage: Stage, dob: str) -> None:
    answer = await stage.put(f"customers/{SARAH}", dob=dob)

    assert (400, {"error": "dob is invalid"}) == (answer.status_code, answer.json())


async def test_attributes_can_be_written_but_not_balances(stage: Stage) -> None:
    body = {"first_name": "Sara", "accepts_marketing": False, "shopify_tags": ["one", "two"]}
    body |= {"points_tally": 9999, "email": "other@example.com"}

    answer = await stage.request("PUT", f"customers/{SARAH}", json=body)

    changed = attributes(answer)
    assert ("Sara", False, ["one", "two"]) == (
        changed["first_name"],
        changed["accepts_marketing"],
        changed["shopify_tags"],
    )
    assert (150, "sarah.martinez@example.com") == (changed["points_tally"], changed["email"])


async def test_lists_in_forms_are_repeated_names(stage: Stage) -> None:
    answer = await stage.request(
        "PUT", f"customers/{SARAH}", data={"shopify_tags[]": ["one", "two"]}
    )

    assert ["one", "two"] == attributes(answer)["shopify_tags"]


async def test_other_attributes_may_be_ignored_or_refused() -> None:
    for switches, expected in [
        (Switches(write_fields="unread"), (200, "01-02", "Sarah")),
        (Switches(write_fields="400"), (400, None, "Sarah")),
    ]:
        stage = Stage(switches=switches)
        answer = await stage.put(f"customers/{SARAH}", dob="01-02", first_name="Sara")
        now = attributes(await stage.get(f"customers/{SARAH}"))
        assert expected == (answer.status_code, now["dob"], now["first_name"])


async def test_a_customer_moves_to_another_tier(stage: Stage) -> None:
    answer = await stage.post("customers/maya.chen@example.com/vip_tier", vip_tier_id=BRONZE)

    assert (201, "Bronze") == (answer.status_code, attributes(answer)["vip_tier"]["name"])
    history = rows(
        await stage.query(
            "vip_tier_memberships", {"filters[customer_identifier]": "maya.chen@example.com"}
        )
    )
    now = "2026-11-03T12:00:00.000Z"
    assert [(SILVER, "2026-05-16T09:30:00.000Z"), (GOLD, now), (BRONZE, None)] == [
        (row["vip_tier_id"], row["ended_at"]) for row in history
    ]
    assert "Downgraded to Bronze" == history[-1]["external_note"]


async def test_a_move_to_the_same_tier_changes_nothing(stage: Stage) -> None:
    await stage.post(f"customers/{SARAH}/vip_tier", vip_tier_id=GOLD)
    answer = await stage.post(f"customers/{SARAH}/vip_tier", vip_tier_id=GOLD)

    found = await stage.query(
        "vip_tier_memberships",
        {"filters[customer_identifier]": str(SARAH), "filters[current]": "true"},
    )
    assert 201 == answer.status_code
    assert ["Upgraded to Gold"] == [row["external_note"] for row in rows(found)]


async def test_tier_history_is_filtered_and_sorted(stage: Stage) -> None:
    ended = await stage.query("vip_tier_memberships", {"filters[current]": "false"})
    gold = await stage.query(
        "vip_tier_memberships",
        {
            "filters[vip_tier_id]": str(GOLD),
            "sort[order_type]": "ended_at",
            "sort[order_direction]": "desc",
        },
    )

    assert [45410001, 45410004] == [row["id"] for row in rows(ended)]
    assert [45410001, 45410005, 45410006] == [row["id"] for row in rows(gold)]


@pytest.mark.parametrize(
    ("path", "form", "status", "error"),
    [
        (f"customers/{SARAH}/vip_tier", {}, 400, "vip_tier_id is missing"),
        (f"customers/{SARAH}/vip_tier", {"vip_tier_id": "x"}, 400, "vip_tier_id is invalid"),
        (f"customers/{SARAH}/vip_tier", {"vip_tier_id": 1}, 404, "Could not find a VIP tier"),
        ("customers/1/vip_tier", {"vip_tier_id": GOLD}, 404, "Could not find a customer"),
    ],
)
async def test_a_move_needs_a_customer_and_a_tier(
    stage: Stage, path: str, form: dict[str, str | int], status: int, error: str
) -> None:
    answer = await stage.post(path, **form)

    assert status == answer.status_code
    assert answer.json()["error"].startswith(error)


async def test_the_excluded_are_shown_like_others(stage: Stage) -> None:
    oskar = attributes(await stage.get(f"customers/{OSKAR_EXCLUDED}"))

    assert ("excluded", ["reseller", "Rivo Excluded"]) == (
        oskar["loyalty_status"],
        oskar["shopify_tags"],
    )
