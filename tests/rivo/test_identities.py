"""Who a read or a write is about, so that a write forgets all that it changed and no more."""

from __future__ import annotations

import json

import pytest

from integrations.rivo.identities import (
    EVERYONE,
    SOMEONE,
    Identity,
    identity,
    identity_of,
    is_same,
    named_in,
    tags_of_customer,
    tags_of_read,
    tags_of_write,
)
from integrations.upstream import Reply
from tests.rivo.stage import listed, row

SARAH = {"id": 7, "email": "Sarah@X"}
MAYA = {"id": 8, "email": "maya@x"}


def reply(body: object) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(200, "application/json", raw, None)


@pytest.mark.parametrize(
    ("identifier", "identified"),
    [("7", ("7", None)), ("Sarah@X", (None, "sarah@x")), (EVERYONE, (None, None))],
    ids=["id", "e-mail", "everyone"],
)
def test_an_identifier_is_an_id_or_an_address(identifier: str, identified: Identity) -> None:
    assert identified == identity_of(identifier)


def test_what_rivo_says_of_a_customer_is_an_identity() -> None:
    assert ("7", "sarah@x") == identity(7, "Sarah@X")
    assert (None, None) == identity(None, None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("7", None), ("7", "a@b"), True),
        ((None, "a@b"), ("7", "a@b"), True),
        (("7", "a@b"), ("7", "c@d"), True),
        (("7", None), (None, "a@b"), False),
        (("7", "a@b"), ("8", "c@d"), False),
        ((None, None), (None, None), False),
    ],
)
def test_two_identities_are_the_same_where_they_share_something(
    one: Identity, other: Identity, same: bool
) -> None:
    assert same is is_same(one, other)


@pytest.mark.parametrize(
    ("body", "asked", "learnt"),
    [
        ({"data": {"id": 7, "attributes": SARAH}}, (None, "sarah@x"), ("7", "sarah@x")),
        ({"data": {"id": 7, "attributes": SARAH}}, ("7", None), ("7", "sarah@x")),
        (SARAH, ("7", None), ("7", "sarah@x")),
        ({"data": {"id": 1, "attributes": {"customer": SARAH}}}, ("7", None), ("7", "sarah@x")),
        (listed(row(1, customer=SARAH), row(2)), (None, "sarah@x"), ("7", "sarah@x")),
        (listed(row(1, customer=MAYA)), (None, "sarah@x"), (None, "sarah@x")),
        (listed(row(1, customer=MAYA)), ("7", None), ("7", None)),
        (listed(row(1, customer_id=8)), (None, "sarah@x"), (None, "sarah@x")),
        (listed(row(1, customer={"id": 7})), ("7", None), ("7", None)),
        (listed(row(1, customer={"id": 8})), (None, "sarah@x"), (None, "sarah@x")),
        (listed(), ("7", None), ("7", None)),
        ({"data": {"customer_id": 7}}, ("7", None), ("7", None)),
        (b"<html>", ("7", None), ("7", None)),
        (b"", (None, "a@b"), (None, "a@b")),
        ({"data": None}, ("7", None), ("7", None)),
        ({"data": {"id": 7, "attributes": SARAH}}, (None, None), ("7", "sarah@x")),
        ({"data": {"id": 1, "attributes": {"customer_id": 7}}}, (None, None), ("7", None)),
        ({"data": {"id": 1, "attributes": {"a": 1}}}, (None, None), (None, None)),
    ],
    ids=range(18),
)
def test_an_answer_names_the_customer_only_if_it_is_the_one_asked_for(
    body: object, asked: Identity, learnt: Identity
) -> None:
    assert learnt == named_in(reply(body), asked)


def test_a_read_is_tagged_with_whom_it_concerns() -> None:
    theirs = reply({"data": {"id": 7, "attributes": SARAH}})

    assert frozenset() == tags_of_read(theirs, None)
    assert {EVERYONE} == tags_of_read(theirs, EVERYONE)
    assert {SOMEONE, "id:7", "email:sarah@x"} == tags_of_read(theirs, "sarah@x")
    assert {SOMEONE, "id:?", "email:a@b"} == tags_of_read(theirs, "a@b")
    assert {SOMEONE, "id:7", "email:?"} == tags_of_customer(("7", None))


BY_ID, BY_EMAIL, BY_BOTH = ("7", None), (None, "sarah@x"), ("7", "sarah@x")
MAYAS = ("8", "maya@x")


@pytest.mark.parametrize(
    ("written", "read", "dropped"),
    [
        (BY_ID, BY_ID, True),
        (BY_ID, BY_EMAIL, True),
        (BY_ID, BY_BOTH, True),
        (BY_EMAIL, BY_ID, True),
        (BY_EMAIL, BY_EMAIL, True),
        (BY_EMAIL, BY_BOTH, True),
        (BY_BOTH, BY_ID, True),
        (BY_BOTH, BY_EMAIL, True),
        (BY_BOTH, BY_BOTH, True),
        (BY_ID, MAYAS, False),
        (BY_EMAIL, MAYAS, False),
        (BY_BOTH, ("8", None), False),
        ((None, None), BY_BOTH, True),
        ((None, None), MAYAS, True),
    ],
)
def test_a_write_drops_every_read_that_may_be_about_its_customer(
    written: Identity, read: Identity, dropped: bool
) -> None:
    assert dropped is bool(tags_of_write(written) & tags_of_customer(read))
    assert EVERYONE in tags_of_write(written)
