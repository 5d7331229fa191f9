"""Answers that are asked for again and again: sent once, and then only said to be the same."""

from __future__ import annotations

import hashlib
from typing import Final

from starlette.types import Scope

from app.manners import Reply
from app.requests import header

NOT_MODIFIED: Final = 304


def tagged(scope: Scope, reply: Reply) -> Reply:
    """Give an answer its strong ETag; 304 without a body where `If-None-Match` names it.

    A read may come by POST, so that no address stands in a URL; it is answered as by GET.
    """
    if reply.status != 200:
        return reply
    tag = f'"{hashlib.blake2b(reply.body, digest_size=16).hexdigest()}"'
    headers = [*reply.headers, (b"etag", tag.encode())]
    if tag in _known(header(scope, b"if-none-match")):
        return Reply(NOT_MODIFIED, b"", reply.media_type, headers, reply.outcome)
    return Reply(reply.status, reply.body, reply.media_type, headers, reply.outcome)


def _known(sent: str | None) -> list[str]:
    return [each.strip().removeprefix("W/") for each in (sent or "").split(",")]
