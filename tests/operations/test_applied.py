"""What Rivo applied is never told as not applied, whatever goes wrong with the answer or after it.

Every write against the sandbox: the write itself succeeds, then its answer has something odd in it,
or every read after it fails. Each action's end is classified as the engine does.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest

from app.operations.outcome import Outcome, outcome_of
from integrations.errors import ActionError
from integrations.memory import Memory
from integrations.rivo import ACTIONS, Rivo, ShopFacts
from integrations.rivo.client import BASE_URL
from integrations.rivo.writing import Given, Writing
from integrations.rivo_sandbox import InProcess, Sandbox, demo_shop
from integrations.upstream import Upstream, make_client
from tests.alternatives.people import (
    AIKO,
    FIVE_OFF,
    JOHNSON,
    MAYA,
    PLATINUM,
    SARAH,
    STORE_CREDIT,
    UNUSED,
)
from tests.rivo.stage import Clock

pytestmark = pytest.mark.anyio

NOW: Final = datetime(2026, 11, 3, 12, tzinfo=UTC)
KEY: Final = "sandbox-key"
REFERENCE: Final = "op_" + "0" * 32
WRITES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "points": ("create_points_event", MAYA | {"points_amount": 100, "internal_note": "T-1"}),
    "credits": ("create_points_event", JOHNSON | {"credits_amount": "2.50"}),
    "reversal": ("reverse_points_event", {"operation_id": REFERENCE}),
    "redemption": ("create_points_redemption", SARAH | {"reward_id": FIVE_OFF}),
    "of credits": (
        "redeem_customer_points",
        SARAH | {"reward_id": STORE_CREDIT, "credits_amount": "7.5"},
    ),
    "refund": ("refund_points_redemption", {"redemption_id": UNUSED}),
    "refund of a customer": ("refund_points_redemption", AIKO | {"redemption_id": UNUSED}),
    "name": ("update_customer", MAYA | {"first_name": "May", "dob": "03-15"}),
    "birthday": ("update_customer_dob", SARAH | {"dob": "07-13"}),
    "tier": ("update_customer_vip_tier", MAYA | {"vip_tier_id": PLATINUM}),
    "cancellation": ("cancel_membership", JOHNSON),
    "referral": (
        "create_referral",
        {"email": "f@example.com", "referral_code": "MAYA-LOVES-IT", "remote_ip": "203.0.113.7"},
    ),
}
ODD: Final[tuple[object, ...]] = (
    None,
    [],
    {},
    [None],
    "",
    "odd",
    True,
    -1,
    10**30,
    1.5,
    {"data": 5},
    {"data": []},
)

Spoil = Callable[[bytes], bytes]
Read = Callable[[httpx.Request], httpx.Response]


class Spoiled(httpx.AsyncBaseTransport):
    """The way to a sandbox: after a write was applied, its answer and later reads are spoiled."""

    def __init__(self, spoil: Spoil | None = None, read: Read | None = None) -> None:
        self.sandbox = Sandbox(demo_shop(NOW), clock=lambda: NOW, requests_per_second=None)
        self.inner = InProcess(self.sandbox)
        self.spoil = spoil
        self.read = read
        self.applied: list[bytes] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and self.applied and self.read is not None:
            return self.read(request)
        response = await self.inner.handle_async_request(request)
        body = await response.aread()
        if request.method == "GET" or not response.is_success:
            return httpx.Response(response.status_code, content=body)
        self.applied.append(body)
        return httpx.Response(
            response.status_code, content=self.spoil(body) if self.spoil else body
        )


async def run(write: str, way: Spoiled) -> Outcome:
    """Run a write as the engine does; nothing but an ActionError may end it."""
    announced: list[Mapping[str, Any]] = []

    async def about_to_send(snapshot: Mapping[str, Any]) -> None:
        announced.append(snapshot)

    async def recall(_operation_id: str) -> Given:
        return Given(customer=MAYA["customer_email"], points=20, credits="0.00")

    clock = Clock()
    upstream = Upstream(
        make_client(base_url=BASE_URL, headers={"Authorization": KEY}, transport=way),
        name="rivo",
        clock=clock,
    )
    memory = Memory(clock=clock)
    action, inputs = WRITES[write]
    rivo = Rivo(
        upstream,
        memory,
        facts=ShopFacts(currency="USD", customer_fields=frozenset({"first_name"})),
        clock=clock,
        now=lambda: NOW,
        sleep=clock.sleep,
    ).for_write(
        Writing(reference=REFERENCE, about_to_send=about_to_send, recall=recall),
        clock() + 1.0,  # too late for the second attempt of a read, which would really wait
    )
    ended: BaseException | None = None
    try:
        await ACTIONS[action].run(rivo, **ACTIONS[action].parse(inputs)[0])
    except ActionError as error:
        ended = error
    finally:
        await memory.close()
        await upstream.close()
    assert bool(way.applied) is bool(announced)
    return outcome_of(ended, sent=bool(announced))


def places(body: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Name every place in an answer, as the keys that lead to it."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield (*path, name)
            yield from places(value, (*path, name))


def replaced(body: bytes, path: tuple[str, ...], value: object) -> bytes:
    """Put something else in one place."""
    whole = json.loads(body)
    inner = whole
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return json.dumps(whole).encode()


def refused(status: int, body: object) -> Read:
    """Answer a read with something."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _request: httpx.Response(status, content=raw)


