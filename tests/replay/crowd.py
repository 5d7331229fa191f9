"""Two hundred agents open one cold customer at once: what Rivo is asked, and what they are told."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Final

import msgspec

from tests.app.serving import API_KEY, GORGIAS_SECRET
from tests.replay.house import House, played
from tests.replay.plan import email_of

AGENTS: Final = 200
WHO: Final = 7
KEYS: Final = {"actions": API_KEY, "gorgias": GORGIAS_SECRET}


class Crowd(msgspec.Struct, kw_only=True):
    """How often Rivo was asked for what, and the different answers with how many got each."""

    asked: dict[str, int]
    told: Counter[tuple[int, bytes]]


def crowd(door: str) -> Crowd:
    """Let them all open the customer in the same moment."""

    async def play() -> Crowd:
        house = House(customers=50, dice=random.Random(1))
        async with house.open():
            opens = (
                house.post(f"/{door}/get_sidebar", KEYS[door], who=email_of(WHO))
                for _ in range(AGENTS)
            )
            answers = await asyncio.gather(*opens)
        paths = [each.path.partition("/merchant_api/v1/")[2] for each in house.network.arrivals]
        return Crowd(
            asked=dict(Counter(paths)),
            told=Counter((answer.status, answer.body) for answer in answers),
        )

    return played(play)
