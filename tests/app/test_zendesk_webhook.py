"""The webhook of Zendesk's macros: signed, taken in once and at once, made after."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from app.store.sqlite import StoreError
from integrations.rivo_sandbox import Fault, in_turn
from tests.app.loop import seconds
from tests.app.serving import ENVIRON, SARAH, operation, problem
from tests.openapi.conformance import Document, departures
from tests.zendesk.asking import AGENT, HOOKED, SHARED, ZENDESK, Zendesk

pytestmark = pytest.mark.anyio

GIVE: dict[str, Any] = {
    "customer_email": SARAH,
    "points_amount": 100,
    "ticket_id": "35436",
    "agent_email": AGENT,
}
KNOWN = Document()


@pytest.fixture
async def service() -> Zendesk:
    return Zendesk()


def given(service: Zendesk) -> list[str]:
    """List what reached Rivo to change something."""
    return [r.path for r in service.sandbox.requests if r.method != "GET"]


async def ended(service: Zendesk, answer: Any) -> Any:
    """Wait a while, and look the operation up."""
    await asyncio.sleep(5)
    return (await service.ask("GET", f"/operations/{answer.json()['operation_id']}")).json()


async def test_what_a_macro_asks_for_is_taken_in_and_made(service: Zendesk) -> None:
    answer = await service.hook({**GIVE, "action": "create_points_event"}, invocation="8350205582")

    assert 200 == answer.status_code, answer.text
    assert {"accepted": True, "operation_id": answer.json()["operation_id"]} == answer.json()

    told = await ended(service, answer)

    assert ("succeeded", True, 100) == (told["state"], told["applied"], told["points"])
    assert "zendesk_webhook_secret" == told["caller"]
    assert (AGENT, "35436") == (told["agent_email"], told["ticket_id"])
    assert 1 == len(given(service))


async def test_the_answer_does_not_wait_for_rivo() -> None:
    service = Zendesk(switches=in_turn(Fault(kind="hang")))
    began = seconds()
    answer = await service.hook(GIVE)

    assert 200 == answer.status_code
    assert seconds() - began < 0.1


async def test_an_invocation_is_one_write_however_often_it_comes(service: Zendesk) -> None:
    """Zendesk repeats what it had no answer to; by then the time it signs may be another."""
    answers = [await service.hook(GIVE, invocation="8350205582", after=at) for at in (0, 0, 5, 60)]
    answers += await asyncio.gather(
        *(service.hook(GIVE, invocation="8350205582") for _ in range(20))
    )

    assert {200} == {answer.status_code for answer in answers}
    assert 1 == len({answer.json()["operation_id"] for answer in answers})
    assert "succeeded" == (await ended(service, answers[0]))["state"]
    assert 1 == len(given(service))


async def test_two_invocations_are_two_writes(service: Zendesk) -> None:
    """Even where the ticket and the amount are the same: the macro was applied twice."""
    answers = [
        await service.hook(GIVE, invocation=f"invocation-{number}", after=number)
        for number in range(3)
    ]
    await ended(service, answers[-1])

    assert 3 == len({answer.json()["operation_id"] for answer in answers})
    assert 3 == len(given(service))


async def test_what_was_signed_once_is_one_write_under_any_name(service: Zendesk) -> None:
    """The invocation's name is not signed: who overheard a request cannot make a second of it."""
    answers = [await service.hook(GIVE, invocation=f"invocation-{n}") for n in range(5)]

    assert 1 == len({answer.json()["operation_id"] for answer in answers})
    await ended(service, answers[0])
    assert 1 == len(given(service))


async def test_what_was_signed_once_is_one_write_also_after_a_restart(tmp_path: Path) -> None:
    environ = {**ZENDESK, "DATABASE_URL": f"sqlite:///{tmp_path}/operations.db"}
    service = Zendesk(environ)
    first = await service.hook(GIVE, invocation="invocation-1")
    await ended(service, first)
    await service.app.state.store.close()
    heir = Zendesk(environ)
    again = await heir.hook(GIVE, invocation="invocation-2")

    assert first.request.headers["x-zendesk-webhook-signature"] in again.request.headers.values()
    assert first.json() == again.json()
    assert [] == given(heir)


