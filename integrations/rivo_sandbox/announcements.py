"""What Rivo tells by webhook, as signed requests that a test may deliver (U24, U25, U26)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from integrations.rivo_sandbox.call import Happening
from integrations.rivo_sandbox.spelling import iso
from integrations.rivo_sandbox.switches import Switches

TRIES = 5
FIRST_WAIT = timedelta(seconds=10)
LATE = timedelta(seconds=5)


class Delivery(Struct, frozen=True):
    """One try to deliver: when it is due, and the request exactly as it is to be sent."""

    at: datetime
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Announcement(Struct, frozen=True):
    """One webhook: the first delivery, and those that follow while nobody has taken it."""

    id: str
    topic: str
    deliveries: tuple[Delivery, ...]


class Announcer:
    """Turns what happened into announcements and hands them on; sends nothing itself.

    `secret` is the text that webhooks are signed with.
    """

    def __init__(self, announce: Callable[[Announcement], None], *, secret: str) -> None:
        self._announce = announce
        self._secret = secret.encode()
        self._count = 0

    def tell(self, happening: Happening, *, now: datetime, switches: Switches) -> None:
        """Announce one thing that happened `now`, twice where duplicates are asked for."""
        self._count += 1
        late = switches.webhook_order == "out_of_order" and self._count % 2 == 1
        first = now + LATE if late else now
        id_ = f"msg_{self._count:08d}"
        times = [first]
        if switches.webhook_retry != "none":
            times += [first + FIRST_WAIT * (2**n - 1) for n in range(1, TRIES)]
        body = self._body(happening, switches)
        unchanged = switches.webhook_retry == "unchanged"
        deliveries = tuple(
            Delivery(
                at,
                self._headers(id_, happening.topic, first if unchanged else at, body, switches),
                body,
            )
            for at in times
        )
        announcement = Announcement(id_, happening.topic, deliveries)
        self._announce(announcement)
        if switches.webhook_order == "duplicates":
            self._announce(announcement)

    def _body(self, happening: Happening, switches: Switches) -> bytes:
        if switches.signature.startswith("documented"):
            return msgspec.json.encode(happening.body | {"event_type": happening.topic})
        return msgspec.json.encode(happening.body)

    def _headers(
        self, id_: str, topic: str, at: datetime, body: bytes, switches: Switches
    ) -> tuple[tuple[str, str], ...]:
        json = ("content-type", "application/json")
        match switches.signature:
            case "documented_base64":
                return json, ("rivo-signature", _base64(self._digest(body)))
            case "documented_hex":
                return json, ("rivo-signature", self._digest(body).hex())
        stamp = str(int(at.timestamp()))
        if switches.webhook_timestamp == "iso_8601":
            stamp = iso(at) or ""
        signature = _base64(self._digest(f"{id_}.{stamp}.".encode() + body))
        if switches.signature == "v1_base64":
            signature = f"v1,{signature}"
        return (
            json,
            ("rivo-webhook-id", id_),
            ("rivo-webhook-timestamp", stamp),
            ("rivo-webhook-topic", topic),
            ("rivo-webhook-signature", signature),
        )

    def _digest(self, signed: bytes) -> bytes:
        return hmac.new(self._secret, signed, hashlib.sha256).digest()


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
