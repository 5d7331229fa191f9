"""Upstream answers that nobody would write: each is answered for, none by a 500."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, Received
from tests.app.loop import seconds
from tests.app.serving import Service
from tests.app.test_gorgias_faults import spoiled
from tests.app.test_shops import needed

pytestmark = pytest.mark.anyio


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
