"""What differs between an object as it is to be and as Gorgias has it.

Gorgias adds keys of its own, may leave out what is empty, and may keep back what is secret: none of
that is a difference. Everything that is to be there and is not, or is otherwise, is one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Final

SECRET: Final = ("headers",)
"""Objects that may be missing where they are read back, or hold other text than they should."""
MARKUP: Final = ("body_html",)
"""Texts of which only the words count: Gorgias may write its markup in another way."""
EMPTY: Final[tuple[object, ...]] = (None, "", [], {}, False)


def differences(wanted: object, found: object) -> list[str]:
    """Name what differs, each by its path."""
    return list(_differences("", wanted, found))


def _differences(path: str, wanted: object, found: object) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key, value in wanted.items():
            at = f"{path}.{key}" if path else str(key)
            if key in SECRET and isinstance(value, Mapping):
                yield from _kept_back(at, value, found.get(key))
            elif key in MARKUP and isinstance(found.get(key), str):
                if _words(str(value)) != _words(found[key]):
                    yield at
            else:
                yield from _differences(at, value, found.get(key))
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"{path} ({len(found)} instead of {len(wanted)})"
            return
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _differences(f"{path}[{_name(one, number)}]", one, other)
    elif not _same(wanted, found):
        yield path


def _same(wanted: object, found: object) -> bool:
    if wanted in EMPTY or found in EMPTY:
        return wanted in EMPTY and found in EMPTY
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    # Numbers may come back as text.
    return str(wanted) == str(found)


def _kept_back(path: str, wanted: Mapping[str, object], found: object) -> Iterator[str]:
    """Compare headers as far as they are shown: missing or masked ones tell nothing."""
    if not isinstance(found, Mapping):
        return
    told = {str(name).lower(): value for name, value in found.items()}
    for name, value in wanted.items():
        other = told.get(name.lower())
        if other not in (None, value) and not re.search(r"\*|•|…", str(other)):
            yield f"{path}.{name}"


def _name(item: object, number: int) -> str:
    """Name an item of a list by what people call it."""
    if isinstance(item, Mapping):
        for key in ("label", "key", "title", "path", "name"):
            if isinstance(item.get(key), str) and item[key]:
                return str(item[key])
    return str(number)


def _words(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())
