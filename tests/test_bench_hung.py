from __future__ import annotations

import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench import hung, load
from tests.bench.hung import measure_hung
from tests.bench.processes import Cores
from tests.bench.table import table_of_hung


@pytest.mark.skipif(sys.platform != "linux", reason="the bench needs Linux")
@pytest.mark.skipif(not load.is_here(), reason=load.MISSING)
def test_the_bench_of_two_shops_measures_what_it_says_it_measures(tmp_path: Path) -> None:
    """One short round; how far one shop's trouble reaches is nothing that a test could know."""
    found = measure_hung(tmp_path, rounds=1, seconds=1, cores=Cores.found(), kinds=(hung.ASKED,))
    console = Console(width=100)
    with console.capture() as printed:
        console.print(table_of_hung(found))

    assert [] == found.wrong
    assert 0 < found.neighbour[hung.WELL][404]
    assert {503} == set(found.neighbour[hung.HUNG])
    assert f"{found.ratios(hung.ASKED)[0]:.2f}" in printed.get()
