from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from app.openapi import openapi_routes
from app.pages.entries import make_book
from integrations.rivo import ACTIONS
from tests.app.loop import SkippingLoop


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run on a loop whose time jumps: a service that waits for four seconds costs none."""
    return "asyncio", {"loop_factory": SkippingLoop}


@pytest.fixture(scope="session", autouse=True)
def _one_document() -> Iterator[None]:
    """Build the OpenAPI document, and what the pages show of it, once for all of these tests."""
    book = functools.cache(lambda: make_book(ACTIONS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.pages.routes.make_book", lambda _: book())
        patch.setattr("app.main.openapi_routes", functools.cache(openapi_routes))
        yield
