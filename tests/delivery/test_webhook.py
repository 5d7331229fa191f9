"""The door of Rivo's webhooks: who may come in, what is answered, and that nothing else happens."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.delivery import signatures, webhook
from app.store.sqlite import StoreError
from tests.app.loop import seconds
from tests.app.serving import ENVIRON, MAYA, SARAH, problem
from tests.delivery.asking import HOOKED, PATH, SECRET, SHAPES, Hooked, Shape, sample
from tests.openapi.conformance import Document, departures

pytestmark = pytest.mark.anyio

EVENT: dict[str, Any] = {
    **sample("points_event_created.doc"),
    "customer": {"id": 7198630248648, "email": SARAH},
}
KNOWN = Document()


@pytest.fixture
async def service() -> Hooked:
    return Hooked()


async def points(service: Hooked, who: str = SARAH) -> int:
    """Ask for a customer's balance, as an agent sees it."""
    answer = await service.act("get_customer", customer_email=who)
    return int(answer.json()["customer"]["points_tally"])


def sarah_s_id(service: Hooked) -> int:
    rows = service.sandbox.state.customers.values()
    return next(int(each.id) for each in rows if each.email == SARAH)


@pytest.mark.parametrize("shape", SHAPES)
async def test_what_rivo_signed_is_taken_in_each_shape(service: Hooked, shape: Shape) -> None:
    answer = await service.announce(EVENT, shape=shape)

    assert (200, {"accepted": True}) == (answer.status_code, answer.json())
    assert [("points_event/created", "taken")] == service.taken()


async def test_rivo_is_asked_nothing_and_the_answer_takes_no_time(service: Hooked) -> None:
    began = seconds()
    await service.announce(EVENT)

    assert [] == list(service.sandbox.requests)
    assert 0 == seconds() - began


async def test_what_has_changed_is_seen_by_the_next_who_looks(service: Hooked) -> None:
    before = await points(service)
    await asyncio.sleep(10)
    service.sandbox.give(sarah_s_id(service), points=50)
    unaware = await points(service)
    await service.announce(EVENT)
    aware = await points(service)

    assert (before, before, before + 50) == (before, unaware, aware)


async def test_a_made_up_customer_changes_nothing_for_others(service: Hooked) -> None:
    """The test button's customers are 1000 and 1001."""
    await points(service)
    asked = len(service.sandbox.requests)
    await service.announce(sample("referral_completed.observed"), topic="referral/completed")
    await points(service)

    assert asked == len(service.sandbox.requests)


@pytest.mark.parametrize(
    "headers",
    [
        {"rivo-webhook-signature": None},
        {"rivo-webhook-signature": "A" * 44},
        {"rivo-webhook-signature": b"\xc3\xa9"},
        {"rivo-webhook-signature": None, "rivo-signature": "A" * 44},
        {"rivo-webhook-signature": None, "authorization": f"Bearer {SECRET}"},
        {"rivo-webhook-id": None},
        {"rivo-webhook-id": "msg_another"},
        {"rivo-webhook-timestamp": None},
        {"rivo-webhook-timestamp": "1793707201"},
        {"rivo-webhook-timestamp": "yesterday"},
    ],
    ids=str,
)
@pytest.mark.parametrize("body", [EVENT, b"", b"not JSON"], ids=["right", "empty", "wrong"])
async def test_what_is_not_signed_does_nothing(
    service: Hooked, headers: dict[str, Any], body: Any
) -> None:
    await points(service)
    asked = len(service.sandbox.requests)
    answer = await service.announce(body, headers=headers)

    problem(answer, 401, "unauthorized")
    assert "www-authenticate" in answer.headers
    assert ([], []) == (service.taken(), await service.rows("webhooks"))
    await points(service)
    assert asked == len(service.sandbox.requests)


async def test_a_header_that_is_there_twice_is_as_good_as_none(service: Hooked) -> None:
    first = await service.announce(EVENT)
    assert 200 == first.status_code
    sent = [*first.request.headers.raw, (b"rivo-webhook-id", b"msg_another")]
    status, _ = await service.raw(
        method="POST", path=PATH, headers=sent, body=first.request.content
    )

    assert 401 == status


@pytest.mark.parametrize("secret", [f"{SECRET}x", bytes.fromhex(SECRET).decode("latin-1"), ""])
async def test_another_secret_signs_nothing(service: Hooked, secret: str) -> None:
    problem(await service.announce(EVENT, secret=secret), 401, "unauthorized")


@pytest.mark.parametrize(("after", "status"), [(-301, 401), (-300, 200), (300, 200), (301, 401)])
@pytest.mark.parametrize("shape", ["live", "iso"])
async def test_a_live_signature_is_good_for_five_minutes(
    service: Hooked, shape: Shape, after: int, status: int
) -> None:
    assert status == (await service.announce(EVENT, after=after, shape=shape)).status_code


