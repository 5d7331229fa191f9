"""Whatever Rivo's bodies turn into, actions end with an answer or with one of our errors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.rivo import ACTIONS
from integrations.rivo_sandbox import Switches
from tests.alternatives.cases import MODES
from tests.alternatives.replay import GONE, Recorded, Recording, Replay, Spot, replaced, run
from tests.app.loop import SkippingLoop
from tests.often import often


class Body(msgspec.Struct, frozen=True):
    """Something to send in place of a body."""

    raw: bytes


FORMS = {
    "envelope": Switches(),
    "bare": Switches(write_answer="bare", membership_row="bare", redemption_customer="absent"),
}
EXAMPLES = often(suite=20, commit=62)
"""For each action and form: 62 for 26 actions in two forms are more than 3,000 examples."""

READ_ENDS = {"fine", "unavailable", "not_found"}
# The write is applied: whatever its answer looks like, nobody may be told that it was not.
WRITE_ENDS = {"fine", "outcome_unknown"}
# A customer who comes back with another birthday than was sent is Rivo's way of saying no.
SAYS_OTHERWISE = {"update_customer", "update_customer_dob"}

ODD_VALUES: list[Any] = [
    GONE,
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    -(10**30),
    10**400,
    0.5,
    1e308,
    "",
    "0",
    "12",
    "-7.50",
    "1e999999999",
    "9" * 5_000,
    "nan",
    "-Infinity",
    "٣٤",
    "text",
    "October 04, 2024",
    "2026-02-31T25:61:00Z",
    "0001-01-01T00:00:00+14:00",
    "x" * 100_000,
    "\x00\u2028\U0001f4a9",
    [],
    [None],
    [[]],
    [1, "2", {}],
    {},
    {"id": None},
    {"id": "7", "attributes": None},
    {"attributes": {"id": [1, [2]]}},
    {"data": {"data": []}},
    {"error": {"message": ["no"]}},
]
ODD_BODIES = tuple(
    Body(raw)
    for raw in (
        b"",
        b"null",
        b"true",
        b"0",
        b'"text"',
        b"[]",
        b"{}",
        b'{"data":[]}',
        b'{"data":[null,3,"x",[]]}',
        b'{"data":{"attributes":null}}',
        b'{"data":[{"attributes":[]}],"links":[]}',
        b'{"data":[],"links":{"next":3,"last":4,"next_since_id":"5"}}',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"data":',
        b'{"data":{"id":1e999}}',
        b"[" * 100_000,
        b"<html></html>",
    )
)


def wrapped(value: Any) -> list[Any]:
    return [value]


def nested(value: Any) -> dict[str, Any]:
    return {"data": value, "attributes": value}


def as_text(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if not isinstance(value, str) else {"text": value}


def repeated(value: Any) -> Any:
    return value * 30 if isinstance(value, str | list) else value


CHANGES = [wrapped, nested, as_text, repeated]


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=SkippingLoop) as found:
        yield found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ACTIONS)
def test_no_body_of_rivos_is_too_odd(name: str, form: str, runner: asyncio.Runner) -> None:
    inputs = next(iter(MODES[name].values())).inputs
    recording = Recording(FORMS[form])
    assert "answer" in runner.run(run(recording, name, inputs))
    answers = recording.answers
    written = WRITE_ENDS | {"refused_by_rivo"} if name in SAYS_OTHERWISE else WRITE_ENDS

    @settings(max_examples=EXAMPLES)
    @given(
        st.sampled_from([(asked, spot) for asked in answers for spot in answers[asked].spots]),
        st.sampled_from((*ODD_VALUES, *CHANGES, *ODD_BODIES)),
    )
    def spoiled(where: tuple[str, Spot], odd: Any) -> None:
        target, spot = where
        body = _spoiled(answers[target].body, spot, odd)

        def spoil(asked: str, answer: Recorded) -> bytes:
            return body if asked == target else answer.body

        replay = Replay(answers, spoil)
        outcome = runner.run(run(replay, name, inputs))

        assert outcome.get("error", "fine") in (written if replay.wrote else READ_ENDS)

    spoiled()


def _spoiled(body: bytes, spot: Spot, odd: Any) -> bytes:
    if isinstance(odd, Body):
        return odd.raw
    return replaced(body, spot, odd if callable(odd) else lambda _: odd)