def lost(error: type[httpx.TransportError]) -> Read:
    """Lose a read."""

    def raise_it(request: httpx.Request) -> httpx.Response:
        raise error("", request=request)

    return raise_it


READS: Final[dict[str, Read]] = {
    **{
        f"{status} {name}": refused(status, body)
        for status in (200, 401, 404, 422, 500)
        for name, body in {
            "error": {"error": "No."},
            "html": b"<html>",
            "null": {"data": None},
            "rows": {"data": []},
            "odd": {"data": {"id": "x", "attributes": {"points_tally": [], "refunded_at": 5}}},
        }.items()
    },
    "refused": lost(httpx.ConnectError),
    "lost": lost(httpx.ReadTimeout),
}


def test_every_write_is_tried() -> None:
    assert {name for name, action in ACTIONS.items() if action.writes} == {
        name for name, _ in WRITES.values()
    }


@pytest.mark.parametrize("write", WRITES)
async def test_what_was_applied_and_confirmed_is_applied(write: str) -> None:
    way = Spoiled()

    assert Outcome.APPLIED is await run(write, way)
    assert 1 == len(way.applied)


@pytest.mark.parametrize("write", WRITES)
async def test_reads_that_fail_afterwards_take_nothing_back(write: str) -> None:
    for name, read in READS.items():
        assert Outcome.APPLIED is await run(write, Spoiled(read=read)), name


@pytest.mark.parametrize("write", WRITES)
async def test_an_odd_answer_is_never_taken_for_a_no(write: str) -> None:
    clean = Spoiled()
    await run(write, clean)
    (body,) = clean.applied
    odd = itertools.cycle(ODD)
    for path in places(json.loads(body) if body else None):
        value = next(odd)
        way = Spoiled(spoil=functools.partial(replaced, path=path, value=value))
        # Doubtful is read back: the answer shows something else than what was asked for.
        may_be = (Outcome.APPLIED, Outcome.UNKNOWN, Outcome.DOUBTFUL)
        assert await run(write, way) in may_be, (path, value)


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"<html>", b"null", b"[]", b"{}", b'"ok"', b'{"data": []}', b'{"message": "ok"}'],
    ids=repr,
)
async def test_an_answer_that_says_nothing_is_never_taken_for_a_no(write: str, raw: bytes) -> None:
    way = Spoiled(spoil=lambda _raw: raw)

    assert await run(write, way) in (Outcome.APPLIED, Outcome.UNKNOWN)