async def test_each_of_the_secrets_is_valid() -> None:
    service = Hooked({**HOOKED, "RIVO_WEBHOOK_SECRET": "points-secret-0001\ntiers-secret-0002"})
    statuses = [
        (await service.announce({**EVENT, "id": number}, secret=secret)).status_code
        for number, secret in enumerate(("points-secret-0001", "tiers-secret-0002", SECRET))
    ]

    assert [200, 200, 401] == statuses


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
async def test_only_post_reaches_it(service: Hooked, method: str) -> None:
    for path in (PATH, f"{PATH}/shop"):
        answer = await service.ask(method, path, key=None)

        assert (405, "POST") == (answer.status_code, answer.headers["allow"])


async def test_without_a_secret_it_is_closed() -> None:
    service = Hooked(ENVIRON)

    problem(await service.announce(EVENT), 404, "closed")
    problem(await service.announce(EVENT, path=f"{PATH}/shop"), 404, "closed")


async def test_a_body_may_have_256_kilobytes(service: Hooked) -> None:
    padding = 256 * 1024 - len(json.dumps(EVENT).encode())
    raw = json.dumps(EVENT).encode() + b" " * padding

    assert 200 == (await service.announce(raw)).status_code
    told = problem(await service.announce(raw + b" "), 413, "too_large")
    assert "The body may have 262144 bytes at most." == told["error"]


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"[]", b"{", b"\xff", b"[" * 100_000], ids=lambda raw: str(raw[:9])
)
async def test_what_is_signed_and_not_understood_is_not_sent_again(
    service: Hooked, raw: bytes
) -> None:
    answer = await service.announce(raw)

    assert 200 == answer.status_code
    assert [("", "unclear")] == service.taken()


async def test_a_value_of_another_type_causes_no_trigger_and_is_looked_at_again() -> None:
    service = Hooked({**HOOKED, **MESA})
    before = await points(service)
    await asyncio.sleep(10)
    service.sandbox.give(sarah_s_id(service), points=50)
    answer = await service.announce({**EVENT, "points_diff": "many"})

    assert 200 == answer.status_code
    assert [("points_event/created", "unclear")] == service.taken()
    assert [] == await service.rows("outbox")
    assert before + 50 == await points(service)


MESA = {
    "MESA_WEBHOOK_URL": "https://mesa.example.com/hook",
    "MESA_WEBHOOK_SECRET": "secret-of-mesa-0001",
}


@pytest.mark.parametrize(
    "body",
    [
        {"id": 7},
        {"customer": None},
        {"customer": {"id": True, "email": 7}},
        {"id": 5, "anything": [1, {"deep": []}]},
    ],
    ids=str,
)
@pytest.mark.parametrize("topic", ["balance_transaction/created", "membership/paused", None])
async def test_a_topic_that_nobody_knows_is_taken(
    service: Hooked, topic: str | None, body: dict[str, Any]
) -> None:
    answer = await service.announce(body, topic=topic)

    assert 200 == answer.status_code
    assert [(topic or "", "taken")] == service.taken()


