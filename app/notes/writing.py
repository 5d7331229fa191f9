"""The writer of notes: looks every second for what nobody has told yet, and tells it once.

It looks at what the engine has put down and is no part of any write: a note delays nothing, and a
helpdesk that is away costs notes alone. What was begun and has no end is not sent again: a note
that may be missing is better than one that is there twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from app.notes import table
from app.notes.posting import DOORS, Account, Door, Poster, account_of, poster_of
from app.notes.table import Note, NoteState
from app.notes.text import lines_of
from app.operations.means import Means
from app.settings import ShopSettings
from app.shops import Shop
from app.store.sqlite import StoreError, Transaction

EVERY_SECONDS: Final = 1.0
MOST_AT_ONCE: Final = 8
BACK_SECONDS: Final = 60.0
"""A look goes so far back: what ended is put down a little later than it ended."""
DEEP_SECONDS: Final = 3_600.0
"""Once a minute, and first of all, a look goes so far back: the store may have been away, or we."""
TRY_SECONDS: Final = 3_600.0
"""So long it is tried to post a note; then it is nobody's news any more."""
FIRST_WAIT_SECONDS: Final = 5.0
LONGEST_WAIT_SECONDS: Final = 600.0
DRAIN_SECONDS: Final = 3.0


class NoteWriter:
    """Writes the notes of all shops that say who we are in their helpdesk.

    `transport` is asked for each account, and again when its settings change; None: the network.
    """

    def __init__(
        self,
        means: Means,
        *,
        transport: Callable[[ShopSettings], httpx.AsyncBaseTransport | None] = lambda _: None,
    ) -> None:
        self._means = means
        self._transport = transport
        self._posters: dict[tuple[str, Door], tuple[Account, Poster]] = {}
        self._rounds: dict[tuple[str, Door], asyncio.Task[None]] = {}
        self._deep_at: dict[tuple[str, Door], float] = {}

    async def run(self) -> None:
        """Go on until cancelled; an account that is slow keeps none of the others waiting."""
        while True:
            self._begin()
            await self._means.sleep(EVERY_SECONDS)

    async def once(self) -> None:
        """Look once, and wait until everything that was found is told, or put off."""
        self._begin()
        await asyncio.gather(*self._rounds.values())

    async def close(self) -> None:
        """Let what is under way end; what does not has been begun and is not sent again."""
        if self._rounds:
            _, late = await asyncio.wait(list(self._rounds.values()), timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for _, poster in self._posters.values():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await poster.close()
        self._posters.clear()

    def _begin(self) -> None:
        for shop in self._means.shops.all():
            for door in DOORS:
                account, whose = account_of(shop.settings, door), (shop.name, door)
                if account is None or whose in self._rounds:
                    continue
                task = asyncio.create_task(self._round(shop, door, account))
                self._rounds[whose] = task
                task.add_done_callback(functools.partial(self._over, whose))

    def _over(self, whose: tuple[str, Door], _: asyncio.Task[None]) -> None:
        del self._rounds[whose]

    async def _round(self, shop: Shop, door: Door, account: Account) -> None:
        """Look for one shop at one door; a failure is no reason not to look again."""
        try:
            poster = await self._poster(shop, door, account)
            found = await self._found(shop, door)
            told = [self._tell(shop, poster, note) for note in found]
            for failed in await asyncio.gather(*told, return_exceptions=True):
                if failed is not None:
                    raise failed
        except StoreError as error:
            self._means.log.error("store.failed", reason=str(error))
        except Exception as error:  # noqa: BLE001 - other notes still have to be written
            self._means.log.error("notes.failed", shop=shop.name, error=type(error).__name__)

    async def _poster(self, shop: Shop, door: Door, account: Account) -> Poster:
        known = self._posters.get((shop.name, door))
        if known is not None and known[0] == account:
            return known[1]
        poster = poster_of(
            account,
            name=shop.name,
            clock=self._means.clock,
            sleep=self._means.sleep,
            transport=self._transport(shop.settings),
        )
        self._posters[shop.name, door] = (account, poster)
        if known is not None:
            await known[1].close()
        return poster

    async def _found(self, shop: Shop, door: Door) -> list[Note]:
        """List what is due again, then what is new, not too much at once."""
        at, whose, clock = self._means.at(), (shop.name, door), self._means.clock()
        is_deep = clock >= self._deep_at.get(whose, clock)
        since = at - (DEEP_SECONDS if is_deep else BACK_SECONDS)

        def look(tx: Transaction) -> tuple[list[Note], list[Note]]:
            here: Mapping[str, Any] = {"shop": shop.name, "door": door, "at": at}
            again = table.due(tx, **here, most=MOST_AT_ONCE)
            return again, table.wanted(tx, **here, since=since, most=MOST_AT_ONCE)

        again, new = await self._means.store.read(look)
        if is_deep and len(new) < MOST_AT_ONCE:
            self._deep_at[whose] = clock + BACK_SECONDS
        return again + new

    async def _tell(self, shop: Shop, poster: Poster, note: Note) -> None:
        """Put down that a note is about to be sent, send it, and put down what became of it."""
        at, facts = self._means.at(), shop.settings
        began = await self._means.store.write(lambda tx: table.begin(tx, note, at=at))
        if began is None:
            return
        if not began.is_true:
            await self._end(began, "needless")
            return
        lines = lines_of(began, currency=facts.currency, zone=facts.timezone, at=at)
        posted = await poster.post(note.operation.ticket_id or "", lines)
        if posted.became != "waiting":
            await self._end(began, posted.became, posted.why)
            return
        wait = min(FIRST_WAIT_SECONDS * 2 ** (began.tries - 1), LONGEST_WAIT_SECONDS)
        due_at = self._means.at() + max(wait, posted.retry_after or 0.0)
        if due_at > began.first_at + TRY_SECONDS:
            await self._end(began, "given_up", posted.why)
        else:
            await self._end(began, "waiting", posted.why, due_at=due_at)

    async def _end(
        self, note: Note, state: NoteState, why: str = "ok", *, due_at: float | None = None
    ) -> None:
        """Put down and log what became of a note; nothing of what it says is in the log."""
        at = self._means.at()
        await self._means.store.write(lambda tx: table.end(tx, note, state, at=at, due_at=due_at))
        tell = self._means.log.info if state in ("posted", "needless") else self._means.log.warning
        tell(
            f"note.{state}",
            operation=note.operation.id,
            shop=note.operation.shop,
            door=note.operation.door,
            about=note.about,
            tries=note.tries,
            why=why,
        )
