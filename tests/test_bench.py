from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from app import cli
from app.serving.server import Server
from tests.bench import cold, load, warm
from tests.bench.__main__ import main
from tests.bench.cold import measure_cold
from tests.bench.processes import Cores
from tests.bench.serve import RIVO_SECONDS, UVICORN
from tests.bench.table import table_of
from tests.bench.warm import measure_warm


@pytest.mark.skipif(sys.platform != "linux", reason="the bench needs Linux")
@pytest.mark.skipif(not load.is_here(), reason=load.MISSING)
def test_the_bench_measures_what_it_says_it_measures(tmp_path: Path) -> None:
    """One short round of everything; how fast it is, is nothing that a test could know."""
    cores = Cores.found()
    remembered = measure_warm(tmp_path, rounds=1, seconds=1, cores=cores)
    asked = measure_cold(tmp_path, rounds=1, seconds=1, cores=cores)
    console = Console(width=100)
    with console.capture() as printed:
        console.print(table_of(remembered, asked))

    assert [] == remembered.wrong
    assert [] == asked.wrong
    assert {warm.BARE, warm.SERVICE, warm.FASTAPI} == set(remembered.runs)
    assert RIVO_SECONDS * 1000 <= asked.runs[cold.RIVO][0].median_ms
    assert 0 < asked.added_ms(cold.SERVICE)[0]
    assert f"{remembered.ratios(warm.SERVICE)[0]:.2f}" in printed.get()


def test_the_bench_says_so_where_wrk_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    told = CliRunner().invoke(main)

    assert 0 == told.exit_code
    assert load.MISSING in told.stdout


def test_the_bare_application_is_served_as_the_service_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served: dict[str, Any] = {}

    def run(server: Server) -> None:
        served.update(vars(server.config))
        server.started = True

    monkeypatch.setattr(Server, "run", run)

    told = CliRunner().invoke(cli.main, ["serve", "--sandbox", "--port", "0"])

    assert 0 == told.exit_code
    assert UVICORN == {name: served[name] for name in UVICORN}
