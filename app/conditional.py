"""Answers that a reader who has them already need not get again: `ETag` and `If-None-Match`."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec
from starlette.types import Scope

from app.manners import Reply
from app.requests import header

ANY: Final = "*"


def unless_known(scope: Scope, reply: Reply) -> Reply:
    """Name a reply of 200 by its `ETag`; 304 without a body where the request says it is known."""
    if reply.status != 200:
        return reply
    tag = f'"{hashlib.blake2b(reply.body, digest_size=16).hexdigest()}"'
    headers = [*reply.headers, (b"etag", tag.encode())]
    known = [each.strip().removeprefix("W/") for each in _listed(scope)]
    if tag in known or ANY in known:
        return Reply(304, b"", reply.media_type, headers, outcome="not_modified")
    return msgspec.structs.replace(reply, headers=headers)


def _listed(scope: Scope) -> list[str]:
    return (header(scope, b"if-none-match") or "").split(",")
