"""The rules of the house, as far as a machine can check them."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.entrances import DOORS
from app.environment import load
from app.main import create_app
from app.observe import make_log
from app.openapi import document, read_examples
from integrations.actions import CONTEXT
from integrations.rivo import ACTIONS, ONCE, READS, WRITES

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "integrations")
MODULES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
MOST_LINES = 300
LONGER: dict[str, str] = {}
"""Modules of more lines, each with the reason why it is one."""

VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


# The actions.


def test_every_action_is_listed_once_as_a_read_or_a_write() -> None:
    listed = [function.__name__ for function in (*READS, *WRITES)]

    assert listed == list(ACTIONS)
    assert 26 == len(set(listed)) == len(listed)


def test_every_write_can_be_found_again_and_no_read_needs_it() -> None:
    assert set(ONCE) == set(WRITES)
    assert [] == [
        name for name, action in ACTIONS.items() if action.writes != (action.once is not None)
    ]
    assert {None, "points_events", "points_redemptions", "referrals"} == {
        once.listed for once in ONCE.values()
    }


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_is_described_with_all_its_inputs(name: str) -> None:
    action = ACTIONS[name]

    assert action.summary.endswith(".")
    for each in (*action.inputs, *CONTEXT):
        assert each.description.endswith(".") or ";" in each.description, each.name
        assert each.kind.expected
        assert each.kind.schema
    assert [] == [each.name for each in action.inputs if each.required and not each.examples]


def test_every_action_has_a_row_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z_]+) \| ([^|]+) \| `curl [^|]+` \|$", readme, re.MULTILINE)

    assert list(ACTIONS) == [name for name, _ in rows]
    assert [] == [name for name, words in rows if len(words) < 8]


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_has_a_recorded_example(name: str) -> None:
    example = read_examples()[name]
    known = {each.name for each in (*ACTIONS[name].inputs, *CONTEXT)}

    assert known >= set(example.given)
    assert example.answer
    assert example.flat


def test_no_example_is_of_an_action_that_is_not() -> None:
    assert set(ACTIONS) == set(read_examples())


def test_there_is_no_route_outside_the_document() -> None:
    settings = load({}, sandbox=True)
    app = create_app(settings, log=make_log(sys.stdout.buffer, level="error", form="json"))
    doors = [f"/{door}" for door in DOORS]
    served = {getattr(route, "path", "") for route in app.routes}
    served |= {f"{door}/{name}" for door in doors for name in ACTIONS}

    assert set(document(sandbox=True)["paths"]) == served


# The layers.


def test_no_arrow_goes_back_and_none_in_a_circle() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", errors="replace", check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_the_sandbox_imports_nothing_of_ours() -> None:
    ours = {
        (name_of(path), name)
        for path in MODULES
        if "rivo_sandbox" in path.parts
        for name in imported(path)
        if name.partition(".")[0] in PACKAGES
        and not f"{name}.".startswith("integrations.rivo_sandbox.")
    }

    assert set() == ours


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


# The modules.


def test_no_module_is_long_without_a_reason() -> None:
    long = {
        name_of(path)
        for path in MODULES
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    }

    assert set(LONGER) == long
    assert all(LONGER.values())


def test_every_module_says_in_a_line_what_it_is() -> None:
    words = {
        name_of(path): ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        for path in MODULES
    }

    assert [] == [name for name, text in words.items() if not text.partition("\n")[0].strip()]


def test_no_module_has_a_name_for_anything() -> None:
    assert [] == [name_of(path) for path in MODULES if VAGUE & {path.stem, path.parent.name}]


IMPORTS = """
import gc, importlib, json, logging, os, pkgutil, signal, socket, sys, threading

