from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import respx
import stamina

from integrations.rivo.client import BASE_URL
from integrations.upstream import make_client
from tests.rivo.stage import KEY, Stage


@pytest.fixture(autouse=True)
def single_attempts() -> Iterator[None]:
    """Let no read be tried twice, so that nothing sleeps; `test_upstream.py` tests that."""
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.AsyncClient]:
    """The client that goes out to Rivo: one for all tests, since it reads every certificate."""
    client = make_client(base_url=BASE_URL, headers={"Authorization": KEY})
    yield client
    asyncio.run(client.aclose())


@pytest.fixture
async def stage(client: httpx.AsyncClient) -> AsyncIterator[Stage]:
    """A Rivo to ask, and what it answers."""
    with respx.mock(assert_all_called=False) as router:
        stage = Stage(router, client)
        yield stage
        await stage.memory.close()
