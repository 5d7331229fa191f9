"""Every state and every form of the sidebar, 320 px wide, in both schemes: nothing in the way."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from app.sidebar import HERE
from tests.pages.agent import Agent
from tests.pages.browser import CHROMIUM
from tests.pages.scenes import SCENES
from tests.pages.stage import Stage

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

TEXT: Final = re.compile(r'((?<!locale):\s+)"((?:[^"\\]|\\.)*)"')


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_fits_and_nothing_is_in_the_way(stage: Stage, agent: Agent, name: str) -> None:
    SCENES[name](stage, agent)

    for scheme in ("light", "dark"):
        agent.dress(scheme)
        assert [] == agent.barriers(), scheme
        for width in (320, 280):
            agent.dress(scheme, width=width)
            assert [] == agent.cut_off(), f"{scheme} {width}"
    assert [] == agent.complaints


@pytest.fixture
def wordy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A service whose sidebar says everything twice, as another language might."""
    pages = tmp_path / "sidebar"
    shutil.copytree(HERE, pages)
    texts = pages / "texts.js"
    texts.write_text(TEXT.sub(twice, texts.read_text(encoding="utf-8")), encoding="utf-8")
    monkeypatch.setattr("app.sidebar.HERE", pages)
    with Stage().open() as opened:
        yield opened


def twice(found: re.Match[str]) -> str:
    """Say a text again behind itself, without what is filled in."""
    before, text = found.groups()
    return f'{before}"{text} {re.sub("[{][a-z_]+[}]", "", text)}"'


@pytest.mark.parametrize(
    "name",
    [
        "member",
        "membership_not_paid",
        "guest",
        "nothing_in_any_list",
        "partly_there",
        "points_filled_in_wrongly",
        "credit_to_confirm",
        "reward_redeemed",
        "membership_to_cancel",
        "unknown",
    ],
)
def test_there_is_room_for_longer_languages(wordy: Stage, agent: Agent, name: str) -> None:
    SCENES[name](wordy, agent)

    assert "Points Points" in agent.text()
    for width in (320, 280):
        agent.dress("light", width=width)
        assert [] == agent.cut_off(), width
    assert [] == agent.barriers()


def test_a_barrier_would_be_found(stage: Stage, agent: Agent) -> None:
    SCENES["points_to_fill_in"](stage, agent)
    agent.value("document.querySelector('.panel .label').remove()")
    agent.value("document.querySelector('.panel h2').style.color = 'rgb(225, 225, 225)'")
    agent.value("document.querySelector('.panel [type=submit]').style.minHeight = '0'")
    agent.value("document.querySelector('.panel [type=submit]').style.height = '12px'")
    found = agent.barriers()

    for each in ("label", "color-contrast", "x12 "):
        assert [] != [one for one in found if each in one], each
    agent.value("document.querySelector('.panel h2').style.width = '400px'")
    assert [] != [one for one in agent.cut_off() if "<h2" in one]
