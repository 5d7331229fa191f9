"""What webhooks say, sample by sample: the topic, the thing, whom they name, our reference."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.delivery.topics import OTHER, TOPICS, Said, counted, understand
from tests.delivery.asking import SAMPLES, sample

JOHN = ("7343536570439", "customer@example.com")
SAID: dict[str, tuple[str, str, list[tuple[str | None, str | None]]]] = {
    "points_event_created.observed": ("", "900000001", [(None, "redacted@example.com")]),
    "points_event_created.doc": (
        "points_event/created",
        "123456789",
        [("9876543210987", "customer@example.com")],
    ),
    "loyalty_points_earned__2022.doc": (
        "loyalty_points_earned",
        "123",
        [("123", "person@example.com")],
    ),
    "points_redemption_created.reconstructed": (
        "",
        "24186741",
        [("7198630248648", "customer@example.com")],
    ),
    "loyalty_profile_updated.doc": ("loyalty_profile/updated", "7343536570439", [JOHN]),
    "customer_advocate_stats.doc": ("customer/advocate_stats", "7343536570439", [JOHN]),
    "membership_canceled.doc": ("membership/canceled", "7343536570439", [JOHN]),
    "membership_payment_success.doc": (
        "membership/payment_success",
        "36474617992",
        [("6313614737544", "customer@example.com")],
    ),
    "customer_vip_tier_upgraded.reconstructed": (
        "",
        "45410036",
        [("7198630248648", "customer@example.com")],
    ),
    "customer_vip_tier_downgraded.doc": ("customer_vip_tier/upgraded", "45410036", [JOHN]),
    "notification_points_expiry_last_chance.doc": (
        "notification/points_expiry_warning",
        "123456789",
        [("9876543210987", "customer@example.com")],
    ),
    "referral_completed.observed": ("referral/completed", "800", [("1000", None), ("1001", None)]),
    "referral_invite_created.doc": (
        "referral_invite/created",
        "18",
        [("8033849901351", "customer+10@example.com")],
    ),
}


def read(body: Any, topic: str = "") -> Said:
    said = understand(topic, body if isinstance(body, bytes) else msgspec.json.encode(body))
    assert said is not None
    return said


def test_every_sample_is_read() -> None:
    names = {path.name.removesuffix(".json") for path in SAMPLES.glob("webhook_*.json")}

    assert {f"webhook_{name}" for name in SAID} == names


@pytest.mark.parametrize("name", SAID)
def test_each_sample_says_what_it_is_about_and_whom(name: str) -> None:
    """The referral's addresses are Rivo's placeholders: no addresses at all."""
    said = read(sample(name))

    assert SAID[name] == (said.topic, said.entity, list(said.about))
    assert sample(name) == said.body
    assert None is said.reference


def test_the_header_says_the_topic_and_the_body_only_where_there_is_none() -> None:
    downgraded = sample("customer_vip_tier_downgraded.doc")
    live = sample("points_event_created.observed")
    live["customer"]["event_type"] = "points_event/created"

    assert "customer_vip_tier/downgraded" == read(downgraded, "customer_vip_tier/downgraded").topic
    assert "customer_vip_tier/upgraded" == read(downgraded).topic
    assert "points_event/created" == read(live).topic
    assert "points_redemption/created" == read(live, "points_redemption/created").topic


@pytest.mark.parametrize(
    "topic", ["", " ", "a/b/c", "A/B", "a" * 65, "a/" + "b" * 65, "a\n/b", "é"]
)
def test_what_is_no_topic_is_not_taken_for_one(topic: str) -> None:
    assert "customer/advocate_stats" == read(sample("customer_advocate_stats.doc"), topic).topic
    assert "" == read({"event_type": topic, "customer": {"event_type": topic}}).topic
    assert "" == read({"event_type": 7, "customer": ["event_type"]}).topic


@pytest.mark.parametrize(
    ("customer", "named"),
    [
        ({"id": 7}, [("7", None)]),
        ({"id": "7"}, [("7", None)]),
        ({"id": [1, 7]}, [("7", None)]),
        ({"id": None, "email": "Ada@Example.COM"}, [(None, "ada@example.com")]),
        ({"id": 0, "email": ""}, []),
        ({"id": True, "email": True}, []),
        ({"id": -1, "email": "<str:18>"}, []),
        ({"id": 2**70, "email": "a" * 320 + "@example.com"}, []),
        ({"id": 7.5, "email": ["ada@example.com"]}, []),
        ({}, []),
        ([], []),
        ("ada@example.com", []),
        (None, []),
    ],
    ids=str,
)
def test_whom_a_body_names_is_read_with_care(
    customer: Any, named: list[tuple[str | None, str | None]]
) -> None:
    assert named == list(read({"id": 5, "customer": customer}).about)


def test_who_is_named_twice_is_named_once_and_as_well_as_can_be() -> None:
    body = {
        "id": 5,
        "customer": {"id": 7},
        "customer_id": 7,
        "customer_email": "Ada@example.com",
        "event_attributes": {"customer_email": "ada@example.com"},
        "referred_customer_id": 8,
        "referred_email": "friend@example.com",
        "referrer_customer_id": 7,
    }

    assert [("7", "ada@example.com"), ("8", "friend@example.com")] == list(read(body).about)


def test_two_addresses_of_one_customer_are_both_named() -> None:
    body = {"customer": {"id": 7, "email": "new@example.com"}, "customer_email": "old@example.com"}

    assert [("7", "new@example.com"), (None, "old@example.com")] == list(read(body).about)


OURS = "op_0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("note", "reference"),
    [
        (OURS, OURS),
        (f"{OURS} reverses op_fedcba9876543210fedcba9876543210", OURS),
        (f"see {OURS}", None),
        (OURS.upper(), None),
        (OURS[:-1], None),
        ("goodwill", None),
        (7, None),
        (None, None),
    ],
    ids=str,
)
def test_a_note_of_ours_begins_with_the_operation(note: Any, reference: str | None) -> None:
    assert reference == read({"id": 5, "internal_note": note}).reference


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"{",
        b"\xff",
        b'{"a": NaN}',
        b"msg_1.1793707200.{}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
    ids=lambda raw: str(raw[:20]),
)
def test_what_is_no_object_is_not_understood(raw: bytes) -> None:
    assert None is understand("points_event/created", raw)


def test_there_are_no_more_names_in_the_metrics_than_topics_are_known() -> None:
    assert 16 == len(TOPICS)
    assert set(TOPICS) == {counted(topic) for topic in TOPICS}
    assert {OTHER} == {counted("membership/paused"), counted("")}
