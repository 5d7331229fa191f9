from __future__ import annotations

import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench.announced import PER_SECOND, measure_announced
from tests.bench.processes import Cores
from tests.bench.table import table_of_announced


@pytest.mark.skipif(sys.platform != "linux", reason="the bench needs Linux")
def test_the_bench_of_webhooks_measures_what_it_says_it_measures(tmp_path: Path) -> None:
    """One short round over real sockets; how fast it is, is nothing that a test could know."""
    found = measure_announced(tmp_path, rounds=1, cores=Cores.found(), seconds=1)
    console = Console(width=100)
    with console.capture() as printed:
        console.print(table_of_announced(found))

    assert {200: PER_SECOND} == dict(found.statuses)
    assert 0 < found.median_ms()[0] <= found.p99_ms()[0] <= max(found.rounds[0])
    assert f"{found.p99_ms()[0]:.1f}" in printed.get()
