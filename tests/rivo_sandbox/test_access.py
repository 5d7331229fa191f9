"""Who may ask, where, how often, and in which form."""

from __future__ import annotations

import pytest

from integrations.rivo_sandbox import Switches
from tests.rivo_sandbox.stage import KEY, SARAH, Stage, attributes

pytestmark = pytest.mark.anyio

CUSTOMER = f"customers/{SARAH}"


@pytest.mark.parametrize("key", ["wrong", f"Bearer {KEY}", ""])
async def test_only_the_raw_key_opens(stage: Stage, key: str) -> None:
    answer = await stage.request("GET", CUSTOMER, headers={"authorization": key})

    assert (401, {"error": "Unauthorized"}) == (answer.status_code, answer.json())


@pytest.mark.parametrize(
    "path",
    [
        "vip-tiers",
        "earning-rules",
        "membership-tiers",
        "memberships",
        "membership_tiers",
        "subscriptions",
        "credits_events",
        f"{CUSTOMER}/rewards",
        "points_events/790964001",
        "customers//vip_tier",
        "https://developer-api.rivo.io/v1/customers",
    ],
)
async def test_an_unknown_path_is_a_page(stage: Stage, path: str) -> None:
    answer = await stage.request("GET", path, headers={"authorization": "wrong"})

    assert 404 == answer.status_code
    assert "text/html; charset=utf-8" == answer.headers["content-type"]


async def test_another_verb_is_refused(stage: Stage) -> None:
    answer = await stage.request("POST", "rewards")

    assert (405, {"error": "405 Not Allowed"}) == (answer.status_code, answer.json())


async def test_a_slash_at_the_end_is_the_list(stage: Stage) -> None:
    answer = await stage.get("customers/")

    assert 15 == len(answer.json()["data"])


async def test_path_segments_are_decoded_one_by_one(stage: Stage) -> None:
    climbing = await stage.get("customers/..%2Frewards")
    plus = await stage.get("customers/lena%2Bshop%40example.com")

    assert 404 == climbing.status_code
    assert "application/json" == climbing.headers["content-type"]
    assert "Lena" == attributes(plus)["first_name"]
    paths = [received.path for received in stage.sandbox.requests]
    assert "/merchant_api/v1/customers/..%2Frewards" == paths[0]
    assert "/merchant_api/v1/customers/lena%2Bshop%40example.com" == paths[1]


async def test_requests_are_kept_as_they_arrived(stage: Stage) -> None:
    await stage.query("points_events", {"filters[source]": "manual"})
    await stage.post("points_events", source="manual", internal_note="a b")

    read, write = stage.sandbox.requests
    assert ("GET", "filters%5Bsource%5D=manual") == (read.method, read.query)
    assert [("filters[source]", "manual")] == read.params
    assert b"source=manual&internal_note=a+b" == write.body
    assert [("source", "manual"), ("internal_note", "a b")] == write.form
    assert KEY == write.header("authorization")
    assert "application/x-www-form-urlencoded" == write.header("content-type")
    assert write.header("idempotency-key") is None


async def test_json_bodies_are_taken_too(stage: Stage) -> None:
    body = {"customer_identifier": SARAH, "source": "manual", "credits_amount": 2.5}
    body |= {"skip_email": True, "internal_note": None}

    answer = await stage.request("POST", "points_events", json=body)

    assert "2.5" == attributes(answer)["credits_amount"]


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b'{"source":["manual"]}', "application/json", 400),
        (b"<a/>", "text/xml", 415),
        (b"%ff%00", "application/x-www-form-urlencoded", 400),
    ],
)
async def test_other_bodies_are_refused(
    stage: Stage, content: bytes, media: str, status: int
) -> None:
    answer = await stage.request(
        "POST", "points_events", content=content, headers={"content-type": media}
    )

    assert status == answer.status_code
    assert answer.json()["error"]


async def test_a_sixteenth_request_within_a_second_is_too_many() -> None:
    stage = Stage(requests_per_second=15)

    statuses = [(await stage.get(CUSTOMER)).status_code for _ in range(16)]
    refused = await stage.get("nowhere")
    stage.clock.forward(0.999999)
    early = await stage.get(CUSTOMER)
    stage.clock.forward(0.000001)
    again = await stage.get(CUSTOMER)

    assert [*[200] * 15, 429] == statuses
    assert (429, {"error": "Too many Merchant API requests"}) == (
        refused.status_code,
        refused.json(),
    )
    assert "retry-after" not in refused.headers
    assert 429 == early.status_code
    assert 200 == again.status_code


async def test_requests_with_a_wrong_key_are_not_counted() -> None:
    stage = Stage(requests_per_second=1)

    for _ in range(3):
        await stage.request("GET", CUSTOMER, headers={"authorization": "wrong"})

    assert 200 == (await stage.get(CUSTOMER)).status_code


async def admitted(stage: Stage, *bursts: tuple[float, int]) -> list[int]:
    """Count what is let through of several bursts, each some seconds after the one before."""
    counts = []
    for seconds, requests in bursts:
        stage.clock.forward(seconds)
        answers = [await stage.get("vip_tiers") for _ in range(requests)]
        counts.append(sum(answer.status_code == 200 for answer in answers))
    return counts


BURSTS = (0.0, 10), (0.6, 10), (0.5, 20), (3.0, 20)


async def test_a_rolling_second_never_holds_more_than_fifteen() -> None:
    assert [10, 5, 10, 15] == await admitted(Stage(requests_per_second=15), *BURSTS)


async def test_a_token_bucket_fills_at_its_rate() -> None:
    stage = Stage(requests_per_second=15, switches=Switches(limit="token_bucket"))

    assert [10, 10, 11, 15] == await admitted(stage, *BURSTS)


async def test_a_fixed_window_starts_anew_with_each_second() -> None:
    stage = Stage(requests_per_second=15, switches=Switches(limit="fixed_window"))

    assert [10, 5, 15, 15] == await admitted(stage, *BURSTS)
