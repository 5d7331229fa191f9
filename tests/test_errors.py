"""The words of failure: the tree that is drawn is the tree that there is."""

from __future__ import annotations

import inspect
import re

import pytest

from integrations import errors
from integrations.errors import ActionError, InputError, UpstreamError

CLASSES = {
    name: each
    for name, each in inspect.getmembers(errors, inspect.isclass)
    if each.__module__ == errors.__name__
}


def drawn() -> dict[str, str | None]:
    """Read the tree in the module's docstring: each name with the one above it."""
    above: list[tuple[int, str]] = []
    tree: dict[str, str | None] = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^([ │├└─]*)(\w+Error)\b", line):
            depth = len(found[1])
            above = [each for each in above if each[0] < depth]
            tree[found[2]] = above[-1][1] if above else None
            above.append((depth, found[2]))
    return tree


def test_the_tree_in_the_docstring_is_the_tree_there_is() -> None:
    parents = {
        name: each.__mro__[1].__name__ if each.__mro__[1] is not Exception else None
        for name, each in CLASSES.items()
    }

    assert parents == drawn()


def test_every_error_of_an_action_has_a_code_of_its_own() -> None:
    codes = [each.code for each in CLASSES.values() if issubclass(each, ActionError)]

    assert len(codes) == len(set(codes))
    assert all(re.fullmatch("[a-z_]+", code) for code in codes)


def test_every_error_is_described() -> None:
    assert all(each.__doc__ for each in CLASSES.values())
    assert all(issubclass(each, ActionError | UpstreamError) for each in CLASSES.values())


def test_an_error_says_one_sentence_and_when_to_come_again() -> None:
    error = ActionError("Rivo is too busy right now.", retry_after=2)

    assert "Rivo is too busy right now." == str(error) == error.message
    assert 2 == error.retry_after
    assert ActionError("No.").retry_after is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "points_amount must be a whole number; it is missing."),
        ("'ten'", "points_amount must be a whole number; got 'ten'."),
    ],
    ids=["missing", "wrong"],
)
def test_an_input_problem_names_the_field_what_was_expected_and_what_came(
    given: str | None, message: str
) -> None:
    error = InputError("points_amount", expected="a whole number", given=given)

    assert message == error.message
    assert ("points_amount", "a whole number", given) == (error.field, error.expected, error.given)
