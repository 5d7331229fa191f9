"""Memory: asked for once however many wait, last known for a day, forgotten in time, bounded."""

from __future__ import annotations

import asyncio
import gc
import random
import tracemalloc
from collections.abc import Callable, Hashable

import pytest

from integrations.memory import OVERHEAD, Memory, Remembered

pytestmark = pytest.mark.anyio

NOW = "2026-11-21T12:00:00.000Z"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


class Source:
    """Something to read from: counts how often, and answers when its gate is open."""

    def __init__(self, *tags: str, body: bytes = b"x", trouble: Exception | None = None) -> None:
        self.tags = frozenset(tags)
        self.body = body
        self.trouble = trouble
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> Remembered:
        self.asked += 1
        await self.gate.wait()
        if self.trouble:
            raise self.trouble
        return Remembered(body=self.body, as_of=NOW, tags=self.tags)


class Stage:
    """A memory that is read with the same patience each time."""

    def __init__(self, max_bytes: int = 1_000_000, last_known: float = 0.0) -> None:
        self.clock = Clock()
        self.memory = Memory(clock=self.clock, max_bytes=max_bytes, last_known_seconds=last_known)

    async def read(
        self, key: Hashable, source: Source, *, fresh: float = 30.0, lasting: bool = False
    ) -> Remembered:
        return await self.memory.read(key, source, fresh_seconds=fresh, seconds=5, lasting=lasting)


