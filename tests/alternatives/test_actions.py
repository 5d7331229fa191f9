"""Every action, in every mode, under every alternative: as by default, but for the table."""

from __future__ import annotations

import pytest

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Switches, alternatives
from integrations.rivo_sandbox.switches import ROWS
from tests.alternatives.cases import CASES, CASES_OF_WRITES, Case, play
from tests.alternatives.changes import Expect, Outcomes
from tests.alternatives.differences import DIFFERENCES, EVERY
from tests.alternatives.service import Line

pytestmark = pytest.mark.anyio

ALTERNATIVES = dict(alternatives())
# Which rows of the contract are about writes, their answers, or what is read after them.
OF_WRITES = {"U1", "U2", "U3", "U4", "U5", "U6", "U12", "U13", "U18", "U20", "U22", "U23"}

Defaults = dict[str, Outcomes]


def cases(name: str, alternative: str) -> dict[str, Case]:
    """Collect what is asked of an action under an alternative."""
    row = alternative.partition("-")[0]
    return CASES[name] | (CASES_OF_WRITES[name] if row in OF_WRITES else {})


def expectations(name: str, alternative: str) -> dict[str, Expect]:
    """Look up in which modes an action ends otherwise, and how."""
    found: dict[str, Expect] = {}
    for difference in DIFFERENCES.get(alternative, ()):
        modes = difference.modes.get(name, ())
        found |= dict.fromkeys(
            cases(name, alternative) if modes == EVERY else modes, difference.expect
        )
    return found


@pytest.fixture(scope="module")
def known() -> dict[str, Defaults]:
    """What each action ends with by default, as far as somebody has asked."""
    return {}


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize("alternative", ALTERNATIVES)
async def test_an_alternative_changes_what_the_table_says_and_nothing_else(
    alternative: str, name: str, known: dict[str, Defaults], line: Line
) -> None:
    defaults = known.setdefault(name, {})
    expected, different = expectations(name, alternative), False
    for mode, case in cases(name, alternative).items():
        if mode not in defaults:
            defaults[mode] = await play(line, Switches(), name, case)
        outcomes = defaults[mode]
        if mode in expected:
            outcomes = expected.pop(mode)(defaults, mode)
            different = different or outcomes != defaults[mode]

        found = await play(line, ALTERNATIVES[alternative], name, case)

        assert (mode, outcomes) == (mode, found[: len(outcomes)])
    assert not expected, "the table names modes that there are not"
    assert different == bool(expectations(name, alternative)), "the table says nothing new"


def test_every_row_of_the_contract_is_asked_about() -> None:
    assert [f"U{number}" for number in range(1, 29)] == list(ROWS)
    assert set(ROWS) == {alternative.partition("-")[0] for alternative in ALTERNATIVES}


def test_every_action_is_asked_in_every_kind_of_trouble() -> None:
    assert set(ACTIONS) == set(CASES)
    for name, action in ACTIONS.items():
        assert {"bad key", "too many", "failing", "failing once"} < CASES[name].keys()
        assert action.writes == bool(CASES_OF_WRITES[name])


def test_the_table_names_alternatives_and_actions_that_there_are() -> None:
    assert DIFFERENCES.keys() <= ALTERNATIVES.keys()
    for differences in DIFFERENCES.values():
        assert all(difference.modes.keys() <= ACTIONS.keys() for difference in differences)
        assert all(difference.why for difference in differences)