async def test_an_invocation_means_one_thing(service: Zendesk) -> None:
    await service.hook(GIVE, invocation="8350205582")
    answer = await service.hook({**GIVE, "points_amount": 200}, invocation="8350205582")

    assert "idempotency_key" == problem(answer, 422, "key_reused")["field"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"points_amount": 100}, "customer_email"),
        ({**GIVE, "points_amount": "many"}, "points_amount"),
        ({**GIVE, "action": "reverse_points_event"}, "action"),
        ({**GIVE, "action": "cancel_membership"}, "action"),
        ({**GIVE, "action": "goodwill"}, "action"),
        ({**GIVE, "action": ["create_points_event"]}, "action"),
        ({**GIVE, "points": 100}, "points"),
        ({**GIVE, "idempotency_key": "mine"}, "idempotency_key"),
        ([GIVE], "body"),
        ("text", "body"),
    ],
    ids=str,
)
async def test_a_wrong_body_is_refused_by_the_name_of_the_field(
    service: Zendesk, body: Any, field: str
) -> None:
    """Zendesk then shows a delivery that failed, with this answer."""
    answer = await service.hook(json.dumps(body).encode())
    told = problem(answer, 422, "invalid_input")

    assert field == told["field"]
    assert [] == given(service)


async def test_a_key_of_ones_own_is_refused_in_words_that_fit(service: Zendesk) -> None:
    answer = await service.hook({**GIVE, "idempotency_key": "mine"})

    assert (
        "idempotency_key must be left out: the invocation is the key; got 'mine'."
        == problem(answer, 422, "invalid_input")["error"]
    )


async def test_what_a_template_left_empty_is_absent(service: Zendesk) -> None:
    empty = {"action": "", "agent_name": "{{current_user.name}}", "reason": "None"}
    answer = await service.hook({**GIVE, **empty, "points_amount": "100"})

    assert 100 == (await ended(service, answer))["points"]


async def test_a_source_is_manual_and_no_other(service: Zendesk) -> None:
    body = {**GIVE, "source": "custom_action", "custom_action_name": "Survey"}

    problem(await service.hook(body), 403, "not_allowed")


async def test_a_limit_is_told_by_the_operation(service: Zendesk) -> None:
    """It is counted when the write is made; nobody waits for that."""
    answer = await service.hook({**GIVE, "points_amount": 501})

    assert 200 == answer.status_code
    told = await ended(service, answer)

    assert ("rejected", False) == (told["state"], told["applied"])
    assert [] == given(service)


async def test_what_only_the_action_refuses_is_told_by_the_operation(service: Zendesk) -> None:
    """Nobody waits for the answer, so it is not as if it had never been asked for."""
    answer = await service.hook({**GIVE, "points_amount": 0})
    told = await ended(service, answer)

    assert 200 == answer.status_code
    assert ("rejected", False) == (told["state"], told["applied"])
    assert [] == given(service)


async def test_nothing_is_read_from_outside_of_what_is_signed(service: Zendesk) -> None:
    path = "/zendesk/webhook?customer_email=maya.chen@example.com&points_amount=5&reason=x"
    answer = await service.hook(GIVE, path=path, headers={"idempotency-key": "mine"})
    told = await ended(service, answer)

    assert (100, SARAH, None) == (told["points"], told["customer_email"], told["reason"])


