"""What came in: query, form or JSON, merged into one mapping of inputs and never trusted."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec
from starlette.types import Receive, Scope

from app.problems import HttpError
from integrations.errors import InputError
from integrations.inputs import is_absent
from integrations.spellings import PRINTABLE

MOST_BYTES: Final = 64 * 1024
MOST_BYTES_OF_A_WEBHOOK: Final = 256 * 1024
MOST_FIELDS: Final = 100
MOST_DEPTH: Final = 20
FORM: Final = "application/x-www-form-urlencoded"
HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


async def read_inputs(
    scope: Scope, receive: Receive, *, only: Collection[str] | None = None
) -> dict[str, object]:
    """Read and merge what a request holds; a name with two values is an InputError.

    `only` are the names to look at, where others are not minded.
    """
    body = await read_body(scope, receive)
    merged: dict[str, object] = {}
    for name, value in [*_pairs(scope["query_string"], "query"), *_body_pairs(scope, body)]:
        if only is not None and name not in only:
            continue
        if is_absent(merged.get(name)):
            merged[name] = value
        elif not is_absent(value) and str(value) != str(merged[name]):
            raise _twice(name)
    return merged


def header(scope: Scope, name: bytes) -> str | None:
    """Return a header that is there exactly once, as text."""
    found = None
    for key, value in scope["headers"]:
        if key == name:
            if found is not None:
                return None
            found = value.decode("latin-1")
    return found


def own_address(scope: Scope) -> str:
    """Say where this is, as whoever asks sees it; a host that is none is not repeated."""
    host = header(scope, b"host") or ""
    return f"{scope['scheme']}://{host if HOST.fullmatch(host) else '127.0.0.1:8000'}"


def idempotency_key(scope: Scope, given: str | None) -> str | None:
    """Return the key of the header Idempotency-Key, or else the input's; 400 where they differ."""
    sent = header(scope, b"idempotency-key")
    if sent is None and any(name == b"idempotency-key" for name, _ in scope["headers"]):
        raise HttpError(400, "unparsable", "Idempotency-Key may be there once.")
    if sent is None:
        return given
    if not re.fullmatch(PRINTABLE, sent):
        raise HttpError(
            400, "unparsable", "Idempotency-Key must be 1 to 255 printable ASCII characters."
        )
    if given is not None and given != sent:
        raise HttpError(400, "unparsable", "Idempotency-Key and idempotency_key differ.")
    return sent


async def read_body(scope: Scope, receive: Receive, *, most: int = MOST_BYTES) -> bytes:
    """Read the whole body, at most so many bytes of it."""
    declared = header(scope, b"content-length") or "0"
    if declared.isdecimal() and int(declared) > most:
        raise too_large(most)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HttpError(400, "disconnected", "The request ended before it was complete.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise too_large(most)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def too_large(most: int) -> HttpError:
    """Refuse a body that has more bytes than may be."""
    return HttpError(413, "too_large", f"The body may have {most} bytes at most.")


def _body_pairs(scope: Scope, body: bytes) -> list[tuple[str, object]]:
    if not body:
        return []
    media_type = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
    if media_type == FORM:
        return _pairs(body, "form")
    if media_type in ("application/json", "") or media_type.endswith("+json"):
        return list(read_object(body).items())
    raise HttpError(415, "unsupported_media_type", f"The body must be application/json or {FORM}.")


def read_object(body: bytes) -> Mapping[str, Any]:
    """Read a JSON object; 400 where it is no JSON or too deep, InputError where it is no object."""
    try:
        decoded = _decode(body)
        if body.count(b"[") + body.count(b"{") > MOST_DEPTH and _is_too_deep(decoded):
            raise HttpError(
                400, "unparsable", f"The body may be nested {MOST_DEPTH} levels deep at most."
            )
        # Nested, or a colon within a text; or a name that stands there twice.
        if isinstance(decoded, dict) and body.count(b":") > len(decoded):
            json.loads(body, object_pairs_hook=_once)
    except ArithmeticError:  # an exponent of twenty digits
        raise HttpError(400, "unparsable", "The body holds a number that is too large.") from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise HttpError(400, "unparsable", "The body is not JSON.") from None
    if not isinstance(decoded, dict):
        raise InputError("body", expected="a JSON object", given=type(decoded).__name__)
    if len(decoded) > MOST_FIELDS:
        raise HttpError(400, "unparsable", f"The body may have {MOST_FIELDS} names at most.")
    return decoded


def _is_too_deep(decoded: object) -> bool:
    """Go down level by level, each of them at once: nothing here is as deep as what came."""
    level = [decoded]
    for _ in range(MOST_DEPTH):
        level = [
            within
            for each in level
            if isinstance(each, dict | list)
            for within in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, dict | list) for each in level)


def _once(pairs: list[tuple[str, object]]) -> None:
    """Refuse a name with two values: which of them holds would depend on who reads it."""
    seen: dict[str, object] = {}
    for name, value in pairs:
        if seen.setdefault(name, value) != value:
            raise _twice(name)


def _pairs(raw: bytes, where: str) -> list[tuple[str, object]]:
    """Read pairs as urllib's parse_qsl does, at half its cost where nothing is quoted."""
    fields = raw.split(b"&")
    try:
        if len(fields) > MOST_FIELDS:
            raise ValueError(len(fields))
        pairs = [field.decode().partition("=") for field in fields if field]
        return [(_unquoted(name), _unquoted(value)) for name, _, value in pairs]
    except ValueError:
        raise HttpError(400, "unparsable", f"The {where} cannot be read.") from None


def _unquoted(text: str) -> str:
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text


def _twice(name: str) -> InputError:
    shown = "".join(c for c in name[:64] if c.isprintable()) or "an unnamed input"
    return InputError(shown, expected="given once", given="two values")
