"""How many requests may leave for one shop's Rivo, and who goes first."""

from __future__ import annotations

import asyncio
import enum
import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from integrations.errors import HeldBackError


class Priority(enum.IntEnum):
    """What a request is for; the lower goes first."""

    WRITE = 0
    READ = 1
    SETTLE = 2
    REFRESH = 3
    EXPORT = 4


WINDOW_SECONDS: Final = 1.1
"""A second, and what the way may be slower for one request than for the next."""
SHARES: Final = 15
"""Rooms and floors are so many parts of a whole."""
ROOM: Final[Mapping[Priority, int]] = {
    Priority.WRITE: 15,
    Priority.READ: 13,
    Priority.SETTLE: 12,
    Priority.REFRESH: 10,
    Priority.EXPORT: 8,
}
"""How full the window may become by each: what is left is kept for those before it."""
FLOOR: Final[Mapping[Priority, int]] = {
    Priority.WRITE: 6,
    Priority.READ: 3,
    Priority.SETTLE: 1,
    Priority.REFRESH: 1,
    Priority.EXPORT: 1,
}
"""Who has fewer among the last fifteen that left goes before all others, into any room."""
PAUSE_SECONDS: Final = 1.0
MOST_PAUSE_SECONDS: Final = 30.0
NO_LIMIT: Final = 1_000_000
EARLY_SECONDS: Final = 0.001  # a timer may be early by less than this
FULL: Final = "Too much was asked of the other side just now."


class Leaving(msgspec.Struct, eq=False):
    """One request that may leave, and when it did; until then it is in every window."""

    priority: Priority
    at: float = math.inf


class Waiting(msgspec.Struct, frozen=True):
    """How things stand: how many left in the window, of how many, and how many wait or are out."""

    used: int
    most: int | None
    waiting: int
    under_way: int
    refused: int


