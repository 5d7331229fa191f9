"""Requests and upstream answers that nobody would write: each is answered, none by a 500."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from integrations.actions import CONTEXT
from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, Received
from tests.app.loop import seconds
from tests.app.serving import API_KEY, BUTTON_SECRET, GORGIAS_SECRET, MAYA, PROBLEM, Service
from tests.app.test_gorgias_faults import WEIRD, spoiled
from tests.app.test_shops import needed

pytestmark = pytest.mark.anyio

INPUTS = sorted({i.name for action in ACTIONS.values() for i in (*action.inputs, *CONTEXT)})
VALUES = [
    *WEIRD,
    MAYA,
    "{{ticket.id}}",
    "2026-01-01",
    "99999999999999999999",
    "1e400",
    "0x10",
    "١٢",
    "a b@c",
    "../x@y",
    "\udcff",
    709485,
    0.1 + 0.2,
    -(10**18),
    "true",
    "<script>",
    "%00",
    "x" * 300,
]
METHODS = ["GET", "POST", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "X"]
TYPES = [
    "application/json",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data",
    "",
    "é",
    "application/json\0",
]
PATHS = [
    *ACTIONS,
    "",
    "actions",
    "get_costumer",
    "get_customer/",
    "/get_customer",
    "%2e%2e",
    "x" * 999,
]


def body(dice: random.Random) -> bytes:
    """Make a body that is JSON, or nearly, or not at all."""
    names = dice.sample([*INPUTS, "nonsense", "", "\0"], dice.randrange(5))
    inputs = {name: dice.choice(VALUES) for name in names}
    told = json.dumps(inputs).encode()
    return dice.choice(
        [
            told,
            told,
            told,
            told[: dice.randrange(len(told) + 1)],
            dice.randbytes(dice.randrange(40)),
            b"[" * dice.randrange(60_000),
            "&".join(f"{name}={value}" for name, value in inputs.items()).encode(errors="replace"),
            b"",
        ]
    )


@pytest.mark.parametrize("seed", range(5))
async def test_of_5000_malformed_requests_none_is_a_500(seed: int) -> None:
    """5 seeds of 1,000 over both doors; every refusal is a whole problem, or Gorgias' own."""
    dice = random.Random(seed)
    service = Service()
    statuses = Counter[int]()
    for _ in range(1000):
        door, key = dice.choice(
            [("actions", API_KEY), ("gorgias", GORGIAS_SECRET), ("gorgias", BUTTON_SECRET)]
        )
        name = dice.choice(INPUTS)
        query = dice.choice(
            ["", "?", f"?{name}=1&{name}=2", "?%ff", "?=&&=;", f"?{name}={{{{x}}}}"]
        )
        headers = [
            (b"authorization", dice.choice([f"Bearer {key}"] * 9 + ["Bearer é"]).encode()),
            (b"content-type", dice.choice(TYPES).encode()),
            (b"content-length", dice.choice([b"0", b"-1", b"9" * 30, b"x"])),
        ]
        status, content = await service.raw(
            method=dice.choice(METHODS),
            path=f"/{door}/{dice.choice(PATHS)}",
            query_string=query[1:].encode(),
            headers=headers[: dice.choice([2, 2, 2, 3])],
            body=body(dice),
        )
        statuses[status] += 1
        told = json.loads(content) if content else None
        if status >= 400 and told is not None and "ok" not in told:
            assert set(told) >= set(PROBLEM)
            assert status == told["status"]

    assert 1000 == statuses.total()
    assert {200, 400, 401, 403, 404, 405, 413, 415, 422} <= set(statuses)
    assert set() == set(statuses) - {200, 201, 400, 401, 403, 404, 405, 413, 415, 422}


@pytest.mark.parametrize("action", ACTIONS)
async def test_of_1250_spoiled_answers_none_makes_a_500(action: str) -> None:
    """25 actions, 50 each: something in what Rivo says is of a type it never has."""
    dice = random.Random(action)
    statuses = Counter[int]()
    for _ in range(50):

        def fault(received: Received, tested: list[Service]) -> Fault | None:
            if dice.random() < 0.3:
                return None
            answer = tested[0].sandbox.answer(received)
            if not answer.body:
                return None
            said = json.dumps(spoiled(json.loads(answer.body), dice)).encode()
            return Fault(kind="status", status=answer.status, body=said)

        tested: list[Service] = []
        tested.append(Service(faults=lambda got, tested=tested: fault(got, tested)))
        shape = dice.choice(["flat", "full"])
        began = seconds()
        answer = await tested[0].act(action, **needed(action), shape=shape)
        statuses[answer.status_code] += 1

        assert answer.status_code != 500, tested[0].lines()[-2]
        assert seconds() - began <= 4

    assert 50 == statuses.total()
    assert set(statuses) <= {200, 201, 202, 404, 422, 503}
