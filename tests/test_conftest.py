from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SKIPS = """
import pytest

def test_that_runs():
    pass

@pytest.mark.skip(reason="marked")
def test_that_is_marked():
    pass

def test_that_skips_itself():
    pytest.skip("nobody home")

@pytest.mark.xfail(strict=True)
def test_that_is_expected_to_fail():
    assert False
"""
SKIPPED_MODULE = 'import pytest\npytest.importorskip("not_to_be_found")\n'


@pytest.mark.parametrize(
    ("required", "expected"),
    [
        pytest.param("0", "1 passed, 3 skipped, 1 xfailed", id="skipping-is-allowed"),
        pytest.param("1", "1 failed, 1 passed, 1 xfailed, 2 errors", id="services-are-required"),
    ],
)
def test_nothing_is_skipped_where_services_are_required(
    required: str, expected: str, tmp_path: Path
) -> None:
    tmp_path.joinpath("conftest.py").write_bytes(
        Path(__file__).with_name("conftest.py").read_bytes()
    )
    tmp_path.joinpath("test_skips.py").write_text(SKIPS)
    tmp_path.joinpath("test_module.py").write_text(SKIPPED_MODULE)

    told = subprocess.run(
        [sys.executable, "-m", "pytest", "--continue-on-collection-errors", "--rootdir=."],
        cwd=tmp_path,
        env=os.environ | {"REQUIRE_SERVICES": required, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert expected in told.stdout.splitlines()[-1]