class Budget:
    """The gate before one shop's Rivo: no request leaves without a connection and a share.

    A share is one of `most` in any 1.1 seconds (None: as many as there are connections), counted
    at the moment in which the request leaves. Waiting is done here, by priority; what cannot leave
    while it still makes sense is refused at once. 429 is news: nobody knows the limit but Rivo.
    `clock` gives seconds that only go forward.
    """

    def __init__(
        self, *, clock: Callable[[], float], most: int | None = None, connections: int = 10
    ) -> None:
        self.most = most
        self.refused = 0
        self._clock = clock
        self._connections = connections
        self._under_way = 0
        self._left: list[Leaving] = []
        self._recent: deque[Priority] = deque(maxlen=SHARES)
        self._queues: dict[Priority, dict[asyncio.Future[Leaving], None]] = {
            priority: {} for priority in Priority
        }
        self._paused_until = -math.inf
        self._halved = (most or 0, -math.inf)  # to how many, and at which time
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def enter(self, priority: Priority, *, deadline: float, least: float = 0.0) -> Leaving:
        """Wait until a request may leave; `left` is called when it does, `leave` when it has ended.

        What cannot leave `least` seconds before `deadline` (a time of the clock) is refused with
        HeldBackError: at once where that can be told, otherwise then. A caller that is cancelled
        leaves the queue.
        """
        now = self._clock()
        if self._closed or now >= deadline:
            raise self._refusal(now)
        future: asyncio.Future[Leaving] = asyncio.get_running_loop().create_future()
        queue = self._queues[priority]
        due = self._due(priority, now)
        queue[future] = None
        self._serve()
        if future.done():  # nobody was before it
            return future.result()
        if due > deadline - least or now >= deadline - least:
            self._forget(priority, future)
            raise self._refusal(due)
        try:
            await asyncio.wait({future}, timeout=deadline - least - now)
            if future.done() and self._clock() < deadline:
                return future.result()
        except asyncio.CancelledError:
            self._forget(priority, future)
            raise
        self._forget(priority, future)
        raise self._refusal(self._clock())

    def connecting(self, leaving: Leaving) -> None:
        """Hear that a connection is being made first: the request has not left yet."""
        self._date(leaving, math.inf)

    def left(self, leaving: Leaving) -> None:
        """Hear that a request leaves now; the last word counts."""
        self._date(leaving, self._clock())
        if self._timer is None:  # all were connecting: nobody knew when the next share comes free
            self._plan(leaving.at)

    def leave(self, leaving: Leaving) -> None:
        """Take the connection of a request that has ended; what left stays counted."""
        if leaving.at == math.inf:
            leaving.at = self._clock()
        self._under_way -= 1
        self._serve()

    def too_many(self, retry_after: float | None) -> None:
        """Hear of a 429: nothing leaves for `retry_after` seconds (a second), then half as much.

        After that it is one more in each window, until it is all again.
        """
        if self.most is None:
            return
        now = self._clock()
        pause = PAUSE_SECONDS if retry_after is None else min(retry_after, MOST_PAUSE_SECONDS)
        if now >= self._halved[1] + WINDOW_SECONDS:  # those of one burst are one piece of news
            self._halved = (max(self._limit(now) // 2, 1), now)
        self._paused_until = max(self._paused_until, now + pause)
        self._serve()

    def turn_away(self, why: str, *, retry_after: float = 1.0) -> None:
        """Refuse everybody who waits."""
        for queue in self._queues.values():
            for future in list(queue):
                del queue[future]
                future.set_exception(HeldBackError(why, retry_after=retry_after))
                self.refused += 1
        self._plan(self._clock())

    def close(self) -> None:
        """Let nobody in any more, and end the timer."""
        self._closed = True
        self.turn_away(FULL)

    def state(self) -> Waiting:
        """Say how things stand now."""
        now = self._clock()
        return Waiting(
            used=self._used(now),
            most=None if self.most is None else self._limit(now),
            waiting=sum(map(len, self._queues.values())),
            under_way=self._under_way,
            refused=self.refused,
        )

    def _date(self, leaving: Leaving, at: float) -> None:
        leaving.at = at
        if leaving not in self._left:  # the process stood still since it was dated before
            self._left.append(leaving)

    def _serve(self) -> None:
        """Let in whoever may enter now."""
        now = self._clock()
        while (priority := self._next(now)) is not None:
            queue = self._queues[priority]
            future = next(iter(queue))
            del queue[future]
            leaving = Leaving(priority)
            self._left.append(leaving)
            self._recent.append(priority)
            self._under_way += 1
            future.set_result(leaving)
        self._plan(now)

    def _next(self, now: float) -> Priority | None:
        if self._closed or self._under_way >= self._connections or now < self._paused_until:
            return None
        waiting = [priority for priority, queue in self._queues.items() if queue]
        used, limit = self._used(now), self._limit(now)
        if not waiting or used >= limit:
            return None
        for priority in waiting:
            if self._recent.count(priority) < FLOOR[priority]:
                return priority
        return next((each for each in waiting if used < _room(each, limit)), None)

    def _plan(self, now: float) -> None:
        """Serve again when the next share comes free; a connection that does so says it itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not any(self._queues.values()) or self._under_way >= self._connections:
            return
        due = self._paused_until
        if now >= due:
            due = min((each.at for each in self._left), default=now) + WINDOW_SECONDS
        if due < math.inf:
            delay = max(due - now, 0.0) + EARLY_SECONDS
            self._timer = asyncio.get_running_loop().call_later(delay, self._serve)

    def _due(self, priority: Priority, now: float) -> float:
        """Estimate when who comes now could leave, if nobody more important comes after it."""
        start = max(now, self._paused_until)
        if self.most is None:
            return start
        limit = self._limit(now)
        room = _room(priority, limit)
        ahead = sum(len(queue) for each, queue in self._queues.items() if each <= priority)
        if self._recent.count(priority) + len(self._queues[priority]) < FLOOR[priority]:
            room, ahead = limit, len(self._queues[priority])
        self._used(now)
        free = sorted(min(each.at, now) + WINDOW_SECONDS for each in self._left)
        # It leaves when so many of those before it are out of the window again.
        after = len(free) + ahead + 1 - room
        windows = max(math.ceil((after - len(free)) / room), 0)
        after -= windows * room
        return max(start, free[after - 1] if after > 0 else start) + windows * WINDOW_SECONDS

    def _used(self, now: float) -> int:
        since = now - WINDOW_SECONDS
        self._left = [each for each in self._left if each.at > since]
        return len(self._left)

    def _limit(self, now: float) -> int:
        if self.most is None:
            return NO_LIMIT
        halved, at = self._halved
        if at == -math.inf:
            return self.most
        since = max(now - max(at, self._paused_until), 0.0)
        return min(halved + int(since / WINDOW_SECONDS), self.most)

    def _forget(self, priority: Priority, future: asyncio.Future[Leaving]) -> None:
        """Take somebody out of the queue, or back what it was given and has not used."""
        self._queues[priority].pop(future, None)
        if not future.done():
            future.cancel()
        elif future.exception() is None:
            self._left.remove(future.result())
            self._under_way -= 1
        self._serve()

    def _refusal(self, due: float) -> HeldBackError:
        self.refused += 1
        return HeldBackError(FULL, retry_after=max(due - self._clock(), 1.0))


def _room(priority: Priority, limit: int) -> int:
    return max(limit * ROOM[priority] // SHARES, 1)
