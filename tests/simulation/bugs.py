"""Mistakes that the harness has to catch: each has a name, and schedules that show it soon."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from app.operations.outcome import Outcome
from tests.simulation import mistakes_kept as kept
from tests.simulation import mistakes_sent as sent
from tests.simulation.checker import check
from tests.simulation.plan import LATE, Mix, draw
from tests.simulation.world import run

POINTS: Final = Mix(only=("points",), intents=(2, 4), lag=5.0)
KILLED: Final = Mix(only=("points",), intents=(2, 4), bad_writes=0.2, killed=1.0, capped=0.0)
BUSY: Final = msgspec.structs.replace(KILLED, alone=0.0, intents=(4, 6), bad_writes=0.9)
REDEEMED: Final = Mix(
    only=("redemption",), intents=(3, 5), twins=0.9, lagging=1.0, bad_reads=0.02, killed=0.0
)


class Bug(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake: how it gets into the service, and from which schedules it is looked for."""

    patches: Callable[[], sent.Patches]
    mix: Mix = POINTS


BUGS: Final[dict[str, Bug]] = {
    "a lost write is sent again": Bug(patches=sent.blind_retry),
    "a timeout is a failure": Bug(patches=sent.lost_is(Outcome.REJECTED)),
    "a timeout is not sent": Bug(patches=sent.lost_is(Outcome.NOT_SENT)),
    "a timeout is a success": Bug(patches=sent.lost_is(Outcome.APPLIED)),
    "a 5xx or 3xx is a no": Bug(patches=sent.error_is_a_no),
    "a 429 is a success": Bug(patches=sent.too_many_is_applied),
    "a 200 with an error is a success": Bug(patches=sent.doubtful_is_applied),
    "Q is too small": Bug(patches=sent.early),
    "a key fits any inputs": Bug(patches=kept.no_fingerprint),
    "keys are shared by callers": Bug(patches=kept.same("key = :key", keyed=True)),
    "a repeat runs again": Bug(patches=kept.replay_runs_again),
    "tickets are not told apart": Bug(
        patches=kept.same(
            "caller = :caller AND fingerprint = :fingerprint "
            "AND (ended_at IS NULL OR ended_at >= :created_at - 120)",
            keyed=False,
        )
    ),
    "an identical request joins for ten seconds": Bug(
        patches=kept.same(
            "caller = :caller AND fingerprint = :fingerprint AND ticket_id IS :ticket_id "
            "AND created_at >= :created_at - 10",
            keyed=False,
        )
    ),
    "it is sent before it is kept": Bug(patches=sent.sends_first, mix=KILLED),
    "limits are reserved after sending": Bug(
        patches=kept.reserves_after, mix=msgspec.structs.replace(POINTS, capped=1.0)
    ),
    "limits are released while nobody knows": Bug(
        patches=kept.released_while_unknown, mix=msgspec.structs.replace(POINTS, capped=1.0)
    ),
    "a lease never ends": Bug(patches=kept.lease_for_ever, mix=KILLED),
    "nobody takes over": Bug(patches=kept.never_taken_over, mix=KILLED),
    "what was being sent is sent again": Bug(
        patches=kept.recovery("state = 'accepted', applied = 0"), mix=KILLED
    ),
    "what was being sent is called failed": Bug(
        patches=kept.recovery("state = 'rejected', applied = 0, ended_at = sent_at"), mix=KILLED
    ),
    "absent without a proof": Bug(
        patches=sent.absent_unproven,
        mix=msgspec.structs.replace(POINTS, proven=0.1),
    ),
    "only the first page is read": Bug(patches=sent.first_page),
    "what is backdated is not read": Bug(
        patches=sent.by_time, mix=msgspec.structs.replace(POINTS, proven=1.0)
    ),
    "notes that were cut are not read": Bug(
        patches=sent.cut_notes_ignored, mix=msgspec.structs.replace(POINTS, cut=0.9)
    ),
    "rows of other operations are claimed": Bug(patches=sent.claims_ignored, mix=REDEEMED),
    "late knowledge overwrites an end": Bug(
        patches=kept.late_overwrites, mix=msgspec.structs.replace(LATE, only=("points",))
    ),
    "nobody looks again": Bug(
        patches=kept.never_watched, mix=msgspec.structs.replace(LATE, only=("points",))
    ),
    "an approval serves twice": Bug(patches=kept.approved_again),
    "an approval is not asked for": Bug(patches=kept.approval_not_asked),
    "the note has no reference": Bug(patches=sent.no_reference),
    "one event is reversed twice": Bug(
        patches=kept.reversed_twice, mix=msgspec.structs.replace(POINTS, intents=(3, 6))
    ),
    "a reversal has the same sign": Bug(patches=sent.reversed_with_its_sign),
    "what is being sent may be sent again": Bug(patches=kept.running_is_safe, mix=BUSY),
    "a repeat of the unknown says that it failed": Bug(patches=kept.unknown_is_refused),
    "an end is told in several ways": Bug(patches=kept.answer_not_kept),
}


@contextlib.contextmanager
def seeded(bug: Bug) -> Iterator[None]:
    """Let the service make a mistake."""
    with contextlib.ExitStack() as stack:
        for patch in bug.patches():
            stack.enter_context(patch)
        yield


def caught(name: str, *, most: int, first: int = 0) -> tuple[int, list[str]] | None:
    """Look for a mistake in schedule after schedule: the seed that shows it, and how."""
    bug = BUGS[name]
    with seeded(bug):
        for seed in range(first, first + most):
            if found := check(run(draw(seed, bug.mix))).findings:
                return seed, found
    return None
