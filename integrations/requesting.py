"""A request as it leaves: nothing that is put into it reaches another path or header."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from urllib.parse import quote, urlencode

import httpx

from integrations.errors import NotSentError

Segments = Sequence[str | int]
Pairs = Sequence[tuple[str, str]]


def request_of(
    client: httpx.AsyncClient,
    method: str,
    segments: Segments,
    params: Pairs = (),
    body: Pairs | bytes | None = None,
) -> httpx.Request:
    """Make the request for what lies behind the client's address, each segment quoted whole.

    `body` is a form, or JSON already encoded. NotSentError where it cannot be written down.
    """
    texts = [str(segment) for segment in segments]
    # An empty segment names the resource above; %2E%2E is ".." to many a proxy (RFC 3986,
    # 6.2.2.2), to some behind %2F as well. None of them names anything.
    sound = all({"", ".", ".."}.isdisjoint(re.split(r"[/\\]", text)) for text in texts)
    base = client.base_url
    headers = {"Accept-Encoding": "gzip"}
    if body is not None:
        kind = "json" if isinstance(body, bytes) else "x-www-form-urlencoded"
        headers["Content-Type"] = f"application/{kind}"
    with contextlib.suppress(UnicodeError, httpx.InvalidURL):
        path = "/".join(quote(text, safe="") for text in texts)
        target = f"{path}?{urlencode(params)}" if params else path
        url = base.copy_with(raw_path=base.raw_path + target.encode("ascii"))
        content = body if body is None or isinstance(body, bytes) else urlencode(body).encode()
        if sound:
            return client.build_request(method, url, content=content, headers=headers)
    raise NotSentError("The request cannot be sent as it is.")
