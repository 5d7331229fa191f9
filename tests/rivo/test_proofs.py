"""What shows that a read is one after a write: its row, the balance that its answer told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from integrations.errors import UnavailableError
from integrations.rivo.proofs import nothing, proof_of
from integrations.rivo.resource import Resource
from integrations.upstream import Reply
from tests.rivo.stage import SARAH, changed, listed, row, sample

MARTINEZ = sample("customer__sarah_martinez.reconstructed")
MEMBER = sample("member__sarah_johnson.reconstructed")
NEWEST = ("pagination[page]", "1")
HER = ("customers", SARAH), ()
MEMBERSHIP = ("memberships", "customers", SARAH), ()
EVENTS = ("points_events",), (NEWEST,)
GAVE: tuple[str | int, ...] = ("points_events",)
MOVED: tuple[str | int, ...] = ("customers", SARAH, "vip_tier")
OF_HER = ("filters[customer_identifier]", SARAH)


def reply(body: Any, status: int = 201) -> Reply:
    return Reply(status, "application/json", msgspec.json.encode(body), None)


def shown(
    read: tuple[Any, Any],
    body: Any,
    *,
    wrote: tuple[str | int, ...] = GAVE,
    said: Any = None,
    told: Mapping[str, object] | None = None,
) -> bool | None:
    """Say whether a read shows a write to `wrote`, of whose customer `told` is known."""
    answer = reply({"data": row(77, points_diff=10)} if said is None else said)
    proof = proof_of(wrote, answer, told=lambda _: told or {})
    assert proof is not None
    assert proof.touches(read)
    return proof.shows(read, msgspec.json.encode(body))


@pytest.mark.parametrize(
    ("has", "told", "is_shown"),
    [
        ({"points_tally": 160}, {"points_tally": 160}, True),
        ({"points_tally": 150}, {"points_tally": 160}, False),
        ({"points_tally": "160"}, {"points_tally": 160}, True),
        ({"credits_tally": "2.4"}, {"credits_tally": "2.40"}, True),
        ({"credits_tally": "2.4"}, {"credits_tally": "2.5"}, False),
        ({"credits_tally": "2.4", "points_tally": 1}, {"points_tally": 1}, True),
        ({"points_tally": 160}, {}, None),
        ({"dob": None}, {"dob": "07-13"}, False),
        ({"dob": "07-13"}, {"dob": "07-13"}, True),
        ({"vip_tier": {"id": 2}}, {"vip_tier": {"id": 2, "name": "Gold"}}, True),
        ({"vip_tier": None}, {"vip_tier": {"id": 2}}, False),
    ],
    ids=repr,
)
@pytest.mark.parametrize("wrote", [GAVE, MOVED])
def test_a_customer_shows_what_the_answer_told(
    has: dict[str, Any], told: dict[str, Any], is_shown: bool | None, wrote: tuple[str | int, ...]
) -> None:
    assert is_shown is shown(HER, changed(MARTINEZ, **has), wrote=wrote, told=told)


def test_a_customer_who_lacks_what_was_told_tells_nothing() -> None:
    assert shown(HER, {"data": row(1, email=SARAH)}, told={"points_tally": 160}) is None


def test_a_member_has_the_balance_in_either_form() -> None:
    told = {"points_tally": 0, "credits_tally": "2.4"}
    nested = {"data": row(1, customer=MEMBER["data"]["attributes"])}

    assert shown(MEMBERSHIP, MEMBER, told=told)
    assert shown(MEMBERSHIP, nested, told=told)
    assert shown(MEMBERSHIP, nested, told=told | {"points_tally": 10}) is False


@pytest.mark.parametrize(
    ("params", "rows", "is_shown"),
    [
        ((NEWEST,), [77], True),
        ((NEWEST,), [80, 77, 1], True),
        ((NEWEST,), [76], False),
        ((NEWEST,), [], False),
        ((("pagination[page]", "2"),), [76], None),
        ((("pagination[since_id]", "0"),), [76], None),
        ((("pagination[since_id]", "0"),), [77], True),
        ((OF_HER, NEWEST), [76], False),
    ],
)
def test_a_list_shows_the_row_that_was_made(
    params: tuple[Any, ...], rows: list[int], is_shown: bool | None
) -> None:
    found = listed(*(row(each) for each in rows))

    assert is_shown is shown((("points_events",), params), found)


@pytest.mark.parametrize(
    ("wrote", "read", "touches"),
    [
        (GAVE, ("points_events",), True),
        (GAVE, ("points_redemptions",), False),
        (GAVE, ("referrals",), False),
        (GAVE, ("memberships", "customers", SARAH), True),
        (GAVE, ("memberships", "tier_enrollments"), False),
        (("points_redemptions",), ("points_events",), True),
        (("points_redemptions", 5, "refund"), ("points_redemptions",), True),
        (MOVED, ("points_redemptions",), False),
        (MOVED, ("points_events",), True),
        (("referrals",), ("points_events",), True),
    ],
    ids=repr,
)
def test_a_write_is_not_looked_for_in_what_it_does_not_touch(
    wrote: tuple[str | int, ...], read: tuple[str, ...], touches: bool
) -> None:
    proof = proof_of(wrote, reply({"data": row(77)}), told=nothing)

    assert proof is not None
    assert touches is proof.touches((read, (NEWEST,)))


def test_of_a_redemption_the_list_of_events_tells_nothing() -> None:
    assert shown(EVENTS, listed(row(77)), wrote=("points_redemptions",)) is None


@pytest.mark.parametrize(
    "answer",
    [reply({"error": "no"}, 422), reply({}, 500), Reply(204, "", b"", None), reply(1)],
    ids=["refused", "failed", "a cancellation", "something else"],
)
def test_where_nothing_is_told_nothing_shows_it(answer: Reply) -> None:
    path = ("memberships", SARAH, "cancel") if answer.status == 204 else GAVE

    assert proof_of(path, answer, told=nothing) is None


def test_an_update_that_rivo_confirms_without_words_is_shown_by_nothing() -> None:
    proof = proof_of(MOVED, Reply(204, "", b"", None), told=lambda _: {"dob": "07-13"})

    assert proof is not None
    assert proof.shows(HER, msgspec.json.encode(MARTINEZ)) is None


def test_an_answer_that_is_odd_tells_nothing_and_disturbs_nothing() -> None:
    def odd(_: Resource) -> Mapping[str, object]:
        raise UnavailableError("Not understood.")

    proof = proof_of(GAVE, reply({"data": row(77)}), told=odd)

    assert proof is not None
    assert proof.shows(HER, msgspec.json.encode(MARTINEZ)) is None
    assert proof.shows(EVENTS, b'{"data": [1]}') is None
    assert proof.shows(EVENTS, b"{") is None
