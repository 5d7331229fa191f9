"""Webhooks: signed, tried again, sometimes twice or late."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from integrations.rivo_sandbox import Announcement, Announcer, demo_shop
from tests.rivo_sandbox.stage import MAYA, SARAH, Stage, sample, switched

pytestmark = pytest.mark.anyio

SECRET = "ab" * 32


class Audience:
    """A stage whose announcements are heard."""

    def __init__(self, shop: Any = None, **switches: str) -> None:
        self.heard: list[Announcement] = []
        announcer = Announcer(self.heard.append, secret=SECRET)
        self.stage = Stage(shop, switches=switched(**switches), announcer=announcer)

    async def grant(self) -> list[Announcement]:
        await self.stage.post(
            "points_events", customer_identifier=SARAH, source="manual", credits_amount="2.50"
        )
        return self.heard


def body_of(announcement: Announcement) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(announcement.deliveries[0].body)
    return body


def signature(signed: bytes) -> bytes:
    return hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()


async def test_a_grant_is_announced_as_live_bodies_are() -> None:
    event, profile = await Audience().grant()

    body = body_of(event)
    observed = sample("webhook_points_event_created.observed")
    assert "points_event/created" == event.topic
    assert observed.keys() <= body.keys()
    assert observed["customer"].keys() - {"_redacted_keys"} <= body["customer"].keys()
    assert "event_type" not in body
    assert (2.5, 2.5, "27.50") == (
        body["credits_amount"],
        body["credits_diff"],
        body["customer"]["credits_tally"],
    )
    assert "loyalty_profile/updated" == profile.topic
    expected = sample("webhook_loyalty_profile_updated.doc").keys() - {"event_type"}
    assert expected <= body_of(profile).keys()


async def test_every_kind_of_change_has_its_topic() -> None:
    audience = Audience()
    stage = audience.stage
    await stage.put(f"customers/{SARAH}", dob="01-02")
    await stage.put(f"customers/{SARAH}", dob="01-02")
    await stage.post(f"customers/{SARAH}/vip_tier", vip_tier_id=552289)
    await stage.post(f"customers/{SARAH}/vip_tier", vip_tier_id=552288)
    await stage.post("points_redemptions", customer_identifier=SARAH, reward_id=709485)
    await stage.post("points_redemptions/60000001/refund")
    await stage.delete(f"memberships/{MAYA}/cancel")
    await stage.delete(f"memberships/{MAYA}/cancel")

    assert [
        "loyalty_profile/updated",
        "customer_vip_tier/upgraded",
        "customer_vip_tier/downgraded",
        "points_event/created",
        "loyalty_profile/updated",
        "points_redemption/created",
        "points_event/created",
        "loyalty_profile/updated",
        "membership/pending_cancellation",
    ] == [announcement.topic for announcement in audience.heard]
    upgraded = body_of(audience.heard[1])
    assert sample("webhook_customer_vip_tier_upgraded.reconstructed").keys() == upgraded.keys()
    redeemed = body_of(audience.heard[5])
    assert sample("webhook_points_redemption_created.reconstructed").keys() <= redeemed.keys()


async def test_a_membership_that_ends_at_once_is_announced() -> None:
    audience = Audience(msgspec.structs.replace(demo_shop(), cancellation_policy="immediate"))
    await audience.stage.delete(f"memberships/{MAYA}/cancel")

    body = body_of(audience.heard[0])
    assert "membership/canceled" == audience.heard[0].topic
    documented = sample("webhook_membership_canceled.doc")
    assert documented.keys() - {"event_type"} <= body.keys()
    assert documented["event_attributes"].keys() == body["event_attributes"].keys()


async def test_a_refund_without_side_effects_is_not_announced() -> None:
    audience = Audience(refund_event="none")

    await audience.stage.post("points_redemptions/24101277/refund")

    assert [] == audience.heard


@pytest.mark.parametrize("prefix", ["", "v1,"])
@pytest.mark.parametrize(
    ("timestamp", "stamp"),
    [("unix_seconds", "1793707200"), ("iso_8601", "2026-11-03T12:00:00.000Z")],
)
async def test_live_signatures_cover_id_time_and_body(
    prefix: str, timestamp: str, stamp: str
) -> None:
    shape = "v1_base64" if prefix else "bare_base64"
    heard = await Audience(signature=shape, webhook_timestamp=timestamp).grant()

    first = heard[0].deliveries[0]
    headers = dict(first.headers)
    digest = signature(f"msg_00000001.{stamp}.".encode() + first.body)
    assert {
        "content-type": "application/json",
        "rivo-webhook-id": "msg_00000001",
        "rivo-webhook-timestamp": stamp,
        "rivo-webhook-topic": "points_event/created",
        "rivo-webhook-signature": prefix + base64.b64encode(digest).decode(),
    } == headers


@pytest.mark.parametrize("shape", ["documented_base64", "documented_hex"])
async def test_documented_signatures_cover_the_body(shape: str) -> None:
    heard = await Audience(signature=shape).grant()

    first = heard[0].deliveries[0]
    digest = signature(first.body)
    text = digest.hex() if shape == "documented_hex" else base64.b64encode(digest).decode()
    assert {"content-type": "application/json", "rivo-signature": text} == dict(first.headers)
    assert "points_event/created" == body_of(heard[0])["event_type"]


async def test_deliveries_follow_at_growing_distances() -> None:
    announced = (await Audience().grant())[0]

    times = [delivery.at for delivery in announced.deliveries]
    assert [0, 10, 30, 70, 150] == [(at - times[0]) / timedelta(seconds=1) for at in times]
    stamps = [dict(delivery.headers)["rivo-webhook-timestamp"] for delivery in announced.deliveries]
    assert 5 == len(set(stamps))
    assert 1 == len({delivery.body for delivery in announced.deliveries})


async def test_retries_may_be_unchanged_or_missing() -> None:
    unchanged = (await Audience(webhook_retry="unchanged").grant())[0]
    none = (await Audience(webhook_retry="none").grant())[0]

    assert 5 == len(unchanged.deliveries)
    assert 1 == len({delivery.headers for delivery in unchanged.deliveries})
    assert 1 == len(none.deliveries)


async def test_announcements_may_come_twice_or_out_of_order() -> None:
    twice = await Audience(webhook_order="duplicates").grant()
    late, soon = await Audience(webhook_order="out_of_order").grant()

    assert ["msg_00000001"] * 2 + ["msg_00000002"] * 2 == [heard.id for heard in twice]
    assert late.deliveries[0].at > soon.deliveries[0].at