@pytest.mark.parametrize(
    "headers",
    [
        {"x-zendesk-webhook-signature": None},
        {"x-zendesk-webhook-signature": ""},
        {"x-zendesk-webhook-signature": b"\xc3\xa9"},
        {"x-zendesk-webhook-signature": "A" * 44},
        {"x-zendesk-webhook-signature-timestamp": None},
        {"x-zendesk-webhook-signature-timestamp": ""},
        {"x-zendesk-webhook-signature-timestamp": "2026-11-03T12:00:01Z"},
        {"x-zendesk-webhook-signature": None, "authorization": "Bearer {}"},
    ],
    ids=str,
)
@pytest.mark.parametrize("body", [GIVE, b"", b"not JSON"], ids=["right", "empty", "wrong"])
async def test_what_is_not_signed_is_not_looked_at(
    service: Zendesk, headers: dict[str, Any], body: Any
) -> None:
    problem(await service.hook(body, headers=headers), 401, "unauthorized")
    assert [] == list(service.sandbox.requests)


@pytest.mark.parametrize("secret", [SHARED, f"{HOOKED}x", "demo-zendesk-webhook", ""])
async def test_another_secret_signs_nothing(service: Zendesk, secret: str) -> None:
    problem(await service.hook(GIVE, secret=secret), 401, "unauthorized")


@pytest.mark.parametrize(("after", "status"), [(-301, 401), (-300, 200), (300, 200), (301, 401)])
async def test_a_signature_is_good_for_five_minutes(
    service: Zendesk, after: int, status: int
) -> None:
    assert status == (await service.hook(GIVE, after=after)).status_code


