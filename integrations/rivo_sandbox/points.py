"""Points events: the history of balances, and what adds to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct

from integrations.rivo_sandbox.answers import (
    Answer,
    InvalidError,
    ProblemError,
    RefusedError,
    error_answer,
    json_answer,
    resource,
)
from integrations.rivo_sandbox.call import Call
from integrations.rivo_sandbox.customers import embedded
from integrations.rivo_sandbox.paging import listing
from integrations.rivo_sandbox.params import Params
from integrations.rivo_sandbox.shop import NO_CREDIT, Customer, EarningRule, PointsEvent
from integrations.rivo_sandbox.spelling import credit, iso
from integrations.rivo_sandbox.tokens import (
    CREATABLE_SOURCES,
    EVENT_SOURCES,
    show_token,
    token_filter,
)

MANUAL_TITLE = "manual points adjustment"
EXCLUDED_TAG = "Rivo Excluded"
BATCH_ROWS = 10


class Amounts(Struct, frozen=True):
    """What an event changes, signed, and the rule that says so."""

    points: int
    credits: Decimal
    rule: EarningRule | None = None


def event_attributes(call: Call, event: PointsEvent) -> dict[str, Any]:
    """Show a points event; amounts are magnitudes, only the diffs have a sign."""
    # The live service was seen to answer both shapes of id; which rows have which is not known.
    pair = event.id % 2 == 0
    return {
        "id": [call.state.shop.shop_id, event.id] if pair else event.id,
        "points_amount": abs(event.points_diff or 0),
        "points_diff": event.points_diff,
        "credits_amount": credit(abs(event.credits_diff)),
        "credits_diff": credit(event.credits_diff),
        "title": event.title,
        "source": event.source,
        "internal_note": event.internal_note,
        "external_note": event.external_note,
        "custom_action_name": event.custom_action_name,
        "applied_at": iso(event.applied_at),
        "approved_at": iso(event.approved_at),
        "expires_at": iso(event.expires_at),
        "per_event_expiration_at": None,
        "revoked_at": iso(event.revoked_at),
        "hidden": event.hidden,
        "order_id": event.order_id,
        "earning_rule_id": event.earning_rule_id,
        "customer": embedded(call, call.state.customers[event.customer_id]),
    }


def list_points_events(call: Call) -> Answer:
    """GET `/points_events`: hidden and revoked rows too."""
    call.infer("source", "custom_action_name", "applied_after", "applied_before")
    query = call.query
    customer_id = call.filtered_customer()
    from_source = token_filter(call, "source", EVENT_SOURCES)
    action = query.text("filters[custom_action_name]")
    after = query.moment("filters[applied_after]")
    before = query.moment("filters[applied_before]")
    rows = [
        row
        for row in call.state.points_events.values()
        if customer_id in (None, row.customer_id)
        and from_source(row.source)
        and action in (None, row.custom_action_name)
        and (after is None or row.applied_at >= after)
        and (before is None or row.applied_at < before)
    ]
    return listing(
        call,
        rows,
        show=lambda row: _listed(call, row),
        sorts={"applied_at": lambda row: row.applied_at, "id": lambda row: row.id},
    )


def create_points_event(call: Call) -> Answer:
    """POST `/points_events`."""
    return call.written(201, _resource(call, _create(call, call.form)))


def create_points_events(call: Call) -> Answer:
    """POST `/points_events/batch`: at most ten, all or none unless U14 says otherwise."""
    call.form.require("points_events")
    rows = [Params(row) for row in call.form.rows("points_events")]
    call.form.done()
    mode = call.switches.batch
    if len(rows) > BATCH_ROWS:
        return error_answer(422 if mode == "422" else 400, "points_events is too long")
    if mode == "row_errors":
        return json_answer(201, {"data": [_try(call, row) for row in rows]})
    problems: list[str] = []
    for row in rows:
        try:
            _plan(call, row)
        except ProblemError as problem:
            problems.append(str(problem))
    if problems:
        return error_answer(422 if mode == "422" else 400, ", ".join(problems))
    made = [_resource(call, _create(call, row)) for row in rows]
    return Answer(201) if mode == "empty" else json_answer(201, {"data": made})


def record(call: Call, event: PointsEvent) -> None:
    """Put an event into the history, and announce it; balances are the ledger's business."""
    call.state.points_events[event.id] = event
    body = event_attributes(call, event) | {
        "id": event.id,
        # Numbers at the top of a webhook, decimal text everywhere else.
        "credits_amount": float(abs(event.credits_diff)),
        "credits_diff": float(event.credits_diff),
        "occurred_at": iso(call.now),
        "points_purchases_id": event.points_purchases_id,
        "sourceable_id": event.points_purchases_id or event.order_id,
    }
    call.announce("points_event/created", body)
    call.announce("loyalty_profile/updated", body["customer"])


