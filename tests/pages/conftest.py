"""One browser for the tests of a module, and a service of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pages.agent import Agent
from tests.pages.browser import running_browser
from tests.pages.stage import Stage


@pytest.fixture(scope="module")
def one_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """The agent whom the tests of a module share."""
    with running_browser(tmp_path_factory.mktemp("profile"), Agent) as running:
        assert isinstance(running, Agent)
        yield running


@pytest.fixture
def agent(one_agent: Agent) -> Iterator[Agent]:
    """An agent who has left the last page, and holds nothing back."""
    one_agent.hold()
    one_agent.visit("about:blank")
    yield one_agent
    one_agent.hold()


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A service with a shop of its own."""
    with Stage().open() as opened:
        yield opened