def state():
    names = ("httpx", "httpcore", "uvicorn", "asyncio", "stamina", None)
    return {
        "threads": threading.active_count(),
        "loggers": [
            (logger.name, logger.level, logger.disabled, logger.propagate, len(logger.handlers))
            for logger in map(logging.getLogger, names)
        ],
        "files": sorted(os.listdir(".")),
        "environment": dict(os.environ),
        "signals": [str(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGTERM)],
        "hooks": [str(sys.excepthook), str(threading.excepthook)],
        "sockets": sum(isinstance(each, socket.socket) for each in gc.get_objects()),
        "switches": (gc.isenabled(), sys.getrecursionlimit(), sys.getswitchinterval()),
    }

import asyncio, httpx, prometheus_client, stamina, structlog, uvicorn
registered = len(list(prometheus_client.REGISTRY.collect()))
before = state()
modules = []
for package in ("app", "integrations"):
    found = importlib.import_module(package)
    modules.append(package)
    for each in pkgutil.walk_packages(found.__path__, f"{package}."):
        importlib.import_module(each.name)
        modules.append(each.name)
after = state()

import functools, io, cachetools, starlette.applications
from app.settings import Settings
from integrations.memory import Memory
from integrations.rivo import Rivo
from integrations.rivo_sandbox import Sandbox
from integrations.upstream import Upstream
kinds = (
    httpx.AsyncClient, httpx.Client, httpx.AsyncBaseTransport, cachetools.Cache, Settings, Memory,
    Rivo, Sandbox, Upstream, starlette.applications.Starlette, logging.Logger, threading.Thread,
    prometheus_client.CollectorRegistry, prometheus_client.metrics.MetricWrapperBase,
    asyncio.Semaphore, asyncio.Lock, asyncio.Queue, asyncio.AbstractEventLoop,
    io.IOBase,
)
kept = [
    f"{name}.{key}"
    for name in modules
    for key, value in vars(sys.modules[name]).items()
    if isinstance(value, kinds)
    or type(value).__module__.startswith("structlog")
    or (isinstance(value, functools._lru_cache_wrapper) and value.__module__ in modules)
]
print(json.dumps({
    "modules": modules,
    "changed": {key: [before[key], after[key]] for key in before if before[key] != after[key]},
    "kept": kept,
    "structlog": structlog.is_configured(),
    "registered": len(list(prometheus_client.REGISTRY.collect())) - registered,
}))
"""


def test_importing_any_module_does_nothing(tmp_path: Path) -> None:
    """Nothing is printed, opened, started or configured, and no module holds a client or cache."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORTS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("", 0) == (done.stderr, done.returncode)
    told = json.loads(done.stdout)
    assert {name_of(path) for path in MODULES} == {
        f"{name.replace('.', '/')}.py"
        if (ROOT / f"{name.replace('.', '/')}.py").exists()
        else f"{name.replace('.', '/')}/__init__.py"
        for name in told["modules"]
    }
    assert {} == told["changed"]
    assert [] == told["kept"]
    assert (False, 0) == (told["structlog"], told["registered"])
    assert [] == list(tmp_path.iterdir())


# The files.


def tracked() -> list[Path]:
    """List what is in the repository; where there is none, what would be."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"],  # noqa: S607 -- whichever git made the clone
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return [
            path
            for path in ROOT.rglob("*")
            if path.is_file() and not any(part.startswith(".") for part in path.parts)
        ]
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


# Put together here, so that this file names none of them.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("crates", "io"),
        ("golang", "org"),
    )
)
PLACES = (*(f"/{name}/" for name in ("root", "home", "Users", "work")), "C:\\\\Users")


@pytest.mark.parametrize("words", [REGISTRIES, PLACES], ids=["registries", "machines"])
def test_no_file_names_a_registry_or_somebodys_machine(words: tuple[str, ...]) -> None:
    files = tracked()
    texts = {name_of(path): path.read_text(encoding="utf-8", errors="replace") for path in files}
    found = {
        (name, word)
        for name, text in texts.items()
        for word in words
        if re.search(rf"(?<![\w./]){re.escape(word)}(?!somebody|[\"'])", text)
    }

    assert 100 < len(files)
    assert set() == found
