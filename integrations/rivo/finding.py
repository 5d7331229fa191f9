"""Reading a write back: every row of a list from an id on, and what may be concluded from it."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Final

import msgspec

from integrations.errors import ActionError, NotFoundError, OutcomeUnknownError, UnavailableError
from integrations.rivo.client import Rivo
from integrations.rivo.found import Found
from integrations.rivo.identities import EVERYONE
from integrations.rivo.replies import rows_in
from integrations.rivo.resource import Resource, unclear
from integrations.rivo.writing import ReadBack, Sent

MOST_PAGES: Final = 40
PAGES_BEFORE: Final = 4  # as many as there is time for before a write
PER_PAGE: Final = 250
SHOWN_IDS: Final = 10
Find = Callable[[Rivo, Sent], Awaitable[ReadBack]]


class Walked(msgspec.Struct, frozen=True, kw_only=True):
    """Rows in the order of their ids; `complete` says that surely none was missed."""

    rows: list[Resource]
    complete: bool


async def rows_after(
    rivo: Rivo, path: str, since_id: int, *, customer: str | None = None, pages: int = MOST_PAGES
) -> Walked:
    """Read every row of a list with an id above `since_id`, page by page and past the memory.

    The cursor is followed by what arrived, not by what Rivo says comes next: a page that is not in
    the order of its ids, or starts before the cursor, ends the walk. Rivo is believed where it says
    that there is no next page, and an empty page is the end (contract, U8).
    """
    rows: list[Resource] = []
    cursor = since_id
    for _ in range(pages):
        found = await _page(rivo, path, cursor, customer)
        page = rows_in(found.body) or []
        arrived = [Resource.of(row, trouble=unclear) for row in page if isinstance(row, dict)]
        rows += arrived
        ids = [row.id for row in arrived if row.id is not None]
        if len(ids) < len(page) or not _ascends([cursor, *ids]):
            return Walked(rows=rows, complete=False)
        following = _following(found)
        if not page or following is None:
            return Walked(rows=rows, complete=not isinstance(following, int))
        cursor = ids[-1]
    return Walked(rows=rows, complete=False)


def start_of(sent: Sent) -> int:
    """Return the greatest id that surely was there before a write, also where the list lagged."""
    return max(int(sent.snapshot.get(name, 0)) for name in ("newest_id", "since_id"))


async def newest_id(rivo: Rivo, path: str, *, customer: str | None = None) -> int | None:
    """Find the greatest id that a list holds before a write; None where nothing surely tells it.

    The order by time is not relied on (contract, trap 10), so the list is walked by its ids.
    """
    try:
        walked = await rows_after(rivo, path, 0, customer=customer, pages=PAGES_BEFORE)
    except ActionError:
        return None
    return max((row.id or 0 for row in walked.rows), default=0) if walked.complete else None


def reads_back(find: Find) -> Find:
    """Let a function that reads a write back do it past the memory, and end in a verdict.

    Only UnavailableError passes: a later look may tell. What else Rivo answers tells nothing.
    """

    @functools.wraps(find)
    async def look(rivo: Rivo, sent: Sent) -> ReadBack:
        try:
            return await find(rivo.afresh(), sent)
        except UnavailableError:
            raise
        except NotFoundError:
            return unsure("Rivo knows no such customer or resource.")
        except OutcomeUnknownError:
            return unsure("What Rivo shows was not understood.")
        except ActionError as error:
            return unsure(f"Rivo does not show it ({error.code}).")

    return look


def unsure(*evidence: str, alike: bool = False, shown: bool = False) -> ReadBack:
    """Say that nobody can tell, and what was seen; `alike` if any of that may be it."""
    return ReadBack(verdict="unclear", evidence=evidence, alike=alike, shown=shown)


def absent(*evidence: str, shown: bool = False) -> ReadBack:
    """Say that it surely was not applied, and why."""
    return ReadBack(verdict="absent", evidence=evidence, shown=shown)


def absent_from(walked: Walked, sent: Sent, *, since_id: int, shown: bool) -> ReadBack:
    """Conclude from a walk that showed nothing which might be it.

    That proves something only where the walk was whole, and this shop's list is known to show what
    we write.
    """
    seen = f"{len(walked.rows)} rows with an id above {since_id} were looked at; none may be it."
    if not walked.complete:
        return unsure(seen, "The list could not be walked to its end.", shown=shown)
    if not (sent.proven or shown):
        return unsure(seen, "This shop's list has not shown a row of ours before.", shown=shown)
    return absent(seen, shown=shown)


def ids_of(rows: list[Resource]) -> str:
    """Name rows by their ids, the newest few."""
    ids = sorted(row.id or 0 for row in rows)
    more = "... " if len(ids) > SHOWN_IDS else ""
    return more + ", ".join(str(each) for each in ids[-SHOWN_IDS:])


async def _page(rivo: Rivo, path: str, cursor: int, customer: str | None) -> Found:
    params = [("pagination[since_id]", str(cursor)), ("pagination[limit]", str(PER_PAGE))]
    if customer is not None:
        params.insert(0, ("filters[customer_identifier]", customer))
    return await rivo.get(path, params=params, who=customer or EVERYONE, fresh=True)


def _following(found: Found) -> object:
    """Return the cursor that Rivo names for the next page, None for none, "" if it names none."""
    links = found.body.get("links") if isinstance(found.body, dict) else None
    return links.get("next_since_id", "") if isinstance(links, dict) else ""


def _ascends(ids: list[int]) -> bool:
    return all(one < following for one, following in pairwise(ids))
