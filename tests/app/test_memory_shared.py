"""The memories that shops are given: each its own, and all together within bounds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app import rivos
from app.environment import load
from integrations.memory import Memory
from tests.app.serving import ENVIRON, Service

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("shops", "each"), [(1, 64_000_000), (4, 64_000_000), (40, 6_400_000)])
async def test_many_shops_share_what_one_may_have_a_quarter_of(
    monkeypatch: pytest.MonkeyPatch, shops: int, each: int
) -> None:
    given: list[dict[str, Any]] = []

    def memory(**options: Any) -> Memory:
        given.append(options)
        return Memory(**options)

    monkeypatch.setattr(rivos, "Memory", memory)
    settings = load(ENVIRON | {"STALE_SECONDS": "60", "STALE_IF_ERROR_SECONDS": "7200"})
    replace = msgspec.structs.replace
    (only,) = settings.shops
    many = tuple(replace(only, name=f"shop{number}", callers=()) for number in range(shops))

    Service(settings=replace(settings, shops=many))

    assert [(each, 60, 7200)] * shops == [
        (options["max_bytes"], options["stale_seconds"], options["last_known_seconds"])
        for options in given
    ]
