"""Memory: asked for once however many wait, last known for a day, forgotten in time, bounded."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Callable, Hashable

import pytest

from integrations.memory import OVERHEAD, Memory
from integrations.remembered import Recalled, Remembered

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
        self.in_background = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, background: bool) -> Remembered:
        self.asked += 1
        self.in_background += background
        await self.gate.wait()
        if self.trouble:
            raise self.trouble
        return Remembered(body=self.body, as_of=NOW, tags=self.tags)


class Proof:
    """A proof that says of every read, or of all but some keys, what a function says."""

    def __init__(
        self, shows: Callable[[Hashable, bytes], bool | None], *untouched: Hashable
    ) -> None:
        self.shows = shows
        self.untouched = untouched

    def touches(self, key: Hashable) -> bool:
        return key not in self.untouched


class Stage:
    """A memory that is read with the same patience each time."""

    def __init__(
        self, max_bytes: int = 1_000_000, *, stale: float = 0.0, last_known: float = 0.0
    ) -> None:
        self.clock = Clock()
        self.memory = Memory(
            clock=self.clock,
            max_bytes=max_bytes,
            stale_seconds=stale,
            last_known_seconds=last_known,
        )

    async def read(self, key: Hashable, source: Source, *, fresh: float = 30.0) -> Remembered:
        """Read what is not stale."""
        recalled = await self.recall(key, source, fresh=fresh, may_be_stale=False)
        return recalled.read

    async def recall(
        self, key: Hashable, source: Source, *, fresh: float = 30.0, may_be_stale: bool = True
    ) -> Recalled:
        """Read what may be stale."""
        return await self.memory.read(
            key,
            source,
            tags=source.tags,
            fresh_seconds=fresh,
            seconds=5,
            may_be_stale=may_be_stale,
        )


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
        await stage.memory.read("a", source, tags=source.tags, fresh_seconds=30, seconds=0.001)
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

    stage.memory.drop({"id:1"})
    source.gate.set()
    await before
    stage.clock.seconds += 10
    await stage.read("a", source)

    assert 2 == source.asked


async def test_a_drop_that_concerns_others_disturbs_no_read_under_way(stage: Stage) -> None:
    source = Source("id:1")
    source.gate.clear()
    before = asyncio.create_task(stage.read("a", source))
    await turns()

    stage.memory.drop({"id:2"})
    joining = asyncio.create_task(stage.read("a", source))
    await turns()
    source.gate.set()
    await asyncio.gather(before, joining)
    await stage.read("a", source)

    assert 1 == source.asked


async def test_what_turns_out_to_be_about_whom_a_drop_was_is_not_kept(stage: Stage) -> None:
    """The answer may name the customer in another way than the question did."""
    source = Source("id:1", "email:a")
    source.gate.clear()
    waiting = asyncio.create_task(
        stage.memory.read("a", source, tags=frozenset({"email:a"}), fresh_seconds=30, seconds=5)
    )
    await turns()

    stage.memory.drop({"id:1"})
    source.gate.set()
    await waiting

    assert 0 == len(stage.memory)


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


async def test_a_read_that_may_not_show_a_drop_yet_is_kept_until_it_surely_would(
    stage: Stage,
) -> None:
    touched, other = Source("id:1", "someone"), Source("id:2", "someone")
    stage.memory.drop({"id:1"})
    assert not stage.memory.is_settled({"id:1", "someone"})
    assert stage.memory.is_settled({"id:2", "someone"})

    stage.clock.seconds += 4
    for _ in range(9):
        await stage.read("a", touched)
        await stage.read("b", other)
    assert (1, 1) == (touched.asked, other.asked)

    stage.clock.seconds += 1
    assert stage.memory.is_settled({"id:1"})
    assert told(stage) is None
    for _ in range(9):
        await stage.read("a", touched)
        await stage.read("b", other)
    assert (2, 1) == (touched.asked, other.asked)


async def test_a_read_that_shows_what_was_changed_is_kept_at_once(stage: Stage) -> None:
    source = Source("id:1", body=b"1900 points")
    stage.memory.drop({"id:1"}, proof=Proof(lambda key, body: (key, body) == ("a", b"1900 points")))

    await stage.read("a", source)
    stage.clock.seconds += 29
    await stage.read("a", source)

    assert 1 == source.asked


async def test_a_read_that_lacks_what_was_changed_is_shared_and_not_kept(stage: Stage) -> None:
    source = Source("id:1", body=b"1840 points")
    stage.memory.drop({"id:1"}, proof=Proof(lambda _, body: body == b"1900 points"))

    both = await asyncio.gather(*(stage.recall("a", source) for _ in range(2)))
    assert ([True] * 2, 1, 0) == ([each.stale for each in both], source.asked, len(stage.memory))

    source.body = b"1900 points"
    assert not (await stage.recall("a", source)).stale
    assert (2, 1) == (source.asked, len(stage.memory))


async def test_what_is_lacking_when_it_should_long_be_there_is_kept_all_the_same(
    stage: Stage,
) -> None:
    source = Source("id:1")
    stage.memory.drop({"id:1"}, proof=Proof(lambda _key, _body: False))
    stage.clock.seconds += 5

    for _ in range(9):
        assert not (await stage.recall("a", source)).stale

    assert 1 == source.asked


@pytest.mark.parametrize(
    ("older", "newer", "is_kept", "is_stale"),
    [
        (False, True, True, False),
        (None, True, True, False),
        (True, False, False, True),
        (False, None, False, True),
        (True, None, True, False),
    ],
)
async def test_of_two_changes_a_read_shows_both_if_it_shows_the_newer(
    stage: Stage, older: bool | None, newer: bool | None, is_kept: bool, is_stale: bool
) -> None:
    for told_by in (older, newer):

        def shows(_key: Hashable, _body: bytes, told: bool | None = told_by) -> bool | None:
            return told

        stage.memory.drop({"id:1"}, proof=Proof(shows))
        stage.clock.seconds += 1

    recalled = await stage.recall("a", Source("id:1"))

    assert (is_kept, is_stale) == (len(stage.memory) == 1, recalled.stale)


async def test_a_change_that_cannot_be_in_a_read_says_nothing_of_those_that_can(
    stage: Stage,
) -> None:
    lacking = Source("id:1", body=b"codes")
    stage.memory.drop({"id:1"}, proof=Proof(lambda _key, body: body == b"codes and one more"))
    stage.memory.drop({"id:1"}, proof=Proof(lambda _key, _body: True, "a"))

    assert (True, 0) == ((await stage.recall("a", lacking)).stale, len(stage.memory))
    lacking.body = b"codes and one more"
    assert (False, 1) == ((await stage.recall("a", lacking)).stale, len(stage.memory))


async def test_a_change_that_cannot_be_in_a_read_is_not_waited_for(stage: Stage) -> None:
    source = Source("id:1")
    stage.memory.drop({"id:1"}, proof=Proof(lambda _key, _body: None, "a"))

    await stage.read("a", source)
    stage.clock.seconds += 29
    await stage.read("a", source)

    assert 1 == source.asked


async def test_what_lasts_survives_drops_also_while_it_is_read(stage: Stage) -> None:
    lasting = Source()
    lasting.gate.clear()
    first = asyncio.create_task(stage.read("catalogue", lasting))
    await turns()

    stage.memory.drop({"id:1", "everyone"})
    second = asyncio.create_task(stage.read("catalogue", lasting))
    await turns()
    lasting.gate.set()
    await asyncio.gather(first, second)
    stage.memory.drop({"id:1", "everyone"})
    await stage.read("catalogue", lasting)

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
    stage.clock.seconds += 5
    assert told(stage) is None  # for it may still have shown what was before
    await stage.read("a", Source("id:1"))
    assert b"x" == told(stage)


# Shown while it is looked up anew.


async def shown(stage: Stage, source: Source, key: Hashable = "a") -> tuple[bytes, bool]:
    """Show what may be stale, and let what goes on in the background end."""
    recalled = await stage.recall(key, source)
    await turns()
    return recalled.read.body, recalled.stale


async def test_what_is_stale_is_shown_at_once_and_looked_up_in_the_background() -> None:
    stage = Stage(stale=300)
    source = Source("id:1", body=b"old")
    await shown(stage, source)
    source.body = b"new"

    stage.clock.seconds += 30
    source.gate.clear()
    assert [(b"old", True)] * 9 == [await shown(stage, source) for _ in range(9)]
    assert (2, 1) == (source.asked, source.in_background)

    source.gate.set()
    await turns()
    assert (b"new", False) == await shown(stage, source)
    assert (2, 1, 9, 1) == (
        source.asked,
        stage.memory.hits,
        stage.memory.stales,
        stage.memory.misses,
    )


async def test_what_is_stale_too_long_is_waited_for() -> None:
    stage = Stage(stale=300, last_known=86_400)
    source = Source(body=b"old")
    await shown(stage, source)
    source.body = b"new"

    stage.clock.seconds += 330
    assert b"old" == told(stage)
    assert (b"new", False) == await shown(stage, source)
    assert 0 == source.in_background


async def test_who_may_not_be_shown_what_is_stale_waits() -> None:
    stage = Stage(stale=300)
    source = Source(body=b"old")
    await shown(stage, source)
    source.body = b"new"

    stage.clock.seconds += 30
    assert b"new" == (await stage.read("a", source)).body


async def test_a_look_in_the_background_that_fails_disturbs_nobody() -> None:
    stage = Stage(stale=300)
    await shown(stage, Source(body=b"old"))
    failing = Source(trouble=LookupError())

    stage.clock.seconds += 30
    assert [(b"old", True)] * 2 == [await shown(stage, failing) for _ in range(2)]
    assert 2 == failing.asked
    gc.collect()  # an exception that nobody retrieved would be complained about here


async def test_without_time_left_what_is_stale_is_shown_all_the_same() -> None:
    stage = Stage(stale=300)
    source = Source()
    await shown(stage, source)
    stage.clock.seconds += 30

    recalled = await stage.memory.read(
        "a", source, tags=source.tags, fresh_seconds=30, seconds=0, may_be_stale=True
    )

    assert recalled.stale


async def test_what_is_distrusted_is_asked_for_before_it_is_shown() -> None:
    stage = Stage(stale=300, last_known=600)
    source = Source()
    await shown(stage, source)

    stage.memory.distrust("a")
    stage.memory.distrust("nobody knows this")

    with pytest.raises(LookupError):
        await shown(stage, Source(trouble=LookupError()))
    assert b"x" == told(stage)
    assert (b"x", False) == await shown(stage, source)
    assert 2 == source.asked


# Somebody says that something has changed.


async def test_what_is_outdated_is_asked_for_again_and_still_known() -> None:
    stage = Stage(stale=300, last_known=600)
    one, other = Source("id:1", body=b"old"), Source("id:2")
    await shown(stage, one)
    await shown(stage, other, "b")
    one.body = b"new"

    stage.memory.outdate({"id:1"})
    assert b"old" == told(stage)
    with pytest.raises(LookupError):
        await shown(stage, Source("id:1", trouble=LookupError()))
    assert b"old" == told(stage)
    assert (b"new", False) == await shown(stage, one)
    await shown(stage, other, "b")
    assert (2, 1) == (one.asked, other.asked)


async def test_what_is_outdated_stays_so_whatever_is_told_of_others() -> None:
    stage = Stage(stale=300, last_known=600)
    source = Source("id:1")
    await shown(stage, source)

    stage.memory.outdate({"id:1"})
    assert b"x" == told(stage)
    stage.memory.outdate({"id:2"})
    assert (b"x", False) == await shown(stage, source)

    assert 2 == source.asked


async def test_however_often_it_is_outdated_it_is_looked_at_once_in_five_seconds() -> None:
    stage = Stage(stale=300)
    source = Source("id:1")
    await shown(stage, source)
    answers = []
    for _ in range(100):  # ten seconds
        stage.memory.outdate({"id:1"})
        answers.append((await shown(stage, source))[1])
        stage.clock.seconds += 0.1

    assert 3 == source.asked
    assert 98 == answers.count(True)
    stage.clock.seconds += 5
    assert not (await shown(stage, source))[1]
    assert 4 == source.asked


async def test_who_decides_something_looks_at_what_is_outdated_each_time() -> None:
    stage = Stage(stale=300)
    source = Source("id:1")
    await stage.read("a", source)
    for _ in range(3):
        stage.memory.outdate({"id:1"})
        await stage.read("a", source)

    assert 4 == source.asked


async def test_a_read_under_way_when_it_is_outdated_is_not_taken_for_new() -> None:
    stage = Stage(stale=300)
    old, new = Source("id:1", body=b"before"), Source("id:1", body=b"after")
    old.gate.clear()
    before = asyncio.create_task(stage.recall("a", old))
    await turns()

    stage.memory.outdate({"id:1"})
    after = asyncio.create_task(stage.recall("a", new))
    await turns()
    old.gate.set()
    await turns()

    assert (b"before", b"after") == ((await before).read.body, (await after).read.body)
    assert (b"after", False) == await shown(stage, new)
    assert 1 == new.asked


async def test_more_news_during_the_look_that_news_caused_is_not_looked_at_apart() -> None:
    stage = Stage(stale=300)
    source = Source("id:1")
    await shown(stage, source)
    source.gate.clear()
    stage.memory.outdate({"id:1"})
    first = asyncio.create_task(stage.recall("a", source))
    await turns()

    stage.memory.outdate({"id:1"})
    second = asyncio.create_task(stage.recall("a", source))
    await turns()
    source.gate.set()

    assert (False, True) == ((await first).stale, (await second).stale)
    assert (b"x", True) == await shown(stage, source)
    assert 2 == source.asked
    stage.clock.seconds += 5
    assert (b"x", False) == await shown(stage, source)


async def test_news_of_our_own_change_costs_one_look_at_most() -> None:
    stage = Stage(stale=300)
    source = Source("id:1", body=b"after")
    await shown(stage, Source("id:1", body=b"before"))

    stage.memory.drop({"id:1"}, proof=Proof(lambda _, body: body == b"after"))
    stage.clock.seconds += 0.1
    assert (b"after", False) == await shown(stage, source)
    for _ in range(4):
        stage.clock.seconds += 0.5
        stage.memory.outdate({"id:1"})
        assert (b"after", True) == await shown(stage, source)
    stage.clock.seconds += 5
    assert (b"after", False) == await shown(stage, source)

    assert 2 == source.asked


async def test_news_touches_neither_others_nor_what_nothing_touches() -> None:
    stage = Stage()
    catalogue, others = Source(), Source("id:2", "someone")
    for key, source in (("a", catalogue), ("b", others)):
        await stage.read(key, source)

    stage.memory.outdate({"id:1", "everyone"})
    for key, source in (("a", catalogue), ("b", others)):
        await stage.read(key, source)

    assert (1, 1) == (catalogue.asked, others.asked)


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
        recalled = await stage.memory.read(
            "a", source, tags=source.tags, fresh_seconds=30, seconds=0
        )
        return recalled.read.body

    assert b"x" == await read()
    stage.clock.seconds += 30
    with pytest.raises(TimeoutError):
        await read()
    assert 0 == source.asked


async def test_what_is_known_last_goes_when_room_is_needed() -> None:
    stage = Stage(10 * OVERHEAD, last_known=86_400)
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
    monkeypatch.setattr("integrations.news.MOST_TAGS", 100)

    for number in range(1_000):
        stage.memory.drop({f"id:{number}", f"email:{number}", "everyone"})
        assert not stage.memory.is_settled({f"id:{number}"})
        assert not stage.memory.is_settled({"everyone"})

    assert 100 == len(stage.memory._news)


async def test_what_was_read_before_a_drop_nobody_knows_of_any_more_is_forgotten(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.news.MOST_TAGS", 10)
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

        async def fetch(_: bool) -> Remembered:
            return read

        asked = frozenset(("someone", "id:?", f"email:customer{number}@example.com"))
        await stage.memory.read(key_of(number), fetch, tags=asked, fresh_seconds=30, seconds=5)

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
