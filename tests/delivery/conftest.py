from __future__ import annotations

from typing import Any

import pytest

from tests.app.loop import SkippingLoop


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run on a loop whose time jumps: what waits for an hour costs none."""
    return "asyncio", {"loop_factory": SkippingLoop}
