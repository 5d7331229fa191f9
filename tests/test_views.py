"""What was made of reads: kept while each of them is fresh, made anew when one is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from integrations.memory import OVERHEAD, Memory
from integrations.remembered import Remembered
from integrations.views import MOST_SECONDS, Used, Views

pytestmark = pytest.mark.anyio

TAGS = {
    "a": frozenset({"id:1"}),
    "b": frozenset({"id:1", "email:x"}),
    "catalogue": frozenset[str](),
}


class Stage:
    """A memory and what was made of its reads, on a clock that a test moves."""

    def __init__(self, max_bytes: int = 1_000_000) -> None:
        self.now = 0.0
        self.memory = Memory(clock=lambda: self.now, stale_seconds=300)
        self.views = Views(self.memory, clock=lambda: self.now, max_bytes=max_bytes)
        self.made = 0

    async def answer(self, *keys: str, name: str = "answer", fresh: float = 30) -> object:
        """Answer what is made of these reads, as somebody does who may be shown what is stale."""
        kept = self.views.find(name)
        if kept is not None:
            return kept
        used = Used()
        for key in keys:
            used.asked += 1
            recalled = await self.memory.read(
                key,
                self.fetch(key),
                tags=TAGS[key],
                fresh_seconds=fresh,
                seconds=5,
                may_be_stale=True,
            )
            if not recalled.stale:
                used.got.append((key, recalled.serial))
        self.made += 1
        self.views.keep(name, self.made, size=100, used=used)
        await asyncio.sleep(0)
        return self.made

    def fetch(self, key: str) -> Callable[[bool], asyncio.Future[Remembered]]:
        async def fetch(_: bool) -> Remembered:
            return Remembered(body=bytes(9), as_of="", tags=TAGS[key])

        return fetch  # type: ignore[return-value]


@pytest.fixture
async def stage() -> Stage:
    return Stage()


async def test_what_was_made_of_fresh_reads_is_the_answer_while_they_are(stage: Stage) -> None:
    await stage.answer("a", "b")
    stage.now += 29.9

    assert 1 == await stage.answer("a", "b")
    assert (1, 2) == (stage.memory.hits, stage.memory.misses)
    stage.now += 0.1
    assert 2 == await stage.answer("a", "b")


@pytest.mark.parametrize("tag", ["id:1", "email:x"])
@pytest.mark.parametrize("news", ["drop", "outdate"])
async def test_news_of_one_read_is_news_of_what_was_made_of_it(
    stage: Stage, news: str, tag: str
) -> None:
    await stage.answer("a", "b")

    getattr(stage.memory, news)({"id:2"})
    assert 1 == await stage.answer("a", "b")
    getattr(stage.memory, news)({tag})
    assert 2 == await stage.answer("a", "b")


@pytest.mark.parametrize("method", ["forget", "distrust"])
async def test_so_is_that_one_read_is_known_to_be_no_more(stage: Stage, method: str) -> None:
    await stage.answer("a", "b")

    getattr(stage.memory, method)("b")

    assert 2 == await stage.answer("a", "b")


async def test_what_was_made_of_something_stale_is_not_kept(stage: Stage) -> None:
    await stage.answer("a")
    stage.now += 30

    assert [2, 3, 3] == [await stage.answer("a") for _ in range(3)]


async def test_what_was_made_without_something_is_not_kept(stage: Stage) -> None:
    used = Used()
    stage.views.keep("nothing was read", 1, size=1, used=used)
    await stage.answer("a")
    used.asked, used.got = 2, [("a", 1)]
    stage.views.keep("one of two failed", 1, size=1, used=used)

    assert 1 == len(stage.views)


async def test_what_was_made_of_a_read_that_is_replaced_is_not_kept(stage: Stage) -> None:
    await stage.answer("a")
    used = Used()
    used.asked, used.got = 1, [("a", 9)]

    stage.views.keep("answer of old", 1, size=1, used=used)

    assert stage.views.find("answer of old") is None


async def test_what_it_says_of_the_present_is_a_minute_old_at_most(stage: Stage) -> None:
    await stage.answer("catalogue", fresh=300)

    stage.now += MOST_SECONDS
    assert 2 == await stage.answer("catalogue", fresh=300)


async def test_the_bytes_are_bounded_and_what_is_used_least_goes_first() -> None:
    stage = Stage(max_bytes=2 * (OVERHEAD + 100))
    for name in ("one", "two", "one", "three"):
        await stage.answer("a", name=name)
    stage.views.keep("too large", 1, size=10_000, used=Used())

    assert 2 == len(stage.views)
    assert [1, None, 3] == [stage.views.find(name) for name in ("one", "two", "three")]
