"""Requests that nobody would write, as bytes on a socket: none hangs, each answer is documented."""

from __future__ import annotations

import asyncio
import io
import random
from collections import Counter
from typing import Final

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from app.serving.refusing import REFUSAL
from tests.often import often
from tests.openapi.conformance import Document, departures
from tests.openapi.served import service
from tests.serving.stage import Answer, Stage, staged
from tests.test_malformed import request, wrote

pytestmark = pytest.mark.anyio

RUNS: Final = 5
REQUESTS: Final = often(suite=150, commit=1000)
MOST_SECONDS: Final = 15.0
KNOWN: Final = Document()
ODD_LINES: Final = (
    *(b"", b":", b": x", b" x: y", b"X", b"X : y", b"X: \0", b"X: y\rX: z", b"X\xff: \xff"),
    *(b"Content-Length: 3", b"Content-Length: +3", b"Content-Length: 3, 3", b"Content-Length: x"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Transfer-Encoding: xchunked"),
    *(b"Expect: 100-continue", b"Expect: nothing", b"Connection: close", b"Connection: \xff"),
    *(b"Connection: Upgrade\r\nUpgrade: h2c", b"Upgrade: websocket", b"Host: a\r\nHost: b"),
    *(b"X: " + b"x" * 17_000, b"X: x\r\n" * 120, b"Trailer: X", b"Keep-Alive: timeout=999"),
)
ODD_STARTS: Final = (
    *(b"\r\n\r\n", b"\0", b"\x16\x03\x01\x02\0\x01\0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b" "),
    *(b"GET / HTTP/0.9\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\n\n", b"HTTP/1.1 200 OK\r\n\r\n"),
)


class Watching:
    """Hands requests on, and keeps what the application saw first: more may have come behind."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.scope: Scope = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        self.scope = self.scope or scope
        await self.app(scope, receive, send)


@pytest.mark.parametrize("seed", range(RUNS))
async def test_every_answer_to_malformed_bytes_is_documented(seed: int) -> None:
    """For a commit five seeds of a thousand; each request on a connection of its own."""
    dice = random.Random(f"malformed bytes {seed}")
    log = io.BytesIO()
    app = service(log)
    await wrote(app)
    watching = Watching(app)
    statuses: Counter[int | str] = Counter()
    async with staged(watching) as stage:
        for _ in range(REQUESTS):
            sent = written(dice)
            watching.scope = {}
            async with asyncio.timeout(MOST_SECONDS):
                answer = await answered(stage, watching, sent, dice)
            if answer is None:
                assert {} == watching.scope, sent  # nobody was left without an answer
                statuses["nothing"] += 1
                continue
            scope = watching.scope
            wrong = departures(
                KNOWN,
                (scope["method"], scope["path"]),
                answer.status,
                answer.headers,
                answer.body,
                refused=REFUSAL in scope,
            )
            assert [] == wrong, (sent[:300], scope["method"], scope["path"], answer)
            assert answer.status != 503 or scope["path"] == "/readyz", sent
            statuses[answer.status] += 1
        assert set() == stage.state.tasks

    assert REQUESTS == statuses.total()
    assert {400, 401, 404, 405, 408} <= set(statuses), statuses
    assert b"request.failed" not in log.getvalue()


async def answered(
    stage: Stage, watching: Watching, sent: bytes, dice: random.Random
) -> Answer | None:
    """Send, in one piece or several, and read what comes; None where there is no answer."""
    client = await stage.connect()
    cuts = sorted(dice.sample(range(len(sent) + 1), dice.choice([0, 0, 0, min(3, len(sent))])))
    for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        client.send(sent[start:end])
        await asyncio.sleep(0)
    try:
        return await client.answer(head=lambda: bool(watching.scope["method"] == "HEAD"))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    finally:
        client.writer.transport.abort()


def written(dice: random.Random) -> bytes:
    """Write a request as bytes, most of them with something wrong about them."""
    scope, messages = request(dice)
    body = b"".join(message["body"] for message in messages)
    target = scope["raw_path"] if dice.random() < 0.9 else scope["path"].encode("utf-8", "replace")
    if scope["query_string"]:
        target += b"?" + scope["query_string"]
    lines = [
        b"%b %b HTTP/%b" % (scope["method"].encode(), target, version(dice)),
        b"Host: service.test",
        *(b"%b: %b" % pair for pair in scope["headers"] if pair[0] != b"content-length"),
    ]
    framing, body = framed(dice, body)
    lines += framing
    for _ in range(dice.choice([0, 0, 0, 1, 2])):
        lines.insert(dice.randrange(1, len(lines) + 1), dice.choice(ODD_LINES))
    return spoiled(dice, b"\r\n".join([*lines, b"", b""]) + body)


def version(dice: random.Random) -> bytes:
    return dice.choice([b"1.1"] * 30 + [b"1.0", b"2.0", b"9.9", b"x", b""])


def framed(dice: random.Random, body: bytes) -> tuple[list[bytes], bytes]:
    """Say how long a body is, and write it so; sometimes not as it was said."""
    kind = dice.random()
    if kind < 0.6:
        return [b"Content-Length: %d" % len(body)], body
    if kind < 0.85:
        pieces = [body[start : start + 1000] for start in range(0, len(body), 1000)]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces)
        return [b"Transfer-Encoding: chunked"], chunks + b"0\r\n\r\n"
    if kind < 0.95:
        return [b"Content-Length: %d" % (len(body) + dice.choice([-1, 1, 100, 70_000]))], body
    return [], body


def spoiled(dice: random.Random, sent: bytes) -> bytes:
    """Cut, change or repeat some of it, now and then."""
    kind = dice.random()
    if kind < 0.05:
        return sent[: dice.randrange(1, len(sent))]
    if kind < 0.1:
        changed = bytearray(sent)
        changed[dice.randrange(len(changed))] = dice.randrange(256)
        return bytes(changed)
    if kind < 0.13:
        return dice.choice(ODD_STARTS) + sent
    if kind < 0.14:
        return dice.randbytes(dice.randrange(1, 100))
    return sent
