"""Triggers: what a webhook of Rivo's causes, with the keys that the actions answer with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.announcing import TRIGGERS
from app.delivery.triggers import Triggered, triggered
from integrations.errors import ActionError
from integrations.rivo.points_events import PointsEvent
from integrations.rivo.points_redemptions import PointsRedemption

SAMPLES = Path(__file__).with_name("samples")
AT = 1_793_707_200.0
MARKS = ["trigger", "shop", "occurred_at", "source"]


def sample(name: str) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode((SAMPLES / f"webhook_{name}.json").read_bytes())
    return body


def told(topic: str, body: dict[str, Any]) -> list[Triggered]:
    return triggered(topic, body, shop="acme", at=AT)


def only(topic: str, body: dict[str, Any]) -> dict[str, Any]:
    (one,) = told(topic, body)
    assert one.flat == msgspec.json.decode(one.body)
    assert one.trigger == one.flat["trigger"]
    assert one.trigger in TRIGGERS
    return one.flat


def keys(answer: type[msgspec.Struct]) -> list[str]:
    return list(answer.__struct_fields__)


def test_points_that_are_earned_are_told() -> None:
    flat = only("points_event/created", sample("points_event_created.observed"))

    assert {
        "id": 900000001,
        "points_diff": 100,
        "credits_diff": "0.0",
        "title": "Замовлення оформлено",
        "event_source": "order_placed",
        "external_note": "Замовлення оформлено",
        "internal_note": None,
        "applied_at": "2026-09-16T13:42:34.230Z",
        "expires_at": None,
        "revoked_at": None,
        "customer_id": None,
        "customer_email": "redacted@example.com",
        "points_tally": 0,
        "trigger": "loyalty_points_earned",
        "shop": "acme",
        "occurred_at": "2026-09-16T13:42:34Z",
        "source": "rivo webhook",
    } == flat


def test_a_redemption_is_told() -> None:
    flat = only("points_redemption/created", sample("points_redemption_created.reconstructed"))

    assert {
        "id": 24186741,
        "code": "BAL-ef95d3d74ae7",
        "name": "$5 off coupon",
        "reward_id": 709485,
        "reward_name": "$5 off coupon",
        "reward_type": "fixed_amount",
        "reward_value": 5.0,
        "points_amount": 100,
        "credits_amount": "0.0",
        "applied_at": "2026-08-17T21:51:37.000Z",
        "expires_at": None,
        "used_at": None,
        "refunded_at": None,
        "usable": True,
        "customer_id": 7198630248648,
        "customer_email": "customer@example.com",
        "points_tally": 400,
        "trigger": "points_redemption_created",
        "shop": "acme",
        "occurred_at": "2026-08-17T21:51:37.000Z",
        "source": "rivo webhook",
    } == flat


def test_a_tier_that_changes_is_told_with_the_direction_of_the_topic() -> None:
    """The documented example of a downgrade says in its body that it is an upgrade."""
    body = sample("customer_vip_tier_downgraded.doc")
    assert "customer_vip_tier/upgraded" == body["event_type"]

    assert {
        "customer_id": 7343536570439,
        "customer_email": "customer@example.com",
        "vip_tier_id": 291924,
        "vip_tier": "Bronze",
        "direction": "downgraded",
        "started_at": "2025-04-28T13:28:13.680Z",
        "trigger": "customer_vip_tier_updated",
        "shop": "acme",
        "occurred_at": "2025-04-28T13:28:13.680Z",
        "source": "rivo webhook",
    } == only("customer_vip_tier/downgraded", body)
    up = only("customer_vip_tier/upgraded", sample("customer_vip_tier_upgraded.reconstructed"))
    assert ("upgraded", 552288, "Silver") == (up["direction"], up["vip_tier_id"], up["vip_tier"])


def test_a_trigger_has_the_keys_that_the_actions_answer_with() -> None:
    """Only an event's `source` steps aside: a trigger says by that name where it is from itself."""
    event = ["event_source" if name == "source" else name for name in keys(PointsEvent)]
    topics = {
        "points_event/created": [*event, "points_tally", *MARKS],
        "points_redemption/created": [*keys(PointsRedemption), "points_tally", *MARKS],
    }
    for topic, expected in topics.items():
        assert expected == list(only(topic, {"points_diff": 1, "customer": {}}))
        assert expected == list(only(topic, {"points_diff": 1}))
    moved = only("customer_vip_tier/upgraded", {})
    assert [
        *("customer_id", "customer_email", "vip_tier_id", "vip_tier", "direction", "started_at"),
        *MARKS,
    ] == list(moved)


