"""Requests as they arrived, and what was done for them, for tests to look at."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl

from msgspec import Struct


class Received(Struct, frozen=True, kw_only=True):
    """One request: path and query as they were sent, header names in lower case.

    `number` counts what arrives, from 1; 0 is what never came by the API.
    """

    number: int = 0
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    scheme: str = "https"

    @property
    def params(self) -> list[tuple[str, str]]:
        """The query as decoded pairs, in order."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def form(self) -> list[tuple[str, str]]:
        """A form body as decoded pairs, in order."""
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    def header(self, name: str) -> str | None:
        """Answer the first value of a header, or None."""
        return next((value for key, value in self.headers if key == name), None)


class Applied(Struct, frozen=True, kw_only=True):
    """One write that was carried out, and when; `request` is the number of the Received.

    It is None for what a customer did in the storefront. A write that found everything as it should
    be, and changed nothing, is one of these as well.
    """

    request: int | None
    method: str
    path: str
    at: datetime
    status: int
