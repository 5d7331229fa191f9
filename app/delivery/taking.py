"""Taking in what Rivo announces: looked at again at once, kept once, with the triggers it causes.

The effect is always "look again", never "believe the body". What has to happen happens before the
answer and is quick; what may happen (a lost write looked for early) happens after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from structlog.typing import FilteringBoundLogger

from app.delivery import outbox, remembering
from app.delivery.topics import Said, counted, understand
from app.delivery.triggers import Triggered, triggered
from app.metrics import Metrics
from app.observe import customer_hash
from app.shops import Shop, Shops
from app.store.sqlite import SqliteStore, StoreError, Transaction
from integrations.errors import ActionError

Seen = Callable[[str, str], Awaitable[None]]
"""Told later that a shop's Rivo shows an operation's reference; that proves nothing."""


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook whose signature is right: its name and time (where they are signed) and bytes.

    `topic` is what its header says.
    """

    shop: Shop
    name: str | None
    timestamp: str
    topic: str
    raw: bytes


class Taking:
    """Takes in webhooks; `now` is the time of day (UTC)."""

    def __init__(
        self,
        *,
        shops: Shops,
        store: SqliteStore,
        seen: Seen,
        now: Callable[[], datetime],
        metrics: Metrics,
        log: FilteringBoundLogger,
    ) -> None:
        self._shops = shops
        self._store = store
        self._seen = seen
        self._now = now
        self._metrics = metrics
        self._log = log
        self._after: set[asyncio.Task[None]] = set()

    async def take(self, came: Announced, *, request_id: str) -> Said | None:
        """Take in a webhook; None where there is nothing to understand. StoreError: not kept.

        Rivo is asked nothing. What is not kept comes again, and was looked at again all the same.
        """
        said = understand(came.topic, came.raw)
        if said is None:
            self._note(came, said, "unclear", request_id)
            return None
        for identity in said.about:
            came.shop.rivo.look_again(identity)
        caused, outcome = self._caused(came, said, request_id)
        try:
            is_new = await self._store.write(lambda tx: self._keep(tx, came, said, caused))
        except StoreError:
            self._note(came, said, "lost", request_id)
            raise
        self._note(came, said, outcome if is_new else "repeated", request_id)
        if is_new and said.reference is not None:
            self._hint(came.shop.name, said.reference)
        return said

    async def close(self) -> None:
        """Wait for what is done after the answers."""
        await asyncio.gather(*self._after, return_exceptions=True)

    def _caused(self, came: Announced, said: Said, request_id: str) -> tuple[list[Triggered], str]:
        """Find the triggers of a webhook; a body that is not as documented causes none.

        Nor does one that trips us up: Rivo would repeat it for ever, with the same end.
        """
        at, shop = self._now().timestamp(), came.shop.name
        try:
            return triggered(said.topic, said.body, shop=shop, at=at), "taken"
        except ActionError:
            return [], "unclear"
        except Exception as error:  # noqa: BLE001 - a mistake of ours, to be found in the log
            self._log.error(
                "webhook.not_understood",
                request_id=request_id,
                shop=shop,
                topic=counted(said.topic),
                error=type(error).__name__,
            )
            return [], "unclear"

    def _keep(self, tx: Transaction, came: Announced, said: Said, caused: list[Triggered]) -> bool:
        """Keep a webhook with the triggers that it causes, all or nothing; False if it is known.

        Known is what has the same name, topic and thing, however it is signed this time, and what
        is signed the same, under whatever topic: that one is not signed.
        """
        at, shop, name = self._now().timestamp(), came.shop.name, came.name
        headers = () if name is None else (name.encode(), came.timestamp.encode())
        signed = remembering.digest(came.raw, *headers)
        kind = remembering.UNDATED if name is None else remembering.SIGNED
        thing = customer_hash(self._shops.settings.secret_key, said.entity)
        is_new = remembering.note(tx, shop=shop, topic=kind, name=signed, entity="", at=at)
        # What was signed for another topic may not make this topic's own webhook known.
        if is_new and name is not None:
            is_new = remembering.note(
                tx, shop=shop, topic=said.topic, name=name, entity=thing, at=at
            )
        if not is_new:
            return False
        for each in caused:
            outbox.put(
                tx,
                event=f"{said.topic}:{name or signed}:{thing}",
                shop=came.shop.settings,
                trigger=each.trigger,
                body=each.body,
                customer=each.customer,
                email=each.email,
                at=at,
            )
        return True

    def _hint(self, shop: str, reference: str) -> None:
        task = asyncio.ensure_future(self._seen(shop, reference))
        self._after.add(task)
        task.add_done_callback(self._hinted)

    def _hinted(self, task: asyncio.Future[None]) -> None:
        self._after.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("webhook.hint_failed", error=type(error).__name__)

    def _note(self, came: Announced, said: Said | None, outcome: str, request_id: str) -> None:
        """Log and count a webhook; nothing of the customer is in it."""
        topic = said.topic if said else ""
        self._metrics.webhook(came.shop.name, counted(topic), outcome)
        self._log.info(
            "webhook.taken",
            request_id=request_id,
            shop=came.shop.name,
            topic=topic,
            outcome=outcome,
            named=len(said.about) if said else 0,
        )