@pytest.mark.parametrize("diff", [0, -1, -100, None, "-5", 0.0], ids=str)
def test_points_that_are_taken_or_unclear_are_not_told_as_earned(diff: object) -> None:
    body = sample("points_event_created.doc") | {"points_diff": diff, "points_amount": 100}

    assert [] == told("points_event/created", body)


def test_a_magnitude_without_a_sign_is_no_gain() -> None:
    assert [] == told("points_event/created", {"points_amount": 100})
    assert [] == told("points_event/created", sample("loyalty_points_earned__2022.doc"))


@pytest.mark.parametrize("diff", [1, "22", 22.0], ids=repr)
def test_a_gain_is_told_however_its_number_is_spelt(diff: object) -> None:
    body = sample("points_event_created.doc") | {"points_diff": diff}

    assert int(float(str(diff))) == only("points_event/created", body)["points_diff"]


def test_other_topics_are_nobodys_news() -> None:
    for path in SAMPLES.glob("*.json"):
        body = msgspec.json.decode(path.read_bytes())
        for topic in ("loyalty_profile/updated", "referral/completed", "points_event", "", "x/y"):
            assert [] == told(topic, body)


def test_an_id_that_is_a_pair_is_that_of_the_row() -> None:
    body = sample("points_event_created.doc") | {"id": [59174944839, 45410036]}

    assert 45410036 == only("points_event/created", body)["id"]


def test_neither_our_reference_nor_an_operators_address_is_told() -> None:
    note = f"op_{'0' * 32} late parcel, says bo@shop.example.com"
    body = sample("points_event_created.doc") | {"internal_note": note}

    assert "late parcel, says [e-mail]" == only("points_event/created", body)["internal_note"]


def test_the_time_of_what_happened_is_the_bodys_or_that_of_its_arrival() -> None:
    body = sample("points_event_created.doc")
    bare = {"points_diff": 1}

    assert body["applied_at"] == only("points_event/created", body)["occurred_at"]
    assert "2026-11-03T12:00:00.000Z" == only("points_event/created", bare)["occurred_at"]
    assert "2026-11-03T12:00:00.000Z" == only("customer_vip_tier/upgraded", {})["occurred_at"]


def test_whom_a_trigger_is_about_is_known_by_id_and_by_address() -> None:
    (by_id,) = told("points_event/created", sample("points_event_created.doc"))
    (by_email,) = told(
        "points_event/created", {"points_diff": 1, "customer": {"email": "Ana@Example.com"}}
    )
    (nobody,) = told("points_event/created", {"points_diff": 1})

    assert ("9876543210987", "customer@example.com") == (by_id.customer, by_id.email)
    assert (None, "ana@example.com") == (by_email.customer, by_email.email)
    assert (None, None) == (nobody.customer, nobody.email)


@pytest.mark.parametrize(
    "spoiled",
    [{"points_diff": "many"}, {"title": []}, {"customer": "Ana"}, {"credits_diff": "NaN"}],
    ids=str,
)
def test_a_body_of_other_types_is_refused(spoiled: dict[str, Any]) -> None:
    body = sample("points_event_created.doc") | spoiled

    with pytest.raises(ActionError, match="not understood"):
        told("points_event/created", body)


def test_a_trigger_without_a_tier_object_names_its_id_alone() -> None:
    body = {"vip_tier_id": "5", "customer_id": 7}

    flat = only("customer_vip_tier/upgraded", body)

    assert (5, None, 7) == (flat["vip_tier_id"], flat["vip_tier"], flat["customer_id"])
    assert 6 == only("customer_vip_tier/upgraded", {"vip_tier": {"id": 6}})["vip_tier_id"]
