"""What this suite stands on: reads are tried again at once, and nothing is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import stamina

from tests.alternatives.service import Line
from tests.app.loop import SkippingLoop


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run on a loop on which no time passes while something happens, however slow the machine."""
    return "asyncio", {"loop_factory": SkippingLoop}


@pytest.fixture(scope="package", autouse=True)
def at_once() -> Iterator[None]:
    """Let stamina make both attempts without waiting between them."""
    stamina.instrumentation.set_on_retry_hooks([])
    with stamina.set_testing(True, attempts=2):
        yield
    stamina.instrumentation.set_on_retry_hooks(None)


@pytest.fixture(scope="package")
async def line() -> AsyncIterator[Line]:
    """One way to every sandbox; it also keeps one event loop for all tests."""
    line = Line()
    yield line
    await line.upstream.close()
