"""Memory against two models: one that looks everything up, and one of what may never be shown."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.memory import Memory
from integrations.remembered import Recalled, Remembered
from tests.often import often

FRESH, STALE, KNOWN, SETTLE, AGAIN = 30.0, 60.0, 300.0, 5.0, 5.0
KEYS = ["a", "b", "c"]
TAGS = {"a": frozenset({"id:1"}), "b": frozenset({"id:1", "email:x"}), "c": frozenset({"id:2"})}
ALL_TAGS = sorted(frozenset().union(*TAGS.values()))
EXAMPLES = often(suite=200, commit=2_000)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([0.5, 2.0, 4.0, 5.0, 29.0, 61.0, 250.0])),
        st.tuples(st.just("ask"), st.sampled_from(KEYS), st.booleans()),
        st.tuples(st.just("land"), st.integers(0, 5)),
        st.tuples(st.just("drop"), st.sampled_from(ALL_TAGS), st.sampled_from([True, None])),
        st.tuples(st.just("outdate"), st.sampled_from(ALL_TAGS)),
    ),
    max_size=60,
)


class Shown:
    """A proof that finds itself in every read."""

    def touches(self, _key: Hashable) -> bool:
        return True

    def shows(self, _key: Hashable, _body: bytes) -> bool:
        return True


class Read(msgspec.Struct):
    """A read in the list of all that happened."""

    key: str
    at: float
    number: int
    body: bytes
    looked: bool


class News(msgspec.Struct):
    """A drop, with or without something that shows it, or that something is outdated."""

    tag: str
    at: float
    number: int
    kind: str
    shown: bool | None


class Model:
    """What a memory should answer where every read is there at once: looked up in plain lists."""

    def __init__(self) -> None:
        self.now = 0.0
        self.number = 0
        self.reads: list[Read] = []
        self.news: list[News] = []

    def about(self, key: str, kind: str) -> list[News]:
        return [each for each in self.news if each.tag in TAGS[key] and each.kind == kind]

    def unsettled(self, key: str, at: float) -> list[News]:
        return [each for each in self.about(key, "drop") if each.at <= at < each.at + SETTLE]

    def ends(self, read: Read) -> tuple[float, float]:
        """Say until when a read is fresh, and until when it is kept."""
        drops = [each for each in self.unsettled(read.key, read.at) if each.number < read.number]
        if drops and drops[-1].shown is None:
            end = min(read.at + FRESH, drops[-1].at + SETTLE)
            return end, end
        return read.at + FRESH, read.at + KNOWN

    def kept(self, key: str) -> Read | None:
        reads = [each for each in self.reads if each.key == key]
        if not reads or any(each.number > reads[-1].number for each in self.about(key, "drop")):
            return None
        return reads[-1] if self.now < self.ends(reads[-1])[1] else None

    def ask(self, key: str, *, may_be_stale: bool, body: bytes) -> tuple[bytes, bool]:
        """Answer; what has to be read anew holds `body`."""
        read = self.kept(key)
        outdated = read is not None and any(
            each.number > read.number for each in self.about(key, "outdate")
        )
        if read and not outdated and self.now < self.ends(read)[0]:
            return read.body, False
        looks = outdated or bool(self.unsettled(key, self.now))
        if read and may_be_stale and outdated and read.looked and self.now < read.at + AGAIN:
            return read.body, True
        self.number += 1
        anew = Read(key, self.now, self.number, body, looks)
        self.reads.append(anew)
        if read and may_be_stale and not outdated and self.now < self.ends(read)[0] + STALE:
            return read.body, True
        return body, False

    def tell(self, tag: str, kind: str, *, shown: bool | None = None) -> None:
        self.number += 1
        self.news.append(News(tag, self.now, self.number, kind, shown))


def make_memory(clock: Any) -> Memory:
    return Memory(
        clock=clock,
        stale_seconds=STALE,
        last_known_seconds=KNOWN,
        settle_seconds=SETTLE,
        again_seconds=AGAIN,
    )


@settings(max_examples=EXAMPLES)
@given(steps)
def test_where_reads_are_there_at_once_it_answers_what_a_plain_list_says(
    steps: list[tuple[Any, ...]],
) -> None:
    model = Model()

    async def play() -> None:
        memory = make_memory(lambda: model.now)
        for turn, (kind, *what) in enumerate(steps):
            body = str(turn).encode()
            if kind == "wait":
                model.now += what[0]
            elif kind == "ask":
                key, may_be_stale = what
                expected = model.ask(key, may_be_stale=may_be_stale, body=body)
                recalled = await ask(memory, key, body, may_be_stale=may_be_stale)
                assert expected == (recalled.read.body, recalled.stale)
            elif kind == "drop":
                tag, shown = what
                model.tell(tag, "drop", shown=shown)
                memory.drop({tag}, proof=Shown() if shown else None)
            elif kind == "outdate":
                model.tell(what[0], "outdate")
                memory.outdate({what[0]})
        for key in KEYS:
            known, kept = memory.last_known(key), model.kept(key)
            assert (kept and kept.body) == (known and known.body)

    asyncio.run(play())


async def ask(memory: Memory, key: str, body: bytes, *, may_be_stale: bool) -> Recalled:
    """Ask for a key that is read at once, and let what goes on in the background end."""

    async def fetch(_: bool) -> Remembered:
        return Remembered(body=body, as_of="", tags=TAGS[key])

    recalled = await memory.read(
        key, fetch, tags=TAGS[key], fresh_seconds=FRESH, seconds=9, may_be_stale=may_be_stale
    )
    await turns()
    return recalled


async def turns() -> None:
    """Let other tasks run."""
    for _ in range(5):
        await asyncio.sleep(0)


class World:
    """A customer each key is about, whose state is a number; reads of it land when they are told.

    What a read brings is the state when it began.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.memory = make_memory(lambda: self.now)
        self.state = 0
        self.oldest = dict.fromkeys(KEYS, 0)  # the state after the last change of ours
        self.newest = dict.fromkeys(KEYS, 0)  # and after the last that anybody told of
        self.began: dict[str, list[float]] = {key: [] for key in KEYS}
        self.under_way: list[asyncio.Event] = []
        self.asking: list[asyncio.Task[None]] = []

    def change(self, tag: str, kind: str) -> None:
        """Change what a tag is about."""
        self.state += 1
        for key in KEYS:
            if tag in TAGS[key]:
                self.newest[key] = self.state
                self.oldest[key] = self.state if kind == "drop" else self.oldest[key]

    async def ask(self, key: str, *, may_be_stale: bool) -> None:
        """Ask, and hold against the answer what may not be in it."""
        oldest, newest = self.oldest[key], self.newest[key]

        async def fetch(_: bool) -> Remembered:
            state, lands = self.state, asyncio.Event()
            self.began[key].append(self.now)
            self.under_way.append(lands)
            await lands.wait()
            return Remembered(body=str(state).encode(), as_of="", tags=TAGS[key])

        recalled = await self.memory.read(
            key, fetch, tags=TAGS[key], fresh_seconds=FRESH, seconds=9, may_be_stale=may_be_stale
        )
        shown = int(recalled.read.body)
        assert shown >= oldest, "older than a change of ours"
        assert recalled.stale or shown >= newest, "older than what was told, and not said to be"
        assert may_be_stale or not recalled.stale

    async def land(self, which: int) -> None:
        """Let one of the reads under way end."""
        if self.under_way:
            self.under_way.pop(which % len(self.under_way)).set()
        await turns()


