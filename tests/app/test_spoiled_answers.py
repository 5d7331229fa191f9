"""Upstream answers that nobody would write: each is answered for, none by a 500."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter

import pytest

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Fault, Received
from tests.app.loop import seconds
from tests.app.needs import made_ready
from tests.app.serving import Service
from tests.app.test_gorgias_faults import spoiled
from tests.often import often

pytestmark = pytest.mark.anyio


class Spoiling:
    """Spoils most of what the sandbox answers, once it is told to."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.begun = False
        self.service = Service(faults=self)

    def __call__(self, received: Received) -> Fault | None:
        if not self.begun or self.dice.random() < 0.3:
            return None
        answer = self.service.sandbox.answer(received)
        if not answer.body:
            return None
        said = json.dumps(spoiled(json.loads(answer.body), self.dice)).encode()
        return Fault(kind="status", status=answer.status, body=said)


@pytest.mark.parametrize("action", ACTIONS)
async def test_no_spoiled_answer_makes_a_500(action: str) -> None:
    """Something in what Rivo says is of a type it never has; for a commit 26 actions, 50 each.

    That goes on while it is looked up what became of a write.
    """
    dice = random.Random(action)
    statuses, times = Counter[int](), often(suite=16, commit=50)
    for _ in range(times):
        rivo = Spoiling(dice)
        service = rivo.service
        fit = await made_ready(service, action)
        rivo.begun = True
        began = seconds()
        answer = await service.act(action, **fit, shape=dice.choice(["flat", "full"]))
        statuses[answer.status_code] += 1

        assert answer.status_code != 500, service.lines()[-2]
        assert seconds() - began <= 4
        if answer.status_code == 202:
            for _ in range(3):
                await asyncio.sleep(100)
                await service.app.state.settler.once()
            events = [line["event"] for line in service.lines()]
            assert not {"settler.failed", "operation.failed"} & set(events)

    assert times == statuses.total()
    assert set(statuses) <= {200, 201, 202, 404, 422, 503}
