"""Scenes to play under every switch: each touches one corner of the shop, from a fresh start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from integrations.rivo_sandbox import Announcement, Announcer, Fault, Switches, in_turn
from tests.rivo_sandbox.stage import AIKO, MAYA, PRIYA_GUEST, SARAH, Stage

Scene = Callable[[Stage], Awaitable[list[httpx.Response]]]

MANUAL: dict[str, str | int] = {"customer_identifier": SARAH, "source": "manual"}
GRANT: dict[str, str | int] = {**MANUAL, "points_amount": 1}


def get(path: str, **params: str) -> Scene:
    async def scene(stage: Stage) -> list[httpx.Response]:
        return [await stage.get(path, **params)]

    return scene


def query(path: str, name: str, value: str) -> Scene:
    async def scene(stage: Stage) -> list[httpx.Response]:
        return [await stage.query(path, {name: value})]

    return scene


def send(method: str, path: str, **form: str | int) -> Scene:
    async def scene(stage: Stage) -> list[httpx.Response]:
        return [await stage.request(method, path, data=form)]

    return scene


def batch(*rows: dict[str, Any]) -> Scene:
    async def scene(stage: Stage) -> list[httpx.Response]:
        path = "points_events/batch"
        return [await stage.request("POST", path, json={"points_events": rows})]

    return scene


HOOK: dict[str, str | int] = {
    "event_type": "points_event/created",
    "url": "https://loyalty.example.com/rivo/webhooks",
    "enabled": "true",
    "secret": "a-secret-0001",
}


async def hooks(stage: Stage) -> list[httpx.Response]:
    made = await stage.post("webhooks", **HOOK)
    stage.clock.forward(3)
    listed = await stage.get("webhooks")
    changed = await stage.put("webhooks/3001", enabled="false")
    return [made, listed, changed, await stage.delete("webhooks/3001")]


async def wrong_key(stage: Stage) -> list[httpx.Response]:
    return [await stage.request("GET", "rewards", headers={"authorization": "wrong"})]


async def sixteen(stage: Stage) -> list[httpx.Response]:
    return [await stage.get("earning_rules/628336") for _ in range(16)]


async def two_bursts(stage: Stage) -> list[httpx.Response]:
    answers = []
    for seconds in (0.5, 0.4, 0.3):
        stage.clock.forward(seconds)
        answers += [await stage.get("earning_rules/628336") for _ in range(10)]
    # Which ones are refused is the question here, not how.
    return [httpx.Response(answer.status_code) for answer in answers]


async def read_after_write(stage: Stage) -> list[httpx.Response]:
    await stage.put(f"customers/{SARAH}", dob="01-02")
    first = await stage.get(f"customers/{SARAH}")
    stage.clock.forward(3)
    return [first, await stage.get(f"customers/{SARAH}")]


async def events_after_refund(stage: Stage) -> list[httpx.Response]:
    await stage.post("points_redemptions/24101277/refund")
    await stage.put("points_redemptions/24101277/refund")
    stage.clock.forward(3)
    return [await stage.query("points_events", {"pagination[since_id]": "790965000"})]


SCENES: dict[str, Scene] = {
    "customer": get(f"customers/{SARAH}"),
    "customer in capitals": get("customers/SARAH.MARTINEZ@example.com"),
    "stranger": get("customers/nobody@example.com"),
    "unknown reward": get("rewards/1"),
    "unknown tier": get("vip_tiers/1"),
    "unknown redemption": get("points_redemptions/1"),
    "last page": get("customers"),
    "first page": query("customers", "pagination[per_page]", "2"),
    "end of cursor": query("customers", "pagination[limit]", "250"),
    "start of cursor": query("customers", "pagination[limit]", "2"),
    "tiers": get("vip_tiers"),
    "rules": get("earning_rules"),
    "events": query("points_events", "pagination[per_page]", "3"),
    "events of a stranger": query("points_events", "filters[customer_identifier]", "x@example.com"),
    "events by source": query("points_events", "filters[source]", "tiktok_follow"),
    "events by unlisted source": query("points_events", "filters[source]", "rain"),
    "used redemptions": query("points_redemptions", "filters[used]", "true"),
    "redemptions of a reward": query("points_redemptions", "filters[reward_id]", "709490"),
    "rewards by purchase type": query("rewards", "filters[purchase_type]", "subscription"),
    "tier history": query("vip_tier_memberships", "filters[current]", "false"),
    "referrals": get("referrals"),
    "member": get("memberships/customers/8051146358856"),
    "members": query("memberships/customers", "filters[membership_tier_source]", "manual"),
    "never a member": get(f"memberships/customers/{SARAH}"),
    "enrolments": query("memberships/tier_enrollments", "filters[customer_id]", str(MAYA)),
    "redeem": send(
        "POST", "points_redemptions", customer_identifier=MAYA, reward_id=594155, credits_amount=2
    ),
    "redeem too much": send(
        "POST", "points_redemptions", customer_identifier=SARAH, reward_id=709489
    ),
    "redeem as guest": send(
        "POST", "points_redemptions", customer_identifier=PRIYA_GUEST, reward_id=709485
    ),
    "redeem nothing known": send(
        "POST", "points_redemptions", customer_identifier=SARAH, reward_id=1
    ),
    "redeem without a reward": send("POST", "points_redemptions", customer_identifier=SARAH),
    "refund": send("POST", "points_redemptions/24101277/refund"),
    "refund by put": send("PUT", "points_redemptions/24101277/refund"),
    "refund what is used": send("POST", "points_redemptions/24100811/refund"),
    "refund a gift card": send("POST", "points_redemptions/24100733/refund"),
    "events after a refund": events_after_refund,
    "grant": send("POST", "points_events", **GRANT),
    "take too much": send("POST", "points_events", **MANUAL, points_amount=-151),
    "birthday": send("PUT", f"customers/{SARAH}", dob="01-02"),
    "name": send("PUT", f"customers/{SARAH}", first_name="Sara"),
    "tier": send("POST", f"customers/{AIKO}/vip_tier", vip_tier_id=552289),
    "refer": send(
        "POST", "referrals", email="f@example.com", referral_code="AIKO", remote_ip="::1"
    ),
    "batch": batch(GRANT, GRANT),
    "batch with a bad row": batch(GRANT, {}),
    "batch of eleven": batch(*[GRANT] * 11),
    "cancel": send("DELETE", f"memberships/{MAYA}/cancel"),
    "cancel at once": send("DELETE", f"memberships/{MAYA}/cancel?cancellation_policy=immediate"),
    "cancel nothing": send("DELETE", f"memberships/{SARAH}/cancel"),
    "webhooks": hooks,
    "wrong key": wrong_key,
    "nowhere": get("vip-tiers"),
    "wrong verb": send("POST", "rewards"),
    "sixteen at once": sixteen,
    "two bursts": two_bursts,
    "read after write": read_after_write,
    "failing": get("rewards"),
}


async def play(name: str, switches: Switches) -> list[object]:
    """Play one scene and answer what came back, to the byte."""
    limited = name in ("sixteen at once", "two bursts")
    stage = Stage(
        switches=switches,
        requests_per_second=15 if limited else None,
        faults=in_turn(Fault(kind="server_error")) if name == "failing" else None,
    )
    try:
        answers = await SCENES[name](stage)
    except ConnectionError:
        return ["connection lost"]
    return [
        (
            answer.status_code,
            answer.headers.get("content-type"),
            answer.headers.get("retry-after"),
            answer.content,
        )
        for answer in answers
    ]


async def announced(switches: Switches) -> list[Announcement]:
    """Hear what a refund announces."""
    heard: list[Announcement] = []
    announcer = Announcer(heard.append, secret="secret")
    stage = Stage(switches=switches, announcer=announcer)
    await stage.post("points_redemptions/24101277/refund")
    await stage.put("points_redemptions/24101277/refund")
    return heard
