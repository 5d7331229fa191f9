from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from app.openapi import openapi_routes
from tests.app.loop import SkippingLoop


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run on a loop whose time jumps: a second try after ten seconds costs none."""
    return "asyncio", {"loop_factory": SkippingLoop}


@pytest.fixture(scope="session", autouse=True)
def _one_document() -> Iterator[None]:
    """Build the OpenAPI document once for all the services of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.main.openapi_routes", functools.cache(openapi_routes))
        yield
