"""Webhooks at a steady pace over real sockets: how long does Rivo wait for its 2xx?"""

from __future__ import annotations

import asyncio
import base64
import hmac
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.bench.processes import Cores, serving

PER_SECOND: Final = 200
SECONDS: Final = 10
REPEATED: Final = 10
"""One in so many comes a second time."""
SECRET: Final = "a-webhook-secret-for-the-bench"
PORT_OF_NOBODY: Final = 9  # triggers are put down, and their receiver is away


class Announced(msgspec.Struct, frozen=True):
    """How long each answer took in ms, from when it was due, round by round; all statuses."""

    rounds: list[list[float]]
    statuses: Counter[int]

    def p99_ms(self) -> list[float]:
        """Return what ninety-nine of a hundred answers took at most, by round."""
        return [sorted(each)[int(len(each) * 0.99)] for each in self.rounds]

    def median_ms(self) -> list[float]:
        """Return what half of the answers took at most, by round."""
        return [sorted(each)[len(each) // 2] for each in self.rounds]


def measure_announced(
    folder: Path, *, rounds: int, cores: Cores, seconds: int = SECONDS
) -> Announced:
    """Announce points events, and profiles that they change, to a service with a database.

    Each points event causes a trigger, whose receiver is away: it is tried, and put off.
    """
    environ = {
        "RIVO_API_KEY": "sandbox-key",
        "RIVO_API_URL": f"http://127.0.0.1:{PORT_OF_NOBODY}",
        "RIVO_WEBHOOK_SECRET": SECRET,
        "MESA_WEBHOOK_URL": f"http://127.0.0.1:{PORT_OF_NOBODY}",
        "MESA_WEBHOOK_SECRET": "a-trigger-secret-for-the-bench",
        "SECRET_KEY": "a-secret-for-the-bench",
        "DATABASE_URL": f"sqlite:///{folder}/bench.db",
    }
    command, log = ["-m", "app.cli", "serve"], folder / "announced.log"
    found = Announced([], Counter())
    with serving(command, log=log, core=cores.server, environ=environ) as server:
        port = int(server.url.rpartition(":")[2])
        for number in range(rounds):
            requests = [_request(number, each) for each in range(PER_SECOND * seconds)]
            found.rounds.append(asyncio.run(_pace(port, requests, found.statuses)))
    return found


def _request(number: int, count: int) -> bytes:
    """Sign one webhook; ids repeat now and then."""
    id_ = count - 1 if count % REPEATED == REPEATED - 1 else count
    event: dict[str, Any] = {
        "id": number * 1_000_000 + id_,
        "points_amount": 10,
        "points_diff": 10,
        "source": "order_placed",
        "title": "Order placed",
        "applied_at": "2026-11-21T09:00:00.000Z",
        "customer": {"id": 7_000_000_000_000 + id_ % 2_000, "email": f"c{id_ % 2_000}@example.com"},
    }
    topic = "points_event/created"
    if count % 2:  # Rivo announces a change of points as both
        topic, event = "loyalty_profile/updated", event["customer"]
    body = msgspec.json.encode(event)
    name, at = f"msg_{number}_{id_}", int(time.time())
    mac = hmac.digest(SECRET.encode(), f"{name}.{at}.".encode() + body, "sha256")
    lines = (
        "POST /rivo/webhooks HTTP/1.1",
        "host: 127.0.0.1",
        "content-type: application/json",
        f"content-length: {len(body)}",
        f"rivo-webhook-id: {name}",
        f"rivo-webhook-timestamp: {at}",
        f"rivo-webhook-topic: {topic}",
        f"rivo-webhook-signature: {base64.b64encode(mac).decode()}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


async def _pace(port: int, requests: list[bytes], statuses: Counter[int]) -> list[float]:
    """Send each when it is due, whatever became of those before."""
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    began = time.perf_counter() + 0.1

    async def send(due: float, request: bytes) -> float:
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        while idle and idle[-1][0].at_eof():  # the service closes what is idle for long
            idle.pop()[1].close()
        reader, writer = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        took = time.perf_counter() - due
        statuses[int(head[9:12])] += 1
        idle.append((reader, writer))
        return took * 1000

    paced = (send(began + each / PER_SECOND, request) for each, request in enumerate(requests))
    times = await asyncio.gather(*paced)
    for _, writer in idle:
        writer.close()
        await writer.wait_closed()
    return times
