from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from tests.bench import keys, once
from tests.bench.keys import measure_keys
from tests.bench.once import measure_writes
from tests.bench.table import table_of_once

pytestmark = pytest.mark.anyio


async def test_the_bench_of_once_measures_what_it_says_it_measures(tmp_path: Path) -> None:
    """One short round of everything; how fast it is, is nothing that a test could know."""
    written = await measure_writes(tmp_path, rounds=1, writes=5)
    found = await measure_keys(tmp_path, rounds=1, sizes=(50, 500), looks=20)
    console = Console(width=100)
    with console.capture() as printed:
        console.print(table_of_once(written, found))

    assert [] == written.wrong
    assert [] == found.wrong
    assert {once.STRAIGHT, once.IN_MEMORY, once.ON_DISK} == set(written.rounds)
    assert 0 < written.disk_ms[0]
    assert {keys.KNOWN, keys.NEW, keys.ALIKE} == set(found.runs)
    assert f"{found.ratios(keys.KNOWN)[0]:.2f}" in printed.get()
