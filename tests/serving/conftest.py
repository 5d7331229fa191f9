"""In here time jumps to what is due next, and sockets are real."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.app.loop import SkippingLoop


@pytest.fixture(scope="package")
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    """Run each test on a loop that does not wait."""
    return "asyncio", {"loop_factory": SkippingLoop}
