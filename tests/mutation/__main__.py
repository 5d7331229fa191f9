"""`python -m tests.mutation`: change the code in small ways, one at a time, and run its tests.

It wants mutmut (3.8 was used) in an environment of its own, with the same Python as this one:
what it needs is no part of ours. It works on a copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

ROOT: Final = Path(__file__).parents[2]
LEAST: Final = 0.9
TESTED_BY: Final = {
    "app/operations/states.py": "tests/operations/test_states.py",
    "app/operations/outcome.py": "tests/operations/test_outcome.py",
    "app/operations/fingerprint.py": "tests/operations/test_fingerprint.py",
    "app/operations/windows.py": "tests/operations/test_windows.py",
    "app/operations/reserving.py": "tests/operations/test_reserving.py",
    "app/operations/audit.py": "tests/operations/test_audit.py",
    "app/limits.py": "tests/app/test_limits.py",
    "integrations/rivo/replies.py": "tests/rivo/test_replies.py",
}
"""The modules whose branches are all covered, and where each is tested."""


@click.command(context_settings={"show_default": True})
@click.option("--mutmut", default="mutmut", help="The program.")
@click.option("--only", multiple=True, type=click.Choice(list(TESTED_BY)), help="Not all modules.")
def main(mutmut: str, only: tuple[str, ...]) -> None:
    """Count; exit with 1 where fewer than 90 % are noticed in a module."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    program = shutil.which(mutmut)
    if program is None:
        console.print(f"{mutmut} was not found: pip install mutmut, elsewhere, and name it.")
        sys.exit(2)
    modules = list(only or TESTED_BY)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        _copy_to(copy, modules)
        _run(copy, program, "run", "--max-children", "1")
        found = dict(
            line.strip().split(": ")
            for line in _run(copy, program, "results", "--all", "true", quiet=True).splitlines()
            if ": " in line
        )
        for name, what in found.items():
            if what != "killed":
                shown = _run(copy, program, "show", name, quiet=True)
                console.print(f"{name}: {what}", markup=False)
                console.print(shown[shown.find("@@") :], markup=False)
    console.print(_table(found))
    scores = [_score(_counted(found, module)) for module in modules]
    sys.exit(0 if min(scores) >= LEAST else 1)


def _copy_to(copy: Path, modules: list[str]) -> None:
    """Copy the project, and say in it what is to be changed."""
    for name in ("app", "integrations", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    tests = [TESTED_BY[module] for module in modules]
    lists = {
        "source_paths": ["app", "integrations"],
        "only_mutate": modules,
        "pytest_add_cli_args_test_selection": tests,
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-p", "no:cov", "-p", "no:xdist"],
    }
    section = "\n[tool.mutmut]\n" + "".join(f"{name} = {value}\n" for name, value in lists.items())
    (copy / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + section)


def _run(copy: Path, program: str, *arguments: str, quiet: bool = False) -> str:
    # The packages alone: what is installed in them for editing would lead back to the original.
    packages = sysconfig.get_path("purelib")
    done = subprocess.run(
        [program, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": packages, "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE if quiet else None,
        text=True,
        check=True,
    )
    return done.stdout or ""


def _counted(found: dict[str, str], module: str) -> Counter[str]:
    begin = module.removesuffix(".py").replace("/", ".") + "."
    return Counter(what for name, what in found.items() if name.startswith(begin))


def _score(counted: Counter[str]) -> float:
    """Say which share was noticed; what ends in no time was noticed as well."""
    return (counted["killed"] + counted["timeout"]) / max(counted.total(), 1)


def _table(found: dict[str, str]) -> Table:
    table = Table("module", "changes", "noticed", "score")
    for module in TESTED_BY:
        counted = _counted(found, module)
        if counted:
            noticed = counted["killed"] + counted["timeout"]
            table.add_row(module, str(counted.total()), str(noticed), f"{_score(counted):.1%}")
    return table


if __name__ == "__main__":
    main()