def is_excluded(customer: Customer) -> bool:
    """Whether a customer is out of the programme, by status or by their Shopify tag."""
    return customer.loyalty_status == "excluded" or EXCLUDED_TAG in (customer.shopify_tags or ())


def _create(call: Call, form: Params) -> PointsEvent:
    customer, amounts = _plan(call, form)
    source = form.text("source") or ""
    rule = amounts.rule
    note, internal_note = form.text("external_note"), form.text("internal_note")
    title = note or (rule and rule.title) or MANUAL_TITLE
    event = PointsEvent(
        id=call.new_id("points_event"),
        customer_id=customer.id,
        source=source,
        title=title,
        applied_at=form.moment("applied_at") or call.now,
        points_diff=amounts.points,
        credits_diff=amounts.credits,
        internal_note=internal_note and internal_note[: call.note_length],
        external_note=note or (None if rule else MANUAL_TITLE),
        custom_action_name=form.text("custom_action_name"),
        earning_rule_id=rule.id if rule else None,
    )
    takes = amounts.points < 0 or amounts.credits < 0
    call.state.ledger.add(
        "deduction" if takes else "grant",
        customer.id,
        points=amounts.points,
        credits_=amounts.credits,
        at=call.now,
        reference=event.id,
        note=event.internal_note,
        request=call.request,
    )
    record(call, event)
    return event


def _plan(call: Call, form: Params) -> tuple[Customer, Amounts]:
    """Find out whom an event is for and what it changes; raises if it may not be."""
    form.require("customer_identifier", "source")
    source = form.choice("source", CREATABLE_SOURCES)
    points, credits_ = form.integer("points_amount"), form.decimal("credits_amount")
    amount = "points_amount" in form or "credits_amount" in form
    form.moment("applied_at")
    form.boolean("skip_email")
    if source == "manual" and not amount:
        form.require("points_amount", "credits_amount")
    if source in ("custom_action", "visit_url"):
        form.require("custom_action_name")
    form.done()
    customer = call.customer(form.text("customer_identifier") or "")
    if is_excluded(customer):
        raise RefusedError("Customer is excluded from the loyalty program.")
    given = Amounts(points or 0, credits_ or NO_CREDIT)
    amounts = given if source == "manual" else _by_rule(call, form, given)
    if call.switches.negative_balance == "refused":
        _leave_enough(call, customer, amounts)
    return customer, amounts


def _by_rule(call: Call, form: Params, given: Amounts) -> Amounts:
    source, name = form.text("source"), form.text("custom_action_name")
    for rule in call.state.earning_rules:
        if rule.trigger != source or rule.status != "active":
            continue
        if source == "custom_action" and rule.custom_action_name != name:
            continue
        if source == "visit_url" and rule.url != name:
            continue
        if source in ("custom_action", "visit_url") and (given.points or given.credits):
            return Amounts(given.points, given.credits, rule)
        return Amounts(rule.points_amount or 0, rule.credits_amount or NO_CREDIT, rule)
    raise RefusedError("Could not find an active earning rule for that source.")


def _leave_enough(call: Call, customer: Customer, amounts: Amounts) -> None:
    points, credits_ = call.state.ledger.balance(customer.id)
    short = amounts.points < 0 and points + amounts.points < 0
    if short or (amounts.credits < 0 and credits_ + amounts.credits < 0):
        raise RefusedError("Customer does not have enough balance.")


def _try(call: Call, row: Params) -> dict[str, Any]:
    try:
        return _resource(call, _create(call, row))
    except InvalidError as problem:
        return {"errors": problem.problems}
    except ProblemError as problem:
        return {"errors": [str(problem)]}


def _listed(call: Call, event: PointsEvent) -> dict[str, Any]:
    row = _resource(call, event)
    row["attributes"]["source"] = show_token(call, event.source)
    return row


def _resource(call: Call, event: PointsEvent) -> dict[str, Any]:
    return resource("points_event", event.id, event_attributes(call, event))
