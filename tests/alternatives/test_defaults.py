"""What everything else is held against: refusals, rows, and one answer of each kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Switches
from tests.alternatives.case import Case
from tests.alternatives.cases import AFTER, CASES, CASES_OF_WRITES, MODES, play
from tests.alternatives.defaults import ERRORS, LOST, ROWS, TROUBLES, Rows
from tests.alternatives.service import Line, Outcome

pytestmark = pytest.mark.anyio

SAMPLES = Path(__file__).parent / "samples"
ANSWERS: dict[str, Any] = msgspec.json.decode((SAMPLES / "outcomes.default.json").read_bytes())


async def first(line: Line, name: str, case: Case) -> Outcome:
    return (await play(line, Switches(), name, case))[0]


def said(outcome: Outcome) -> str:
    return f"{outcome['error']}: {outcome['message']}"


def rows(outcome: Outcome, known: Rows) -> Rows:
    """Name the rows of a list by id, or count them, as it is known."""
    answer = outcome.get("answer", {"next": None} | outcome)
    assert answer["complete"] is True
    listed = outcome["rows"] if "rows" in outcome else next(iter(answer.values()))
    ids = [row["id"] if "id" in row else row["customer_id"] for row in listed]
    return ids if isinstance(known[0], list) else len(ids), answer["next"]


@pytest.mark.parametrize("name", ACTIONS)
async def test_a_mode_is_refused_lists_its_rows_or_is_answered(name: str, line: Line) -> None:
    errors, lists = ERRORS.get(name, {}), ROWS.get(name, {})
    for mode, case in MODES[name].items():
        outcome = await first(line, name, case)

        if mode in errors:
            assert (mode, errors[mode]) == (mode, said(outcome)[: len(errors[mode])])
        elif mode in lists:
            assert (mode, lists[mode]) == (mode, rows(outcome, lists[mode]))
        else:
            assert "answer" in outcome, mode
    assert errors.keys() | lists.keys() <= MODES[name].keys()


@pytest.mark.parametrize("asked", ANSWERS)
async def test_an_answer_is_as_it_is_written_out(asked: str, line: Line) -> None:
    name, _, mode = asked.partition("/")

    assert ANSWERS[asked] == await first(line, name, MODES[name][mode])


@pytest.mark.parametrize("name", ACTIONS)
async def test_trouble_ends_every_read_and_every_write_alike(name: str, line: Line) -> None:
    writes = ACTIONS[name].writes
    for mode, (read, written) in TROUBLES.items():
        expected = written if writes else read
        outcome = await first(line, name, CASES[name][mode])
        assert (mode, expected) == (mode, said(outcome)[: len(expected)])

    once = await first(line, name, CASES[name]["failing once"])
    untroubled = await first(line, name, next(iter(MODES[name].values())))
    # What is read first hides the failure from some writes: a read is tried again.
    assert untroubled == once or (writes and said(once).startswith(LOST))


@pytest.mark.parametrize("name", [name for name in ACTIONS if ACTIONS[name].writes])
async def test_a_write_that_was_applied_is_never_said_not_to_be(name: str, line: Line) -> None:
    untroubled = await first(line, name, next(iter(MODES[name].values())))
    for mode in AFTER:
        outcome = await first(line, name, CASES_OF_WRITES[name][f"applied, then {mode}"])
        if mode == "reads not found" and not outcome["sent"]:  # that was known before
            assert ("not_found", {}) == (outcome["error"], outcome["changed"])
            continue

        assert untroubled["changed"] == outcome["changed"]
        if mode.startswith("reads"):
            assert untroubled["answer"].keys() == outcome["answer"].keys()
        else:
            assert LOST == said(outcome)[: len(LOST)]


def test_every_action_has_an_answer_written_out_or_its_rows() -> None:
    assert ACTIONS.keys() == {asked.partition("/")[0] for asked in ANSWERS} | ROWS.keys()
