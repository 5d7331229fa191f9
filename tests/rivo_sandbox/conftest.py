from __future__ import annotations

import pytest

from tests.rivo_sandbox.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()
