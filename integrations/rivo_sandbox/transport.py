"""The way to a sandbox in this process: what a socket would do to a client, it does as well."""

from __future__ import annotations

import httpx

from integrations.rivo_sandbox.faults import LostConnectionError, RefusedConnectionError
from integrations.rivo_sandbox.sandbox import Sandbox


class InProcess(httpx.AsyncBaseTransport):
    """An httpx transport to one sandbox; connections fail with httpx's own errors."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.ASGITransport(app=sandbox)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; ConnectError if it never arrived, ReadError if its reply is lost."""
        try:
            return await self._inner.handle_async_request(request)
        except RefusedConnectionError as error:
            raise httpx.ConnectError("The connection was refused.", request=request) from error
        except LostConnectionError as error:
            raise httpx.ReadError("The connection was lost.", request=request) from error
