from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*"))
# A lock says what is installed, never where it comes from.
ADDRESS = re.compile(
    r"""://                              # an address, whatever its scheme
      | --(index|extra-index|find-links)
      | (^|\s)-[fi]\b                    # the same options by their short names
      | (^|[\s@=:])(/|~|[A-Za-z]:\\)     # an absolute path
      | (^|\s)(-e|--editable|-r|-c)\b    # another file
    """,
    re.VERBOSE,
)
PIN = re.compile(r"[A-Za-z0-9._-]+==[^\s;]+(?: ; [^\\]+?)?(?: --hash=sha256:[0-9a-f]{64})+")
HASH = " --hash=sha256:" + 64 * "0"


def entries(text: str) -> list[str]:
    joined = re.sub(r" *\\\n *", " ", text)
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def mistakes(text: str) -> list[str]:
    """List the lines that say where something comes from, or that are not a pin with hashes."""
    placed = [line for line in text.splitlines() if ADDRESS.search(line)]
    return placed + [entry for entry in entries(text) if not PIN.fullmatch(entry)]


def pins(name: str) -> dict[str, str]:
    lines = (
        Requirement(entry.split(" --hash")[0]) for entry in entries(ROOT.joinpath(name).read_text())
    )
    return {canonicalize_name(line.name): str(line.specifier).removeprefix("==") for line in lines}


def wanted(group: str | None) -> list[Requirement]:
    """Read what pyproject.toml asks for: a dependency group, or the project's own if None."""
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())
    if group is None:
        return [Requirement(text) for text in project["project"]["dependencies"]]
    found = []
    for item in project["dependency-groups"][group]:
        found += wanted(item["include-group"]) if isinstance(item, dict) else [Requirement(item)]
    return found


def test_there_are_the_locks_that_the_makefile_installs() -> None:
    expected = [
        "requirements-build.txt",
        "requirements-dev.txt",
        "requirements.txt",
    ]

    assert expected == LOCKS


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_and_pins_every_line_by_hash(name: str) -> None:
    text = ROOT.joinpath(name).read_text()

    assert [] == mistakes(text)
    assert entries(text)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"idna @ https://example.org/idna.whl{HASH}", id="address"),
        pytest.param("# found at http://example.org", id="address-in-a-comment"),
        pytest.param(f"--index-url=example{HASH}", id="index"),
        pytest.param("--extra-index-url example", id="extra-index"),
        pytest.param("--find-links wheels", id="find-links"),
        pytest.param("-f wheels", id="short-find-links"),
        pytest.param("-i example", id="short-index"),
        pytest.param(f"idna @ /opt/idna.whl{HASH}", id="absolute-path"),
        pytest.param(f"file:/opt/idna.whl{HASH}", id="absolute-file-path"),
        pytest.param("    # via -r /home/somebody/pyproject.toml", id="absolute-path-in-a-comment"),
        pytest.param("-e .", id="editable"),
        pytest.param("idna==3.20", id="no-hash"),
        pytest.param(f"idna>=3.20{HASH}", id="no-pin"),
        pytest.param("idna==3.20 --hash=md5:00", id="weak-hash"),
    ],
)
def test_the_check_finds_what_does_not_belong_in_a_lock(line: str) -> None:
    good = f"anyio==4.16.0 ; python_full_version < '3.15' \\\n   {HASH}\n"

    assert [] == mistakes(good)
    assert line in mistakes(good + line)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("requirements.txt", None),
        ("requirements-dev.txt", None),
        ("requirements-dev.txt", "dev"),
        ("requirements-build.txt", "build"),
    ],
)
def test_a_lock_holds_what_the_project_asks_for(name: str, group: str | None) -> None:
    locked = pins(name)

    unmet = [
        str(requirement)
        for requirement in wanted(group)
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]

    assert [] == unmet


def test_the_build_backend_is_the_locked_one() -> None:
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())

    assert project["dependency-groups"]["build"] == project["build-system"]["requires"]


def test_one_project_has_one_version_in_all_locks() -> None:
    versions: dict[str, set[str]] = {}
    for name in LOCKS:
        for project, version in pins(name).items():
            versions.setdefault(project, set()).add(version)

    assert {} == {project: found for project, found in versions.items() if len(found) > 1}
