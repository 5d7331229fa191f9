"""Every state and every form of the sidebar, 320 px wide, in both schemes: nothing in the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pages.agent import Agent
from tests.pages.browser import CHROMIUM, running_browser
from tests.pages.scenes import SCENES
from tests.pages.stage import Stage

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """One agent for all of these tests."""
    with running_browser(tmp_path_factory.mktemp("profile"), Agent) as running:
        assert isinstance(running, Agent)
        yield running


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A service and a shop of its own for each."""
    with Stage().open() as opened:
        yield opened


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_fits_and_nothing_is_in_the_way(stage: Stage, agent: Agent, name: str) -> None:
    try:
        SCENES[name](stage, agent)

        for scheme in ("light", "dark"):
            agent.dress(scheme)
            assert [] == agent.barriers(), scheme
            for width in (320, 280):
                agent.dress(scheme, width=width)
                assert [] == agent.cut_off(), f"{scheme} {width}"
        assert [] == agent.complaints
    finally:
        agent.hold()
