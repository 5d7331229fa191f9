"""Answers that are asked for again and again: sent once, and then only said to be the same."""

from __future__ import annotations

import hashlib
from typing import Final

from starlette.types import Scope

from app.manners import Reply
from app.requests import header

NOT_MODIFIED: Final = 304
ETAG: Final = b"etag"


def tagged(scope: Scope, reply: Reply) -> Reply:
    """Give an answer its strong ETag; 304 without a body where `If-None-Match` names it."""
    return unless_known(scope, with_tag(reply))


def with_tag(reply: Reply) -> Reply:
    """Give an answer its strong ETag."""
    if reply.status != 200:
        return reply
    tag = f'"{hashlib.blake2b(reply.body, digest_size=16).hexdigest()}"'
    headers = [*reply.headers, (ETAG, tag.encode())]
    return Reply(reply.status, reply.body, reply.media_type, headers, reply.outcome)


def unless_known(scope: Scope, reply: Reply) -> Reply:
    """Answer 304 without a body where `If-None-Match` names an answer's ETag, if it has one.

    A read may come by POST, so that no address stands in a URL; it is answered as by GET.
    """
    sent = header(scope, b"if-none-match")
    tag = next((value for name, value in reply.headers if name == ETAG), b"").decode()
    if sent is None or tag not in _known(sent):
        return reply
    return Reply(NOT_MODIFIED, b"", reply.media_type, reply.headers, reply.outcome)


def _known(sent: str) -> list[str]:
    return [each.strip().removeprefix("W/") for each in sent.split(",") if each.strip()]
