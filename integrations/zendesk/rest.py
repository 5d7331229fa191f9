"""Zendesk's REST API, as far as notes need it: a private comment on a ticket.

Source: developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/ (November 2026): a
comment is made by an update of its ticket; `html_body` is HTML, `body` would be read as Markdown.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import Final

import msgspec

from integrations.upstream import Reply, Upstream

REQUEST_SECONDS: Final = 10.0


class ZendeskApi:
    """Asks one Zendesk account, whose client has `headers_of` and /api/v2 as base URL."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def comment(self, ticket_id: str, lines: Sequence[str]) -> Reply:
        """Put a private comment on a ticket, once; lines of plain text.

        Raises NotSentError if that surely did not reach Zendesk, LostReplyError if it may have.
        """
        shown = "<br>".join(html.escape(line) for line in lines)
        ticket = {"comment": {"html_body": f"<p>{shown}</p>", "public": False}}
        return await self._upstream.call(
            "PUT",
            ["tickets", f"{ticket_id}.json"],
            json=msgspec.json.encode({"ticket": ticket}),
            seconds=REQUEST_SECONDS,
        )

    async def close(self) -> None:
        """Wait for what is under way, and close the connections."""
        await self._upstream.close()


def headers_of(user: str, api_token: str) -> dict[str, str]:
    """Prove who we are with every request: basic authentication by e-mail and API token."""
    proof = base64.b64encode(f"{user}/token:{api_token}".encode()).decode()
    return {"Authorization": f"Basic {proof}", "Accept": "application/json"}
