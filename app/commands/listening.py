"""A receiver of triggers that prints them: it shows what arrives, and whether it was signed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from app.commands.spelling import spelt
from app.delivery.standard_webhooks import NotSignedError, verify

MOST_BYTES: Final = 262_144

Say = Callable[[str], object]


def receiver(secrets: Sequence[str], *, say: Say, now: Callable[[], datetime]) -> ASGIApp:
    """Make the application: 204 for what is signed with one of the secrets, 401 for the rest."""
    heard: set[str] = set()

    async def receive_one(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] != "POST":
            await _answer(send, 405)
            return
        body = await _body(receive)
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        moment = now()
        try:
            message = verify(headers, body, secrets=secrets, now=moment.timestamp())
        except NotSignedError as error:
            say(f"{moment:%H:%M:%S} refused: {error}")
            await _answer(send, 401)
            return
        again = " again" if message in heard else ""
        heard.add(message)
        said = f"{message} arrived{again}, rightly signed:\n{_formatted(body)}"
        say(f"{moment:%H:%M:%S} {spelt(said)}")
        await _answer(send, 204)

    return receive_one


def listen(
    host: str, port: int, secrets: Sequence[str], *, say: Say, now: Callable[[], datetime]
) -> None:
    """Serve until it is interrupted; OSError where nobody can listen there (0: any port)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listening:
        shown = f"[{host}]" if ":" in host else host
        say(f"Listening on http://{shown}:{listening.getsockname()[1]}/ for signed triggers.")
        config = uvicorn.Config(
            receiver(secrets, say=say, now=now),
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
        )
        uvicorn.Server(config).run(sockets=[listening])


def _formatted(body: bytes) -> str:
    """Break a body into lines; what is no JSON, or too deep for that, stays as it came."""
    try:
        return msgspec.json.format(body, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return repr(body)


async def _body(receive: Receive) -> bytes:
    body = b""
    while len(body) <= MOST_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body[:MOST_BYTES]


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})
