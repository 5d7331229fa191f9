"""What a read brought: JSON as Rivo sent it, and the time for which it is true."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from integrations.rivo.replies import resource_in, rows_in
from integrations.rivo.resource import Resource, strange


class Found(msgspec.Struct, frozen=True, dict=True):
    """What a read brought: JSON and the time for which it is true."""

    raw: bytes
    as_of: str
    stale: bool = False

    @functools.cached_property
    def body(self) -> Any:
        """Decode the JSON, when somebody first asks for it."""
        return msgspec.json.decode(self.raw)

    @property
    def resource(self) -> Resource:
        """The one resource in it."""
        resource = resource_in(self.body)
        if resource is None:
            raise strange("one resource")
        return resource

    @property
    def rows(self) -> list[Resource]:
        """The resources of a list."""
        rows = rows_in(self.body)
        if rows is None:
            raise strange("a list")
        return [Resource.of(row) for row in rows]
