"""Limits: what a write moves, which windows it has to fit in, and the statement that decides."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.limits import Limits
from app.operations import records
from app.operations.operation import COUNTED, Effect, Operation
from app.operations.reserving import Reserved, Taken, _rows, _sum, reserve
from app.operations.windows import Over, windows
from app.store.sqlite import Transaction
from integrations.actions import State
from tests.operations.figures import LIMITS, WINDOWS, capped, connected, fitting
from tests.operations.made import AT, made
from tests.soak.figures import count

STATES: Final[tuple[State, ...]] = get_args(State)
EFFECTS: Final[tuple[Effect, ...]] = get_args(Effect)


@pytest.fixture
def tx() -> Iterator[Transaction]:
    connection = connected()
    yield connection
    connection.close()


def sent(
    tx: Transaction, limits: Limits, number: int, *, now: float = AT, **facts: Any
) -> Reserved:
    """Put an operation down and try to send it."""
    operation = made(number, **facts)
    records.insert(tx, operation)
    return tried(tx, operation, limits, now=now)


def tried(tx: Transaction, operation: Operation, limits: Limits, *, now: float = AT) -> Reserved:
    return reserve(tx, operation, limits, now=now, owner="one", lease_until=now + 15)


def used(result: Reserved) -> tuple[str, int]:
    """Say which window was too small, and what was used of it."""
    assert isinstance(result, Over)
    return result.window.name, result.used


NAMES: Final = WINDOWS
SCOPES: Final = [*["agent", "caller", "customer", "shop"] * 3, "agent", "caller", "caller"]
SECONDS: Final = {"day": 86_400.0, "month": 2_592_000.0, "minute": 60.0}


def test_what_is_reserved_is_stored_with_the_step(tx: Transaction) -> None:
    records.insert(tx, made(1, attempt=2, due_at=5.0, snapshot={"since_id": 0}))
    known = made(
        1,
        attempt=2,
        effect="deduction",
        points=5,
        credits_milli=6,
        customer="jo@example.com",
        customer_id="77",
        subject="redemption 77",
        reverses="op_" + "f" * 32,
        snapshot={"since_id": 9, "credits": Decimal("2.50")},
    )

    result = reserve(tx, known, Limits(), now=AT, owner="one", lease_until=AT + 15, due_at=AT + 90)

    assert isinstance(result, Operation)
    assert result == msgspec.structs.replace(
        known,
        state="sending",
        applied=None,
        attempt=3,
        owner="one",
        lease_until=AT + 15,
        sent_at=AT,
        reserved_at=AT,
        due_at=AT + 90,
    )
    stored = msgspec.structs.replace(result, snapshot={"since_id": 9, "credits": "2.50"})
    assert stored == records.get(tx, known.id)


def test_a_lease_alone_brings_an_operation_back_unless_it_is_told_otherwise(
    tx: Transaction,
) -> None:
    records.insert(tx, made(1, due_at=5.0))

    result = reserve(tx, made(1, due_at=5.0), Limits(), now=AT, owner="one", lease_until=AT)

    assert isinstance(result, Operation)
    assert result.due_at is None


@pytest.mark.parametrize("state", [state for state in STATES if state != "accepted"])
def test_only_what_is_accepted_is_sent(tx: Transaction, state: State) -> None:
    """Not even where it stands in its own way."""
    before = made(1, state=state, points=5, reserved_at=AT)
    records.insert(tx, before)

    assert tried(tx, made(1, points=5), Limits(points_per_shop_day=5)) is None
    assert before == records.get(tx, before.id)


def test_what_was_tried_by_somebody_else_meanwhile_or_is_not_there_is_not_sent(
    tx: Transaction,
) -> None:
    records.insert(tx, made(1, attempt=2))

    assert tried(tx, made(1, attempt=1), Limits(points_per_shop_day=0)) is None
    assert tried(tx, made(2), Limits()) is None
    assert made(1, attempt=2) == records.get(tx, made(1).id)


@pytest.mark.parametrize("name", NAMES)
def test_the_cap_may_be_reached_and_not_passed_by_one(tx: Transaction, name: str) -> None:
    counts = name.startswith(("redemptions", "writes"))
    limits, one = capped(name, 3 if counts else 30), fitting(name, 10)
    for number in (1, 2, 3):
        assert isinstance(sent(tx, limits, number, **one), Operation)

    waiting = made(4, **one if counts else fitting(name, 1))
    records.insert(tx, waiting)

    assert (name, 3 if counts else 30) == used(tried(tx, waiting, limits))
    assert waiting == records.get(tx, waiting.id)


@pytest.mark.parametrize("name", NAMES)
def test_windows_roll(tx: Transaction, name: str) -> None:
    limits, seconds = capped(name, 1), SECONDS[name.rpartition("_")[2]]
    assert isinstance(sent(tx, limits, 1, **fitting(name)), Operation)
    second = made(2, **fitting(name))
    records.insert(tx, second)

    assert isinstance(tried(tx, second, limits, now=AT + seconds - 0.001), Over)
    assert isinstance(tried(tx, second, limits, now=AT + seconds), Operation)


@pytest.mark.parametrize("name", NAMES)
def test_a_clock_that_was_ahead_frees_nothing(tx: Transaction, name: str) -> None:
    assert isinstance(sent(tx, Limits(), 1, now=AT + 500, **fitting(name)), Operation)

    assert (name, 1) == used(sent(tx, capped(name, 1), 2, now=AT, **fitting(name)))


OTHERS: Final = {
    "shop": {"shop": "other"},
    "caller": {"caller": "other"},
    "agent": {"agent": "other@example.com"},
    "customer": {"customer": "other@example.com"},
    "ticket": {"ticket_id": "8"},
}
APART: Final = {
    "agent": {"shop", "caller", "agent"},
    "caller": {"shop", "caller"},
    "customer": {"shop", "customer"},
    "shop": {"shop"},
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(("name", "scope"), [*zip(NAMES, SCOPES, strict=True)], ids=NAMES)
def test_each_window_counts_its_own_scope(
    tx: Transaction, name: str, scope: str, other: str
) -> None:
    limits = capped(name, 1)
    assert isinstance(sent(tx, limits, 1, **fitting(name) | OTHERS[other]), Operation)

    result = sent(tx, limits, 2, **fitting(name))

    assert (other in APART[scope]) is isinstance(result, Operation)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", NAMES)
def test_what_may_have_been_applied_is_held(tx: Transaction, name: str, state: State) -> None:
    records.insert(tx, made(1, state=state, reserved_at=AT, **fitting(name)))

    result = sent(tx, capped(name, 1), 2, **fitting(name))

    assert (state in COUNTED) is isinstance(result, Over)


@pytest.mark.parametrize("before", EFFECTS)
@pytest.mark.parametrize("now", EFFECTS)
def test_giving_taking_and_redeeming_are_counted_apart_and_writes_together(
    tx: Transaction, before: Effect, now: Effect
) -> None:
    facts: dict[str, Any] = {"points": 1, "credits_milli": 1}
    for name in NAMES:
        tx.execute("DELETE FROM operations")
        assert isinstance(sent(tx, Limits(), 1, effect=before, **facts), Operation)
        moves = now in ("grant", "deduction")
        measured = {"points": moves, "credits": moves, "redemptions": now == "redemption"}
        mine = measured.get(name.partition("_")[0])

        result = sent(tx, capped(name, 1), 2, effect=now, **facts)

        assert (mine is None or (mine and before == now)) is isinstance(result, Over), name


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("jo@x.com", None), ("jo@x.com", None), True),
        (("jo@x.com", None), ("jo@x.com", "77"), True),
        (("jo@x.com", "77"), ("jo@x.com", None), True),
        (("jo@x.com", "77"), ("old@x.com", "77"), True),
        (("jo@x.com", "77"), ("77", "77"), True),
        (("77", None), ("jo@x.com", "77"), True),
        (("jo@x.com", "77"), ("77", None), True),
        (("jo@x.com", "77"), ("jo@x.com", "78"), True),
        (("jo@x.com", "77"), ("al@x.com", "78"), False),
        (("jo@x.com", None), ("al@x.com", None), False),
        ((None, None), ("jo@x.com", "77"), False),
        ((None, None), (None, None), False),
    ],
    ids=str,
)
def test_a_customer_is_one_by_whichever_identifier(
    tx: Transaction,
    one: tuple[str | None, str | None],
    other: tuple[str | None, str | None],
    same: bool,
) -> None:
    limits = Limits(points_per_customer_month=1)
    first, second = (dict[str, Any](customer=c, customer_id=i, points=1) for c, i in (one, other))
    assert isinstance(sent(tx, limits, 1, **first), Operation)

    assert same is isinstance(sent(tx, limits, 2, **second), Over)


def test_a_customer_known_by_both_identifiers_is_counted_once(tx: Transaction) -> None:
    limits = Limits(points_per_customer_month=2)
    facts: dict[str, Any] = {"customer": "jo@x.com", "customer_id": "77", "points": 1}

    for number in (1, 2):
        assert isinstance(sent(tx, limits, number, **facts), Operation)
    assert ("points_per_customer_month", 2) == used(sent(tx, limits, 3, **facts))


@pytest.mark.parametrize("state", STATES)
def test_only_one_open_write_concerns_a_subject(tx: Transaction, state: State) -> None:
    records.insert(tx, made(1, subject="dob 77", state=state))
    waiting = made(2)
    records.insert(tx, waiting)

    result = tried(tx, msgspec.structs.replace(waiting, subject="dob 77"), Limits())

    is_open = state in ("sending", "unknown", "needs_review")
    assert (Taken("subject") if is_open else "sending") == (
        result.state if isinstance(result, Operation) else result
    )
    assert (waiting if is_open else result) == records.get(tx, waiting.id)


@pytest.mark.parametrize("state", STATES)
def test_an_event_is_taken_back_once(tx: Transaction, state: State) -> None:
    records.insert(tx, made(1, reverses="op_x", state=state))
    waiting = made(2)
    records.insert(tx, waiting)

    result = tried(tx, msgspec.structs.replace(waiting, reverses="op_x"), Limits())

    is_held = state in ("sending", "unknown", "needs_review", "succeeded")
    assert (Taken("reverses") if is_held else "sending") == (
        result.state if isinstance(result, Operation) else result
    )
    assert (waiting if is_held else result) == records.get(tx, waiting.id)


def test_another_shops_subject_is_its_own(tx: Transaction) -> None:
    records.insert(tx, made(1, shop="other", subject="dob 77", reverses="op_x", state="sending"))

    assert isinstance(sent(tx, Limits(), 2, subject="dob 77", reverses="op_x"), Operation)


def test_a_mistake_of_ours_is_not_taken_for_an_open_write(tx: Transaction) -> None:
    records.insert(tx, made(1))

    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        tried(tx, msgspec.structs.replace(made(1), effect=None), Limits())


def test_too_fast_says_when_a_later_try_may_work(tx: Transaction) -> None:
    limits = Limits(writes_per_minute=2)
    for number, now in ((1, AT), (2, AT + 10)):
        assert isinstance(sent(tx, limits, number, now=now), Operation)

    result = sent(tx, limits, 3, now=AT + 20.5)

    assert isinstance(result, Over)
    assert (True, 2, 39.5) == (result.too_fast, result.used, result.retry_after)
    assert "This caller may make 2 changes a minute; 2 are used." == result.sentence


def test_a_cap_that_was_lowered_waits_for_as_many_to_leave(tx: Transaction) -> None:
    for number in range(5):
        assert isinstance(sent(tx, Limits(), number, now=AT + number), Operation)

    result = sent(tx, Limits(writes_per_minute=2), 9, now=AT + 10)

    assert isinstance(result, Over)
    assert (5, 53.0) == (result.used, result.retry_after)
    assert isinstance(tried(tx, made(9), Limits(writes_per_minute=2), now=AT + 63.0), Operation)


def test_where_nothing_is_allowed_no_later_try_works(tx: Transaction) -> None:
    result = sent(tx, Limits(writes_per_minute=0), 1)

    assert isinstance(result, Over)
    assert (True, 0, None) == (result.too_fast, result.used, result.retry_after)


def test_what_lasts_is_told_before_what_passes(tx: Transaction) -> None:
    limits = Limits(writes_per_minute=0, writes_per_caller_day=0, points_per_shop_day=0)

    result = sent(tx, limits, 1, points=5)

    assert ("writes_per_caller_day", 0) == used(result)
    assert isinstance(result, Over)
    assert (False, None) == (result.too_fast, result.retry_after)


def test_a_limit_that_is_just_reached_is_not_blamed(tx: Transaction) -> None:
    limits = Limits(points_per_agent_day=5, points_per_shop_day=4)

    assert ("points_per_shop_day", 0) == used(sent(tx, limits, 1, points=5))


@pytest.mark.parametrize(("name", "scope"), [*zip(NAMES, SCOPES, strict=True)], ids=NAMES)
def test_each_window_uses_an_index(tx: Transaction, name: str, scope: str) -> None:
    (window,) = windows(capped(name, 1), made(**fitting(name)))
    rows, values = _rows(window, made(customer_id="77"), AT)
    plan = tx.execute(f"EXPLAIN QUERY PLAN SELECT {_sum(window)} {rows}", values)
    steps = [row["detail"] for row in plan if row["detail"].startswith(("SCAN", "SEARCH"))]

    indexes = {
        "agent": ["operations_caller (shop=? AND caller=? AND reserved_at>?)"],
        "caller": ["operations_caller (shop=? AND caller=? AND reserved_at>?)"],
        "shop": ["operations_shop (shop=? AND reserved_at>?)"],
        "customer": [
            "sqlite_autoindex_operations_1 (id=?)",
            "operations_about_id (shop=? AND customer_id=?)",
            "operations_about (shop=? AND customer=?)",
        ],
    }[scope]
    assert indexes == [step.partition(" USING INDEX ")[2] for step in steps]


class Model:
    """Limits as a person would count them, with none of the service's code."""

    def __init__(self) -> None:
        self.kept: list[tuple[float, Operation]] = []

    def fits(self, limits: dict[str, int], wanted: Operation, now: float) -> bool:
        """Say whether it fits, and keep it if it does."""
        for name, cap in limits.items():
            measure, _, rest = name.partition("_per_")
            seconds = {"minute": 60, "day": 86_400, "month": 2_592_000}[rest.rpartition("_")[2]]
            scope = rest.partition("_")[0]
            mine = self.amount(measure, wanted)
            used = sum(
                self.amount(measure, each)
                for at, each in self.kept
                if now - at < seconds
                and (measure == "writes" or each.effect == wanted.effect)
                and self.is_within(scope, each, wanted)
            )
            if mine and used + mine > cap:
                return False
        self.kept.append((now, wanted))
        return True

    @staticmethod
    def amount(measure: str, one: Operation) -> int:
        moves = one.effect in ("grant", "deduction")
        return {
            "points": one.points * moves,
            "credits": one.credits_milli * moves,
            "redemptions": int(one.effect == "redemption"),
            "writes": 1,
        }[measure]

    @staticmethod
    def is_within(scope: str, one: Operation, other: Operation) -> bool:
        if scope == "shop":
            return one.shop == other.shop
        if scope == "customer":
            return one.shop == other.shop and one.customer == other.customer
        whose = (one.shop, one.caller) == (other.shop, other.caller)
        return whose and (scope != "agent" or one.agent == other.agent)


