"""What a client may take: seconds, bytes, connections; a test may make each of them smaller."""

from __future__ import annotations

from dataclasses import dataclass

from app.requests import MOST_BYTES, MOST_BYTES_OF_A_WEBHOOK


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of one server.

    Seconds: `receive_seconds` from the first byte of a request to its last, and from a connection
    to its first byte; one less than the promised ten, so that what is late is closed within them on
    a busy machine, too. `idle_seconds` between an answer and the next request, `take_seconds` for a
    client to take its answer, `linger_seconds` to read why it was refused (`late_seconds` where it
    was too slow), `crowded_seconds` to send a request where there is no room for it.
    `accept_seconds` after SIGTERM requests are still taken in; then those under way have
    `finish_seconds`, and all is over `exit_seconds` after the signal.

    Bytes: `head_bytes` of all headers with the first line, `body_bytes` of a body, and
    `webhook_bytes` of one below WEBHOOKS; `held_bytes` of all bodies together that have not come as
    a whole yet, or wait for their turn.

    Numbers: `headers` of a request, `pipelined` requests that wait behind the one under way,
    `requests` under way, `connections`; a quarter more of these are let in to be told so.
    """

    receive_seconds: float = 9.0
    idle_seconds: float = 5.0
    take_seconds: float = 9.0
    linger_seconds: float = 1.0
    late_seconds: float = 0.3
    crowded_seconds: float = 1.0
    accept_seconds: float = 5.0
    finish_seconds: float = 5.0
    exit_seconds: float = 14.0
    head_bytes: int = 16 * 1024
    body_bytes: int = MOST_BYTES
    webhook_bytes: int = MOST_BYTES_OF_A_WEBHOOK
    held_bytes: int = 64 * 1024 * 1024
    headers: int = 100
    pipelined: int = 16
    requests: int = 1024
    connections: int = 4096
