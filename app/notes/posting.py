"""From a note to the helpdesk: one attempt to post it, and what surely is known of that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal, Protocol

import httpx
import msgspec

from app.settings import GorgiasSettings, ShopSettings, ZendeskSettings
from integrations.errors import LostReplyError, NotSentError
from integrations.gorgias import rest as gorgias
from integrations.gorgias.notes import note
from integrations.upstream import Upstream, make_client
from integrations.zendesk import rest as zendesk

Became = Literal["posted", "waiting", "refused", "unknown"]
Door = Literal["gorgias", "zendesk"]
DOORS: Final[tuple[Door, ...]] = ("gorgias", "zendesk")


class Posted(msgspec.Struct, frozen=True):
    """What became of an attempt; `waiting` surely was not posted, and may be tried again.

    `why` is a word for the log, `retry_after` the seconds that the helpdesk asks us to wait.
    """

    became: Became
    why: str = "ok"
    retry_after: float | None = None


class Poster(Protocol):
    """Posts notes to one shop's helpdesk."""

    async def post(self, ticket_id: str, lines: Sequence[str]) -> Posted:
        """Try once to post an internal note on a ticket; nothing is raised."""
        ...

    async def close(self) -> None:
        """Wait for what is under way, and close the connections."""
        ...


class GorgiasPoster:
    """Posts notes to a Gorgias account; `sender` is the address of our own user there."""

    def __init__(self, api: gorgias.GorgiasApi, *, sender: str) -> None:
        self._api = api
        self._sender = sender

    async def post(self, ticket_id: str, lines: Sequence[str]) -> Posted:
        """Try once to post an internal note on a ticket; nothing is raised."""
        body = note(lines, sender=self._sender)
        try:
            await self._api.request(
                "POST", "tickets", ticket_id, "messages", json=body, patience=0.0
            )
        except gorgias.NotDoneError as error:
            return Posted("waiting", "not_sent", error.retry_after)
        except gorgias.KeyRefusedError:
            return Posted("waiting", "key_refused")
        except gorgias.SaidNoError:
            return Posted("refused", "refused")
        except gorgias.MaybeDoneError:
            return Posted("unknown", "lost")
        return Posted("posted")

    async def close(self) -> None:
        """Wait for what is under way, and close the connections."""
        await self._api.close()


class ZendeskPoster:
    """Posts private comments to a Zendesk account."""

    def __init__(self, api: zendesk.ZendeskApi) -> None:
        self._api = api

    async def post(self, ticket_id: str, lines: Sequence[str]) -> Posted:
        """Try once to put a private comment on a ticket; nothing is raised."""
        try:
            reply = await self._api.comment(ticket_id, lines)
        except NotSentError:
            return Posted("waiting", "not_sent")
        except LostReplyError:
            return Posted("unknown", "lost")
        match reply.status:
            case status if 200 <= status < 300:
                return Posted("posted")
            case 429:
                return Posted("waiting", "busy", reply.retry_after)
            case 401 | 403:
                return Posted("waiting", "key_refused")
            case status if status == 408 or status >= 500:
                return Posted("unknown", "lost")
            case _:
                return Posted("refused", "refused")

    async def close(self) -> None:
        """Wait for what is under way, and close the connections."""
        await self._api.close()


Account = GorgiasSettings | ZendeskSettings


def account_of(shop: ShopSettings, door: Door) -> Account | None:
    """Say where a door's notes go; None where the shop has not said who we are there."""
    if door == "gorgias":
        return shop.gorgias
    there = shop.zendesk
    return there if there is not None and there.user and there.api_token else None


def poster_of(
    account: Account,
    *,
    name: str,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[object]],
    transport: httpx.AsyncBaseTransport | None = None,
) -> Poster:
    """Make the poster for an account; `transport` stands in for the network."""
    if isinstance(account, GorgiasSettings):
        headers = gorgias.headers_of(account.user, account.api_key)
    else:
        headers = zendesk.headers_of(account.user or "", account.api_token or "")
    client = make_client(base_url=account.api_url, headers=headers, transport=transport)
    upstream = Upstream(client, name=name, clock=clock)
    if isinstance(account, GorgiasSettings):
        api = gorgias.GorgiasApi(upstream, clock=clock, sleep=sleep)
        return GorgiasPoster(api, sender=account.user)
    return ZendeskPoster(zendesk.ZendeskApi(upstream))