@settings(max_examples=EXAMPLES)
@given(steps)
@example([("ask", "a", False), ("outdate", "id:1"), ("ask", "a", False), ("land", 0)])
def test_nothing_older_than_a_change_is_shown_however_long_reads_take(
    steps: list[tuple[Any, ...]],
) -> None:
    async def play() -> None:
        world = World()
        for kind, *what in steps:
            if kind == "wait":
                world.now += what[0]
            elif kind == "ask":
                asking = world.ask(what[0], may_be_stale=what[1])
                world.asking.append(asyncio.create_task(asking))
                await turns()
            elif kind == "land":
                await world.land(what[0])
            else:
                world.change(what[0], kind)
                if kind == "drop":
                    world.memory.drop({what[0]}, proof=Shown())
                else:
                    world.memory.outdate({what[0]})
        while world.under_way:
            await world.land(0)
        await asyncio.gather(*world.asking)
        await world.memory.close()

    asyncio.run(play())


@pytest.mark.parametrize("gap", [0.3, 1.0, 4.9])
def test_of_one_key_at_most_one_look_in_five_seconds_is_for_news(gap: float) -> None:
    """A minute of news and questions, so many seconds apart."""
    world = World()

    async def play() -> None:
        while world.now < 60:
            world.memory.outdate({"id:1"})
            asking = asyncio.create_task(world.ask("a", may_be_stale=True))
            await turns()
            await world.land(0)
            await asking
            world.now += gap

    asyncio.run(play())

    looks = world.began["a"][1:]  # the first was for the question
    assert all(later - sooner >= AGAIN for sooner, later in pairwise(looks))
    assert 60 / max(AGAIN, 2 * gap) - 2 <= len(looks) <= 60 / AGAIN + 1
