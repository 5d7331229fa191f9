"""An action is read off its function; its inputs are read as helpdesks send them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

from integrations.actions import CONTEXT, Action, Answer, Context, Once, ReadAnswer
from integrations.errors import InputError, NotFoundError
from integrations.inputs import Kind, birthday
from integrations.rivo import ACTIONS

Spent = Annotated[Decimal, Meta(description="What it cost.", examples=["1.50"])]
DAY = Kind("a birthday", birthday)


class Note(Answer):
    """What was noted."""

    text: str


class Look(ReadAnswer):
    """What was seen."""

    text: str


async def create_note(
    _store: object,
    *,
    customer: Annotated[str, Meta(description="Whose it is.")],
    color: Annotated[Literal["red", "blue"], Meta(description="Its colour.")] = "red",
    spent: Spent | None = None,
    pinned: Annotated[bool | None, Meta(description="Stays on top.")] = None,
    day: Annotated[str | None, DAY, Meta(description="When it shows.")] = None,
) -> Note:
    """Note something.

    It stays.
    """
    return Note(text=customer)


async def look(_store: object) -> Look:
    """Look."""
    return Look(text="", as_of="2026-11-21T00:00:00.000Z", stale=False)


NOTE = Action.of(create_note, writes=True)


def test_an_action_is_read_off_its_function() -> None:
    assert "create_note" == NOTE.name
    assert "Note something." == NOTE.summary
    assert "It stays." == NOTE.description
    assert NOTE.writes
    assert Note is NOTE.answer
    assert ["customer", "color", "spent", "pinned", "day"] == [i.name for i in NOTE.inputs]
    assert [True, False, False, False, False] == [i.required for i in NOTE.inputs]
    assert [None, "red", None, None, None] == [i.default for i in NOTE.inputs]
    assert "What it cost." == NOTE.inputs[2].description
    assert ("1.50",) == NOTE.inputs[2].examples
    assert DAY is NOTE.inputs[4].kind


def test_a_write_says_how_it_is_found_again_and_what_may_be_open_once() -> None:
    once = Once(find=look)

    assert once is Action.of(create_note, writes=True, once=once).once
    assert (None, None) == (once.listed, once.subject({"customer": "Ana"}))
    assert NOTE.once is None
    assert {
        "create_points_event": (None, "points_events"),
        "reverse_points_event": ("reversal op_1", "points_events"),
        "create_points_redemption": ("redemption", "points_redemptions"),
        "redeem_customer_points": ("redemption", "points_redemptions"),
        "refund_points_redemption": ("refund 5", None),
        "update_customer": ("profile", None),
        "update_customer_dob": ("profile", None),
        "update_customer_vip_tier": ("tier", None),
        "cancel_membership": ("membership", None),
        "create_referral": ("referral ann@example.com", "referrals"),
    } == {
        name: (
            action.once.subject(
                {"operation_id": "op_1", "redemption_id": 5, "email": "Ann@example.com"}
            ),
            action.once.listed,
        )
        for name, action in ACTIONS.items()
        if action.once
    }


def test_an_action_without_inputs_or_more_words_is_one_too() -> None:
    action = Action.of(look, writes=False)

    assert () == action.inputs
    assert "" == action.description
    assert ({}, Context()) == action.parse({})


def test_a_function_without_words_is_no_action() -> None:
    async def silent(_store: object) -> Note:
        return Note(text="")

    async def undescribed(_store: object, *, name: str) -> Note:
        """Note a name."""
        return Note(text=name)

    with pytest.raises(TypeError, match="silent has no docstring"):
        Action.of(silent, writes=True)
    with pytest.raises(TypeError, match="the input name has no description"):
        Action.of(undescribed, writes=True)


@pytest.mark.parametrize(
    ("name", "writes", "creates"),
    [
        ("create_note", True, True),
        ("refund_note", True, True),
        ("update_note", True, False),
        ("cancel_note", True, False),
        ("get_note", False, False),
    ],
)
def test_a_success_is_201_where_something_was_made(name: str, writes: bool, creates: bool) -> None:
    assert creates is msgspec.structs.replace(NOTE, name=name, writes=writes).creates


def test_inputs_are_read_from_json_and_from_text_alike() -> None:
    as_json = {"customer": "Ana", "spent": Decimal("1.50"), "pinned": True, "day": "1990-07-13"}
    as_text = {"customer": " Ana ", "spent": "1.50", "pinned": "True", "day": "07-13"}
    values = {"customer": "Ana", "spent": Decimal("1.50"), "pinned": True, "day": "07-13"}

    assert (values, Context()) == NOTE.parse(as_json)
    assert (values, Context()) == NOTE.parse(as_text)


@pytest.mark.parametrize(
    "nothing", [None, "", "None", "null", "undefined", "{{ticket.id}}"], ids=repr
)
def test_an_absent_input_is_left_to_its_default(nothing: object) -> None:
    given = {"customer": "Ana", "color": nothing, "spent": nothing, "ticket_id": nothing}

    assert ({"customer": "Ana"}, Context()) == NOTE.parse(given)


@pytest.mark.parametrize("given", [{}, {"customer": "{{ticket.customer.email}}"}, {"color": "red"}])
def test_a_missing_input_is_named_with_what_was_expected(given: Mapping[str, object]) -> None:
    with pytest.raises(InputError) as caught:
        NOTE.parse(given)

    error = caught.value
    assert ("customer", "a text of at most 255 characters", None) == (
        error.field,
        error.expected,
        error.given,
    )
    assert "customer must be a text of at most 255 characters; it is missing." == error.message
    assert "invalid_input" == error.code


def test_a_wrong_input_is_named_with_what_came() -> None:
    with pytest.raises(InputError) as caught:
        NOTE.parse({"customer": "Ana", "color": "green"})

    assert "color must be one of red, blue; got 'green'." == caught.value.message


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("colour", "did you mean color?"),
        ("cutomer", "did you mean customer?"),
        ("ticketid", "did you mean ticket_id?"),
        ("xyz", "known are customer, color, spent, pinned, day, ticket_id, agent_email"),
    ],
)
def test_an_unknown_input_is_refused_with_the_nearest_name(name: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        NOTE.parse({"customer": "Ana", name: "5"})

    assert name == caught.value.field
    assert hint in caught.value.message


def test_an_unknown_input_is_refused_even_where_it_is_empty() -> None:
    with pytest.raises(InputError, match="did you mean spent"):
        NOTE.parse({"customer": "Ana", "spend": ""})


def test_an_unknown_name_is_shown_without_what_a_screen_cannot_show() -> None:
    with pytest.raises(InputError) as long:
        NOTE.parse({"x" * 1000: 1})
    with pytest.raises(InputError) as invisible:
        NOTE.parse({"\x1b\ud800": 1})

    assert "x" * 64 == long.value.field
    assert "an unnamed input" == invisible.value.field


def test_the_known_inputs_are_an_actions_own_and_the_context() -> None:
    assert {each.name for each in (*NOTE.inputs, *CONTEXT)} == set(NOTE.known)


def test_the_context_is_read_apart_from_the_inputs() -> None:
    values, context = NOTE.parse(
        {
            "customer": "Ana",
            "ticket_id": 4711,
            "agent_email": "bo x@shop.example.com",
            "agent_name": "Bo",
            "reason": "late delivery",
            "customer_id": 99,
            "idempotency_key": "k-1",
            "shape": "FULL",
        }
    )

    assert {"customer": "Ana"} == values
    assert (
        Context(
            ticket_id="4711",
            agent_email="bo+x@shop.example.com",
            agent_name="Bo",
            reason="late delivery",
            customer_id="99",
            idempotency_key="k-1",
            shape="full",
        )
        == context
    )


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("agent_email", "Bo"),
        ("idempotency_key", "schlüssel"),
        ("shape", "round"),
        ("reason", "x\0"),
    ],
)
def test_a_wrong_context_is_refused_as_well(name: str, wrong: str) -> None:
    with pytest.raises(InputError) as caught:
        NOTE.parse({"customer": "Ana", name: wrong})

    assert name == caught.value.field


def test_an_answer_carries_its_resource_outside_its_keys() -> None:
    answer = Look(text="seen", as_of="2026-11-21T00:00:00.000Z", stale=False)
    untold = Look(text="seen", as_of="2026-11-21T00:00:00.000Z", stale=False)

    assert answer is answer.made_from({"id": 1})
    assert {"id": 1} == answer.resource
    assert untold.resource is None
    assert answer.wrote
    expected = b'{"text":"seen","as_of":"2026-11-21T00:00:00.000Z","stale":false}'
    assert expected == msgspec.json.encode(answer)


def test_no_action_takes_a_context_name_for_an_input_of_its_own() -> None:
    taken = {i.name for i in CONTEXT}

    assert {} == {n: a for n, a in ACTIONS.items() if taken & {i.name for i in a.inputs}}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
def test_every_action_reads_its_own_examples(action: Action) -> None:
    examples = {i.name: i.examples[0] for i in action.inputs if i.examples}
    needed = {i.name for i in action.inputs if i.required}

    assert needed <= examples.keys()
    values, context = action.parse(examples)
    assert examples.keys() == values.keys()
    assert Context() == context


def test_a_masked_customer_is_never_looked_up() -> None:
    with pytest.raises(NotFoundError):
        ACTIONS["get_customer"].parse({"customer_email": "s***@example.com"})


def test_typed_values_come_out_whatever_came_in() -> None:
    values, _ = ACTIONS["create_points_event"].parse(
        {
            "customer_email": 7294851236742,
            "points_amount": "100.0",
            "credits_amount": Decimal("2.5"),
            "skip_email": "True",
            "applied_at": "2026-11-21",
            "source": "Manual",
        }
    )

    assert {
        "customer_email": "7294851236742",
        "points_amount": 100,
        "credits_amount": Decimal("2.5"),
        "skip_email": True,
        "applied_at": datetime(2026, 11, 21, tzinfo=UTC),
        "source": "manual",
    } == values


NAMES = sorted({i.name for a in ACTIONS.values() for i in (*a.inputs, *CONTEXT)})
NASTY = st.sampled_from(
    [
        -(10**30),
        Decimal("1e999999999"),
        Decimal("-Infinity"),
        Decimal("NaN"),
        "s***@example.com",
        "a b@x.com",
        "../rewards?x=1",
        "%2e%2e@x",
        "\ud800@x",
        "x" * 70_000,
        "99/99/9999",
        "0001-01-01T00:00:00+14:00",
        "9" * 19,
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text()
    | NASTY
    | st.builds(pow, st.just(10), st.just(5000))  # more digits than Python writes out
)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.builds(lambda x: {"a": [x]}, SCALARS)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(NAMES) | st.text(), VALUES, max_size=3))
def test_whatever_is_sent_only_input_problems_come_out(sent: dict[str, Any]) -> None:
    for action in ACTIONS.values():  # 5,000 calls
        try:
            values, _ = action.parse(sent)
        except (InputError, NotFoundError) as error:
            said = error.message
        else:
            said = ""
            assert values.keys() <= {i.name for i in action.inputs}
        assert len(said) < 700
        assert "\n" not in said
