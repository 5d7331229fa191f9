"""What is done now and then: open operations counted, audit heads logged, old rows forgotten."""

from __future__ import annotations

from typing import Final

from app.operations import audit, records
from app.operations.means import Means
from app.operations.records import Transaction
from app.store.sqlite import StoreError

COUNT_SECONDS: Final = 15.0
HEAD_SECONDS: Final = 3_600.0
KEPT_SECONDS: Final = 396 * 86_400.0
"""Thirteen months: an operation is forgotten then, and who and whom its audit rows are about."""
MOST_AT_ONCE: Final = 500


class Housekeeper:
    """Keeps house in the store."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._logged_at = float("-inf")

    async def run(self) -> None:
        """Go on until cancelled; what could not be done is done next time."""
        while True:
            try:
                await self.once()
            except StoreError as error:
                self._means.log.error("store.failed", reason=str(error))
            await self._means.sleep(COUNT_SECONDS)

    async def once(self) -> None:
        """Count, and once an hour write the heads into the log and forget what is old."""
        store, log = self._means.store, self._means.log
        self._means.metrics.stand(await store.read(records.counts))
        await store.try_again()  # that it can be written again shall show without traffic
        if self._means.clock() < self._logged_at + HEAD_SECONDS:
            return
        self._logged_at = self._means.clock()
        for shop in self._means.shops.all():
            await self._log_head(shop.name)
        if forgotten := await store.write(self._forget):
            log.info("operations.forgotten", number=forgotten)

    async def _log_head(self, shop: str) -> None:
        head = await self._means.store.read(lambda tx: audit.head(tx, shop))
        self._means.log.info("audit.head", shop=shop, number=head.number, mac=head.mac.hex())

    def _forget(self, tx: Transaction) -> int:
        before = self._means.at() - KEPT_SECONDS
        retired = records.retire(tx, before=before, most=MOST_AT_ONCE)
        for shop, operation_id in retired:
            audit.erase(tx, shop, operation_id)
        return len(retired)
