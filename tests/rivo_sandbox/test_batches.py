"""Batches of points events."""

from __future__ import annotations

import pytest

from integrations.rivo_sandbox import Switches
from tests.rivo_sandbox.stage import MAYA, SARAH, Stage, sample

pytestmark = pytest.mark.anyio


async def test_a_batch_is_all_or_nothing(stage: Stage) -> None:
    batch = sample("points_events__batch_request.doc")
    for row in batch["points_events"]:
        row["customer_identifier"] = str(MAYA)

    good = await stage.request("POST", "points_events/batch", json=batch)
    batch["points_events"][1]["points_amount"] = "many"
    ledger = stage.sandbox.ledger
    bad = await stage.request("POST", "points_events/batch", json=batch)

    assert 201 == good.status_code
    assert [100, 200] == [row["attributes"]["points_diff"] for row in good.json()["data"]]
    assert 2140 == stage.sandbox.balance(MAYA)[0]
    assert (400, {"error": "points_amount is invalid"}) == (bad.status_code, bad.json())
    assert ledger == stage.sandbox.ledger


@pytest.mark.parametrize("batch", [{}, {"points_events": 1}, {"points_events": [1]}])
async def test_a_batch_needs_rows(stage: Stage, batch: dict[str, object]) -> None:
    answer = await stage.request("POST", "points_events/batch", json=batch)

    assert 400 == answer.status_code


async def test_a_batch_may_answer_row_by_row() -> None:
    stage = Stage(switches=Switches(batch="row_errors"))
    row = {"customer_identifier": SARAH, "source": "manual", "points_amount": 1}
    nobody = row | {"customer_identifier": "nobody@example.com"}

    answer = await stage.request(
        "POST", "points_events/batch", json={"points_events": [row, {}, nobody, row]}
    )

    first, empty, unknown, last = answer.json()["data"]
    assert 201 == answer.status_code
    assert 1 == first["attributes"]["points_diff"] == last["attributes"]["points_diff"]
    assert ["customer_identifier is missing", "source is missing"] == empty["errors"]
    assert ["Could not find a customer with that identifier."] == unknown["errors"]
    assert 152 == stage.sandbox.balance(SARAH)[0]
