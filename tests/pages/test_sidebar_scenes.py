"""Every state and every form of the sidebar, 320 px wide, in both schemes: nothing in the way."""

from __future__ import annotations

import pytest

from tests.pages.agent import Agent
from tests.pages.browser import CHROMIUM
from tests.pages.scenes import SCENES
from tests.pages.stage import Stage

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


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
