"""The ledger: whatever is asked for in whatever order, balances are what it adds up to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from integrations.rivo_sandbox import Answer, Received, Sandbox, Switches, alternatives, demo_shop
from tests.rivo_sandbox.stage import AIKO, KEY, MAYA, OSKAR_EXCLUDED, PRIYA_GUEST, SARAH, Stage

PEOPLE = (SARAH, MAYA, AIKO, PRIYA_GUEST, OSKAR_EXCLUDED)
REWARDS = (594155, 709485, 709486, 709489, 709490, 709492, 709493, 709494, 709495)

who = st.sampled_from(PEOPLE)
points = st.integers(-300, 300)
credits_ = st.decimals(-20, 20, places=2)
manual = st.tuples(st.just("manual"), who, points, credits_)
redemption = st.tuples(st.just("redeem"), who, st.sampled_from(REWARDS), st.integers(0, 9))
refund = st.tuples(st.just("refund"), st.integers(0, 12))
steps = st.lists(st.one_of(manual, redemption, refund), max_size=25)

ACCEPTED = [switches for _, switches in alternatives() if switches.limit == "rolling"]


def call(sandbox: Sandbox, method: str, path: str, form: Mapping[str, Any]) -> Answer:
    headers = [("authorization", KEY), ("host", "localhost")]
    headers += [("content-type", "application/x-www-form-urlencoded")] if form else []
    body = urlencode(dict(form)).encode()
    path = f"/merchant_api/v1/{path}"
    return sandbox.answer(
        Received(method=method, path=path, query="", headers=tuple(headers), body=body)
    )


def play(sandbox: Sandbox, script: list[tuple[Any, ...]]) -> None:
    for step in script:
        before = sandbox.ledger
        match step:
            case "manual", customer, amount, credit:
                form = {"customer_identifier": customer, "source": "manual"}
                form |= {"points_amount": amount, "credits_amount": credit}
                call(sandbox, "POST", "points_events", form)
            case "redeem", customer, reward, amount:
                form = {"customer_identifier": customer, "reward_id": reward}
                form |= {"points_amount": amount * 100, "credits_amount": amount}
                call(sandbox, "POST", "points_redemptions", form)
            case "refund", nth:
                call(sandbox, "POST", f"points_redemptions/{60_000_001 + nth}/refund", {})
        after = sandbox.ledger
        # Nothing that was written is ever changed, and one request writes at most one line.
        assert before == after[: len(before)]
        assert len(after) - len(before) in (0, 1)


def folded(sandbox: Sandbox) -> dict[int, tuple[int, Decimal]]:
    """Add the ledger up in another way than the sandbox does."""
    return {
        customer: (
            sum(entry.points for entry in sandbox.ledger if entry.customer_id == customer),
            sum(
                (entry.credits for entry in sandbox.ledger if entry.customer_id == customer),
                Decimal(0),
            ),
        )
        for customer in PEOPLE
    }


def embedded(sandbox: Sandbox) -> list[tuple[int, tuple[int, Decimal]]]:
    """Every balance that any read shows."""
    found = []
    for path in (
        "customers",
        "points_events",
        "points_redemptions",
        "vip_tier_memberships",
        "memberships/customers",
    ):
        rows = msgspec.json.decode(call(sandbox, "GET", path, {}).body)["data"]
        for row in rows:
            customer = row["attributes"].get("customer", row["attributes"])
            tally = (customer["points_tally"], Decimal(customer["credits_tally"]))
            found.append((customer["id"], tally))
    return found


def sandbox_with(switches: Switches) -> Sandbox:
    return Sandbox(demo_shop(), clock=Stage().clock, switches=switches, requests_per_second=None)


@given(script=steps)
def test_every_balance_shown_is_the_sum_of_the_ledger(script: list[tuple[Any, ...]]) -> None:
    sandbox = sandbox_with(Switches())

    play(sandbox, script)

    sums = folded(sandbox)
    assert sums == {customer: sandbox.balance(customer) for customer in PEOPLE}
    assert all(sums[customer] == tally for customer, tally in embedded(sandbox) if customer in sums)


@given(script=steps, switches=st.sampled_from(ACCEPTED))
def test_no_switch_bends_the_ledger(script: list[tuple[Any, ...]], switches: Switches) -> None:
    sandbox = sandbox_with(switches)

    play(sandbox, script)

    assert folded(sandbox) == {customer: sandbox.balance(customer) for customer in PEOPLE}


@given(script=st.lists(redemption, max_size=25))
def test_redeeming_never_spends_what_is_not_there(script: list[tuple[Any, ...]]) -> None:
    sandbox = sandbox_with(Switches())

    play(sandbox, script)

    for customer in PEOPLE:
        left, credit = sandbox.balance(customer)
        assert left >= 0
        assert credit >= 0


@given(script=st.lists(st.one_of(redemption, refund), max_size=25))
def test_a_redemption_is_refunded_at_most_once(script: list[tuple[Any, ...]]) -> None:
    sandbox = sandbox_with(Switches(spent_refund="201"))

    play(sandbox, script)

    refunds = [entry.reference for entry in sandbox.ledger if entry.kind == "refund"]
    redeemed = {entry.reference: entry for entry in sandbox.ledger if entry.kind == "redemption"}
    assert len(set(refunds)) == len(refunds)
    for entry in sandbox.ledger:
        if entry.kind == "refund":
            taken = redeemed[entry.reference]
            assert (-taken.points, -taken.credits) == (entry.points, entry.credits)


def test_every_customer_opens_with_one_entry() -> None:
    sandbox = sandbox_with(Switches())

    opened = [entry.customer_id for entry in sandbox.ledger if entry.kind == "opening"]
    assert [customer.id for customer in demo_shop().customers] == opened
