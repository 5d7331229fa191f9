"""Checks what clients were told against what was and what became of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.simulation.accounts import EVENTS, TERMINAL, Accounts, same_inputs
from tests.simulation.seen import Record, Said

PATIENCE = 4.05
APPLIED_IN = {
    "succeeded": (True, False),
    "rejected": (False,),
    "expired": (False,),
    "accepted": (False,),
    "awaiting_approval": (False,),
    "sending": (None,),
    "unknown": (None,),
    "needs_review": (None,),
}
STATUSES = {
    "succeeded": (200, 201),
    "rejected": (403, 404, 422),
    "expired": (409, 422),
    "accepted": (409, 429, 503),
    "awaiting_approval": (202,),
    "sending": (409,),
    "unknown": (202,),
    "needs_review": (202,),
}


def check_answers(record: Record, accounts: Accounts, counts: Counter[str]) -> Iterator[str]:
    """Check every answer, and those about one operation beside each other."""
    ended: dict[str, list[Said]] = defaultdict(list)
    for said in record.said:
        counts["requests"] += 1
        if said.status is None:
            counts["unanswered"] += 1
            continue
        counts[f"status {said.status}"] += 1
        yield from _by_itself(said)
        told = said.operation
        if told is None:
            yield from _without_operation(said)
            continue
        yield from _about(record, said, accounts)
        if told["state"] in TERMINAL:
            ended[told["id"]].append(said)
    for operation_id, answers in ended.items():
        yield from _identical(operation_id, answers)


def _by_itself(said: Said) -> Iterator[str]:
    where = f"{said.caller}/{said.ticket} at {said.asked_at:g}"
    if said.status is not None and said.status >= 500 and said.status != 503:
        yield f"status: {said.status} for {where}"
    if said.answered_at is not None and said.answered_at - said.asked_at > PATIENCE:
        yield f"slow: {said.answered_at - said.asked_at:.2f} s for {where}"
    if not isinstance(said.body, dict):
        yield f"body: {said.raw[:80]!r} for {where}"
        return
    event = said.body.get("points_event")
    if isinstance(event, dict) and str(event.get("internal_note")).startswith("op_"):
        yield f"note: our reference is shown to {where}"


def _without_operation(said: Said) -> Iterator[str]:
    if said.status in (200, 201, 202):
        yield f"answer: {said.status} without an operation for {said.caller}/{said.ticket}"


def _about(record: Record, said: Said, accounts: Accounts) -> Iterator[str]:
    told = said.operation or {}
    name, state, applied = told["id"], told["state"], told["applied"]
    what = f"{name} told {said.status} {state} {applied} to {said.caller}/{said.ticket}"
    yield from _in_itself(said, what)
    final = accounts.operations.get(name)
    if final is None:  # reported as lost
        return
    if state in TERMINAL and (final["state"], final["applied"]) != (state, applied):
        yield f"changed: {what}, and in the end {final['state']} {final['applied']}"
    if final["caller"] != said.caller or str(final["ticket_id"]) != said.ticket:
        yield f"crossed: {what}"
    if final["action"] != said.action or not same_inputs(final["inputs"], said.inputs):
        yield f"crossed: {what} for {said.action} {said.inputs}, is {final['inputs']}"
    if final["action"] in EVENTS:
        yield from _in_time(record, said, accounts)


def _in_itself(said: Said, what: str) -> Iterator[str]:
    """Compare status, headers, and what is said of the operation."""
    told = said.operation or {}
    state = told["state"]
    if said.status not in STATUSES[state]:
        yield f"answer: {what}"
    if told["applied"] not in APPLIED_IN[state]:
        yield f"answer: {what}"
    if told["safe_to_retry"] != (state == "accepted"):
        yield f"answer: {what}, safe_to_retry {told['safe_to_retry']}"
    if said.status == 202 and said.headers.get("location") != f"/operations/{told['id']}":
        yield f"answer: {what} without its Location"
    comes_back = said.status == 503 or state == "sending"
    if comes_back and "retry-after" not in said.headers:
        yield f"answer: {what} without Retry-After"


def _in_time(record: Record, said: Said, accounts: Accounts) -> Iterator[str]:
    """Compare an answer with what had been done, or was under way, when it was given."""
    told = said.operation or {}
    at = said.answered_at or 0.0
    effects = accounts.effects(told["id"])
    if told["applied"] and not any((e.applied_at or 0.0) <= at for e in effects):
        yield f"wrong: {told['id']} told applied at {at:g} and was not by then"
    # It may be sent after this was said; what was sent before must not be applied any more.
    before = [effect for effect in effects if effect.at <= at]
    if told["applied"] is False and before and record.late <= record.settle:
        yield f"wrong: {told['id']} told not applied at {at:g}, was sent at {before[0].at:g}"


def _identical(operation_id: str, answers: list[Said]) -> Iterator[str]:
    bodies = {_without_words(answer) for answer in answers}
    if len(bodies) > 1:
        yield f"replay: {operation_id} was answered in {len(bodies)} ways: {bodies}"
    if len({answer.status for answer in answers}) > 1:
        yield f"replay: {operation_id} has several statuses"
    fresh = [a for a in answers if a.headers.get("idempotent-replayed") != "true"]
    if len(fresh) > 1:
        yield f"replay: {operation_id} was answered {len(fresh)} times without the header"


def _without_words(said: Said) -> bytes:
    """Return an answer without the sentence in which a button says that it was asked before."""
    if "operation_id" not in said.body:
        return said.raw
    return str({name: value for name, value in said.body.items() if name != "message"}).encode()
