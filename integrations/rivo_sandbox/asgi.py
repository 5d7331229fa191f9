"""From ASGI to a request and from an answer to ASGI, whole or piece by piece."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.types import Message, Receive, Scope, Send

from integrations.rivo_sandbox.answers import Answer
from integrations.rivo_sandbox.received import Received

MEDIA_TYPES = {"html": "text/html; charset=utf-8", "text": "text/plain; charset=utf-8"}
BREAKS_OFF = [(b"content-type", b"application/json"), (b"content-length", b"64")]


async def read_request(
    scope: Scope, receive: Receive, *, number: Callable[[], int]
) -> Received | None:
    """Read one request to its end; None where it breaks off. `number` is asked when it is there."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    return Received(
        number=number(),
        method=scope["method"],
        path=raw.decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]),
        body=body,
        scheme=scope.get("scheme", "http"),
    )


async def send_answer(answer: Answer, send: Send, *, charset: bool) -> None:
    """Send an answer whole; `charset` says whether JSON names its own (U28)."""
    await send(_start(answer, charset=charset))
    await send({"type": "http.response.body", "body": answer.body})


async def send_in_pieces(
    answer: Answer,
    send: Send,
    *,
    charset: bool,
    pieces: int,
    pause: Callable[[], Awaitable[object]],
) -> None:
    """Send an answer in so many pieces of about the same size, with a pause before each."""
    await send(_start(answer, charset=charset))
    size = max(1, -(-len(answer.body) // pieces))
    for begin in range(0, len(answer.body), size):
        await pause()
        piece = answer.body[begin : begin + size]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def break_off(send: Send) -> None:
    """Begin an answer that will never be complete.

    Over a socket the client has to see an answer that breaks off, not the server's own 500.
    """
    await send({"type": "http.response.start", "status": 200, "headers": BREAKS_OFF})


async def live(receive: Receive, send: Send) -> None:
    """Follow the server's start and stop."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _start(answer: Answer, *, charset: bool) -> Message:
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    if answer.media != "none":
        plain = "application/json; charset=utf-8" if charset else "application/json"
        media = MEDIA_TYPES.get(answer.media, plain)
        headers.append((b"content-type", media.encode()))
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
