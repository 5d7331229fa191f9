"""Mistakes in sending a write and in reading it back, as patches of the service."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

import msgspec

from app.operations import attempt, preparing, records
from app.operations.attempt import Attempt
from app.operations.operation import Operation
from app.operations.outcome import Outcome, outcome_of
from app.operations.settling import Settler
from integrations.errors import OutcomeUnknownError, RefusedError, UnavailableError
from integrations.rivo import client, finding, giving, redeeming, referrals, replies
from integrations.rivo.client import Rivo

Patch = contextlib.AbstractContextManager[Any]
Patches = tuple[Patch, ...]


def on(target: object, name: str, instead: object) -> Patch:
    return mock.patch.object(target, name, instead)


def _outcome(changed: Callable[[BaseException | None, bool], Outcome | None]) -> Patches:
    def judged(ended: BaseException | None, *, sent: bool) -> Outcome:
        return changed(ended, sent) or outcome_of(ended, sent=sent)

    return (on(attempt, "outcome_of", judged),)


def blind_retry() -> Patches:
    once = Rivo._dispatch

    async def dispatch(self: Any, *given: Any) -> Any:
        try:
            return await once(self, *given)
        except OutcomeUnknownError:
            return await once(self, *given)

    return (on(Rivo, "_dispatch", dispatch),)


def lost_is(outcome: Outcome) -> Callable[[], Patches]:
    return lambda: _outcome(
        lambda ended, sent: outcome if isinstance(ended, OutcomeUnknownError) and sent else None
    )


def error_is_a_no() -> Patches:
    true = replies.write_error

    def write_error(reply: Any, *, empty: bool) -> Any:
        if 300 <= reply.status < 400 or reply.status >= 500:
            return RefusedError("Rivo refused this.")
        return true(reply, empty=empty)

    return (on(client, "write_error", write_error),)


def too_many_is_applied() -> Patches:
    return _outcome(
        lambda ended, sent: (
            Outcome.APPLIED if isinstance(ended, UnavailableError) and sent else None
        )
    )


def doubtful_is_applied() -> Patches:
    return _outcome(
        lambda ended, sent: (
            Outcome.APPLIED if isinstance(ended, RefusedError) and sent and ended.doubtful else None
        )
    )


def early() -> Patches:
    return (on(Settler, "_first", lambda _, operation: (operation.sent_at or 0.0) + 2.0),)


def sends_first() -> Patches:
    true = Attempt._about_to_send

    async def about_to_send(self: Any, snapshot: Mapping[str, Any]) -> None:
        async def keep() -> None:
            await asyncio.sleep(0.3)
            await true(self, snapshot)

        if not self.sent:
            self._keeping = asyncio.create_task(keep())

    true_end = Attempt._end

    async def end(self: Any, ended: Any) -> Any:
        if (keeping := getattr(self, "_keeping", None)) is not None:
            with contextlib.suppress(Exception):
                await keeping
        return await true_end(self, ended)

    return (on(Attempt, "_about_to_send", about_to_send), on(Attempt, "_end", end))


def no_reference() -> Patches:
    return (on(giving, "noted", lambda _, note: note),)


def reversed_with_its_sign() -> Patches:
    true = preparing.taken_back

    def taken_back(operation: Operation | None) -> Any:
        given = true(operation)
        return msgspec.structs.replace(given, points=-given.points)

    return (on(attempt, "taken_back", taken_back),)


def absent_unproven() -> Patches:
    def absent_from(walked: Any, sent: Any, *, since_id: int, shown: bool) -> Any:
        return finding.absent("Nothing was seen.", shown=shown)

    return tuple(on(each, "absent_from", absent_from) for each in (giving, redeeming, referrals))


def _walk(change: Callable[[Any], Any], **named: Any) -> Patches:
    true = finding.rows_after

    async def rows_after(*given: Any, **others: Any) -> Any:
        return change(await true(*given, **{**others, **named}))

    return tuple(on(each, "rows_after", rows_after) for each in (giving, redeeming, referrals))


def first_page() -> Patches:
    return _walk(lambda walked: msgspec.structs.replace(walked, complete=True), pages=1)


def by_time() -> Patches:
    def recent(walked: Any) -> Any:
        rows = [row for row in walked.rows if "2026-09" not in str(row.text("applied_at"))]
        return msgspec.structs.replace(walked, rows=rows)

    return _walk(recent)


def cut_notes_ignored() -> Patches:
    return (on(giving, "_may_be", lambda *_: False),)


def claims_ignored() -> Patches:
    return (on(records, "claimed", lambda *_, **__: frozenset()),)