@pytest.mark.parametrize("invocation", [None, "", "two words", b"\xc3\xa9", "x" * 129])
async def test_an_invocation_without_a_name_is_refused(service: Zendesk, invocation: Any) -> None:
    headers = {"x-zendesk-webhook-invocation-id": invocation}

    problem(await service.hook(GIVE, headers=headers), 400, "unparsable")
    assert [] == given(service)


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": 1', b"\xff", b"[" * 60_000])
async def test_what_is_no_json_is_refused(service: Zendesk, body: bytes) -> None:
    problem(await service.hook(body), 400, "unparsable")


async def test_a_body_that_is_too_large_is_not_read(service: Zendesk) -> None:
    problem(await service.hook(b" " * 65_537), 413, "too_large")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
async def test_only_post_reaches_it(service: Zendesk, method: str) -> None:
    for path in ("/zendesk/webhook", "/zendesk/shop/webhook"):
        answer = await service.ask(method, path, key=None)

        assert (405, "POST") == (answer.status_code, answer.headers["allow"])


async def test_without_a_secret_it_is_closed() -> None:
    """Also where the app has one."""
    environ = {name: value for name, value in ZENDESK.items() if name != "ZENDESK_WEBHOOK_SECRET"}
    for environment in (environ, ENVIRON):
        problem(await Zendesk(environment).hook(GIVE), 404, "closed")


async def test_two_secrets_are_valid_while_one_is_changed() -> None:
    service = Zendesk({**ZENDESK, "ZENDESK_WEBHOOK_SECRET": "old-secret-0001 new-secret-0002"})
    statuses = [
        (await service.hook(GIVE, secret=secret)).status_code
        for secret in ("old-secret-0001", "new-secret-0002", "old-secret-0001 new-secret-0002")
    ]

    assert [200, 200, 401] == statuses


async def test_nothing_is_taken_in_that_cannot_be_kept(
    service: Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zendesk tries a 503 again, which is safe: it is the same invocation."""
    await service.open()

    async def broken(*_given: object, **_options: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(service.app.state.store, "write", broken)
        refused = await service.hook(GIVE, invocation="8350205582")
    again = await service.hook(GIVE, invocation="8350205582", after=10)

    problem(refused, 503, "unavailable")
    assert "retry-after" in refused.headers
    assert "succeeded" == (await ended(service, again))["state"]
    assert 1 == len(given(service))


async def test_a_shop_that_is_named_is_the_one_that_is_meant(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    tables = [
        f'[shops.{name}]\nrivo_api_key = "rivo-key-of-{name}"\n[shops.{name}.zendesk]\n'
        f'subdomain = "{name}"\nwebhook_secret_file = "{tmp_path / name}"\n'
        for name in ("acme", "bolt")
    ]
    config.write_text("\n".join(tables))
    for name in ("acme", "bolt"):
        (tmp_path / name).write_text(f"secret-of-{name}-0001")
    town = Zendesk(
        {"CONFIG": str(config), "SECRET_KEY": "key-of-the-hashes", "DATABASE_URL": "sqlite://"}
    )
    asked = [
        (path, await town.hook(GIVE, path=path, secret="secret-of-acme-0001", after=number))
        for number, path in enumerate(
            (
                "/zendesk/webhook",
                "/zendesk/acme/webhook",
                "/zendesk/bolt/webhook",
                "/zendesk/none/webhook",
            )
        )
    ]
    await asyncio.sleep(5)

    assert [200, 200, 401, 401] == [answer.status_code for _, answer in asked]
    wrong, unknown = (answer.json() | {"request_id": ""} for _, answer in asked[2:])
    assert wrong == unknown
    assert [] == list(town.sandboxes["bolt"].requests)
    assert 2 == len([r for r in town.sandboxes["acme"].requests if r.method == "POST"])


async def test_what_a_webhook_may_do_can_be_taken_away(tmp_path: Path) -> None:
    config, secret = tmp_path / "config.toml", tmp_path / "secret"
    secret.write_text(HOOKED)
    shop = (
        f'[shops.acme]\nrivo_api_key = "rivo-key-of-acme"\n%s[shops.acme.zendesk]\n'
        f'subdomain = "acme"\nwebhook_secret_file = "{secret}"\n'
    )
    environ = {
        "CONFIG": str(config),
        "SECRET_KEY": "key-of-the-hashes",
        "DATABASE_URL": "sqlite://",
    }
    for text, code in (
        (shop % "" + "webhook = { actions = [] }", "not_allowed"),
        (shop % 'kill = ["create_points_event"]\n', "switched_off"),
    ):
        config.write_text(text)

        problem(await Zendesk(environ).hook(GIVE), 403, code)


async def test_no_secret_no_signature_and_no_customer_is_seen_in_the_log(service: Zendesk) -> None:
    answer = await service.hook({**GIVE, "reason": HOOKED}, invocation="8350205582")
    signature = answer.request.headers["x-zendesk-webhook-signature"]
    refused = await service.hook({**GIVE, "points_amount": signature})
    log = service.out.getvalue().decode()

    assert signature not in refused.text
    for secret in (HOOKED, signature, SARAH, AGENT):
        assert secret not in log
    (line, *_) = [each for each in service.lines() if each.get("action") == "create_points_event"]
    assert ("zendesk", "zendesk_webhook_secret", "35436", "ok") == tuple(
        line[name] for name in ("door", "caller", "ticket", "outcome")
    )


async def test_whatever_is_signed_is_answered_as_documented(service: Zendesk) -> None:
    """Bodies that were spoiled after all; no answer is a 500."""
    dice = random.Random(20261103)
    statuses = set()
    for _ in range(300):
        body = bytearray(json.dumps({**GIVE, "action": "create_points_event"}).encode())
        for _ in range(dice.randrange(4)):
            at = dice.randrange(len(body))
            body[at : at + dice.randrange(3)] = dice.randbytes(dice.randrange(3))
        answer = await service.hook(bytes(body))
        asked = ("POST", "/zendesk/webhook")
        statuses.add(answer.status_code)

        assert [] == departures(KNOWN, asked, answer.status_code, answer.headers, answer.content)

    assert {200, 400, 422} == statuses


async def test_a_write_of_the_webhook_can_be_taken_back(service: Zendesk) -> None:
    told = await ended(service, await service.hook(GIVE))
    answer = await service.act("reverse_points_event", operation_id=told["id"])

    assert 201 == answer.status_code
    assert "succeeded" == operation(answer)["state"]
