"""A points event is found again by our reference, and only called absent where none may be it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from integrations.errors import UnavailableError
from integrations.rivo import ACTIONS
from integrations.rivo.giving import PointsEventAnswer, find_points_event
from integrations.rivo.writing import ReadBack, Sent
from tests.rivo.keeping import OTHER, REFERENCE
from tests.rivo.stage import SARAH, SARAH_ID, Stage, built, listed, row, sample

pytestmark = pytest.mark.anyio

CUSTOMER = sample("customer__sarah_martinez.reconstructed")
NOBODY = httpx.Response(404, json={"error": "Could not find a customer."})
WALK = (
    "GET /points_events filters[customer_identifier]=sarah.martinez@example.com"
    "&pagination[since_id]=7&pagination[limit]=250"
)
END = {"since_id": 7, "limit": 250, "next_since_id": None}


def event(number: int, **attributes: Any) -> dict[str, object]:
    """Make the row of a grant of 100 points to Sarah, with other attributes."""
    return row(
        number,
        **{
            "points_amount": 100,
            "points_diff": 100,
            "credits_amount": "0.0",
            "source": "manual",
            "internal_note": None,
            "customer": {"id": SARAH_ID, "email": SARAH},
        }
        | attributes,
    )


def sent(*, proven: bool = True, **inputs: Any) -> Sent:
    """Say what was sent: 100 points to Sarah, or something else."""
    return Sent(
        reference=REFERENCE,
        inputs={"customer_email": SARAH} | (inputs or {"points_amount": 100}),
        snapshot={"since_id": 7},
        proven=proven,
    )


async def find(stage: Stage, *pages: Any, of: Sent | None = None) -> ReadBack:
    stage.on("GET", "/points_events", *pages)
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 9)
    return await find_points_event(stage.rivo, of or sent())


OURS = event(9, internal_note=f"{REFERENCE} late parcel, by bo@x")


@pytest.mark.parametrize(
    "mine",
    [
        OURS,
        event(9, internal_note=REFERENCE),
        event(9, internal_note=f" {REFERENCE}"),
        event(9, internal_note=REFERENCE, revoked_at="2026-11-21T12:00:00Z"),
        event(9, internal_note=REFERENCE, points_diff=7, points_amount=7, source="Manual"),
        event(9, internal_note=REFERENCE, customer={"id": 8, "email": "maya@example.com"}),
        event(9, internal_note=REFERENCE, id=[123, 9]),
    ],
    ids=["noted", "alone", "indented", "revoked", "another amount", "another's", "a pair"],
)
@pytest.mark.parametrize("proven", [True, False])
async def test_the_row_with_our_reference_is_it(
    stage: Stage, mine: dict[str, object], proven: bool
) -> None:
    before, after = event(8), event(10, internal_note="")
    back = await find(stage, listed(before, mine, after, **END), of=sent(proven=proven))

    assert ("found", 9, (), True) == (back.verdict, back.rivo_id, back.evidence, back.shown)
    assert isinstance(back.answer, PointsEventAnswer)
    assert [WALK, "GET /customers/sarah.martinez%40example.com"] == stage.sent


async def test_what_is_found_answers_like_the_write_itself(stage: Stage) -> None:
    back = await find(stage, listed(OURS, **END))

    assert back.answer is not None
    answer = built(back.answer)
    assert ["points_event", "customer", "operation"] == list(answer)
    assert (9, 100, "late parcel, by [e-mail]") == tuple(
        answer["points_event"][name] for name in ("id", "points_diff", "internal_note")
    )
    assert (150, None) == (answer["customer"]["points_tally"], answer["operation"])
    assert REFERENCE not in str(back.answer.resource)


async def test_an_event_is_found_also_where_the_balance_cannot_be_read(stage: Stage) -> None:
    stage.on("GET", "/points_events", listed(OURS, **END))
    stage.on("GET", "/customers/.*", httpx.ReadTimeout)

    back = await find_points_event(stage.rivo, sent())

    assert "found" == back.verdict
    assert isinstance(back.answer, PointsEventAnswer)
    assert back.answer.customer is None


async def test_it_is_found_on_a_later_page_and_past_what_is_remembered(stage: Stage) -> None:
    first = {"data": [event(8)], "links": END | {"next_since_id": 8}}
    stage.on("GET", "/points_events", *[first, listed(OURS, **END)] * 2)
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 2)

    for _ in range(2):
        assert "found" == (await find_points_event(stage.rivo, sent())).verdict

    assert 6 == len(stage.sent)


async def test_a_reference_that_stands_twice_is_said(stage: Stage) -> None:
    back = await find(stage, listed(OURS, event(12, internal_note=REFERENCE), **END))

    assert ("found", 9) == (back.verdict, back.rivo_id)
    assert ("More than one row carries the reference: 9, 12.",) == back.evidence


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [event(8, internal_note=f"{OTHER} late")],
        [event(8, internal_note="by hand")],
        [event(8, internal_note=REFERENCE[:20] + "0" * 16)],
        [event(8, points_diff=-50, points_amount=50)],
        [event(8, points_diff=None, points_amount=50)],
        [event(8, credits_amount="1.00")],
        [event(8, source="order_placed")],
        [event(8, customer={"id": 8, "email": "maya@example.com"})],
    ],
    ids=[
        "nothing",
        "another of ours",
        "a word of somebody's",
        "another reference with the same start",
        "other points",
        "other points without a sign",
        "store credit",
        "another source",
        "another's",
    ],
)
async def test_where_no_row_may_be_it_it_is_surely_not_there(
    stage: Stage, rows: list[dict[str, object]]
) -> None:
    back = await find(stage, listed(*rows, **END))

    words = f"{len(rows)} rows with an id above 7 were looked at; none may be it."
    assert ("absent", (words,)) == (back.verdict, back.evidence)
    assert (back.answer, back.rivo_id) == (None, None)
    assert [WALK, "GET /customers/sarah.martinez%40example.com"] == stage.sent


@pytest.mark.parametrize(
    "odd",
    [
        event(8),
        event(8, internal_note=""),
        event(8, internal_note=" "),
        event(8, internal_note="op_"),
        event(8, internal_note=REFERENCE[:12]),
        event(8, internal_note=REFERENCE[:-1], points_diff=7, source="order_placed"),
        event(8, points_diff=-100),
        event(8, points_diff=None),
        event(8, source="Manual"),
        event(8, source=None, points_diff=None, points_amount=None),
        event(8, customer=None),
        event(8, customer={"id": 8}),
        event(8, credits_amount=None),
        event(8, revoked_at="2026-11-21T12:00:00Z"),
    ],
    ids=str,
)
async def test_a_row_that_may_be_it_leaves_it_unclear(stage: Stage, odd: dict[str, object]) -> None:
    other = event(11, internal_note=OTHER, customer={"id": 8, "email": "maya@example.com"})
    if odd["attributes"]["source"] is None:  # type: ignore[index]
        del odd["attributes"]["source"]  # type: ignore[attr-defined]
    back = await find(stage, listed(odd, other, **END))

    assert ("unclear", None, True) == (back.verdict, back.answer, back.shown)
    assert ("These rows may be it, their notes do not tell: 8.",) == back.evidence


@pytest.mark.parametrize(
    ("inputs", "mine", "verdict"),
    [
        ({"credits_amount": Decimal("2.50")}, {"points_amount": 0, "points_diff": 0}, "absent"),
        (
            {"credits_amount": Decimal("2.50")},
            {"points_amount": 0, "points_diff": 0, "credits_amount": "2.5"},
            "unclear",
        ),
        (
            {"source": "custom_action", "custom_action_name": "Review"},
            {"source": "custom_action", "points_diff": 25},
            "unclear",
        ),
        (
            {"source": "custom_action", "custom_action_name": "Review", "points_amount": 30},
            {"source": "custom_action", "points_diff": 25},
            "absent",
        ),
        (
            {"source": "instagram_follow", "points_amount": 30},
            {"source": "Instagram follow", "points_diff": 25},
            "unclear",
        ),
        ({"source": "instagram_follow"}, {"points_diff": 25}, "absent"),
    ],
    ids=["credits", "credits alike", "by rule", "given", "rule over given", "other source"],
)
async def test_a_row_without_a_note_is_held_against_what_was_sent(
    stage: Stage, inputs: dict[str, Any], mine: dict[str, Any], verdict: str
) -> None:
    back = await find(stage, listed(event(8, **mine), **END), of=sent(**inputs))

    assert verdict == back.verdict


async def test_a_reversal_is_looked_for_by_what_it_was_about_to_move(stage: Stage) -> None:
    reversal = Sent(
        reference=REFERENCE,
        inputs={"operation_id": OTHER},
        snapshot={"since_id": 7, "customer": SARAH, "points": -100, "credits": "-2.50"},
        proven=True,
    )
    alike = event(8, points_diff=-100, credits_amount="2.5")
    mine = event(9, internal_note=f"{REFERENCE} reverses {OTHER}")
    once = ACTIONS["reverse_points_event"].once

    assert once is not None
    assert find_points_event is once.find
    assert "unclear" == (await find(stage, listed(alike, **END), of=reversal)).verdict
    assert "absent" == (await find(stage, listed(event(8), **END), of=reversal)).verdict
    found = await find(stage, listed(mine, **END), of=reversal)
    assert found.answer is not None
    assert f"reverses {OTHER}" == built(found.answer)["points_event"]["internal_note"]


# What does not prove that it is absent.


async def test_a_shop_that_has_not_shown_a_reference_proves_nothing(stage: Stage) -> None:
    back = await find(stage, listed(**END), of=sent(proven=False))

    assert ("unclear", False) == (back.verdict, back.shown)
    assert "This shop's list has not shown a row of ours before." == back.evidence[1]


async def test_another_reference_in_the_same_list_proves_as_much(stage: Stage) -> None:
    other = event(8, internal_note=OTHER)
    back = await find(stage, listed(other, **END), of=sent(proven=False))

    assert ("absent", True) == (back.verdict, back.shown)


@pytest.mark.parametrize(
    "body",
    [
        listed(event(9, internal_note="x"), event(8, internal_note="x"), **END),
        {"data": [event(8, internal_note="x"), "odd"], "links": END},
    ],
    ids=["in no order", "not a row"],
)
async def test_a_walk_that_was_not_whole_proves_nothing(stage: Stage, body: Any) -> None:
    back = await find(stage, body)

    assert ("unclear", "The list could not be walked to its end.") == (
        back.verdict,
        back.evidence[1],
    )


async def test_a_row_that_cannot_be_read_proves_nothing(stage: Stage) -> None:
    back = await find(stage, listed(event(8, internal_note={"by": "bo"}), **END))

    assert ("unclear", ("What Rivo shows was not understood.",)) == (back.verdict, back.evidence)


async def test_an_empty_list_of_nobodys_proves_nothing(stage: Stage) -> None:
    stage.on("GET", "/points_events", listed(**END))
    stage.on("GET", "/customers/.*", NOBODY)

    back = await find_points_event(stage.rivo, sent())

    assert ("unclear", ("Rivo knows no such customer or resource.",)) == (
        back.verdict,
        back.evidence,
    )


async def test_no_list_for_nobody_proves_nothing(stage: Stage) -> None:
    assert "unclear" == (await find(stage, NOBODY)).verdict


@pytest.mark.parametrize(
    "down", [httpx.ReadTimeout, httpx.Response(502), httpx.Response(429), httpx.Response(401)]
)
async def test_a_rivo_that_is_down_is_asked_again_later(stage: Stage, down: Any) -> None:
    with pytest.raises(UnavailableError):
        await find(stage, down)


async def test_without_a_snapshot_the_list_is_walked_from_its_start(stage: Stage) -> None:
    await find(stage, listed(**END), of=Sent(reference=REFERENCE, inputs={"customer_email": SARAH}))

    assert WALK.replace("since_id]=7", "since_id]=0") == stage.sent[0]
