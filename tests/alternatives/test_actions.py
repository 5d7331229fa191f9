"""Every action, in every mode, under every alternative: as by default, but for the table."""

from __future__ import annotations

from collections import defaultdict

import pytest

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Switches, alternatives
from integrations.rivo_sandbox.switches import ROWS
from tests.alternatives.case import Case
from tests.alternatives.cases import CASES, CASES_OF_WRITES, play
from tests.alternatives.changes import Expect, Outcomes
from tests.alternatives.differences import DIFFERENCES, EVERY
from tests.alternatives.service import BY_DEFAULT, Line, Watched

pytestmark = pytest.mark.anyio

ALTERNATIVES = dict(alternatives())
# Which rows of the contract are about writes, their answers, or what is read after them.
OF_WRITES = {"U1", "U2", "U3", "U4", "U5", "U6", "U12", "U13", "U18", "U20", "U22", "U23"}


class Defaults:
    """What an action ends with by default, mode by mode, and which switches that depends on."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Outcomes] = {}
        self.depends_on: dict[str, set[str]] = {}

    async def learn(self, line: Line, name: str, mode: str, case: Case) -> None:
        """Ask a mode, once."""
        if mode not in self.outcomes:
            watched = Watched()
            self.outcomes[mode] = await play(line, watched, name, case)
            self.depends_on[mode] = watched.looked_at


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
def known() -> defaultdict[str, Defaults]:
    """What each action ends with by default, as far as somebody has asked."""
    return defaultdict(Defaults)


@pytest.mark.parametrize(
    ("alternative", "name"),
    [pytest.param(a, name, id=f"{a}/{name}") for a in ALTERNATIVES for name in ACTIONS],
)
async def test_an_alternative_changes_what_the_table_says_and_nothing_else(
    alternative: str, name: str, known: defaultdict[str, Defaults], line: Line
) -> None:
    defaults, switches = known[name], ALTERNATIVES[alternative]
    expected = expectations(name, alternative)
    asked = cases(name, alternative)
    differing = 0
    for mode, case in asked.items():
        await defaults.learn(line, name, mode, case)
        outcomes = defaults.outcomes[mode]
        if mode in expected:
            outcomes = expected[mode](defaults.outcomes, mode)
            differing += outcomes != defaults.outcomes[mode]
        # What never looks at a switch cannot depend on it; the first mode is asked all the same.
        elif mode != next(iter(asked)) and not defaults.depends_on[mode] & moved(switches):
            continue

        found = await play(line, switches, name, case)

        assert (mode, outcomes) == (mode, found[: len(outcomes)])
    assert expected.keys() <= asked.keys()
    assert bool(differing) == bool(expected), "the table says nothing new"


def moved(switches: Switches) -> set[str]:
    """Name the switches that are not as by default."""
    return {n for n in Switches.__struct_fields__ if getattr(switches, n) != getattr(BY_DEFAULT, n)}


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