WANTED = st.fixed_dictionaries(
    {
        "shop": st.sampled_from(["acme", "other"]),
        "caller": st.sampled_from(["gorgias", "zendesk"]),
        "agent": st.sampled_from(["unknown", "jo@example.com"]),
        "customer": st.sampled_from(["a@example.com", "b@example.com"]),
        "effect": st.sampled_from(EFFECTS),
        "points": st.integers(0, 5),
        "credits_milli": st.integers(0, 5),
    }
)
CAPS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 12), max_size=6)
AFTER = st.sampled_from([0.0, 1.0, 30.0, 60.0, 3_600.0, 43_200.0, 86_400.0, 604_800.0, 2_592_000.0])


@settings(max_examples=200)
@given(caps=CAPS, steps=st.lists(st.tuples(AFTER, WANTED), max_size=25))
def test_the_statement_decides_as_a_person_would_count(
    caps: dict[str, int], steps: list[tuple[float, dict[str, Any]]]
) -> None:
    given_caps: dict[str, Any] = dict(caps)
    given_caps |= {n: Decimal(c) / 1000 for n, c in caps.items() if n.startswith("credits")}
    limits, model, now, tx = Limits(**given_caps), Model(), AT, connected()
    for number, (after, facts) in enumerate(steps):
        now += after
        fits = model.fits(caps, made(number, **facts), now)

        result = sent(tx, limits, number, now=now, **facts)

        assert fits is isinstance(result, Operation)
        assert (not fits) is isinstance(result, Over)
    tx.close()


def test_200_parallel_writes_never_pass_a_cap_by_one() -> None:
    for seed in range(1, count("limits", suite=5, commit=20) + 1):
        assert (seed, []) == (seed, list(LIMITS.one(seed)))
