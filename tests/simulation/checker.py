"""Compares what clients were told, what operations say in the end, and Rivo's ledger.

It knows nothing of the service's code: it reads requests, answers, and what Rivo did.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

import msgspec

from tests.simulation.accounts import (
    EVENTS,
    REDEEMS,
    SURELY_NOT,
    Accounts,
    Operation,
    granted,
    points_of,
    seconds_of,
)
from tests.simulation.answers import check_answers
from tests.simulation.seen import Arrived, Record

REPEAT_SECONDS = 120.0
NEVER = ("rejected", "expired", "accepted", "awaiting_approval")
LISTS = {"events": EVENTS, "redemptions": REDEEMS, "referrals": ("create_referral",)}
CRASHES = ("request", "operation", "settler", "loop")
OPEN = ("unknown", "needs_review", "sending")


class Report(msgspec.Struct):
    """What is wrong with a schedule (nothing, one hopes), and what was counted."""

    findings: list[str]
    counts: Counter[str]


Check = Callable[[Record, Accounts, Counter[str]], Iterator[str]]


def check(record: Record) -> Report:
    """Check everything that was promised."""
    accounts, counts = Accounts(record), Counter[str]()
    counts["schedules"] += 1
    counts["operations"] += len(record.operations)
    counts["sent"] += len(record.arrived)
    findings = [f for each in CHECKS for f in each(record, accounts, counts)]
    return Report(findings, counts)


def _nothing_is_stuck(record: Record, accounts: Accounts, counts: Counter[str]) -> Iterator[str]:
    if record.stuck:
        yield "stuck: it never became quiet"
    for line in record.errors:
        if any(f'"{what}.failed"' in line for what in CRASHES):
            yield f"crash: {line}"
    for operation in record.operations:
        counts[operation["state"]] += 1
        if operation["state"] in ("sending", "unknown"):
            yield f"stuck: {operation['id']} stays {operation['state']}"
        if operation["state"] == "accepted" and not _waits(record, operation):
            yield f"stuck: {operation['id']} stays accepted although it was asked for again"
    for arrived in accounts.strange:
        yield f"strange: request {arrived.number} carries no reference of ours"


def _waits(record: Record, operation: Operation) -> bool:
    """Say whether something else stands in the way: then it may stay as it was accepted."""
    said = [
        each
        for each in record.said
        if each.operation is not None and each.operation["id"] == operation["id"]
    ]
    blocked = any(other["state"] == "needs_review" for other in record.operations)
    if not said:  # nobody was ever told of it, so nobody asks for it again
        return True
    return said[-1].phase == "during" or (said[-1].status in (409, 503) and blocked)


def _nothing_is_lost(record: Record, accounts: Accounts, _: Counter[str]) -> Iterator[str]:
    for said in record.said:
        told = said.operation
        if told is not None and told["id"] not in accounts.operations:
            yield f"lost: {told['id']} was told of and is not there"
    for reference in accounts.sent:
        if reference not in accounts.operations:
            yield f"lost: {reference} was sent and is not there"
    for shape in accounts.sent_shapes:
        if shape not in accounts.shapes:
            yield f"lost: {shape} was sent and no operation says so"


def _may_apply(arrived: Arrived) -> bool:
    return arrived.trouble not in SURELY_NOT and arrived.answered != 405


def _events_once(record: Record, accounts: Accounts, counts: Counter[str]) -> Iterator[str]:
    for reference, sent in accounts.sent.items():
        effects = accounts.effects(reference)
        if len(effects) > 1:
            yield f"doubled: {reference} was applied {len(effects)} times"
        if sum(map(_may_apply, sent)) > 1:
            yield f"resent: {reference} was sent again although it might have been applied"
    for operation in accounts.operations.values():
        if operation["action"] not in EVENTS:
            continue
        effects = accounts.effects(operation["id"])
        yield from _true_in_the_end(record, operation, bool(effects), counts)
        for effect in effects:
            booked = accounts.by_request[effect.number]
            wanted = points_of(operation, accounts.operations)
            if [wanted] != [b.points for b in booked]:
                yield f"amount: {operation['id']} wanted {wanted}, booked {booked}"


def _true_in_the_end(
    record: Record, operation: Operation, applied: bool, counts: Counter[str]
) -> Iterator[str]:
    name, state = operation["id"], operation["state"]
    if state == "succeeded" and operation["applied"] and not applied:
        yield f"wrong: {name} is called applied and never was"
    if applied and state in NEVER:
        counts["late"] += 1
        if record.late <= record.settle:
            yield f"wrong: {name} is {state} and was applied"
        elif operation["late_at"] is None:
            yield f"undetected: {name} is {state}, was applied late, and is not flagged"
        else:
            counts["late_detected"] += 1
    if not applied and operation["late_at"] is not None:
        yield f"wrong: {name} is flagged as late and never was applied"


def _shapes_once(record: Record, accounts: Accounts, counts: Counter[str]) -> Iterator[str]:
    for shape, operations in accounts.shapes.items():
        sent = accounts.sent_shapes.get(shape, [])
        effects = [each for each in sent if each.applied_at is not None]
        applied = [o for o in operations if o["state"] == "succeeded" and o["applied"]]
        open_ = [o for o in operations if o["state"] in OPEN]
        late = [o for o in operations if o["late_at"] is not None]
        if sum(map(_may_apply, sent)) > len(operations):
            yield f"resent: {shape} more often than there are operations"
        if shape[0] in ("redeem", "referral"):
            own = accounts.storefront(shape) if shape[0] == "redeem" else []
            attributed = max(len(applied) - len(effects), 0)
            counts["attributed"] += attributed
            if attributed > len(own):
                yield f"wrong: {shape} is called applied {len(applied)} times, was {len(effects)}"
            excused = len(late) if record.late > record.settle else 0
            if open_ and record.late > record.settle:
                counts["late_in_review"] += 1  # two that look alike, and a person looks at one
            elif len(effects) > len(applied) + len(open_) + excused:
                yield f"wrong: {shape} was applied {len(effects)}, called {len(applied)} times"
        elif applied and not effects:
            yield f"wrong: {shape} is called applied and never was"
        elif effects and not (applied or open_ or late):
            yield f"wrong: {shape} was applied and is called not applied"
        if late and record.late <= record.settle:
            yield f"wrong: {shape} is flagged as late"
        counts["late"] += len(late)
        counts["late_detected"] += len(late)


def _rows_are_claimed_once(_: Record, accounts: Accounts, __: Counter[str]) -> Iterator[str]:
    claimed = Counter(
        (list_, operation["rivo_id"])
        for operation in accounts.operations.values()
        for list_, actions in LISTS.items()
        if operation["action"] in actions and operation["rivo_id"] is not None
    )
    for (_list, row), times in claimed.items():
        if times > 1:
            yield f"claimed: row {row} belongs to {times} operations"


def _one_operation_each(record: Record, accounts: Accounts, _: Counter[str]) -> Iterator[str]:
    keyed = {(said.caller, said.ticket) for said in record.said if said.key is not None}
    by_key: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    by_inputs: dict[tuple[str, ...], list[Operation]] = defaultdict(list)
    for operation in sorted(accounts.operations.values(), key=lambda o: o["created_at"]):
        caller, ticket = operation["caller"], str(operation["ticket_id"])
        if (caller, ticket) in keyed:
            by_key[caller, ticket].append(operation)
        else:
            inputs = str(sorted(operation["inputs"].items()))
            by_inputs[caller, ticket, operation["action"], inputs].append(operation)
    for key, operations in by_key.items():
        if len(operations) > 1:
            yield f"key: {key} made {len(operations)} operations"
    for operations in by_inputs.values():
        for one, following in itertools.pairwise(operations):
            ended = seconds_of(record, one["ended_at"])
            began = seconds_of(record, following["created_at"]) or 0.0
            if ended is None or began < ended + REPEAT_SECONDS - 0.01:
                yield f"joined: {following['id']} began beside {one['id']} ({one['state']})"


def _reversed_once(_: Record, accounts: Accounts, __: Counter[str]) -> Iterator[str]:
    effects: Counter[str] = Counter()
    for operation in accounts.operations.values():
        if operation["action"] == "reverse_points_event":
            effects[operation["inputs"]["operation_id"]] += len(accounts.effects(operation["id"]))
    for reversed_, times in effects.items():
        if times > 1:
            yield f"reversed: {reversed_} was taken back {times} times"


def _limits_hold(record: Record, accounts: Accounts, _: Counter[str]) -> Iterator[str]:
    if record.cap is None:
        return
    given = sum(
        max(booked.points, 0)
        for operation in accounts.operations.values()
        if operation["caller"] == "api" and operation["action"] in EVENTS
        for effect in accounts.effects(operation["id"])
        for booked in accounts.by_request[effect.number]
    )
    if given > record.cap and record.late <= record.settle:
        yield f"limit: {given} points given, {record.cap} allowed"
    for said in record.said:
        code = said.body.get("code") if isinstance(said.body, dict) else None
        if said.ticket == "probe-over" and code != "limit_exceeded":
            yield f"limit: something held was released ({said.status} {code})"
        if said.ticket == "probe-exact" and said.status != 201:
            yield f"limit: something released is still held ({said.status} {code})"


def _approved(record: Record, accounts: Accounts, _: Counter[str]) -> Iterator[str]:
    for operation in accounts.operations.values():
        if operation["caller"] != "desk" or operation["action"] != "create_points_event":
            continue
        sent = accounts.sent[operation["id"]]
        if abs(points_of(operation, accounts.operations)) <= 400 or not sent:
            continue
        path = f"/operations/{operation['id']}/approve"
        asked = [a.asked_at for a in record.approvals if a.action == path]
        if not asked or min(asked) > sent[0].at:
            yield f"approval: {operation['id']} was sent and not approved"


def _reviews(record: Record, accounts: Accounts, counts: Counter[str]) -> Iterator[str]:
    for operation in accounts.operations.values():
        if operation["state"] != "needs_review":
            continue
        why = "unproven" if not record.proven else "cut note" if record.cut_notes else "other"
        counts[f"review: {operation['action']} ({why})"] += 1
        if not operation["evidence"]:
            yield f"review: {operation['id']} without evidence"
        if operation["action"] in EVENTS and why == "other":
            yield f"review: {operation['id']} although its list is proven: {operation['evidence']}"


def reserved(operations: Sequence[Operation]) -> int:
    """Say how many points the caller `api` has given, or may have."""
    known = {each["id"]: each for each in operations}
    return sum(granted(each, known) for each in operations if each["caller"] == "api")


CHECKS: tuple[Check, ...] = (
    _nothing_is_stuck,
    _nothing_is_lost,
    _events_once,
    _shapes_once,
    _rows_are_claimed_once,
    _one_operation_each,
    _reversed_once,
    _limits_hold,
    _approved,
    _reviews,
    check_answers,
)
