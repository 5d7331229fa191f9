from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import respx
import stamina

from tests.rivo.stage import Stage


@pytest.fixture(autouse=True)
def single_attempts() -> Iterator[None]:
    """Let no read be tried twice, so that nothing sleeps; `test_upstream.py` tests that."""
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A Rivo to ask, and what it answers."""
    with respx.mock(assert_all_called=False) as router:
        stage = Stage(router)
        yield stage
        await stage.memory.close()
        await stage.upstream.close()
