"""Resolve the lock files for each Python and platform that is supported, without installing.

pip reads markers for the interpreter it runs on, so they are read here, for the target. pip then
has to find a wheel of each project whose hash is in the lock, and what each wheel asks for on the
target has to be in the lock as well.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# Machine, system, and the names of the wheels it takes. The oldest C library is that of RHEL 8 and
# Debian 10, the oldest macOS the first for arm64; pip adds the names before manylinux2014 itself.
GLIBC = ("manylinux2014", *(f"manylinux_2_{minor}" for minor in (17, 24, 26, 27, 28)))
PLATFORMS = {
    "Linux x86-64": ("x86_64", "linux", [f"{name}_x86_64" for name in GLIBC]),
    "Linux arm64": ("aarch64", "linux", [f"{name}_aarch64" for name in GLIBC]),
    "macOS arm64": ("arm64", "darwin", ["macosx_11_0_arm64"]),
}


class Locked(NamedTuple):
    """One project as a lock gives it."""

    name: str
    version: str
    line: str  # what pip is asked for: pin and hashes, no marker


class Wheel(NamedTuple):
    """What a wheel says of itself."""

    asks: list[Requirement]
    pythons: SpecifierSet
    anywhere: bool  # any platform and, its own word taken, any Python

    def runs_on(self, python: str) -> bool:
        """Say whether it needs no second look on another platform with this Python."""
        return self.anywhere and self.pythons.contains(python)


def target_environment(python: str, machine: str, system: str) -> dict[str, str]:
    """Say what markers see on the target, at the first release of its Python."""
    return {key: str(value) for key, value in default_environment().items()} | {
        "extra": "",
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}[system],
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": system,
    }


def locked_for(lock: str, environment: dict[str, str]) -> dict[str, Locked]:
    """Pick what the target installs out of a lock's text, by canonical name."""
    picked: dict[str, Locked] = {}
    for entry in lock.replace("\\\n", "").splitlines():
        wanted, *hashes = entry.split(" --hash=")
        requirement = Requirement(wanted)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (pin,) = requirement.specifier
            line = " --hash=".join([f"{requirement.name}=={pin.version}", *map(str.strip, hashes)])
            name = canonicalize_name(requirement.name)
            picked[name] = Locked(name=name, version=pin.version, line=line)
    return picked


def resolve(lines: Iterable[str], python: str, tags: list[str]) -> dict[str, Wheel]:
    """Have pip find a wheel for each line; the answer is by canonical name.

    Raises CalledProcessError with pip's own words where there is none.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder, "requirements.txt")
        asked.write_text("\n".join(sorted(lines)))
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
        command += ["install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
        command += ["--only-binary=:all:", "--require-hashes", "--report=-", f"-r{asked}"]
        command += [f"--python-version={python}", "--implementation=cp", f"--target={folder}/x"]
        command += [f"--platform={tag}" for tag in tags]
        report = subprocess.run(command, check=True, capture_output=True, text=True)
    return {
        canonicalize_name(found["metadata"]["name"]): Wheel(
            asks=[Requirement(text) for text in found["metadata"].get("requires_dist", [])],
            pythons=SpecifierSet(found["metadata"].get("requires_python", "")),
            anywhere=found["download_info"]["url"].endswith("-none-any.whl"),
        )
        for found in json.loads(report.stdout)["install"]
    }


def gaps(
    locked: dict[str, Locked], wheels: dict[str, Wheel], environment: dict[str, str]
) -> list[str]:
    """Name what a wheel asks for on the target and its lock does not give."""
    found = []
    for asker in locked:
        for wanted in wheels[asker].asks:
            if wanted.marker and not wanted.marker.evaluate(environment):
                continue
            given = locked.get(canonicalize_name(wanted.name))
            if given is None or not wanted.specifier.contains(given.version, prereleases=True):
                found.append(f"{asker} asks for {wanted}, the lock gives {given and given.version}")
    return found


def check(
    locks: dict[str, str], python: str, platform: str, seen: dict[str, Wheel]
) -> tuple[list[str], dict[str, Wheel]]:
    """Check all locks, text by name, for one target; the answer lists what is wrong.

    It also gives the wheels of the target. One that was `seen` on another and runs anywhere is
    not looked for again.
    """
    machine, system, tags = PLATFORMS[platform]
    environment = target_environment(python, machine, system)
    picked = {name: locked_for(text, environment) for name, text in locks.items()}
    wheels = {name: wheel for name, wheel in seen.items() if wheel.runs_on(f"{python}.0")}
    every = itertools.chain.from_iterable(locked.values() for locked in picked.values())
    try:
        wheels |= resolve({one.line for one in every if one.name not in wheels}, python, tags)
    except subprocess.CalledProcessError as error:
        said = map(str.strip, error.stderr.splitlines())
        return [line for line in said if line and not line.startswith("WARNING")], {}
    wrong = [f"{name}: {gap}" for name in picked for gap in gaps(picked[name], wheels, environment)]
    return wrong, wheels


def main() -> int:
    """Check every target, print a line for each, and give the exit status."""
    locks = {path.name: path.read_text() for path in sorted(ROOT.glob("requirements*.txt"))}
    first, *others = itertools.product(PYTHONS, PLATFORMS)
    wrong, seen = check(locks, *first, {})
    with ThreadPoolExecutor(max_workers=3) as pool:
        checked = pool.map(lambda target: check(locks, target[0], target[1], seen), others)
        results = [wrong, *(wrong for wrong, _ in checked)]
    for (python, platform), wrong in zip([first, *others], results, strict=True):
        print(f"Python {python}, {platform}: {'; '.join(wrong) or 'all locks resolve'}")
    return 1 if any(results) else 0


if __name__ == "__main__":
    sys.exit(main())