async def turns(count: int = 5) -> None:
    """Let other tasks run."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
async def stage() -> Stage:
    return Stage()


async def test_a_remembered_read_is_byte_for_byte_what_was_read(stage: Stage) -> None:
    source = Source("id:1", body=b'{"points": 1.50}')

    first, second = await stage.read("a", source), await stage.read("a", source)

    assert Remembered(body=b'{"points": 1.50}', as_of=NOW, tags=frozenset({"id:1"})) == first
    assert first is second
    assert 1 == source.asked
    assert (1, 1, 1) == (stage.memory.hits, stage.memory.misses, len(stage.memory))


async def test_a_read_is_fresh_for_so_many_seconds(stage: Stage) -> None:
    source = Source()
    await stage.read("a", source, fresh=30)

    stage.clock.seconds += 29.999
    await stage.read("a", source)
    assert 1 == source.asked

    stage.clock.seconds += 0.001
    await stage.read("a", source)
    assert 2 == source.asked


async def test_a_read_that_is_never_fresh_is_not_kept(stage: Stage) -> None:
    source = Source()

    for _ in range(2):
        await stage.read("a", source, fresh=0)

    assert 2 == source.asked
    assert 0 == len(stage.memory)


async def test_two_hundred_who_wait_cost_one_read(stage: Stage) -> None:
    source = Source()
    source.gate.clear()
    waiting = [asyncio.create_task(stage.read("a", source)) for _ in range(200)]
    await turns()

    source.gate.set()
    reads = await asyncio.gather(*waiting)

    assert 1 == source.asked
    assert {id(reads[0])} == {id(read) for read in reads}


async def test_different_keys_are_read_apart(stage: Stage) -> None:
    source = Source()

    await asyncio.gather(*(stage.read(key, source) for key in "abc"))

    assert 3 == source.asked


async def test_a_failure_is_raised_for_all_who_wait_and_not_remembered(stage: Stage) -> None:
    source = Source(trouble=LookupError("no such customer"))
    source.gate.clear()
    waiting = [asyncio.create_task(stage.read("a", source)) for _ in range(3)]
    await turns()
    source.gate.set()

    raised = await asyncio.gather(*waiting, return_exceptions=True)

    assert ["no such customer"] * 3 == [str(each) for each in raised]
    source.trouble = None
    assert b"x" == (await stage.read("a", source)).body
    assert 2 == source.asked


async def test_who_is_cancelled_leaves_the_read_to_the_others(stage: Stage) -> None:
    source = Source()
    source.gate.clear()
    first, second = (asyncio.create_task(stage.read("a", source)) for _ in range(2))
    await turns()

    first.cancel()
    await turns()
    source.gate.set()

    assert b"x" == (await second).body
    assert first.cancelled()
    await stage.read("a", source)
    assert 1 == source.asked


async def test_who_is_out_of_time_leaves_the_read_to_the_others(stage: Stage) -> None:
    source = Source()
    source.gate.clear()

    with pytest.raises(TimeoutError):
        await stage.memory.read("a", source, fresh_seconds=30, seconds=0.001)
    other = asyncio.create_task(stage.read("a", source))
    await turns()
    source.gate.set()

    assert b"x" == (await other).body
    assert 1 == source.asked


async def test_a_read_that_nobody_waits_for_any_more_is_still_remembered(stage: Stage) -> None:
    source = Source()
    source.gate.clear()
    only = asyncio.create_task(stage.read("a", source))
    await turns()
    only.cancel()
    source.gate.set()
    await turns()

    await stage.read("a", source)

    assert 1 == source.asked


async def test_a_failure_that_nobody_waits_for_any_more_disturbs_nobody(stage: Stage) -> None:
    source = Source(trouble=LookupError())
    source.gate.clear()
    only = asyncio.create_task(stage.read("a", source))
    await turns()
    only.cancel()
    source.gate.set()
    await turns()

    assert {} == stage.memory._flights
    gc.collect()  # an exception that nobody retrieved would be complained about here


async def test_a_read_that_is_cut_off_is_begun_anew(stage: Stage) -> None:
    source = Source()
    source.gate.clear()
    waiting = asyncio.create_task(stage.read("a", source))
    await turns()
    stage.memory._flights["a"].task.cancel()  # as the end of the event loop does
    await asyncio.gather(waiting, return_exceptions=True)
    source.gate.set()

    assert b"x" == (await stage.read("a", source)).body
    assert 2 == source.asked


async def test_dropping_a_tag_forgets_what_concerns_it(stage: Stage) -> None:
    one, other = Source("id:1", "email:a"), Source("id:2")
    await stage.read("one", one)
    await stage.read("other", other)

    stage.memory.drop({"email:a", "email:nobody"})
    stage.clock.seconds += 10
    await stage.read("one", one)
    await stage.read("other", other)

    assert (2, 1) == (one.asked, other.asked)


async def test_a_read_that_began_before_a_drop_does_not_fill_the_memory(stage: Stage) -> None:
    source = Source("id:1")
    source.gate.clear()
    before = asyncio.create_task(stage.read("a", source))
    await turns()

    stage.memory.drop({"id:2"})
    source.gate.set()
    await before
    stage.clock.seconds += 10
    await stage.read("a", source)

    assert 2 == source.asked


async def test_who_comes_after_a_drop_does_not_share_a_read_from_before(stage: Stage) -> None:
    old, new = Source("id:1", body=b"before"), Source("id:1", body=b"after")
    old.gate.clear()
    before = asyncio.create_task(stage.read("a", old))
    await turns()

    stage.memory.drop({"id:1"})
    after = asyncio.create_task(stage.read("a", new))
    await turns()
    old.gate.set()

    assert (b"before", b"after") == ((await before).body, (await after).body)


async def test_soon_after_a_drop_a_read_is_shared_but_not_kept(stage: Stage) -> None:
    touched, other = Source("id:1", "someone"), Source("id:2", "someone")
    stage.memory.drop({"id:1"})
    assert not stage.memory.is_settled({"id:1", "someone"})
    assert stage.memory.is_settled({"id:2", "someone"})

    stage.clock.seconds += 4.999
    await asyncio.gather(*(stage.read("a", touched) for _ in range(9)))
    assert 1 == touched.asked
    for _ in range(2):
        await stage.read("a", touched)
        await stage.read("b", other)
    assert (3, 1) == (touched.asked, other.asked)

    stage.clock.seconds += 0.001
    assert stage.memory.is_settled({"id:1"})
    for _ in range(2):
        await stage.read("a", touched)
    assert 4 == touched.asked


async def test_what_lasts_survives_drops_also_while_it_is_read(stage: Stage) -> None:
    lasting = Source()
    lasting.gate.clear()
    first = asyncio.create_task(stage.read("catalogue", lasting, lasting=True))
    await turns()

    stage.memory.drop({"id:1", "everyone"})
    second = asyncio.create_task(stage.read("catalogue", lasting, lasting=True))
    await turns()
    lasting.gate.set()
    await asyncio.gather(first, second)
    stage.memory.drop({"id:1", "everyone"})
    await stage.read("catalogue", lasting, lasting=True)

    assert 1 == lasting.asked


async def known(last_known: float = 86_400, fresh: float = 30, *tags: str) -> Stage:
    """Make a memory that has read "a" once."""
    stage = Stage(last_known=last_known)
    await stage.read("a", Source(*tags), fresh=fresh)
    return stage


def told(stage: Stage, key: Hashable = "a") -> bytes | None:
    """Tell what is known last."""
    read = stage.memory.last_known(key)
    return read.body if read else None


async def test_what_is_not_fresh_any_more_is_known_last_for_so_long() -> None:
    stage = await known(last_known=86_400, fresh=30)

    stage.clock.seconds += 86_399.999
    assert b"x" == told(stage)
    stage.clock.seconds += 0.001
    assert told(stage) is None
    assert 0 == len(stage.memory)


async def test_what_is_fresh_for_longer_is_known_for_longer() -> None:
    stage = await known(last_known=10, fresh=300)

    stage.clock.seconds += 299
    assert b"x" == told(stage)
    stage.clock.seconds += 1
    assert told(stage) is None


async def test_what_is_known_last_is_asked_for_again_and_replaced() -> None:
    stage = await known()
    newer = Source(body=b"newer")

    stage.clock.seconds += 30
    assert b"newer" == (await stage.read("a", newer)).body
    assert b"newer" == told(stage)
    assert (0, 2) == (stage.memory.hits, stage.memory.misses)


async def test_what_is_never_fresh_is_known_last_all_the_same() -> None:
    stage = await known(fresh=0)
    source = Source(body=b"newer")

    assert b"x" == told(stage)
    assert b"newer" == (await stage.read("a", source, fresh=0)).body


async def test_a_failure_leaves_what_was_known_last() -> None:
    stage = await known()
    stage.clock.seconds += 31

    with pytest.raises(LookupError):
        await stage.read("a", Source(trouble=LookupError()))
    assert b"x" == told(stage)


async def test_what_was_dropped_is_not_known_any_more() -> None:
    stage = await known(86_400, 30, "id:1")
    stage.clock.seconds += 3_600

    stage.memory.drop({"id:1"})

    assert told(stage) is None
    await stage.read("a", Source("id:1"))
    assert told(stage) is None  # for it may still show what was before
    stage.clock.seconds += 5
    await stage.read("a", Source("id:1"))
    assert b"x" == told(stage)


async def test_a_single_read_can_be_forgotten() -> None:
    stage = await known()
    await stage.read("b", Source())

    stage.memory.forget("a")
    stage.memory.forget("nobody knows this")

    assert (None, b"x") == (told(stage), told(stage, "b"))


async def test_without_time_left_only_what_is_fresh_is_read() -> None:
    stage = await known()
    source = Source()

    async def read() -> bytes:
        read = await stage.memory.read("a", source, fresh_seconds=30, seconds=0)
        return read.body

    assert b"x" == await read()
    stage.clock.seconds += 30
    with pytest.raises(TimeoutError):
        await read()
    assert 0 == source.asked


async def test_what_is_known_last_goes_when_room_is_needed() -> None:
    stage = Stage(max_bytes=10 * OVERHEAD, last_known=86_400)
    for number in range(50):
        await stage.read(number, Source(f"id:{number}", body=b""), fresh=1)
        stage.clock.seconds += 60

    assert 10 == len(stage.memory)
    assert [None, b""] == [told(stage, number) for number in (39, 40)]


async def test_the_bytes_are_bounded_and_the_least_used_read_goes_first() -> None:
    stage = Stage(max_bytes=3 * (OVERHEAD + 1_000))
    source = Source(body=b"x" * 1_000)
    for key in "abc":
        await stage.read(key, source)
    await stage.read("a", source)

    await stage.read("d", source)

    assert 3 == len(stage.memory)
    await stage.read("a", source)
    assert 4 == source.asked
    await stage.read("b", source)
    assert 5 == source.asked


async def test_the_entries_are_bounded_however_small_they_are() -> None:
    stage = Stage(max_bytes=10 * OVERHEAD)

    for number in range(50):
        await stage.read(number, Source(body=b""))

    assert 10 == len(stage.memory)


async def test_what_is_larger_than_the_memory_is_not_kept(stage: Stage) -> None:
    source = Source(body=b"x" * 1_000_000)

    assert 1_000_000 == len((await stage.read("a", source)).body)
    assert 0 == len(stage.memory)


async def test_however_much_is_dropped_what_is_noted_of_it_is_bounded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.memory.MOST_DROPPED", 100)

    for number in range(1_000):
        stage.memory.drop({f"id:{number}", f"email:{number}", "everyone"})
        assert not stage.memory.is_settled({f"id:{number}"})
        assert not stage.memory.is_settled({"everyone"})

    assert 100 == len(stage.memory._dropped)


async def test_what_was_read_before_a_drop_nobody_knows_of_any_more_is_forgotten(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.memory.MOST_DROPPED", 10)
    old, used, new, lasting = Source("id:1"), Source("id:2"), Source("id:3"), Source()
    for key, source in (("old", old), ("used", used), ("lasting", lasting)):
        await stage.read(key, source)

    stage.memory.drop({"id:1"})
    for number in range(100, 120):
        stage.memory.drop({f"id:{number}"})
        await stage.read("used", used)
    stage.clock.seconds += 5
    for key, source in (("old", old), ("new", new), ("used", used), ("lasting", lasting)):
        await stage.read(key, source)
        await stage.read(key, source)

    assert [2, 1, 1, 1] == [each.asked for each in (old, used, new, lasting)]


async def test_a_drop_is_found_out_however_many_others_there_were(stage: Stage) -> None:
    kept = {number: Source(f"id:{number}", "someone") for number in range(50)}
    for number, source in kept.items():
        await stage.read(number, source)
    for number in range(0, 50, 2):
        stage.memory.drop({f"id:{number}"})
        await stage.read(49, kept[49])
    stage.clock.seconds += 5

    for number, source in kept.items():
        await stage.read(number, source)

    assert [2, 1] * 25 == [source.asked for source in kept.values()]


@pytest.mark.parametrize("seed", range(20))
async def test_it_knows_what_a_plain_list_of_all_that_happened_says(seed: int) -> None:
    """Reads, drops and time in any order, held against a model that looks everything up."""
    dice = random.Random(seed)
    stage = Stage(last_known=60)
    tags = [f"id:{number}" for number in range(6)]
    kept: dict[int, tuple[bytes, frozenset[str], float]] = {}
    dropped: list[tuple[float, str]] = []
    asked = 0
    for turn in range(400):
        stage.clock.seconds += dice.choice([0, 0, 0.5, 2, 7])
        now, key = stage.clock.seconds, dice.randrange(8)
        kept = {k: entry for k, entry in kept.items() if now < entry[2] + 60}
        doing = dice.choice(["read", "read", "read", "drop", "last known"])
        if doing == "drop":
            gone = set(dice.sample(tags, dice.choice([1, 2])))
            stage.memory.drop(gone)
            dropped += [(now, tag) for tag in gone]
            kept = {k: entry for k, entry in kept.items() if not entry[1] & gone}
        elif doing == "last known":
            assert (kept[key][0] if key in kept else None) == told(stage, key)
        else:
            source = Source(*dice.sample(tags, 2), body=str(turn).encode())
            if key not in kept or now >= kept[key][2] + 10:
                asked += 1
                if not any(now < at + 5 and tag in source.tags for at, tag in dropped):
                    kept[key] = source.body, source.tags, now
                expected = source.body
            else:
                expected = kept[key][0]
            assert expected == (await stage.read(key, source, fresh=10)).body

    assert asked == stage.memory.misses
    assert 50 < asked < 300


async def test_closing_waits_for_what_is_read(stage: Stage) -> None:
    source, failing = Source(), Source(trouble=LookupError())
    source.gate.clear()
    reads = [asyncio.create_task(stage.read(key, s)) for key, s in enumerate([source, failing])]
    await turns(1)
    closing = asyncio.create_task(stage.memory.close())
    await turns()
    assert not closing.done()

    source.gate.set()
    await closing

    await asyncio.gather(*reads, return_exceptions=True)
    assert 1 == len(stage.memory)


def single_key(number: int) -> Hashable:
    return (("customers", f"customer{number}@example.com"), ())


def list_key(number: int) -> Hashable:
    order = ("sort[order_type]", "applied_at"), ("sort[order_direction]", "desc")
    asked = (f"filters[{'customer_identifier'}]", f"customer{number}@example.com")
    page = (f"pagination[{'page'}]", str(number)), (f"pagination[{'per_page'}]", str(1000 + number))
    return (("points_events",), (asked, *order, *page))


@pytest.mark.parametrize("key_of", [single_key, list_key])
async def test_an_entry_costs_about_what_is_counted_for_it(
    key_of: Callable[[int], Hashable],
) -> None:
    stage = Stage(max_bytes=100_000_000)
    count, size = 2_000, 500

    async def remember(number: int) -> None:
        tags = "someone", f"id:{7_000_000_000_000 + number}", f"email:customer{number}@example.com"
        read = Remembered(
            body=bytes(size),
            as_of=f"2026-11-21T12:00:00.{number:06}Z",
            tags=frozenset(tags),
        )

        async def fetch() -> Remembered:
            return read

        await stage.memory.read(key_of(number), fetch, fresh_seconds=30, seconds=5)

    await remember(count)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(count):
            await remember(number)
        await turns()
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    costs = used / count - size
    assert count + 1 == len(stage.memory)
    assert OVERHEAD / 1.5 < costs < OVERHEAD * 1.5, f"an entry costs {costs:.0f} bytes"
