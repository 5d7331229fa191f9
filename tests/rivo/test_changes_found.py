"""A change of a customer is a state: nothing is sent where it is there, and it is read back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from integrations.errors import NotFoundError, OutcomeUnknownError, UnavailableError
from integrations.rivo import ACTIONS, ShopFacts
from integrations.rivo.changing import CustomerChangedAnswer
from integrations.rivo.writing import ReadBack, Sent
from tests.rivo.keeping import REFERENCE, Keeper, writes_sent
from tests.rivo.stage import SARAH, Stage, built, changed, sample

pytestmark = pytest.mark.anyio

MARTINEZ = changed(
    sample("customer__sarah_martinez.reconstructed"), dob="01-01", vip_tier={"id": 1, "name": "I"}
)
SILVER = {"id": 552288, "name": "Silver", "threshold": 500}
GET = "GET /customers/sarah.martinez%40example.com"
NOBODY = httpx.Response(404, json={"error": "Could not find a customer."})
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "update_customer_dob": ({"dob": "07-13"}, {"dob": "07-13"}, {"dob": "01-01"}),
    "update_customer": (
        {"dob": "07-13", "first_name": "Sara", "accepts_marketing": True},
        {"dob": "07-13", "first_name": "Sara", "accepts_marketing": True},
        {"dob": "01-01", "first_name": "Sarah", "accepts_marketing": False},
    ),
    "update_customer_vip_tier": ({"vip_tier_id": 552288}, {"vip_tier": SILVER}, {"vip_tier": 1}),
}
"""What is asked for, how it shows once it is so, and what was there before."""

each_change = pytest.mark.parametrize("name", CHANGES)


@pytest.fixture
async def stage(client: httpx.AsyncClient) -> AsyncIterator[Stage]:
    """A shop that lets callers change names and consent as well."""
    fields = frozenset({"first_name", "last_name", "accepts_marketing"})
    with respx.mock(assert_all_called=False) as router:
        yield Stage(router, client, ShopFacts(customer_fields=fields))


def had(name: str) -> Any:
    """The customer as it was before."""
    _, _, before = CHANGES[name]
    return changed(MARTINEZ, **(before if "vip_tier" not in before else {}))


async def change(stage: Stage, name: str, keeper: Keeper, *, trusts_state: bool = True) -> Any:
    asked, _, _ = CHANGES[name]
    writing = keeper.writing(trusts_state=trusts_state)
    return await stage.keep(writing, name, customer_email=SARAH, **asked)


@each_change
async def test_what_already_is_so_is_not_sent(stage: Stage, name: str) -> None:
    wanted = changed(MARTINEZ, **CHANGES[name][1])
    stage.on("GET", "/customers/.*", MARTINEZ, wanted)
    await stage.run("get_customer", customer_email=SARAH)
    keeper = Keeper(stage)

    answer = await change(stage, name, keeper)

    assert [] == keeper.snapshots
    assert [GET, GET] == stage.sent
    assert ["customer", "operation"] == list(built(answer))
    assert wanted["data"]["attributes"] == answer.resource["attributes"]


@each_change
async def test_what_is_changed_is_remembered_as_it_was(stage: Stage, name: str) -> None:
    _, wanted, before = CHANGES[name]
    stage.on("GET", "/customers/.*", had(name))
    stage.router.route(method__in=["PUT", "POST"]).respond(json=changed(MARTINEZ, **wanted))
    keeper = Keeper(stage)

    await change(stage, name, keeper)

    assert [{"before": before}] == keeper.snapshots
    assert (GET, 1) == (stage.sent[0], len(writes_sent(stage)))


@each_change
@pytest.mark.parametrize("trusts_state", [True, False], ids=["down", "not trusted"])
async def test_what_was_before_is_left_out_where_it_tells_nothing(
    stage: Stage, name: str, trusts_state: bool
) -> None:
    wanted = changed(MARTINEZ, **CHANGES[name][1])
    stage.on("GET", "/customers/.*", httpx.ReadTimeout if trusts_state else wanted)
    stage.router.route(method__in=["PUT", "POST"]).respond(json=wanted)
    keeper = Keeper(stage)

    await change(stage, name, keeper, trusts_state=trusts_state)

    assert [{}] == keeper.snapshots
    assert 1 == len(writes_sent(stage))


@each_change
async def test_nobody_is_not_changed(stage: Stage, name: str) -> None:
    stage.on("GET", "/customers/.*", NOBODY)
    keeper = Keeper(stage)

    with pytest.raises(NotFoundError):
        await change(stage, name, keeper)

    assert ([], [GET]) == (keeper.snapshots, stage.sent)


async def test_what_rivo_does_not_show_is_not_remembered_as_having_been(stage: Stage) -> None:
    without = changed(MARTINEZ)
    del without["data"]["attributes"]["vip_tier"]
    stage.on("GET", "/customers/.*", without)
    stage.on("POST", "/customers/.*", httpx.ReadTimeout)
    keeper = Keeper(stage)

    with pytest.raises(OutcomeUnknownError):
        await change(stage, "update_customer_vip_tier", keeper)

    assert [{"before": {}}] == keeper.snapshots


# Found again.


async def find(stage: Stage, name: str, answer: Any, before: Any) -> ReadBack:
    stage.on("GET", "/customers/.*", answer)
    once = ACTIONS[name].once
    assert once is not None
    inputs = {"customer_email": SARAH, "last_name": None, **CHANGES[name][0]}
    snapshot = {} if before is None else {"before": before}
    back = await once.find(stage.rivo, Sent(reference=REFERENCE, inputs=inputs, snapshot=snapshot))
    assert isinstance(back, ReadBack)
    assert [GET] == stage.sent
    return back


@each_change
@pytest.mark.parametrize("is_known", [True, False])
async def test_what_is_as_it_was_wanted_was_applied(
    stage: Stage, name: str, is_known: bool
) -> None:
    _, wanted, before = CHANGES[name]
    back = await find(stage, name, changed(MARTINEZ, **wanted), before if is_known else None)

    assert ("found", None, ()) == (back.verdict, back.rivo_id, back.evidence)
    assert isinstance(back.answer, CustomerChangedAnswer)
    assert SARAH == back.answer.customer.email


@each_change
async def test_what_is_as_it_was_before_was_not(stage: Stage, name: str) -> None:
    back = await find(stage, name, had(name), CHANGES[name][2])

    assert ("absent", None) == (back.verdict, back.answer)


@each_change
async def test_what_was_before_has_to_be_known(stage: Stage, name: str) -> None:
    assert "unclear" == (await find(stage, name, had(name), None)).verdict


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ({"dob": "02-02"}, {"dob": "01-01", "first_name": "Sarah", "accepts_marketing": False}),
        ({"dob": "07-13"}, {"dob": "01-01", "first_name": "Sarah", "accepts_marketing": False}),
        ({}, {"dob": "01-01"}),
        ({}, {}),
    ],
    ids=["something else", "half of it", "half was known", "nothing was known"],
)
async def test_what_is_neither_is_unclear(
    stage: Stage, now: dict[str, Any], before: dict[str, Any]
) -> None:
    customer = changed(had("update_customer"), **now)

    back = await find(stage, "update_customer", customer, before)

    names = "dob, first_name, accepts_marketing"
    words = f"The customer's {names} is neither what was wanted nor known from before."
    assert ("unclear", (words,)) == (back.verdict, back.evidence)


@each_change
async def test_what_is_too_odd_is_unclear(stage: Stage, name: str) -> None:
    odd = changed(MARTINEZ, **CHANGES[name][1], orders_count=[])

    assert "unclear" == (await find(stage, name, odd, None)).verdict


@each_change
async def test_nobody_is_unclear(stage: Stage, name: str) -> None:
    assert "unclear" == (await find(stage, name, NOBODY, CHANGES[name][2])).verdict


@each_change
async def test_a_rivo_that_is_down_is_asked_again_later(stage: Stage, name: str) -> None:
    with pytest.raises(UnavailableError):
        await find(stage, name, httpx.ReadTimeout, CHANGES[name][2])