async def test_what_cannot_be_kept_is_sent_again_and_looked_at_all_the_same(
    service: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await points(service)
    await asyncio.sleep(10)
    service.sandbox.give(sarah_s_id(service), points=50)

    async def broken(*_given: object, **_options: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(service.app.state.store, "write", broken)
        refused = await service.announce(EVENT, name="msg_1")
        after = await points(service)
    again = await service.announce(EVENT, name="msg_1")

    problem(refused, 503, "unavailable")
    assert "5" == refused.headers["retry-after"]
    assert before + 50 == after
    assert 200 == again.status_code
    assert ["lost", "taken"] == [outcome for _, outcome in service.taken()]


def town(folder: Path) -> Hooked:
    """Make a service of three shops, the last without a secret."""
    config = folder / "config.toml"
    tables = [
        f'[shops.{name}]\nrivo_api_key = "rivo-key-of-{name}"\n[shops.{name}.callers.all]\n'
        f'door = "actions"\nactions = ["*"]\nsecret_file = "{folder / name}.key"\n'
        for name in ("acme", "bolt", "mute")
    ]
    for name in ("acme", "bolt", "mute"):
        (folder / f"{name}.key").write_text(f"key-of-{name}-0001")
    for at, name in enumerate(("acme", "bolt")):
        (folder / name).write_text(f"secret-of-{name}-0001")
        hook = f'rivo_webhook_secret_file = "{folder / name}"\n[shops.{name}.callers.all]'
        tables[at] = tables[at].replace(f"[shops.{name}.callers.all]", hook)
    config.write_text("\n".join(tables))
    return Hooked(
        {"CONFIG": str(config), "SECRET_KEY": "key-of-the-hashes", "DATABASE_URL": "sqlite://"}
    )


async def test_the_signature_says_whose_it_is_and_the_path_whose_it_may_be(tmp_path: Path) -> None:
    service = town(tmp_path)
    paths = [PATH, *(f"{PATH}/{name}" for name in ("acme", "bolt", "mute", "none", "acme/"))]
    asked = [
        await service.announce({**EVENT, "id": n}, path=path, secret="secret-of-acme-0001")
        for n, path in enumerate(paths)
    ]

    assert [200, 200, 401, 401, 401, 404] == [answer.status_code for answer in asked]
    wrong, mute, unknown = (answer.json() | {"request_id": ""} for answer in asked[2:5])
    assert wrong == unknown == mute
    assert {"acme"} == {row["shop"] for row in await service.rows("webhooks")}


async def test_one_shop_s_webhook_is_nothing_to_another(tmp_path: Path) -> None:
    service = town(tmp_path)

    async def asked() -> list[int]:
        for name in ("acme", "bolt"):
            await service.act("get_customer", key=f"key-of-{name}-0001", customer_email=SARAH)
        return [len(service.sandboxes[name].requests) for name in ("acme", "bolt")]

    before = await asked()
    await asyncio.sleep(10)
    await service.announce(EVENT, secret="secret-of-bolt-0001")
    await asked()
    await asyncio.sleep(1)
    after = [len(service.sandboxes[name].requests) for name in ("acme", "bolt")]

    assert [before[0], before[1] + 1] == after


async def test_what_takes_long_to_verify_is_verified_apart(
    service: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long body and many secrets would keep everybody waiting, for a sender nobody knows."""
    threads: list[str] = []
    true = signatures.is_signed

    def watched(*given: Any, **named: Any) -> bool:
        threads.append(threading.current_thread().name)
        return true(*given, **named)

    monkeypatch.setattr(webhook, "is_signed", watched)
    for light in (webhook.LIGHT_BYTES, 10):
        monkeypatch.setattr(webhook, "LIGHT_BYTES", light)
        right = await service.announce({**EVENT, "id": light})
        wrong = await service.announce({**EVENT, "id": light}, secret="another-secret-0001")
        assert [200, 401] == [right.status_code, wrong.status_code]

    assert {"MainThread"} == set(threads[:2])
    assert "MainThread" not in threads[2:]


async def test_no_more_than_a_few_wait_to_be_verified(
    service: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "LIGHT_BYTES", 10)
    monkeypatch.setattr(webhook, "HEAVY_WAITING", 3)
    answers = await asyncio.gather(*(service.announce({**EVENT, "id": n}) for n in range(10)))
    later = await service.announce(EVENT)

    assert [200] * 3 + [503] * 7 == sorted(answer.status_code for answer in answers)
    assert 200 == later.status_code


async def test_nothing_personal_and_no_secret_is_logged(service: Hooked) -> None:
    await service.announce({**EVENT, "title": "for Sarah"})
    await service.announce(EVENT, secret="wrong")
    await service.announce(b"{" + SARAH.encode())
    said = service.out.getvalue().decode()

    for private in (SARAH, "7198630248648", "Sarah", SECRET, "123456789"):
        assert private not in said
    done = [line for line in service.lines() if line["event"] == "request.done"]
    assert ["ok", "unauthorized", "ok"] == [line["outcome"] for line in done]
    assert {"rivo"} == {line["door"] for line in done}
    assert 16 == len(done[0]["customer"])


async def test_webhooks_are_counted_by_topic_and_by_what_became_of_them(service: Hooked) -> None:
    for _ in range(3):
        await service.announce(EVENT, name="msg_1")
    await service.announce({"id": 7}, topic="membership/paused")
    await service.announce(b"{")
    told = (await service.ask("GET", "/metrics", key=None)).text
    counted = "rivo_helpdesk_webhooks_total{outcome=%s,shop=%s,topic=%s} %s"

    for outcome, topic, number in (
        ("taken", "points_event/created", "1.0"),
        ("repeated", "points_event/created", "2.0"),
        ("taken", "other", "1.0"),
        ("unclear", "other", "1.0"),
    ):
        assert counted % (f'"{outcome}"', '"shop"', f'"{topic}"', number) in told


@pytest.mark.parametrize("path", [PATH, f"{PATH}/shop"])
async def test_every_answer_is_as_the_document_says(path: str, service: Hooked) -> None:
    closed = Hooked(ENVIRON)
    answers: list[httpx.Response] = [
        await service.announce(EVENT, path=path),
        await service.announce(EVENT, path=path, secret="wrong"),
        await service.announce(b" " * 300_000, path=path),
        await service.ask("GET", path, key=None),
        await closed.announce(EVENT, path=path),
    ]

    assert [200, 401, 413, 405, 404] == [answer.status_code for answer in answers]
    for answer in answers:
        asked = (answer.request.method, path)
        assert [] == departures(KNOWN, asked, answer.status_code, answer.headers, answer.content)


async def test_a_path_below_is_nowhere(service: Hooked) -> None:
    assert 404 == (await service.announce(EVENT, path=f"{PATH}/shop/more")).status_code
    assert MAYA not in service.out.getvalue().decode()
