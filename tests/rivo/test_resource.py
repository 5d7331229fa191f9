"""One resource of Rivo's: numbers as text, ids as pairs, keys missing, and what is too odd."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import ActionError, OutcomeUnknownError, UnavailableError
from integrations.rivo.resource import Resource, strange, unclear
from tests.rivo.stage import sample

HEX = "0123456789abcdef" * 2


def of(value: object) -> Resource:
    return Resource({"name": value})


@pytest.mark.parametrize(
    ("data", "number", "kind", "attributes"),
    [
        ({"id": 1, "type": "x", "attributes": {"a": 1}}, 1, "x", {"a": 1}),
        ({"attributes": {"id": 2}}, 2, None, {"id": 2}),
        ({"id": 3, "a": 1}, 3, None, {"id": 3, "a": 1}),
        ({"id": 4, "attributes": {"id": [9, 5]}}, 4, None, {"id": [9, 5]}),
        ({"attributes": {"id": [9, 5]}}, 5, None, {"id": [9, 5]}),
        (
            {"id": "7198630248648", "type": 5},
            7198630248648,
            None,
            {"id": "7198630248648", "type": 5},
        ),
        ({"id": "x"}, None, None, {"id": "x"}),
        ({"id": True}, None, None, {"id": True}),
        ({"id": []}, None, None, {"id": []}),
        ({"id": 6, "attributes": "none"}, 6, None, {"id": 6, "attributes": "none"}),
        ({}, None, None, {}),
    ],
    ids=str,
)
def test_a_resource_is_read_with_or_without_its_envelope(
    data: object, number: int | None, kind: str | None, attributes: dict[str, object]
) -> None:
    resource = Resource.of(data)

    assert (number, kind, attributes) == (resource.id, resource.type, resource.attributes)


@pytest.mark.parametrize("data", [None, [], "x", 7], ids=repr)
def test_what_is_no_object_is_no_resource(data: object) -> None:
    with pytest.raises(UnavailableError, match=r"not understood \(a resource\)"):
        Resource.of(data)


def test_the_observed_events_have_their_own_ids() -> None:
    rows = sample("points_events__list.observed")["data"]

    assert [790964846, 35813638] == [Resource.of(row).id for row in rows]
    assert [790964846, 35813638] == [Resource.of(row["attributes"]).id for row in rows]


READERS: dict[str, Any] = {
    "text": Resource.text,
    "whole": Resource.whole,
    "number": Resource.number,
    "money": Resource.money,
    "flag": Resource.flag,
    "texts": Resource.texts,
    "day": Resource.day,
    "note": Resource.note,
}


@pytest.mark.parametrize("reader", READERS)
def test_what_is_missing_or_null_is_none(reader: str) -> None:
    assert READERS[reader](Resource({}), "name") is None
    assert READERS[reader](of(None), "name", "other") is None
    assert Resource({"name": None}).inner("name") is None
    assert Resource({}).inner("name") is None


@pytest.mark.parametrize(
    ("reader", "value", "said"),
    [
        ("text", "Ana", "Ana"),
        ("text", "", ""),
        ("text", 7, "7"),
        ("text", 2.5, "2.5"),
        ("whole", 100, 100),
        ("whole", "100", 100),
        ("whole", 100.0, 100),
        ("whole", "100.0", 100),
        ("whole", -5, -5),
        ("whole", 0, 0),
        ("number", 5, 5),
        ("number", 5.0, 5.0),
        ("number", "5.5", 5.5),
        ("money", "25.50", "25.50"),
        ("money", "0.0", "0.0"),
        ("money", "-3", "-3"),
        ("money", 2.5, "2.5"),
        ("flag", True, True),
        ("flag", False, False),
        ("texts", ["a", 1], ["a", "1"]),
        ("texts", [], []),
        ("day", "October 04, 2024", "2024-10-04"),
        ("day", "May 2, 2027", "2027-05-02"),
        ("day", "2027-05-02", "2027-05-02"),
        ("day", "soon", "soon"),
        ("day", "", ""),
        ("note", "Order 1001", "Order 1001"),
        ("note", "", ""),
        ("note", "by bo@shop.example.com.", "by [e-mail]"),
        ("note", "<a@b> (c+d@e) f@g,h@i", "<[e-mail]> ([e-mail]) [e-mail]"),
        ("note", "mention @team at 5", "mention @team at 5"),
        ("note", f"op_{HEX}", None),
        ("note", f"op_{HEX} late, by bo@x", "late, by [e-mail]"),
        ("note", f"op_{HEX} reverses op_{HEX}", f"reverses op_{HEX}"),
        ("note", f"op_{HEX[:31]}", None),
        ("note", f"op_{HEX[:8]}", None),
        ("note", f"op_{HEX[:7]}", f"op_{HEX[:7]}"),
        ("note", f"op_{HEX[:8]} sale", f"op_{HEX[:8]} sale"),
        ("note", f"op_{HEX}0", f"op_{HEX}0"),
        ("note", f"see op_{HEX}", f"see op_{HEX}"),
    ],
    ids=repr,
)
def test_an_attribute_is_read(reader: str, value: object, said: object) -> None:
    found = READERS[reader](of(value), "name")

    assert said == found
    assert type(said) is type(found)


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        ("text", True),
        ("text", []),
        ("text", {}),
        ("whole", True),
        ("whole", "many"),
        ("whole", 1.5),
        ("whole", "NaN"),
        ("whole", "Infinity"),
        ("whole", "1e999999999"),
        ("whole", []),
        ("number", True),
        ("number", "five"),
        ("number", "nan"),
        ("number", "-inf"),
        ("number", []),
        ("money", "free"),
        ("money", "NaN"),
        ("money", "Infinity"),
        ("money", True),
        ("flag", "true"),
        ("flag", 1),
        ("texts", "a, b"),
        ("texts", {}),
        ("day", []),
        ("note", {"by": "a@b"}),
    ],
    ids=repr,
)
def test_an_odd_attribute_is_unavailable_by_name(reader: str, value: object) -> None:
    with pytest.raises(UnavailableError, match=r"^Rivo's answer was not understood \(name\)\.$"):
        READERS[reader](of(value), "name")


@pytest.mark.parametrize("reader", [*READERS, "inner"])
def test_in_the_answer_to_a_write_an_odd_attribute_is_unknown(reader: str) -> None:
    odd: object = object() if reader != "inner" else []
    resource = Resource.of({"name": odd, "inner": {"name": odd}}, trouble=unclear)
    inner = resource.inner("inner")
    assert inner is not None

    for each in (resource, inner):
        with pytest.raises(OutcomeUnknownError, match=r"\(.*\): the change may have been applied"):
            (READERS | {"inner": Resource.inner})[reader](each, "name")


def test_the_two_troubles_differ_in_what_they_say_of_a_write() -> None:
    assert isinstance(strange("x"), UnavailableError)
    assert isinstance(unclear("x"), OutcomeUnknownError)


def test_the_first_name_that_is_filled_counts() -> None:
    resource = Resource({"title": None, "name": "Birthday", "other": "x"})

    assert "Birthday" == resource.text("title", "name", "other")
    assert 0 == Resource({"points_tally": 0, "loyalty_points_tally": 5}).whole(
        "points_tally", "loyalty_points_tally"
    )


def test_a_nested_object_is_a_resource_of_its_own() -> None:
    inner = Resource({"vip_tier": {"id": 5, "name": "Gold"}}).inner("vip_tier")

    assert inner is not None
    assert (5, "Gold") == (inner.id, inner.text("name"))


def test_the_full_resource_hides_operators_and_our_reference_and_nothing_else() -> None:
    note = f"op_{HEX} by bo@x"
    attributes = {"id": [9, 5], "internal_note": note, "customer": {"email": "ana@x"}}
    resource = Resource.of({"id": 5, "type": "points_event", "attributes": attributes})

    assert {
        "id": 5,
        "type": "points_event",
        "attributes": attributes | {"internal_note": "by [e-mail]"},
    } == resource.full()
    assert note == attributes["internal_note"]
    assert {"id": None, "type": None, "attributes": {}} == Resource({}).full()


def test_a_long_note_is_searched_in_no_time() -> None:
    note = "x" * 200_000 + " a@b"

    began = time.perf_counter()
    assert note.removesuffix("a@b") + "[e-mail]" == of(note).note("name")
    assert time.perf_counter() - began < 5


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@given(JSON)
def test_whatever_rivo_says_only_our_own_errors_come_out(value: object) -> None:
    for reader in (*READERS.values(), Resource.inner):
        try:
            reader(of(value), "name")
        except ActionError as error:
            said = error.message
        else:
            said = ""
        assert said in ("", "Rivo's answer was not understood (name).") or "resource" in said
