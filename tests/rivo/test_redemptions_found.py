"""A redemption is known by customer, reward and amount among those newer than the snapshot."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from integrations.errors import OutcomeUnknownError, UnavailableError
from integrations.rivo import ACTIONS
from integrations.rivo.redeeming import PointsRedemptionAnswer, RedeemAnswer
from integrations.rivo.writing import ReadBack, Sent
from tests.rivo.keeping import REFERENCE, Keeper, writes_sent
from tests.rivo.stage import SARAH, SARAH_ID, Stage, built, listed, row, sample

pytestmark = pytest.mark.anyio

CUSTOMER = sample("customer__sarah_martinez.reconstructed")
NOBODY = httpx.Response(404, json={"error": "Could not find a customer."})
FILTER = "filters[customer_identifier]=sarah.martinez@example.com"
WALK = f"GET /points_redemptions {FILTER}&pagination[since_id]=%d&pagination[limit]=250"
LOOK = "GET /customers/sarah.martinez%40example.com"
END = {"since_id": 0, "limit": 250, "next_since_id": None}
UNLINKED = {"self": "x"}


def redemption(number: int, **attributes: Any) -> dict[str, object]:
    """Make the row of a redemption of reward 5 for 500 points by Sarah, or another."""
    return row(
        number,
        **{
            "code": f"R-{number}",
            "points_amount": 500,
            "credits_amount": "0.0",
            "reward": {"id": 5, "name": "$5"},
            "customer": {"id": SARAH_ID, "email": SARAH},
        }
        | attributes,
    )


def sent(
    *, proven: bool = True, claimed: frozenset[int] = frozenset(), snapshot: Any = None, **more: Any
) -> Sent:
    return Sent(
        reference=REFERENCE,
        inputs={"customer_email": SARAH, "reward_id": 5} | more,
        snapshot={"newest_id": 70, "since_id": 3} if snapshot is None else snapshot,
        proven=proven,
        claimed=claimed,
    )


async def find(
    stage: Stage, *rows: Any, of: Sent | None = None, name: str = "create_points_redemption"
) -> ReadBack:
    stage.on("GET", "/points_redemptions", listed(*rows, **END))
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 9)
    return await look(stage, of or sent(), name)


async def look(stage: Stage, of: Sent, name: str = "create_points_redemption") -> ReadBack:
    once = ACTIONS[name].once
    assert once is not None
    back = await once.find(stage.rivo, of)
    assert isinstance(back, ReadBack)
    return back


# Before it is sent.


@pytest.mark.parametrize("name", ["create_points_redemption", "redeem_customer_points"])
@pytest.mark.parametrize(
    ("pages", "snapshot", "walked"),
    [
        ([listed(**END)], {"newest_id": 0}, [0]),
        ([listed(redemption(3), redemption(70), **END)], {"newest_id": 70}, [0]),
        (
            [listed(redemption(70), **UNLINKED), listed(**UNLINKED)],
            {"newest_id": 70},
            [0, 70],
        ),
        ([listed(redemption(70), redemption(3), **END)], {}, [0]),
        ([httpx.ReadTimeout], {}, [0]),
        ([NOBODY], {}, [0]),
    ],
    ids=["none", "some", "no word of an end", "in no order", "down", "nobody"],
)
async def test_the_newest_redemption_is_looked_at_before_another(
    stage: Stage, name: str, pages: list[Any], snapshot: dict[str, int], walked: list[int]
) -> None:
    stage.on("GET", "/points_redemptions", *pages)
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 2)
    stage.on("POST", "/points_redemptions", httpx.ReadTimeout)
    keeper = Keeper(stage)

    with pytest.raises(OutcomeUnknownError):
        await stage.keep(keeper.writing(), name, customer_email=SARAH, reward_id=5)

    assert [snapshot] == keeper.snapshots
    post = "POST /points_redemptions customer_identifier=sarah.martinez%40example.com&reward_id=5"
    assert post == stage.sent[-1]
    assert sorted([LOOK, *(WALK % each for each in walked)]) == sorted(stage.sent[:-1])


async def test_what_was_remembered_does_not_decide_a_redemption(stage: Stage) -> None:
    stage.on("GET", "/points_redemptions", *[listed(redemption(70), **END)] * 2)
    stage.on("GET", "/customers/.*", *[CUSTOMER] * 3)
    stage.on("POST", "/points_redemptions", httpx.ReadTimeout)
    await stage.run("get_customer", customer_email=SARAH)
    await stage.run("list_customer_points_redemptions", customer_email=SARAH, since_id=0, limit=250)

    with pytest.raises(OutcomeUnknownError):
        await stage.keep(
            Keeper(stage).writing(), "create_points_redemption", customer_email=SARAH, reward_id=5
        )

    assert 5 == len(stage.sent)


async def test_looking_before_leaves_time_to_send(stage: Stage) -> None:
    def slow(_: httpx.Request) -> httpx.Response:
        stage.clock.seconds += 1.2
        return httpx.Response(200, json=listed(redemption(70), **UNLINKED))

    stage.on("GET", "/points_redemptions").side_effect = slow
    stage.on("GET", "/customers/.*", CUSTOMER)
    stage.on("POST", "/points_redemptions", httpx.ReadTimeout)
    keeper = Keeper(stage)

    with pytest.raises(OutcomeUnknownError):
        await stage.keep(
            keeper.writing(), "create_points_redemption", customer_email=SARAH, reward_id=5
        )

    assert [{}] == keeper.snapshots
    assert 1 == len(writes_sent(stage))
    assert stage.clock.seconds <= 1_000.0 + 1.3


# Found again.


@pytest.mark.parametrize(
    ("mine", "inputs"),
    [
        (redemption(71), {}),
        (redemption(71), {"points_amount": 500}),
        (redemption(71, points_amount=-500), {"points_amount": 500}),
        (redemption(71, credits_amount="25.5"), {"credits_amount": Decimal("25.50")}),
        (redemption(71, reward=None, reward_id=5), {}),
        (redemption(71, customer=None, customer_id=SARAH_ID), {}),
        (redemption(71, refunded_at="2026-11-21T12:00:00Z"), {}),
        (redemption(71, used_at="2026-11-21T12:00:00Z"), {}),
    ],
    ids=[
        "fixed",
        "points",
        "signed",
        "credits",
        "bare reward",
        "bare customer",
        "refunded",
        "used",
    ],
)
@pytest.mark.parametrize("proven", [True, False])
async def test_the_only_new_redemption_of_the_reward_is_it(
    stage: Stage, mine: dict[str, object], inputs: dict[str, Any], proven: bool
) -> None:
    another = redemption(72, reward={"id": 6})
    maya = redemption(73, customer={"id": 8, "email": "maya@example.com"})
    back = await find(stage, mine, another, maya, of=sent(proven=proven, **inputs))

    assert ("found", 71, (), True) == (back.verdict, back.rivo_id, back.evidence, back.shown)
    assert [WALK % 70, LOOK] == stage.sent


async def test_what_is_older_than_a_row_of_ours_is_not_it_where_the_list_lagged(
    stage: Stage,
) -> None:
    lagging = sent(snapshot={"newest_id": 70, "since_id": 75})

    assert "absent" == (await find(stage, of=lagging)).verdict
    assert WALK % 75 == stage.sent[0]


async def test_what_is_found_answers_like_the_redemption_itself(stage: Stage) -> None:
    back = await find(stage, redemption(71))

    assert isinstance(back.answer, PointsRedemptionAnswer)
    answer = built(back.answer)
    assert ["points_redemption", "customer", "operation"] == list(answer)
    assert ("R-71", 150) == (
        answer["points_redemption"]["code"],
        answer["customer"]["points_tally"],
    )
    assert "points_redemption" == back.answer.resource["type"]  # type: ignore[index]


async def test_redeeming_by_its_other_name_is_found_with_that_ones_answer(stage: Stage) -> None:
    found = await find(stage, redemption(71), name="redeem_customer_points")
    not_found = await find(stage, name="redeem_customer_points")

    assert isinstance(found.answer, RedeemAnswer)
    assert ["customer", "redeemable", "points_redemption", "operation"] == list(built(found.answer))
    assert (71, "absent") == (found.rivo_id, not_found.verdict)


async def test_a_redemption_of_another_operation_is_not_taken_for_ours(stage: Stage) -> None:
    others = sent(claimed=frozenset({71}))
    alone = await find(stage, redemption(71), of=others)
    with_ours = await find(stage, redemption(71), redemption(72), of=others)

    assert ("absent", True) == (alone.verdict, alone.shown)
    assert ("found", 72) == (with_ours.verdict, with_ours.rivo_id)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [redemption(71, reward={"id": 6})],
        [redemption(71, customer={"id": 8, "email": "maya@example.com"})],
    ],
    ids=["nothing", "another reward", "another's"],
)
async def test_without_a_new_one_of_the_reward_it_is_surely_not_there(
    stage: Stage, rows: list[Any]
) -> None:
    back = await find(stage, *rows)

    words = f"{len(rows)} rows with an id above 70 were looked at; none may be it."
    assert ("absent", (words,)) == (back.verdict, back.evidence)
    assert [WALK % 70, LOOK] == stage.sent


@pytest.mark.parametrize(
    ("rows", "inputs", "ids"),
    [
        ([redemption(71), redemption(72)], {}, "71, 72"),
        ([redemption(71, points_amount=400)], {"points_amount": 500}, "71"),
        ([redemption(71, credits_amount=None)], {"credits_amount": Decimal(5)}, "71"),
        ([redemption(71, reward=None)], {}, "71"),
        (
            [redemption(71, points_amount=400), redemption(72)],
            {"points_amount": 500},
            "71, 72",
        ),
        (
            [redemption(n) for n in range(71, 84)],
            {},
            "... 74, 75, 76, 77, 78, 79, 80, 81, 82, 83",
        ),
    ],
    ids=["two", "another amount", "no amount", "no reward", "one of another amount", "many"],
)
async def test_where_nobody_can_tell_which_it_is_a_person_has_to(
    stage: Stage, rows: list[Any], inputs: dict[str, Any], ids: str
) -> None:
    back = await find(stage, *rows, of=sent(**inputs))

    assert ("unclear", None, None) == (back.verdict, back.answer, back.rivo_id)
    assert (f"Any of these rows, or none, may be it: {ids}.",) == back.evidence


@pytest.mark.parametrize(
    ("rows", "evidence"),
    [([], []), ([redemption(4), redemption(9, reward={"id": 6})], ["Alike are: 4."])],
    ids=["nothing", "something"],
)
async def test_without_knowing_what_was_there_before_nothing_is_concluded(
    stage: Stage, rows: list[Any], evidence: list[str]
) -> None:
    back = await find(stage, *rows, of=sent(snapshot={"since_id": 3}))

    assert "unclear" == back.verdict
    assert ["What there was before it was sent is not known.", *evidence] == list(back.evidence)
    assert [WALK % 3] == stage.sent


async def test_one_in_a_walk_that_was_not_whole_may_not_be_the_only_one(stage: Stage) -> None:
    back = await find(stage, redemption(72), redemption(71, reward={"id": 6}))

    assert ("unclear", ("Any of these rows, or none, may be it: 72.",)) == (
        back.verdict,
        back.evidence,
    )


async def test_a_shop_that_never_showed_a_redemption_of_ours_proves_nothing(stage: Stage) -> None:
    assert "unclear" == (await find(stage, of=sent(proven=False))).verdict


async def test_an_empty_list_of_nobodys_proves_nothing(stage: Stage) -> None:
    stage.on("GET", "/points_redemptions", listed(**END))
    stage.on("GET", "/customers/.*", NOBODY)

    assert "unclear" == (await look(stage, sent())).verdict


async def test_a_rivo_that_is_down_is_asked_again_later(stage: Stage) -> None:
    stage.on("GET", "/points_redemptions", httpx.ReadTimeout)

    with pytest.raises(UnavailableError):
        await look(stage, sent())
