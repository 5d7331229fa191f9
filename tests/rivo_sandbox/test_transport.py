"""The way to a sandbox in this process: its connections fail as httpx's do."""

from __future__ import annotations

import httpx
import pytest

from integrations.rivo_sandbox import Fault, InProcess, Sandbox, demo_shop, in_turn
from tests.rivo_sandbox.stage import KEY, ROOT, Stage

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("kind", "error"), [("refuse", httpx.ConnectError), ("lost", httpx.ReadError)]
)
async def test_what_fails_fails_as_a_connection_does(
    kind: str, error: type[httpx.TransportError]
) -> None:
    fault = {"refuse": Fault(kind="refuse"), "lost": Fault(kind="lost")}[kind]
    sandbox = Sandbox(demo_shop(), clock=Stage().clock, faults=in_turn(fault))
    headers = {"authorization": KEY}
    async with httpx.AsyncClient(
        transport=InProcess(sandbox), base_url=ROOT, headers=headers
    ) as http:
        with pytest.raises(error):
            await http.get("rewards")
        again = await http.get("rewards")

    assert 200 == again.status_code
