"""A package as it is read: a folder, a zip file, or files that are about to become one."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec

MOST_BYTES: Final = 64 * 2**20
"""What a package may hold when it is unpacked; ours holds a thousandth of it."""


class UnreadableError(Exception):
    """There is no package to check; the message is one sentence."""


class NotJsonError(Exception):
    """A file does not hold the JSON that it should; the message says where."""


class TwiceError(Exception):
    """An object holds a key twice; the message is the key."""


class Package(msgspec.Struct, frozen=True):
    """The files of a package by their path from its root, and which of them are symbolic links."""

    files: Mapping[str, bytes]
    links: frozenset[str] = frozenset()

    def named(self, *endings: str) -> list[str]:
        """List the files whose names end so."""
        return [name for name in self.files if name.endswith(endings)]

    def text(self, name: str) -> str:
        """Return a file as text; what is no text in it becomes U+FFFD."""
        return self.files[name].decode("utf-8", "replace")

    def json(self, name: str) -> Any:
        """Parse a file; NotJsonError where it is no JSON, TwiceError where a key is there twice."""
        try:
            return json.loads(self.files[name].decode("utf-8"), object_pairs_hook=_once)
        except (ValueError, RecursionError) as problem:
            raise NotJsonError(str(problem)) from None


def read(path: Path) -> Package:
    """Read a folder or a zip file; UnreadableError where it is neither."""
    if path.is_dir():
        return _folder(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _archive(archive)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as problem:
        name = type(problem).__name__
        raise UnreadableError(f"{path} is neither a folder nor a readable zip ({name}).") from None


def _folder(root: Path) -> Package:
    files: dict[str, bytes] = {}
    links: set[str] = set()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            links.add(name)
        elif path.is_file() and not name.startswith("tmp/"):
            files[name] = path.read_bytes()
    return Package(files, frozenset(links))


def _archive(archive: zipfile.ZipFile) -> Package:
    if sum(each.file_size for each in archive.infolist()) > MOST_BYTES:
        raise UnreadableError(f"The zip holds more than {MOST_BYTES // 2**20} MiB.")
    files: dict[str, bytes] = {}
    links: set[str] = set()
    for each in archive.infolist():
        if each.is_dir():
            continue
        if each.filename.startswith("/") or ".." in PurePosixPath(each.filename).parts:
            raise UnreadableError(f"The zip holds {each.filename}, which is outside of it.")
        if stat.S_ISLNK(each.external_attr >> 16):
            links.add(each.filename)
        else:
            files[each.filename] = archive.read(each)
    return Package(files, frozenset(links))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise TwiceError(key)
        made[key] = value
    return made
