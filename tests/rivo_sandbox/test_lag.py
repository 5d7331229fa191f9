"""Reads that lag behind writes (U20): what they show is true, of a moment ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.rivo_sandbox import Fault, Received, Sandbox, in_turn, lists_only
from tests.rivo_sandbox.scenes import GRANT
from tests.rivo_sandbox.stage import SARAH, Stage, attributes, rows, switched
from tests.rivo_sandbox.test_ledger import call

pytestmark = pytest.mark.anyio

LAG = timedelta(seconds=10)


async def grant(stage: Stage) -> None:
    assert 201 == (await stage.post("points_events", **GRANT)).status_code


async def balances(stage: Stage) -> tuple[int, int]:
    """What a single read shows, and what a list shows."""
    single = attributes(await stage.get(f"customers/{SARAH}"))
    listed = rows(await stage.get("customers"))
    return single["points_tally"], next(r["points_tally"] for r in listed if r["id"] == SARAH)


async def test_by_default_nothing_lags() -> None:
    stage = Stage(lag=LAG)
    await grant(stage)

    assert (151, 151) == await balances(stage)


async def test_the_switch_lets_every_read_lag() -> None:
    stage = Stage(lag=LAG, switches=switched(read_after_write="delayed"))
    await grant(stage)

    early = await balances(stage)
    stage.clock.forward(9.999)
    still = await balances(stage)
    stage.clock.forward(0.001)

    assert [(150, 150)] * 2 == [early, still]
    assert (151, 151) == await balances(stage)


async def test_lists_may_lag_alone() -> None:
    stage = Stage(lag=LAG, lag_of=lists_only(LAG))
    await grant(stage)

    assert (151, 150) == await balances(stage)
    stage.clock.forward(10)
    assert (151, 151) == await balances(stage)


@pytest.mark.parametrize(
    ("path", "lags"),
    [
        ("points_events", True),
        ("points_redemptions/", True),
        ("memberships/customers", True),
        ("customers/7294851236742", False),
        ("points_redemptions/24101277", False),
    ],
)
async def test_a_list_is_what_has_many_rows(path: str, lags: bool) -> None:
    full = f"/merchant_api/v1/{path}"
    received = Received(method="GET", path=full, query="", headers=(), body=b"")

    assert (LAG if lags else timedelta(0)) == lists_only(LAG)(received)


async def test_the_lag_may_be_another_for_each_read_and_never_above_the_most() -> None:
    lags = iter([0, 4, 6, 3600])
    stage = Stage(lag=LAG, lag_of=lambda _: timedelta(seconds=next(lags)))
    stage.clock.forward(100)
    await grant(stage)
    stage.clock.forward(5)

    seen = [attributes(await stage.get(f"customers/{SARAH}"))["points_tally"] for _ in range(3)]
    stage.clock.forward(5)
    seen.append(attributes(await stage.get(f"customers/{SARAH}"))["points_tally"])

    assert [151, 151, 150, 151] == seen


async def test_a_late_write_shows_so_much_later() -> None:
    late = Fault(kind="server_error", after=timedelta(seconds=20))
    stage = Stage(faults=in_turn(late), lag=LAG, lag_of=lists_only(LAG))
    await stage.post("points_events", **GRANT)

    stage.clock.forward(25)
    early = await balances(stage)
    stage.clock.forward(5)

    assert (151, 150) == early
    assert (151, 151) == await balances(stage)


@given(steps=st.lists(st.tuples(st.sampled_from(["write", "read"]), st.integers(0, 15))))
def test_what_a_lagging_read_shows_was_true_that_long_ago(steps: list[tuple[str, int]]) -> None:
    stage = Stage(lag=LAG, lag_of=lambda _: LAG)
    sandbox: Sandbox = stage.sandbox
    for what, seconds in steps:
        stage.clock.forward(seconds)
        if what == "write":
            call(sandbox, "POST", "points_events", GRANT)
            continue
        shown = shown_balance(sandbox)
        since = stage.clock.now - LAG
        true = sum(e.points for e in sandbox.ledger if e.customer_id == SARAH and e.at <= since)
        assert shown == (true if since >= sandbox.ledger[0].at else 150)


def shown_balance(sandbox: Sandbox) -> Any:
    body = call(sandbox, "GET", f"customers/{SARAH}", {}).body
    return msgspec.json.decode(body)["data"]["attributes"]["points_tally"]
