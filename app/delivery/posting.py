"""One attempt to send a trigger: which address is connected to, and what surely is known after.

Nothing is taken from the environment, no redirect is followed, no cookie kept, no connection used
again: one that was checked for a host must not carry what is for another at the same address.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import re
import ssl
from collections.abc import Callable, Sequence
from typing import Final, Literal, cast

import httpx
import msgspec

from app.delivery import standard_webhooks
from app.delivery.addresses import allowed
from app.delivery.names import Names
from app.settings import TriggerSettings

TRY_SECONDS: Final = 10.0
CONNECT_SECONDS: Final = 3.0
REST_SECONDS: Final = 1.0
MOST_ADDRESSES: Final = 4
MOST_BYTES: Final = 65_536
"""So much of an answer's body is waited for, and not looked at."""
TIMEOUTS: Final = {
    "connect": CONNECT_SECONDS,
    "read": TRY_SECONDS,
    "write": TRY_SECONDS,
    "pool": TRY_SECONDS,
}
AGENT: Final = "rivo-helpdesk"

Became = Literal["delivered", "failed", "gone"]


class RefusedAddressError(httpx.ConnectError):
    """A host has no address that may be sent to."""


class NoAddressError(httpx.ConnectError):
    """A host has no address at all, or nobody could say."""


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an attempt; `gone` is a receiver that wants no more (410).

    `status` is the answer's, where one came; `why` a word for the log; `retry_after` the seconds
    that the receiver asks us to wait.
    """

    became: Became
    status: int | None = None
    why: str | None = None
    retry_after: float | None = None


class CheckedTransport(httpx.AsyncBaseTransport):
    """Connects to the address that was checked, under the host's name.

    The name is looked up once: what it leads to a moment later does not count. `networks` are the
    addresses that may be sent to besides public ones; `connect` makes the way to one address.
    """

    def __init__(
        self,
        *,
        names: Names,
        networks: Sequence[str],
        connect: Callable[[], httpx.AsyncBaseTransport],
    ) -> None:
        self._names = names
        self._networks = networks
        self._inner = connect()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request to the first address of its host that can be connected to."""
        url = request.url
        host = url.raw_host.decode("ascii")
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = await self._names.addresses(host, port)
        except OSError:
            raise NoAddressError("The host has no address.") from None
        trouble: httpx.TransportError = RefusedAddressError("The address is refused.")
        for address in allowed(found, self._networks)[:MOST_ADDRESSES]:
            pinned = httpx.Request(
                request.method,
                url.copy_with(host=address),
                headers=request.headers,  # Host is among them
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                trouble = error
        raise trouble

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class Wire:
    """Makes the way to each receiver; `trusted` are the usual authorities, read once."""

    def __init__(self, names: Names | None = None, trusted: ssl.SSLContext | None = None) -> None:
        self._names = names or Names()
        self._trusted = trusted

    def to(self, networks: Sequence[str]) -> httpx.AsyncBaseTransport:
        """Make the way to one receiver, for one attempt."""
        return CheckedTransport(names=self._names, networks=networks, connect=self._connect)

    def _connect(self) -> httpx.AsyncBaseTransport:
        if self._trusted is None:
            self._trusted = httpx.create_ssl_context(trust_env=False)
        return httpx.AsyncHTTPTransport(
            verify=self._trusted,
            trust_env=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
        )


async def post(
    transport: httpx.AsyncBaseTransport,
    target: TriggerSettings,
    *,
    message_id: str,
    body: bytes,
    at: float,
) -> Posted:
    """Sign a message and try once to send it; nothing is raised but a cancellation.

    `at` are epoch seconds. It takes eleven seconds at most.
    """
    own = {"content-type": "application/json", "user-agent": AGENT, "accept": "*/*"}
    signed = standard_webhooks.headers(
        target.secrets, message_id=message_id, timestamp=int(at), body=body
    )
    try:
        request = httpx.Request(
            "POST",
            target.url,
            headers={**own, **signed},
            content=body,
            extensions={"timeout": TIMEOUTS},
        )
        async with asyncio.timeout(TRY_SECONDS):
            response = await transport.handle_async_request(request)
    except Exception as error:  # noqa: BLE001 - whatever a transport raises, it is tried again
        return Posted(became="failed", why=_why(error))
    await _drop(response)
    return _read(response, at)


async def _drop(response: httpx.Response) -> None:
    """Wait a little for the rest of an answer, so that it does not break off for who sends it."""
    size = 0
    # The status is there: however the rest ends, it was told.
    with contextlib.suppress(Exception):
        async with asyncio.timeout(REST_SECONDS):
            async for chunk in cast(httpx.AsyncByteStream, response.stream):
                size += len(chunk)
                if size > MOST_BYTES:
                    break
    with contextlib.suppress(Exception):
        await response.aclose()


def _read(response: httpx.Response, now: float) -> Posted:
    status = response.status_code
    if 200 <= status < 300:
        return Posted(became="delivered", status=status)
    if status == 410:
        return Posted(became="gone", status=status, why="gone")
    after = _retry_after(response.headers.get("retry-after", ""), now)
    return Posted(became="failed", status=status, why="answered", retry_after=after)


def _retry_after(said: str, now: float) -> float | None:
    """Read how long to wait: seconds, or a date."""
    if re.fullmatch(r"[0-9]{1,9}", said):
        return float(said)
    try:
        return max(email.utils.parsedate_to_datetime(said).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None


def _why(error: Exception) -> str:
    match error:
        case RefusedAddressError():
            return "address_refused"
        case NoAddressError():
            return "no_address"
        case httpx.ConnectTimeout() | httpx.ConnectError():
            return "not_trusted" if _is_of_tls(error) else "no_connection"
        case httpx.TimeoutException() | TimeoutError():
            return "too_late"
        case httpx.TransportError():
            return "broken_off"
        case _:
            return "failed"


def _is_of_tls(error: BaseException | None) -> bool:
    """Say whether a connection failed because of the receiver's certificate, or the like."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
